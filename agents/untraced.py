"""Runs of our graphs are sent to nobody: a bare LANGSMITH_TRACING in the environment would upload what they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from langsmith import tracing_context

T = TypeVar("T")


def untraced(steps: Iterator[T]) -> Iterator[T]:
    """The same steps; while one is made, and only then, the library's own tracing is off."""
    while True:
        with tracing_context(enabled=False):
            try:
                step = next(steps)
            except StopIteration:
                return
        yield step
