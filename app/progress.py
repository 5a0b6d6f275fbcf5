"""How long work tells where it is. Passed down as a plain function, so that no layer below knows about terminals."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""`progress(stage, done, total)`: `stage` in words for people; a total of 0 when it cannot be known."""


def silent(stage: str, done: int, total: int) -> None:
    """For callers that show nothing."""
    del stage, done, total
