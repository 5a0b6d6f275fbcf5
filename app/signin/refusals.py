"""Refusals as audit events, where the tenant is known. What strangers can cause is limited, the rest only logged.

Without the limit anybody could fill a tenant's audit store by sending nonsense.
"""

from __future__ import annotations

import logging
import threading
import time

import psycopg

from audit.append import append
from audit.events import Action
from db.session import Database
from domain.context import Actor, Context
from domain.errors import QuartermasterError

log = logging.getLogger(__name__)

STRANGER = Actor("service", "sign-in")
PER_MINUTE = 10


class Refusals:
    """Records refusals under the operator's role; one a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._minutes: dict[str, tuple[float, int]] = {}  # tenant → since when, how many

    def of_stranger(self, tenant: str, trace_id: str, subject: str, what: str, error: QuartermasterError) -> None:
        """Somebody who is not identified; at most ten a minute and tenant."""
        seen = self._count(tenant)
        if seen <= PER_MINUTE:
            self._record(Context(tenant, STRANGER, trace_id), subject, what, error)
        elif seen == PER_MINUTE + 1:
            log.warning("more than %d refusals a minute in tenant %s; the rest is not recorded", PER_MINUTE, tenant)

    def of_caller(self, context: Context, subject: str, what: str, error: QuartermasterError) -> None:
        """Somebody identified who may not do this."""
        self._record(context, subject, what, error)

    def _count(self, tenant: str) -> int:
        now = time.monotonic()
        with self._lock:
            since, seen = self._minutes.get(tenant, (now, 0))
            if now - since > 60.0:
                since, seen = now, 0
            self._minutes[tenant] = (since, seen + 1)
            return seen + 1

    def _record(self, context: Context, subject: str, what: str, error: QuartermasterError) -> None:
        data = {"what": what, "error": type(error).__name__, "reason": str(error)}
        try:
            with self._database.transaction(context.tenant) as connection:
                append(connection, context, Action.ACCESS_REFUSED, subject=subject, data=data)
        except (psycopg.Error, QuartermasterError):
            # The refusal stands whether or not it could be written down; the log keeps that it could not.
            log.exception("a refusal could not be recorded")
