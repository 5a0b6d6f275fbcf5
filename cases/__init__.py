"""The life of a case: what the data show, when that is a case, how bad it is, and everything that happened to it."""
