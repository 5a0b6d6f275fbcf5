"""A migrated database of its own for every test, on one server that all workers share.

Cloned from a template, or one that a test before it has left and that was cleaned.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from db.embedded import Embedded
from db.migrate import migrate
from db.roles import USERS
from db.session import Database
from db.settings import Role
from tests.clean_database import Names, clean, filled, shape

HOME_VARIABLE = "PYTEST_DATABASE_HOME"
PREFIX = "quartermaster-tests-"
TEMPLATE = "template_migrated"
_numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process makes the directory; xdist's workers inherit its name."""
    if not hasattr(config, "workerinput"):
        _sweep()
        os.environ[HOME_VARIABLE] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """After the last worker: stop the server and take everything away."""
    if not hasattr(config, "workerinput"):
        _remove(Path(os.environ.pop(HOME_VARIABLE)))


def _remove(home: Path) -> None:
    Embedded(home).stop()
    shutil.rmtree(home, ignore_errors=True)


def _sweep() -> None:
    """End what a killed session left running."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = home.name.removeprefix(PREFIX).partition("-")[0]
        if not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            _remove(home)


@pytest.fixture(scope="session")
def cluster() -> Embedded:
    """The session's server with a migrated template, made by whichever worker comes first."""
    embedded = Embedded(Path(os.environ[HOME_VARIABLE]))
    embedded.start()
    with (embedded.home / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (embedded.home / "template.made").exists():
            _make_template(embedded)
            (embedded.home / "template.made").touch()
    return embedded


def _make_template(embedded: Embedded) -> None:
    with psycopg.connect(embedded.admin_conninfo("postgres"), autocommit=True) as connection:
        # Speed for tests only: nothing here has to survive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(embedded.admin_conninfo(TEMPLATE))


@dataclass
class Databases:
    """This worker's databases: those that are free, and what a clean one looks like."""

    cluster: Embedded
    shape: str
    kept: Names
    free: list[str] = field(default_factory=list)

    def take(self) -> str:
        """A free one, or a new one."""
        if self.free:
            return self.free.pop()
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._command(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def give_back(self, name: str) -> None:
        """Cleaned, or dropped whoever is still connected."""
        if clean(self.cluster.admin_conninfo(name), self.shape, self.kept):
            self.free.append(name)
        else:
            self._command(f"DROP DATABASE {name} WITH (FORCE)")

    def _command(self, command: str) -> None:
        with psycopg.connect(self.cluster.admin_conninfo("postgres"), autocommit=True) as connection:
            connection.execute(command.encode())


@pytest.fixture(scope="session")
def databases(cluster: Embedded) -> Databases:
    """Made from the template's look: `kept` are the tables in which a migration has put something."""
    fresh = Databases(cluster, "", [])
    name = fresh.take()
    with psycopg.connect(cluster.admin_conninfo(name), autocommit=True) as connection:
        return Databases(cluster, shape(connection), filled(connection), [name])


@pytest.fixture
def database_name(databases: Databases) -> Iterator[str]:
    """A database that looks like new."""
    name = databases.take()
    yield name
    databases.give_back(name)


@pytest.fixture
def database_factory(cluster: Embedded, database_name: str) -> Iterator[Callable[..., Database]]:
    """`database_factory("agent")` → this test's database under that role; closed at the end."""
    opened: list[Database] = []

    def connect(role: Role = "owner", *, min_size: int = 1, max_size: int = 4) -> Database:
        database = Database(cluster.conninfo(USERS[role], database_name), role, min_size=min_size, max_size=max_size)
        opened.append(database)
        return database

    yield connect
    for database in opened:
        database.close()


@pytest.fixture
def database(database_factory: Callable[..., Database]) -> Callable[..., Database]:
    """The same factory under the name of the brief: `database(role="agent")`."""
    return database_factory


@pytest.fixture
def owner_database(database_factory: Callable[..., Database]) -> Database:
    return database_factory("owner")


@pytest.fixture
def agent_database(database_factory: Callable[..., Database]) -> Database:
    return database_factory("agent")


@pytest.fixture
def operator_database(database_factory: Callable[..., Database]) -> Database:
    return database_factory("operator")


@pytest.fixture
def executor_database(database_factory: Callable[..., Database]) -> Database:
    return database_factory("executor")


@pytest.fixture
def sealer_database(database_factory: Callable[..., Database]) -> Database:
    return database_factory("sealer")


def add_tenant(database: Database, tenant: str) -> str:
    query = """INSERT INTO tenant (tenant, name, currency, origin)
               VALUES (%(tenant)s, initcap(%(tenant)s), 'EUR', 'simulated')"""
    with database.transaction(tenant) as connection:
        connection.execute(query, {"tenant": tenant})
    return tenant


@pytest.fixture
def tenant(operator_database: Database) -> str:
    return add_tenant(operator_database, "acme")


@pytest.fixture
def second_tenant(operator_database: Database) -> str:
    return add_tenant(operator_database, "globex")
