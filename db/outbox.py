"""Rows of the outbox: writes to be made once, how far each got, and what was lost on the way. It decides nothing.

As in `db.actions`, states move through `actions.states` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb


@dataclass(frozen=True)
class NewOutbox:
    """A write to be made once."""

    proposal_id: UUID
    target: str
    idempotency_key: str
    request: Mapping[str, Any]


@dataclass(frozen=True)
class OutboxRow(NewOutbox):
    """A write and how far it got; `document` is what the target held when it was read back."""

    outbox_id: UUID
    state: str
    attempts: int
    document: Mapping[str, Any] | None
    last_error: str
    changed_at: datetime


SELECT: LiteralString = """
SELECT proposal_id, target, idempotency_key, request, outbox_id, state, attempts, document, last_error, changed_at
  FROM outbox"""
INSERT: LiteralString = """
INSERT INTO outbox (proposal_id, target, idempotency_key, request, state)
VALUES (%(proposal_id)s, %(target)s, %(idempotency_key)s, %(request)s, 'pending') RETURNING outbox_id"""
ONE: LiteralString = SELECT + " WHERE outbox_id = %(outbox_id)s"
LOCK: LiteralString = ONE + " FOR UPDATE"
MOVE: LiteralString = """
UPDATE outbox SET state = %(state)s, attempts = attempts + %(attempt)s, document = coalesce(%(document)s, document),
       last_error = %(error)s, changed_at = clock_timestamp() WHERE outbox_id = %(outbox_id)s"""
# Touching the row is a lease: another reconciler sees it as fresh and leaves it alone.
LEASE: LiteralString = """
UPDATE outbox SET changed_at = clock_timestamp()
 WHERE outbox_id IN (SELECT outbox_id FROM outbox WHERE outbox_id = %(outbox_id)s AND target = %(target)s
                        AND state IN ('sending', 'unknown') AND changed_at < clock_timestamp() - %(older_than)s
                        FOR UPDATE SKIP LOCKED)
RETURNING proposal_id, target, idempotency_key, request, outbox_id, state, attempts, document, last_error, changed_at"""

LOST_DECISIONS: LiteralString = """
SELECT p.proposal_id AS id FROM proposal p JOIN proposal_state s USING (tenant, proposal_id)
 WHERE s.state = 'pending' AND s.changed_at < clock_timestamp() - %(older_than)s ORDER BY p.created_at"""
# Doubling from 2 s: a target that is down is asked less and less often, at least every quarter of an hour.
LOST_WRITES: LiteralString = """
SELECT outbox_id AS id FROM outbox
 WHERE state = 'pending'
   AND changed_at < clock_timestamp() - %(older_than)s - make_interval(secs => least(900, 2 ^ least(attempts, 20)))
 ORDER BY created_at"""
LOST_ANSWERS: LiteralString = """
SELECT outbox_id AS id FROM outbox
 WHERE state IN ('sending', 'unknown') AND changed_at < clock_timestamp() - %(older_than)s ORDER BY created_at"""
OVERDUE: LiteralString = """
SELECT p.proposal_id AS id FROM proposal p JOIN proposal_state s USING (tenant, proposal_id)
 WHERE s.state = 'waiting' AND p.expires_at <= clock_timestamp() ORDER BY p.expires_at"""


def insert(connection: Connection[DictRow], new: NewOutbox) -> UUID:
    """Enqueues a write; the database refuses one without its decision and approvals, and a second one."""
    row = connection.execute(INSERT, {**vars(new), "request": Jsonb(new.request)}).fetchone()
    assert row is not None  # INSERT … RETURNING without ON CONFLICT gives a row or raises
    return row["outbox_id"]


def find(connection: Connection[DictRow], outbox_id: UUID, *, lock: bool = False) -> OutboxRow | None:
    """A write; with `lock` nobody else moves it until this transaction ends."""
    return _one(connection, LOCK if lock else ONE, {"outbox_id": outbox_id})


def move(
    connection: Connection[DictRow],
    outbox_id: UUID,
    state: str,
    *,
    attempt: int = 0,
    document: Mapping[str, Any] | None = None,
    error: str = "",
) -> None:
    """For `actions.states` alone. A document that is known stays."""
    kept = None if document is None else Jsonb(document)
    values = {"outbox_id": outbox_id, "state": state, "attempt": attempt, "document": kept, "error": error}
    connection.execute(MOVE, values)


def lease(connection: Connection[DictRow], outbox_id: UUID, *, target: str, older_than: timedelta) -> OutboxRow | None:
    """The write for this caller, if its answer from `target` is missing for so long and nobody else has taken it."""
    return _one(connection, LEASE, {"outbox_id": outbox_id, "target": target, "older_than": older_than})


def lost_decisions(connection: Connection[DictRow], older_than: timedelta) -> list[UUID]:
    """Proposals that nobody has decided about."""
    return _ids(connection, LOST_DECISIONS, older_than)


def lost_writes(connection: Connection[DictRow], older_than: timedelta) -> list[UUID]:
    """Outbox rows that should have been tried (again) by now."""
    return _ids(connection, LOST_WRITES, older_than)


def lost_answers(connection: Connection[DictRow], older_than: timedelta) -> list[UUID]:
    """Outbox rows that were sent and whose answer is missing."""
    return _ids(connection, LOST_ANSWERS, older_than)


def overdue_approvals(connection: Connection[DictRow]) -> list[UUID]:
    """Proposals that waited for an approval until their time was over."""
    return [row["id"] for row in connection.execute(OVERDUE)]


def _ids(connection: Connection[DictRow], sql: LiteralString, older_than: timedelta) -> list[UUID]:
    return [row["id"] for row in connection.execute(sql, {"older_than": older_than})]


def _one(connection: Connection[DictRow], sql: LiteralString, values: Mapping[str, object]) -> OutboxRow | None:
    with connection.cursor(row_factory=class_row(OutboxRow)) as cursor:
        return cursor.execute(sql, values).fetchone()
