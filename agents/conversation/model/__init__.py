"""Answers by a language model: it picks tools and words; what it says is checked against what the tools gave."""
