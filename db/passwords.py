"""Passwords of the embedded cluster: one file a role under `home/secrets`, mode 0600, so a process gets only its own.

Made once with the operating system's randomness; never printed, never in an error.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from db.errors import EmbeddedFailed


def password_file(home: Path, user: str) -> Path:
    """The file that holds the password of a database user, for example `quartermaster_agent`."""
    return home / "secrets" / f"{user}.password"


def read_password(home: Path, user: str) -> str:
    """The user's password.

    Raises:
        EmbeddedFailed: this process may not read the file, or it is gone.
    """
    path = password_file(home, user)
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise EmbeddedFailed(
            f"The password file {path} cannot be read ({error.strerror}).",
            remedy=f"Run this as the user that owns it; if it is lost, restore it from a backup of {home}.",
        ) from error


def ensure_password(home: Path, user: str) -> str:
    """The user's password, made and stored first when there is none."""
    path = password_file(home, user)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _store(path, secrets.token_urlsafe(32))
    return read_password(home, user)


def _store(path: Path, password: str) -> None:
    """Write beside and rename: a killed process leaves either no file or a whole one."""
    beside = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, password.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.rename(path)
