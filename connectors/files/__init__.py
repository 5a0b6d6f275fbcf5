"""A user's files: what they may hold, how they are read and checked, how they come in. It never guesses a value."""
