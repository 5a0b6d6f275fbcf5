"""Bring a database's schema to this program's revision: `migrate` for the administrator, `require_schema` for the rest.

Runs forward only and never at a process's start by itself: changing the schema is somebody's decision.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import tuple_row

from db.conninfo import describe, session_conninfo
from db.errors import DatabaseUnavailable, MigrationOrder, SchemaBehind
from db.roles import OWNER, ensure_roles, prepare_database

# A path and not an import: importing that package brings Alembic and SQLAlchemy, most of a second, into every process.
MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x517A_7E24  # any number that nobody else locks in this database
_CHECK_SERVER = "Start the server, or correct QUARTERMASTER_DATABASE_URL."


def migrate(owner_url: str) -> str:
    """Create roles, schemas and extension where missing, run the missing migrations, and return the revision.

    Two processes may call it at once: the second waits and finds nothing left to do.

    Raises:
        DatabaseUnavailable, PrivilegeMissing, UnsafeRole, ExtensionMissing: with what to do.
    """
    with _administrator(owner_url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        ensure_roles(connection)
        prepare_database(connection)
        if current_revision(connection) != expected_revision():
            _upgrade(session_conninfo(owner_url, "migrate", act_as=OWNER))
        require_schema(connection)
    return expected_revision()


def current_revision(connection: Connection[Any]) -> str | None:
    """The revision of the database's schema; None when it has never been migrated."""
    cursor = connection.cursor(row_factory=tuple_row)
    try:
        with connection.transaction():
            row = cursor.execute("SELECT version_num FROM quartermaster.alembic_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.InsufficientPrivilege):
        return None
    return str(row[0]) if row else None


@cache
def expected_revision() -> str:
    """The revision that this program needs: the highest number among the migration files."""
    found = re.compile(r"^(\d{4})_\w+\.py$")
    names = (file.name for file in (MIGRATIONS / "versions").iterdir())
    numbers = [match[1] for name in names if (match := found.match(name))]
    if not numbers or len(numbers) != len(set(numbers)):
        raise MigrationOrder("Two migrations carry one number, or there are none.", remedy="Reinstall Quartermaster.")
    return max(numbers)


def require_schema(connection: Connection[Any]) -> None:
    """Raise SchemaBehind unless the database's schema is exactly this program's."""
    current, expected = current_revision(connection), expected_revision()
    if current == expected:
        return
    if current is not None and current > expected:
        message = f"The database's schema ({current}) is newer than this program ({expected})."
        raise SchemaBehind(message, remedy="Update Quartermaster on this machine.")
    message = f"The database's schema is {current or 'not there yet'}; this program needs {expected}."
    raise SchemaBehind(message, remedy="Run `quartermaster migrate`.")


@contextmanager
def _administrator(url: str) -> Generator[Connection[Any]]:
    try:
        connection = psycopg.connect(session_conninfo(url, "setup"), autocommit=True)
    except psycopg.OperationalError as error:
        message = f"The {describe(url)} cannot be reached: {str(error).strip()}"
        raise DatabaseUnavailable(message, remedy=_CHECK_SERVER) from error
    with connection:
        yield connection


def _upgrade(conninfo: str) -> None:
    """Alembic is imported here alone: no other process needs it or SQLAlchemy."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
