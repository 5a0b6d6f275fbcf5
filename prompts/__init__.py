"""Versioned prompt files, as text. Nothing lives here yet: triage runs without a model."""
