"""The standing watch: somebody looks at every tenant's network every few minutes, and as soon as new data have come in.

It runs in the agent's process. However many workers there are, one looks at a tenant at a time, and what one has just
looked at the others leave alone. It opens, reopens and closes cases and queues the most urgent; it works none itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from app.triage import queue_open
from app.wiring import agent_context
from app.worker.rounds import over_tenants
from cases.rank import ranked
from cases.sweep import sweep_and_open
from db import case_life, cases, sweeps, tenants
from db.session import Database
from domain.context import Context
from domain.errors import QuartermasterError

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
ASK_EVERY_SECONDS = 15.0
# So many cases a tenant are in the queue at a time: what is worked should be what is urgent now, not an hour ago.
MOST_QUEUED = 24


@contextmanager
def watching(database: Database) -> Generator[None]:
    """Watch over all tenants in a thread of its own while the block runs."""
    log.setLevel(logging.INFO)
    stopping = threading.Event()
    thread = threading.Thread(target=_watch_until, args=(database, stopping), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=ASK_EVERY_SECONDS)


def look_where_due(database: Database) -> None:
    """One round over the tenants."""
    over_tenants(database, lambda tenant: look_if_due(database, agent_context(tenant)), log)


def look_if_due(database: Database, context: Context, *, every: timedelta = EVERY) -> list[str] | None:
    """Sweep and queue the most urgent open cases; None when it is not time, somebody else looks, or there are no data.

    Returns the cases that were queued.
    """
    with database.transaction(context.tenant) as connection:
        if not _is_due(connection, every):
            return None
    with database.transaction(context.tenant) as connection:
        # Asked again under the lock: another worker may have looked between the two.
        if not sweeps.take_turn(connection, context.tenant) or not _is_due(connection, every):
            return None
        seen, _ = sweep_and_open(connection, context)
        queued = _queue_most_urgent(connection, context)
    log.info("%s: %s findings in %.1f s, queued %s", context.tenant, len(seen.findings), seen.seconds, queued or "none")
    return queued


def _is_due(connection: Connection[DictRow], every: timedelta) -> bool:
    facts = sweeps.facts(connection)
    return facts.batch_id is not None and sweeps.is_due(connection, facts, every)


def _queue_most_urgent(connection: Connection[DictRow], context: Context) -> list[str]:
    there = case_life.queued(connection, context.tenant)
    waiting = [case for case in cases.search(connection) if case.status == "open"]
    urgent = [case.case_id for case in ranked(waiting, tenants.currency(connection)) if case.case_id not in there]
    return queue_open(connection, context, urgent[: max(MOST_QUEUED - len(there), 0)])


def _watch_until(database: Database, stopping: threading.Event) -> None:
    while not stopping.wait(ASK_EVERY_SECONDS):
        try:
            look_where_due(database)
        except (psycopg.Error, QuartermasterError) as error:
            # The next round tries again: the database may be restarting. Were this thread to end, nothing would be
            # looked at any more, and the process would seem well.
            log.warning("The watch could not look: %s", error)
