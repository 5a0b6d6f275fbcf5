"""Hypothesis without a deadline: the examples share two cores with whatever else runs."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("planning", deadline=None, max_examples=60)
settings.load_profile("planning")
