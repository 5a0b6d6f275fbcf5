"""Small files that must be whole or absent, private ones, and the lock that keeps two set-ups apart."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Write aside and rename; readable by the owner only."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file)
    aside.replace(path)


def read_json(path: Path) -> dict[str, object] | None:
    """The object in `path`; None where there is no such file or it is not ours."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None
    return value if isinstance(value, dict) else None


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold an exclusive lock on `path` (made when absent); the kernel lets it go when the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
