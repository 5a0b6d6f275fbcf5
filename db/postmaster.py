"""Whether the embedded server runs: judged by its pid file and by the process itself, never by the file alone.

A pid file outlives its server after a kill, and its number may meanwhile be another process's.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import make_conninfo

from db.errors import EmbeddedFailed

PORT = 5432  # only part of the socket file's name; nothing listens on TCP
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Postmaster:
    """A running PostgreSQL server."""

    pid: int
    data: Path
    socket_directory: Path

    def alive(self) -> bool:
        """Whether the process is there and is the server of this data directory."""
        return _serves(self.pid, self.data)

    def stop(self, seconds: float) -> None:
        """Stop it: first letting nobody wait (fast), then at once (immediate), then by force."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not self.alive():
                return
            os.kill(self.pid, number)
            if _wait(lambda: not self.alive(), seconds):
                return
        raise EmbeddedFailed(f"PostgreSQL (process {self.pid}) does not stop.", remedy=f"Try: kill -9 {self.pid}")


def find_postmaster(data: Path) -> Postmaster | None:
    """The server of this data directory once it accepts connections, or None. Changes nothing."""
    found = _read(data / "postmaster.pid", data)
    if found is None or not found.alive():
        return None
    if not _wait(lambda: _accepts(found) or not found.alive(), READY_SECONDS):
        raise EmbeddedFailed(
            f"PostgreSQL (process {found.pid}) runs but does not answer.",
            remedy=f"See {data / 'server.log'}; to start anew end it with: kill {found.pid}",
        )
    return found if found.alive() else None


def end_ghost(socket_directory: Path, data: Path) -> None:
    """End a server whose data directory was deleted under it: it would hold the socket for up to a minute more.

    Call it only while no server runs for `data`: what the socket's lock file names then belongs to the deleted one.
    """
    lock = _read(socket_directory / f".s.PGSQL.{PORT}.lock", data)
    if lock is None:
        return
    recorded = (socket_directory / f".s.PGSQL.{PORT}.lock").read_text(encoding="utf-8").splitlines()[1]
    if Path(recorded) == data and _is_postgres(lock.pid):
        os.kill(lock.pid, signal.SIGQUIT)
        _wait(lambda: not _is_postgres(lock.pid), READY_SECONDS)


def _read(path: Path, data: Path) -> Postmaster | None:
    """Lines 1 and 5 of the file are the process id and the socket directory; a file being written is None."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return Postmaster(int(lines[0]), data, Path(lines[4]))
    except (OSError, ValueError, IndexError):
        return None


def _accepts(postmaster: Postmaster) -> bool:
    """Whether the server takes connections; a ping needs no password and leaves no line in the log."""
    conninfo = make_conninfo(host=str(postmaster.socket_directory), port=PORT, connect_timeout=5)
    return pq.PGconn.ping(conninfo.encode()) == pq.Ping.OK


def _serves(pid: int, data: Path) -> bool:
    """A server works inside its data directory, which also tells it from a process that got its number later."""
    import psutil  # comes with the embedded PostgreSQL; not needed where a URL is given

    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and os.path.samefile(process.cwd(), data)
    except (psutil.NoSuchProcess, psutil.ZombieProcess, FileNotFoundError):
        return False
    except psutil.AccessDenied:
        return True  # another user's: not ours to judge, and certainly not to start a second one beside


def _is_postgres(pid: int) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
