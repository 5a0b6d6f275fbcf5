"""What may happen by itself, what needs whom, and what never happens: Cedar policies as files, and their evaluation."""
