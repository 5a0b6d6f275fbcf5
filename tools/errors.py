"""What can go wrong around a tool call. A tool's own failures are results, not errors; see `tools.contract`."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import NotFound, QuartermasterError, Unavailable


class UnknownTool(NotFound):
    """There is no tool of that name."""


class NoData(QuartermasterError):
    """The question is sound, and there is nothing stored that answers it; `searched` says where we looked."""

    def __init__(self, message: str, *, searched: Mapping[str, object], remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.searched = searched


class TimeLimitReached(Unavailable):
    """The call reached its time limit."""


class NotRecorded(Unavailable):
    """The call could not be recorded, so it counts as not made; its answer is withheld."""
