"""Every error of ours, in the few kinds a surface has to tell apart.

The message says what happened; `remedy` says what the reader can do next. Surfaces print both and never a stack trace.
"""

from __future__ import annotations


class QuartermasterError(Exception):
    """Something went wrong in Quartermaster."""

    status = 500
    exit_code = 1

    def __init__(self, message: str | None = None, *, remedy: str = "") -> None:
        super().__init__(message or self.__doc__ or "")
        self.remedy = remedy

    def __str__(self) -> str:
        """The message followed by what to do next."""
        message = str(self.args[0])
        return f"{message} {self.remedy}".rstrip() if self.remedy else message


class BadInput(QuartermasterError):
    """The input cannot be used as it is."""

    status = 422
    exit_code = 2


class NotFound(QuartermasterError):
    """No such thing in this tenant."""

    status = 404
    exit_code = 3


class Ambiguous(BadInput):
    """More than one thing is meant; the candidates are named so that the caller can ask."""

    status = 409

    def __init__(self, message: str, *, candidates: tuple[str, ...], remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.candidates = candidates


class Forbidden(QuartermasterError):
    """This actor may not do this."""

    status = 403
    exit_code = 4


class Conflict(QuartermasterError):
    """Somebody else was first, or the world has moved on."""

    status = 409
    exit_code = 5


class Unavailable(QuartermasterError):
    """A part that is needed does not answer; nothing was written."""

    status = 503
    exit_code = 6
