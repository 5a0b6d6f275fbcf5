"""Why somebody was not let in. The messages never tell whether a name exists."""

from __future__ import annotations

from domain.errors import Forbidden, QuartermasterError, Unavailable


class NotIdentified(QuartermasterError):
    """This needs a signed-in person or an API key."""

    status = 401
    exit_code = 4


class SignInRefused(NotIdentified):
    """Name and password do not fit."""


class SessionOver(NotIdentified):
    """Your session is over."""


class LinkOver(NotIdentified):
    """This link has been used or its time is over."""


class KeyRefused(NotIdentified):
    """This API key is not valid."""


class TooManyAttempts(QuartermasterError):
    """Too many attempts to sign in."""

    status = 429
    exit_code = 4

    def __init__(self, message: str | None = None, *, retry_after: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class SignInBusy(Unavailable):
    """Too many people are signing in at this moment."""


class MissingScope(Forbidden):
    """This caller's roles or scopes do not include this."""


class CrossSite(Forbidden):
    """This request came from another site's page, which may not act for you."""
