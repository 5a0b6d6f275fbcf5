"""A home of its own with the real parts in it, and the real command line to use it: shared by the tests of the road."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.tryton.adapter import home_endpoint
from connectors.tryton.process import stop as stop_tryton
from db.embedded import Embedded
from db.roles import USERS
from db.session import Database
from db.settings import Role
from tests.fix_database import PREFIX

if TYPE_CHECKING:
    from tests.fix_tryton import Auditor

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = str(Path(sys.executable).with_name("quartermaster"))
KILLED = -signal.SIGKILL

# What two minutes do: nothing in the tables is fresh any more, and no worker has given a sign of life.
TWO_MINUTES_PASS = (
    "UPDATE outbox SET changed_at = changed_at - interval '2 minutes'",
    "UPDATE proposal_state SET changed_at = changed_at - interval '2 minutes'",
    "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '2 minutes'",
    "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '2 minutes'",
)


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Home:
    """`path` is the program's home; `settings` go into the environment of every command."""

    path: Path
    settings: Mapping[str, str]
    tenant: str = "demo"
    runs: list[Ran] = field(default_factory=list)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**os.environ, **self.settings, "QUARTERMASTER_HOME": str(self.path), **(more or {})}

    def start(self, *arguments: str, more: Mapping[str, str] | None = None) -> Ran:
        """Any command of the operating system, with this home's settings."""
        began = time.monotonic()
        done = subprocess.run(
            arguments, env=self.environment(more), cwd=ROOT, capture_output=True, text=True, check=False, timeout=540
        )
        ran = Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - began)
        self.runs.append(ran)
        return ran

    def run(self, *arguments: str, code: int = 0, **settings: str) -> Ran:
        """The program itself; fails unless it ends with `code`."""
        ran = self.start(PROGRAM, *arguments, more=settings)
        assert ran.code == code, f"{arguments} ended with {ran.code}\n{ran.out[-2000:]}\n{ran.err[-4000:]}"
        return ran

    def json(self, *arguments: str, code: int = 0, **settings: str) -> Any:
        """What the program prints with --json."""
        return self.run(*arguments, "--json", code=code, **settings).json

    def python(self, module: str, *arguments: str) -> Ran:
        """`python -m module`."""
        return self.start(sys.executable, "-m", module, *arguments)

    @contextmanager
    def database(self, role: Role = "owner") -> Generator[Database]:
        cluster = Embedded(self.path)
        cluster.start()  # the command that ran last may have stopped it
        with Database(cluster.conninfo(USERS[role]), role) as database:
            yield database

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of this home's tenant as the owner sees them."""
        with self.database() as database, database.transaction(self.tenant) as connection:
            cursor = connection.execute(query.encode(), values)
            return [tuple(row.values()) for row in cursor.fetchall()] if cursor.description else []

    def two_minutes_pass(self) -> None:
        """So that no test has to wait for them."""
        cluster = Embedded(self.path)
        cluster.start()
        with psycopg.connect(cluster.admin_conninfo()) as connection:
            connection.execute("SET search_path TO quartermaster, public")
            for statement in TWO_MINUTES_PASS:
                connection.execute(statement.encode())

    def start_tryton(self) -> None:
        ran = self.python("connectors.tryton", "start", str(self.path))
        assert ran.code == 0, ran.err

    def stop_tryton(self) -> None:
        ran = self.python("connectors.tryton", "stop", str(self.path))
        assert ran.code == 0, ran.err

    def auditor(self) -> Auditor:
        """Somebody else with eyes of their own; Tryton has to run."""
        # Here and not above: pytest has to see a module of fixtures before anybody imports it.
        from tests.fix_tryton import Auditor

        return Auditor(home_endpoint(self.path, "reader"))

    def remove(self) -> None:
        stop_tryton(self.path.resolve() / "tryton")
        Embedded(self.path).stop()
        shutil.rmtree(self.path, ignore_errors=True)


@contextmanager
def temporary_home(name: str, settings: Mapping[str, str], tenant: str = "demo") -> Generator[Home]:
    """A fresh home; its name begins so that the next run ends what a killed run left (`tests.fix_database`)."""
    home = Home(Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{name}-")), settings, tenant)
    try:
        yield home
    finally:
        home.remove()


def expect_clear(error: str, *words: str) -> None:
    """A message for people: no stack trace, and it must say `words`."""
    assert "Traceback" not in error, error
    for word in words:
        assert word in error, error
