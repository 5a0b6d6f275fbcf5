"""The tenant's own row: who it is, in which currency, real or simulated, and where its clock stands.

Slug, currency and origin never change after the first time; a frozen clock moves forward only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.session import Database, unknown_tenant
from domain.errors import Conflict

Origin = Literal["simulated", "imported"]

READ = """
SELECT tenant, name, currency, origin, clock_at FROM tenant WHERE tenant = current_setting('quartermaster.tenant', true)
"""
INSERT = """
INSERT INTO tenant (tenant, name, currency, origin, clock_at)
VALUES (%(tenant)s, %(name)s, %(currency)s, %(origin)s, %(clock_at)s)
ON CONFLICT (tenant) DO NOTHING
"""
MOVE_CLOCK = """
UPDATE tenant SET clock_at = %(clock_at)s
 WHERE tenant = current_setting('quartermaster.tenant', true) AND clock_at < %(clock_at)s
"""


@dataclass(frozen=True)
class Tenant:
    """`clock_at`: where the clock of simulated or historical data stands; None for the real clock."""

    tenant: str
    name: str
    currency: str
    origin: Origin
    clock_at: datetime | None


def ensure_tenant(
    database: Database,
    tenant: str,
    *,
    name: str,
    currency: str,
    origin: Origin,
    clock_at: datetime | None,
    created: Callable[[Connection[DictRow]], object] | None = None,
) -> Tenant:
    """The tenant, made when it is not there (by the owner or operator role); a frozen clock moves on to `clock_at`.

    `created` is called in the transaction that makes it, to record that.

    Raises:
        Conflict: it is there with another currency or origin, or one of the two clocks is frozen and the other not.
    """
    wanted = Tenant(tenant, name, currency, origin, clock_at)
    with database.transaction(tenant) as connection:
        if connection.execute(INSERT, vars(wanted)).rowcount and created is not None:
            created(connection)
        move_clock(connection, clock_at)
        found = read_tenant(connection)
        if (found.currency, found.origin, found.clock_at is None) != (currency, origin, clock_at is None):
            raise Conflict(
                f"The tenant {tenant} is there already: {_facts(found)}; not {_facts(wanted)}.",
                remedy="Use another tenant name for these data.",
            )
        return found


def read_tenant(connection: Connection[Any]) -> Tenant:
    """The tenant of the transaction.

    Raises:
        UnknownTenant: it has no row.
    """
    found = connection.cursor(row_factory=class_row(Tenant)).execute(READ).fetchone()
    if found is None:
        raise unknown_tenant(connection)
    return found


def currency(connection: Connection[Any]) -> str:
    """The currency in which this tenant counts; raises `NotFound` where there is no such tenant."""
    return read_tenant(connection).currency


def move_clock(connection: Connection[Any], clock_at: datetime | None) -> None:
    """Moves a frozen clock forward to `clock_at`; a real clock stays real."""
    connection.execute(MOVE_CLOCK, {"clock_at": clock_at})


def _facts(tenant: Tenant) -> str:
    clock = "the real clock" if tenant.clock_at is None else "a frozen clock"
    return f"{tenant.origin}, {tenant.currency}, {clock}"
