"""Passwords: argon2id with the library's parameters (RFC 9106), and the same work for a name that does not exist."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.signin.errors import SignInBusy
from domain.errors import BadInput

SHORTEST, LONGEST = 12, 1024
AT_ONCE = 2  # each verification takes 64 MiB and a core
PATIENCE_SECONDS = 5.0

_hasher = PasswordHasher()
_places = threading.BoundedSemaphore(AT_ONCE)


def hash_password(person: str, password: str) -> str:
    """The hash to keep; raises `BadInput` for a password that is too short, too long or the person's own name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(
            f"A password has {SHORTEST} to {LONGEST} characters.", remedy="Take a sentence, or a password manager."
        )
    if password.strip().lower() == person.lower():
        raise BadInput("The password is the person's own name.", remedy="Take another.")
    return _hasher.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether the password fits; takes as long where nothing is kept. Raises `SignInBusy` rather than queue up."""
    if len(password) > LONGEST:
        return False
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise SignInBusy(remedy="Try again in a moment.")
    try:
        _hasher.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _places.release()
    return kept is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
