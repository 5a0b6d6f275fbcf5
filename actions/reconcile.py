"""Writes whose answer is missing: ask the target by key, then decide. And what the queue lost: ask for it again.

Nothing depends on the queue alone: a job is only the fastest way to work that the tables already name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from actions.approve import expire
from actions.errors import OutcomeUnknown, TargetUnavailable
from actions.jobs import defer_decide, defer_reconcile, defer_write
from actions.port import TargetSystem, WriteRequest
from actions.states import WriteState, advance, locked_state, move_write
from actions.write import Outcome, compare, locked_write, settle, write_one
from audit.events import Action
from db import outbox
from db.outbox import OutboxRow
from db.session import Database
from domain.context import Context
from policies.gate import Gate

MOMENT = timedelta(seconds=60)  # longer than any call to a target may take
BATCH = 100


@dataclass(frozen=True)
class Swept:
    """What was found lost: proposals without decision, writes due, answers missing, approvals whose time is over."""

    decisions: tuple[UUID, ...]
    writes: tuple[UUID, ...]
    answers: tuple[UUID, ...]
    expired: tuple[UUID, ...]


def reconcile(
    database: Database, gate: Gate, target: TargetSystem, context: Context, *, older_than: timedelta = MOMENT
) -> dict[UUID, WriteState]:
    """Clears up writes that were sent and whose answer is missing; returns where each is now.

    Found under its key: confirmed, when it stands as ordered. Not found, or left half-made: nothing is done any more by
    the first sender, so it is sent again with the same key, through the gate. A target that stays silent leaves all as
    it is.
    """
    with database.transaction(context.tenant) as connection:
        found = outbox.lease_unfinished(connection, older_than=older_than, limit=BATCH)
    mine = [row for row in found if row.target == target.name]
    return {row.outbox_id: _clear_up(database, gate, target, context, row) for row in mine}


def sweep(database: Database, context: Context, *, older_than: timedelta = MOMENT) -> Swept:
    """Enqueues again what should have been done by now, and ends approvals whose time is over."""
    with database.transaction(context.tenant) as connection:
        swept = Swept(
            decisions=tuple(outbox.lost_decisions(connection, older_than)),
            writes=tuple(outbox.lost_writes(connection, older_than)),
            answers=tuple(outbox.lost_answers(connection, older_than)),
            expired=tuple(outbox.overdue_approvals(connection)),
        )
        for proposal_id in swept.decisions:
            defer_decide(connection, context.tenant, proposal_id)
        for outbox_id in swept.writes:
            defer_write(connection, context.tenant, outbox_id)
        if swept.answers:
            defer_reconcile(connection, context.tenant)
        for proposal_id in swept.expired:
            if locked_state(connection, proposal_id) == "waiting":  # nobody has answered in this very moment
                expire(connection, context, proposal_id)
    return swept


def _clear_up(database: Database, gate: Gate, target: TargetSystem, context: Context, row: OutboxRow) -> WriteState:
    request = WriteRequest.model_validate(row.request)
    try:
        found = target.find_by_key(row.idempotency_key) if target.capabilities.lookup_by_key else None
    except (TargetUnavailable, OutcomeUnknown) as error:
        return _still_unknown(database, context, row, str(error))
    if found is not None and found.standing != "incomplete":
        return settle(database, context, row.outbox_id, compare(request, found))
    if not target.capabilities.idempotency_key:
        why = f"{target.name} cannot tell a repeated write from a new one; look there for {row.idempotency_key}."
        return _still_unknown(database, context, row, why)
    return _send_again(database, gate, target, context, row)


def _still_unknown(database: Database, context: Context, row: OutboxRow, error: str) -> WriteState:
    outcome = Outcome("unknown", "unknown", Action.WRITE_UNKNOWN, error=error)
    return settle(database, context, row.outbox_id, outcome)


def _send_again(database: Database, gate: Gate, target: TargetSystem, context: Context, row: OutboxRow) -> WriteState:
    """Back to pending, then the ordinary way; the key keeps a slow first sender and this one to one document."""
    with database.transaction(context.tenant) as connection:
        now = locked_write(connection, row.outbox_id)
        if now.state not in ("sending", "unknown"):
            return cast(WriteState, now.state)
        move_write(connection, now, "pending", error="The target holds no finished document under the key.")
        data = {"outbox_id": row.outbox_id, "attempts": now.attempts}
        advance(connection, context, row.proposal_id, "approved", action=Action.WRITE_POSTPONED, data=data)
    return write_one(database, gate, target, context, row.outbox_id)
