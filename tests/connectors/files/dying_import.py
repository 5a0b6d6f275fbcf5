"""`python -m tests.connectors.files.dying_import CONNINFO FOLDER FOLDER … < MOMENTS`: imports killed at any moment.

For each line a child of this process imports the folders in turn until SIGKILL ends it; then a line is printed. The
line says when: 0.5 is half of the first import's time after that, whatever the machine has to do besides. Forked before
anything has started a thread, so that a death costs no start of a Python.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from connectors.files.importer import import_path
from db.session import Database
from domain.context import Actor, Context


def import_until_killed(conninfo: str, folders: list[Path], moment: float) -> None:
    context = Context("acme", Actor("person", "victim"))
    started = time.monotonic()
    with Database(conninfo, "operator") as database:
        for number, folder in enumerate(cycle(folders)):
            import_path(folder, database=database, context=context, as_of=datetime.now(UTC))
            if number == 0:
                delay = (time.monotonic() - started) * moment
                threading.Thread(target=_kill_after, args=(delay,), daemon=True).start()


def _kill_after(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def main(conninfo: str, *folders: str) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            import_until_killed(conninfo, [Path(folder) for folder in folders], float(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.WTERMSIG(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
