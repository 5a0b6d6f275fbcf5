"""One process's access to the database: a pool of connections under one role, a transaction always for one tenant.

There is no way to a connection without a tenant but `tenant_names`, which tells slugs only. Repositories take the
connection that `transaction` gives; none of them commits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg_pool import ConnectionPool, PoolTimeout

from db.conninfo import describe, session_conninfo
from db.errors import CommitUnknown, DatabaseUnavailable, SettingsInvalid, UnknownTenant, UnsafeRole
from db.migrate import require_schema
from db.roles import USERS
from db.settings import PREFIX, DatabaseSettings, Role, load_settings
from domain.errors import BadInput

__all__ = ["Database", "Role", "open_database", "tenant_clock"]

PATIENCE = 30.0  # seconds to wait for a free connection of a busy pool
PROBE_AFTER = 1.0  # seconds of waiting after which we look whether the server answers at all
RESTART = "Start the database (`quartermaster doctor` shows its state) and try again."

Revive = Callable[[], object]


class Database:
    """A pool of connections of one role; one per process and role, shared by its threads."""

    def __init__(
        self, conninfo: str, role: Role, *, min_size: int = 1, max_size: int = 4, revive: Revive | None = None
    ) -> None:
        """Open the pool without waiting for it; `revive` is called when the server does not answer."""
        self.role: Role = role
        self.conninfo = session_conninfo(conninfo, role)
        self._revive = revive
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            self.conninfo,
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row},
            min_size=min_size,
            max_size=max_size,
            check=_check_alive,
            reconnect_timeout=PATIENCE,
            name=f"quartermaster-{role}",
            open=True,
        )

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def transaction(self, tenant: str, *, snapshot: bool = False) -> Generator[Connection[DictRow]]:
        """A transaction that sees and writes this tenant's rows only; commits at the end, rolls back on any error.

        With `snapshot` (REPEATABLE READ) all its reads see one state of the data.

        Raises:
            BadInput: no tenant is named.
            DatabaseUnavailable: the server does not answer, or went away; nothing was written.
            CommitUnknown: it went away during the commit.
        """
        if not tenant:
            raise BadInput("No tenant is named.", remedy="Say for which tenant this is.")
        with self._transaction() as connection:
            if snapshot:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute("SELECT set_config('quartermaster.tenant', %(tenant)s, true)", {"tenant": tenant})
            yield connection

    def tenant_names(self) -> tuple[str, ...]:
        """The slugs of all tenants, for a worker that serves each in turn."""
        with self._transaction() as connection:
            return tuple(row["tenant"] for row in connection.execute("SELECT tenant_names() AS tenant"))

    def check(self) -> None:
        """Raise unless the server answers, its schema is this program's, and the role is the one it must be."""
        with self._transaction() as connection:
            _require_role(connection, self.role)
            if self.role != "owner":
                require_schema(connection)

    def close(self) -> None:
        """Give all connections back to the server; can be called twice."""
        self._pool.close()

    @contextmanager
    def _transaction(self) -> Generator[Connection[DictRow]]:
        connection = self._connection()
        try:
            with _lost_is_unavailable(connection, self.conninfo):
                yield connection
            _commit(connection, self.conninfo)
        except BaseException:
            with suppress(psycopg.Error):
                connection.rollback()
            raise
        finally:
            self._pool.putconn(connection)

    def _connection(self) -> Connection[DictRow]:
        """A checked connection; waits for a busy pool, but not for a server that is gone."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._pool.getconn(PROBE_AFTER)
            except PoolTimeout:
                self._probe()
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable(
                        f"All connections of the role {self.role} were busy for {PATIENCE:.0f} s.",
                        remedy="Try again; if it stays so, look for a transaction that does not end.",
                    ) from None

    def _probe(self) -> None:
        """Return when the server answers, after starting it again where that is ours to do."""
        try:
            _ping(self.conninfo)
        except DatabaseUnavailable:
            if self._revive is None:
                raise
            self._revive()
            _ping(self.conninfo)


def open_database(
    role: Role, settings: DatabaseSettings | None = None, *, min_size: int = 1, max_size: int = 4
) -> Database:
    """Connect as a role, starting the embedded PostgreSQL when no URL is given.

    Raises:
        SettingsInvalid: there is no URL by which this role could connect.
        SchemaBehind: `quartermaster migrate` has to run first.
        DatabaseUnavailable, EmbeddedFailed, UnsafeRole: with what to do.
    """
    settings = settings or load_settings()
    conninfo, revive = _locate(role, settings)
    database = Database(conninfo, role, min_size=min_size, max_size=max_size, revive=revive)
    try:
        database.check()
    except BaseException:
        database.close()
        raise
    return database


def administrator_url(settings: DatabaseSettings) -> str:
    """What `migrate` connects with: the given owner's URL, or the embedded server's superuser (started if needed)."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    if not settings.embedded:
        raise SettingsInvalid("Migrating needs the owner's URL.", remedy=f"Set {PREFIX}DATABASE_URL.")
    from db.embedded import Embedded

    cluster = Embedded(settings.home)
    cluster.start()
    return cluster.admin_conninfo()


def tenant_clock(connection: Connection[Any]) -> datetime:
    """The tenant's present: the frozen clock of simulated or historical data, else the database's time.

    Raises:
        UnknownTenant: there is no such tenant.
    """
    query = "SELECT coalesce(clock_at, now()) FROM tenant WHERE tenant = current_setting('quartermaster.tenant', true)"
    row = connection.cursor(row_factory=tuple_row).execute(query).fetchone()
    if row is None:
        raise unknown_tenant(connection)
    return row[0]


def unknown_tenant(connection: Connection[Any]) -> UnknownTenant:
    """The error for the transaction's tenant, by name. It tells of no other tenant: those may be somebody else's."""
    query = "SELECT current_setting('quartermaster.tenant', true)"
    row = connection.cursor(row_factory=tuple_row).execute(query).fetchone()
    return UnknownTenant(str(row[0]) if row else "")


def _locate(role: Role, settings: DatabaseSettings) -> tuple[str, Revive | None]:
    """The connection string for a role and how to bring its server back."""
    own = settings.role_url(role)
    if own is not None:
        return own, None
    if settings.database_url is not None:
        return session_conninfo(settings.database_url.get_secret_value(), role, act_as=USERS[role]), None
    if not settings.embedded:
        wanted = f"{PREFIX}DATABASE_URL" if role == "owner" else f"{PREFIX}DATABASE_URL_{role.upper()}"
        raise SettingsInvalid(f"There is no URL by which the role {role} could connect.", remedy=f"Set {wanted}.")
    from db.embedded import Embedded

    cluster = Embedded(settings.home)
    cluster.start()
    return cluster.conninfo(USERS[role]), cluster.start


def _require_role(connection: Connection[Any], role: Role) -> None:
    query = "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    row = connection.cursor(row_factory=tuple_row).execute(query).fetchone()
    if row != (USERS[role], False):
        raise UnsafeRole(
            f"The connection for the role {role} is that of the database user {row[0] if row else 'unknown'}.",
            remedy=f"Give the URL of the user {USERS[role]}, which must not pass row-level security.",
        )


def _check_alive(connection: Connection[Any]) -> None:
    """One empty round trip before a connection is handed out: the server may have been restarted since."""
    ConnectionPool.check_connection(connection)


def _ping(conninfo: str) -> None:
    try:
        psycopg.connect(conninfo).close()
    except psycopg.OperationalError as error:
        message = f"The {describe(conninfo)} does not answer: {str(error).strip()}"
        raise DatabaseUnavailable(message, remedy=RESTART) from error


@contextmanager
def _lost_is_unavailable(connection: Connection[Any], conninfo: str) -> Generator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        if not connection.closed:
            raise  # a deadlock, a lock not free, a full disk: the statement's fault, not the connection's
        message = f"The connection to the {describe(conninfo)} was lost; nothing was written."
        raise DatabaseUnavailable(message, remedy=RESTART) from error


def _commit(connection: Connection[Any], conninfo: str) -> None:
    try:
        connection.commit()
    except psycopg.OperationalError as error:
        if not connection.closed:
            raise
        raise CommitUnknown(
            f"The connection to the {describe(conninfo)} was lost while committing; whether it was written is unknown.",
            remedy="Look whether it is there before doing it again.",
        ) from error
