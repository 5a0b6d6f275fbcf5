"""Starts each process with what is its own and no more, restarts one that dies, and stops them together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from socket import socket
from types import FrameType
from typing import IO

from app.wiring import settings
from domain.errors import Unavailable

# In the order in which a case passes them; the trainer stands beside.
ROAD = ("agent", "executor", "sealer")
NAMES = (*ROAD, "trainer")
API = "api"
# The API speaks for signed-in people and for the agent's conversation; it never decides or writes. Training is an
# operator's work.
LOGINS = {API: ("operator", "agent"), "trainer": ("operator",)}
RESTART_AFTER_SECONDS = 2.0
STOP_WITHIN_SECONDS = 40.0


def run(*, drain: bool = False) -> None:
    """Run all of them until told to stop."""
    if drain:
        drain_all()
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    with running() as children:
        children.watch()


def drain_all() -> None:
    """Triage, then decisions and writes, then seal; each in its own process, raising for one that fails."""
    for name in ROAD:
        finished = subprocess.run(_command(name, "--drain"), env=_environment(name), check=False, stdout=sys.stderr)
        if finished.returncode != 0:
            raise Unavailable(
                f"The {name} process ended with {finished.returncode}.",
                remedy="Its message stands above; nothing is lost. `quartermaster doctor` tells what is not well.",
            )


class Children:
    """The running processes, by name."""

    def __init__(self, names: Sequence[str], log_folder: Path | None, listening: socket | None) -> None:
        self._log_folder = log_folder
        self._listening = listening
        self._processes = {name: self._start(name) for name in names}

    def watch(self) -> None:
        """Restart what dies, until interrupted."""
        while True:
            time.sleep(RESTART_AFTER_SECONDS)
            self.revive()

    def revive(self) -> None:
        """Start anew whichever has ended."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                self._processes[name] = self._start(name)

    def stop(self) -> None:
        """Ask all to finish what they are doing; end what does not."""
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for process in self._processes.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        command, handed = _command(name), ()
        if name == API and self._listening is not None:
            handed = (self._listening.fileno(),)
            command = [sys.executable, "-m", "app.cli", "serve", "--fd", str(handed[0])]
        with self._log(name) as log:
            # A session of its own: Ctrl-C reaches us first, and we stop them in order.
            return subprocess.Popen(
                command, env=_environment(name), stdout=log, stderr=log, start_new_session=True, pass_fds=handed
            )

    def _log(self, name: str) -> AbstractContextManager[IO[bytes] | None]:
        """The file for a process's output; None where it goes where ours goes."""
        if self._log_folder is None:
            return nullcontext()
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return (self._log_folder / f"{name}.log").open("ab")


@contextmanager
def running(log_folder: Path | None = None, *, listening: socket | None = None) -> Generator[Children]:
    """All processes while the block runs; output goes to `log_folder` where one is given.

    With a `listening` socket the API too. It inherits the socket: nobody else can answer on that port, not even while
    the API is being restarted.
    """
    children = Children(NAMES if listening is None else (*NAMES, API), log_folder, listening)
    try:
        yield children
    finally:
        children.stop()


def _command(name: str, *flags: str) -> list[str]:
    return [sys.executable, "-m", "app.worker.main", name, *flags]


def _environment(name: str) -> dict[str, str]:
    """Ours without other roles' database URLs, and without the ERP's password for all but the executor."""
    own = {f"QUARTERMASTER_DATABASE_URL_{login.upper()}" for login in LOGINS.get(name, (name,))}
    withheld = [
        key
        for key in os.environ
        if (key.startswith("QUARTERMASTER_DATABASE_URL_") and key not in own)
        or (key == "QUARTERMASTER_DATABASE_URL" and own <= set(os.environ))
        or (key.startswith("QUARTERMASTER_TRYTON_") and name != "executor")
    ]
    kept = {key: value for key, value in os.environ.items() if key not in withheld}
    return {**kept, "QUARTERMASTER_HOME": str(settings().home)}
