"""The sign-in of this process, for a surface that is called without a request of ours (the console's callbacks)."""

from __future__ import annotations

from app.signin.door import SignIn
from app.signin.model import SignedIn
from domain.errors import Unavailable

_open: list[SignIn] = []


def use(signin: SignIn | None) -> None:
    """Make this the process's sign-in; None when it closes."""
    _open[:] = [] if signin is None else [signin]


def here() -> SignIn:
    """The process's sign-in; raises `Unavailable` where none is open."""
    if not _open:
        raise Unavailable("Nobody can sign in: the API is not running in this process.", remedy="quartermaster serve")
    return _open[0]


def person_of(credential: str) -> SignedIn | None:
    """The signed-in person of a Cookie header or a session's token; None for anything else."""
    return here().person_of(credential)


def sign_in_link(tenant: str, person: str, base_url: str = "") -> str:
    """A one-time sign-in link: an address with `base_url`, a path without. Raises `NotFound` for nobody active."""
    return base_url.rstrip("/") + here().link(tenant, person)
