"""Making a tenant, which is audited, and telling which there are to whoever runs commands on this machine."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from psycopg import Connection
from psycopg.rows import DictRow

from app.wiring import operator_database
from audit.append import append
from audit.events import Action
from db.errors import UnknownTenant
from db.session import Database
from db.tenants import Origin, Tenant, ensure_tenant
from domain.context import Context
from domain.errors import QuartermasterError

MOST_NAMED = 20


def ensure_recorded_tenant(
    database: Database, context: Context, *, name: str, currency: str, origin: Origin, clock_at: datetime | None
) -> Tenant:
    """The context's tenant, made when it is not there, with `tenant.created` on record; see `db.tenants`."""

    def created(connection: Connection[DictRow]) -> None:
        data = {"currency": currency, "origin": origin, "clock_at": clock_at}
        append(connection, context, Action.TENANT_CREATED, subject=f"tenant:{context.tenant}", data=data)

    return ensure_tenant(
        database,
        context.tenant,
        name=name,
        currency=currency,
        origin=origin,
        clock_at=clock_at,
        created=created,
    )


def name_existing(error: QuartermasterError) -> QuartermasterError:
    """The error, with the tenants that exist in its remedy when it is about one that does not."""
    if isinstance(error, UnknownTenant):
        with suppress(QuartermasterError), operator_database() as database:
            names = database.tenant_names()
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            there = ", ".join(names[:MOST_NAMED]) + more if names else "none yet"
            error.remedy = f"Tenants: {there}. {error.remedy}"
    return error
