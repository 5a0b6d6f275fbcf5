"""Checkpoints outside the database: one JSON line each, appended and fsynced, never rewritten.

The rule between the two stores: the database commits first, then the file is written. A crash between them leaves the
file behind by at most the last checkpoint of each tenant, which the next pass adds. A file that is ahead of the
database, or behind by more, was not left so by us.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.errors import SealRefused
from audit.keys import sync_folder


@dataclass(frozen=True)
class Anchored:
    """One line of the file: the signed note and when the database said it was made (UTC, microseconds, Z)."""

    at: str
    note: str

    @property
    def origin(self) -> str:
        """The log that the note speaks of; not verified here."""
        return self.note.partition("\n")[0]

    def line(self) -> bytes:
        """The bytes in the file."""
        fields = {"at": self.at, "note": self.note}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class AnchorFile:
    """The file as the sealer uses it: remembers the last note of each log, and reads only what is new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last: dict[str, str] = {}
        self._read_to = 0
        self._torn = b""

    def last(self, origin: str) -> str | None:
        """The last note of one log as of the last `refresh`."""
        return self._last.get(origin)

    def refresh(self) -> None:
        """Reads what is new; raises `SealRefused` when the file shrank or holds something else."""
        data = _bytes_from(self.path, self._read_to)
        whole, newline, self._torn = data.rpartition(b"\n")
        for anchored in _parse(self.path, whole):
            self._last[anchored.origin] = anchored.note
        self._read_to += len(whole) + len(newline)

    def append(self, anchors: Sequence[Anchored]) -> None:
        """Appends the lines and waits for the disk.

        The torn end of a line that a crash left is completed, not cut, because the file may be append-only for us.
        Raises `SealRefused` when none of `anchors` begins like it.
        """
        lines = sorted((anchor.line() for anchor in anchors), key=lambda line: not line.startswith(self._torn))
        if self._torn and not (lines and lines[0].startswith(self._torn)):
            raise SealRefused(
                f"{self.path} ends in the middle of a line that this sealer did not write.",
                remedy="Compare it with your copy and restore it.",
            )
        if lines:
            self._write(b"".join(lines)[len(self._torn) :])
        self.refresh()

    def _write(self, data: bytes) -> None:
        is_new = not self.path.exists()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self.path.parent)


def read_anchors(path: Path) -> Iterator[Anchored]:
    """Every whole line of the file, oldest first; none when there is no file."""
    return _parse(path, _bytes_from(path, 0).rpartition(b"\n")[0])


def _bytes_from(path: Path, start: int) -> bytes:
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < start:
                raise SealRefused(f"{path} became shorter.", remedy="Restore it from your copy.")
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        if start:
            raise SealRefused(f"{path} is gone.", remedy="Restore it from your copy.") from None
        return b""


def _parse(path: Path, whole: bytes) -> Iterator[Anchored]:
    for line in whole.splitlines():
        try:
            fields = json.loads(line)
            yield Anchored(str(fields["at"]), str(fields["note"]))
        except (ValueError, KeyError, TypeError) as error:
            raise SealRefused(f"A line of {path} is no checkpoint.", remedy="Restore it from your copy.") from error
