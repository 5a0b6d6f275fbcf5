"""The jobs of this layer: their names, their queue, and how they are enqueued in the transaction of their cause.

A job carries ids and nothing else. The worker (`app`) binds a function to each name; nothing here runs one.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.types import TimeDeltaParams
from psycopg import Connection
from psycopg.rows import DictRow

EXECUTE = "execute"  # the executor's queue: decide, write, reconcile
TRIAGE = "triage"  # the agent's queue: work a case into a proposal

TRIAGE_TASK = "agents.triage"  # tenant, case_id
DECIDE_TASK = "actions.decide"  # tenant, proposal_id
WRITE_TASK = "actions.write"  # tenant, outbox_id
RECONCILE_TASK = "actions.reconcile"  # tenant

# Not opened here: enqueueing uses the caller's connection. A worker replaces the connector with its own.
queue = procrastinate.App(connector=procrastinate.PsycopgConnector())


def defer_triage(connection: Connection[DictRow], tenant: str, case_id: str) -> None:
    """Ask the agent to work a case. Asked twice, it is worked one after the other, never by two at once."""
    lock = f"{tenant}/{case_id}"
    _defer(connection, TRIAGE_TASK, queue_name=TRIAGE, lock=lock, tenant=tenant, case_id=case_id)


def defer_decide(connection: Connection[DictRow], tenant: str, proposal_id: UUID) -> None:
    """Ask for a decision about a proposal."""
    _defer(connection, DECIDE_TASK, tenant=tenant, proposal_id=str(proposal_id))


def defer_write(
    connection: Connection[DictRow], tenant: str, outbox_id: UUID, *, after: timedelta = timedelta(0)
) -> None:
    """Ask for a write to be made, not before `after` has passed."""
    _defer(connection, WRITE_TASK, after=after, tenant=tenant, outbox_id=str(outbox_id))


def defer_reconcile(connection: Connection[DictRow], tenant: str) -> None:
    """Ask the target about writes whose answer is missing."""
    _defer(connection, RECONCILE_TASK, tenant=tenant)


def _defer(
    connection: Connection[DictRow],
    task: str,
    *,
    queue_name: str = EXECUTE,
    after: timedelta = timedelta(0),
    lock: str | None = None,
    **ids: str,
) -> None:
    wait: TimeDeltaParams | None = {"seconds": int(after.total_seconds())} if after else None
    job = queue.configure_task(task, queue=queue_name, connection=connection, schedule_in=wait, lock=lock)
    try:
        job.defer(**ids)
    except ConnectorException as error:
        # The transaction is the caller's, who knows what psycopg raises and not what the queue makes of it.
        raise (error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error) from None
