"""Answers in words: each renders a tool's typed output as short Markdown. Nothing is computed or looked up here."""
