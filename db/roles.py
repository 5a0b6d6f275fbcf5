"""The database roles: who may do what is PostgreSQL's to say, so that no bug in our code can widen it.

`agent` reads and proposes, `operator` is a signed-in person, `executor` decides and writes, `sealer` seals the audit
store, `owner` migrates and does nothing else. None is a superuser, none passes row-level security.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection, sql

from db.errors import ExtensionMissing, PrivilegeMissing, ServerTooOld, UnsafeRole
from db.settings import ROLES, Role

OWNER = "quartermaster_owner"
USERS: dict[Role, str] = {role: f"quartermaster_{role}" for role in ROLES}
SCHEMAS = ("quartermaster", "audit")
MINIMUM_VERSION = 160000

# Tables that libraries make in our schema. They have no tenant column: only ids may be put into them.
LIBRARY_TABLES = frozenset(
    {
        "alembic_version",
        "procrastinate_events",
        "procrastinate_jobs",
        "procrastinate_periodic_defers",
        "procrastinate_workers",
    }
)

# Ours, without a tenant column, because a row tells nothing of any tenant: passes of the sealer over all of them.
TENANTLESS_TABLES = frozenset({"audit.sealing"})

_ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def ensure_roles(connection: Connection[Any], *, passwords: Mapping[str, str] | None = None) -> None:
    """Create the roles that are missing, with these passwords; without passwords their logins stay closed.

    Raises:
        PrivilegeMissing: a role is missing and this user may not create roles.
        UnsafeRole: a role of ours exists and passes row-level security.
    """
    names = list(USERS.values())
    query = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = ANY (%s)"
    found: dict[str, bool] = dict(connection.execute(query, [names]).fetchall())
    for name in names:
        if found.get(name):
            raise UnsafeRole(
                f"The role {name} is a superuser or passes row-level security.",
                remedy=f"As an administrator run: ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS",
            )
        if name not in found:
            _create_role(connection, name)
        if passwords is not None:
            _set_password(connection, name, passwords[name])


def prepare_database(connection: Connection[Any]) -> None:
    """What an administrator has to do once a database before the owner role can migrate; can be repeated.

    Raises:
        ExtensionMissing: pgvector is not installed at the server, or this user may not create it.
        PrivilegeMissing: this user may neither make the schemas nor become the owner role.
    """
    _check_version(connection)
    try:
        _become_members(connection)
        for schema in SCHEMAS:
            if not _exists(connection, "SELECT FROM pg_namespace WHERE nspname = %s", schema):
                query = sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}")
                connection.execute(query.format(sql.Identifier(schema), sql.Identifier(OWNER)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise PrivilegeMissing(
            f"This database user may not set up the database: {error.diag.message_primary}.",
            remedy="Give in QUARTERMASTER_DATABASE_URL the user that owns the database and has CREATEROLE.",
        ) from error
    _ensure_vector(connection)


def vector_available(connection: Connection[Any]) -> bool:
    """Whether the server has pgvector, created in this database or not yet."""
    return _exists(connection, "SELECT FROM pg_available_extensions WHERE name = %s", "vector")


def _create_role(connection: Connection[Any], name: str) -> None:
    try:
        connection.execute(sql.SQL("CREATE ROLE {} " + _ATTRIBUTES).format(sql.Identifier(name)))
    except psycopg.errors.DuplicateObject:
        return  # another database of this server is being set up at the same moment
    except psycopg.errors.InsufficientPrivilege as error:
        raise PrivilegeMissing(
            f"The role {name} does not exist and this database user may not create roles.",
            remedy=f"As an administrator run: ALTER ROLE {connection.info.user} CREATEROLE — or create these roles: "
            + ", ".join(USERS.values()),
        ) from error


def _set_password(connection: Connection[Any], name: str, password: str) -> None:
    """Hashed on this side, so that the password never stands in the server's log or activity."""
    hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(hashed)))


def _check_version(connection: Connection[Any]) -> None:
    version = connection.info.server_version
    if version < MINIMUM_VERSION:
        raise ServerTooOld(f"The server is PostgreSQL {version // 10000}.", remedy="PostgreSQL 16 or newer is needed.")


def _become_members(connection: Connection[Any]) -> None:
    """Let the administrator act as each role: nothing it could not do anyway, and processes then need no password.

    Acting as the owner is needed to migrate. The others are left out where this user may not grant them; their
    processes then need the URL of their own role.
    """
    _become_member(connection, OWNER)
    for name in USERS.values():
        with suppress(psycopg.errors.InsufficientPrivilege):
            _become_member(connection, name)


def _become_member(connection: Connection[Any], name: str) -> None:
    row = connection.execute("SELECT pg_has_role(current_user, %s, 'SET')", [name]).fetchone()
    if row != (True,):
        query = sql.SQL("GRANT {} TO CURRENT_USER WITH SET TRUE, INHERIT FALSE")
        connection.execute(query.format(sql.Identifier(name)))


def _ensure_vector(connection: Connection[Any]) -> None:
    if _exists(connection, "SELECT FROM pg_extension WHERE extname = %s", "vector"):
        return
    if not vector_available(connection):
        raise ExtensionMissing(
            "The PostgreSQL server has no extension `vector` (pgvector).",
            remedy="Install pgvector on the server (package postgresql-NN-pgvector, image pgvector/pgvector).",
        )
    try:
        connection.execute("CREATE EXTENSION vector WITH SCHEMA public")
    except psycopg.errors.InsufficientPrivilege as error:
        raise ExtensionMissing(
            "This database user may not create the extension `vector`.",
            remedy="As an administrator run in this database: CREATE EXTENSION vector",
        ) from error


def _exists(connection: Connection[Any], query: str, value: str) -> bool:
    return connection.execute(query.encode(), [value]).fetchone() is not None
