"""Writes whose answer is missing: ask the target by key, then decide. And what the queue lost: ask for it again.

Nothing depends on the queue alone: a job is only the fastest way to work that the tables already name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from actions.appraisal import Appraiser
from actions.approve import expire
from actions.errors import OutcomeUnknown, TargetRejected, TargetUnavailable
from actions.jobs import defer_decide, defer_reconcile, defer_write
from actions.port import Document, TargetSystem, WriteRequest
from actions.states import WriteState, locked_state
from actions.write import (
    Doing,
    Outcome,
    Refused,
    announce,
    attempt,
    benefit_of_write,
    compare,
    locked_write,
    settle,
    still_unknown,
)
from audit.events import Action
from db import outbox
from db.outbox import OutboxRow
from db.session import Database
from domain.context import Context
from policies.gate import Gate

# Longer than a write and its read-back can take (`actions.port`), so that whoever sent it is no longer at it.
MOMENT = timedelta(seconds=60)
BATCH = 100


@dataclass(frozen=True)
class Swept:
    """What was found lost: proposals without decision, writes due, answers missing, approvals whose time is over."""

    decisions: tuple[UUID, ...]
    writes: tuple[UUID, ...]
    answers: tuple[UUID, ...]
    expired: tuple[UUID, ...]


def reconcile(
    database: Database,
    gate: Gate,
    appraise: Appraiser,
    target: TargetSystem,
    context: Context,
    *,
    older_than: timedelta = MOMENT,
) -> dict[UUID, WriteState]:
    """Clears up writes that were sent and whose answer is missing; returns where each is now.

    Found under its key: confirmed, when it stands as ordered. Not found, or left half-made: nothing is done any more by
    the first sender, so the gate is asked again. It is sent again with the same key, or taken back where the gate now
    says no. A target that stays silent leaves all as it is.
    """
    doing = Doing(database, gate, appraise, context)
    with database.transaction(context.tenant) as connection:
        missing = outbox.lost_answers(connection, older_than)[:BATCH]
    states: dict[UUID, WriteState] = {}
    for outbox_id in missing:
        with database.transaction(context.tenant) as connection:
            row = outbox.lease(connection, outbox_id, target=target.name, older_than=older_than)
        if row is not None:  # else another reconciler has it, or it is another target's
            states[outbox_id] = _clear_up(doing, target, row)
    return states


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


def _clear_up(doing: Doing, target: TargetSystem, row: OutboxRow) -> WriteState:
    request = WriteRequest.model_validate(row.request)
    try:
        found = target.find_by_key(row.idempotency_key) if target.capabilities.lookup_by_key else None
    except (TargetUnavailable, OutcomeUnknown) as error:
        return _settle(doing, row, still_unknown(str(error)))
    except TargetRejected as error:
        return _settle(doing, row, _stands(str(error)))
    if found is not None and found.standing != "incomplete":
        return _settle(doing, row, compare(request, found))
    if not target.capabilities.idempotency_key:
        why = f"{target.name} cannot tell a repeated write from a new one; look there for {row.idempotency_key}."
        return _settle(doing, row, still_unknown(why))
    return _send_again(doing, target, row)


def _send_again(doing: Doing, target: TargetSystem, row: OutboxRow) -> WriteState:
    """The gate again, then the same request; the key keeps a slow first sender and this one to one document."""
    benefit = benefit_of_write(doing, row.outbox_id)
    with doing.database.transaction(doing.context.tenant) as connection:
        now = locked_write(connection, row.outbox_id)
        if now.state not in ("sending", "unknown"):
            return cast(WriteState, now.state)
        request = announce(connection, doing, target, now, benefit)
    if isinstance(request, Refused):
        return _settle(doing, row, _taken_back(target, row.idempotency_key, request.reason))
    outcome = attempt(target, request)
    # The target went away before this request was sent, but not before the first one was.
    return _settle(doing, row, still_unknown(outcome.error) if outcome.write == "pending" else outcome)


def _taken_back(target: TargetSystem, key: str, refusal: str) -> Outcome:
    """What an unfinished try has left is cancelled at the target; what cannot be is left for a person to see."""
    try:
        left = target.withdraw(key)
    except (TargetUnavailable, OutcomeUnknown) as error:
        return still_unknown(f"{refusal} Whether something stands at {target.name} is asked again: {error}")
    except TargetRejected as error:
        return _stands(f"{refusal} But something stands at {target.name} under {key}: {error}")
    except Exception as error:  # whatever an adapter did not foresee; the document may stand
        return still_unknown(f"{refusal} Withdrawing it from {target.name} failed ({type(error).__name__}: {error}).")
    if left is None:
        return Outcome("failed", "denied", Action.WRITE_FAILED, error=f"{refusal} {target.name} holds nothing of it.")
    what = f"{left.kind} {left.number or left.id}"
    if left.standing == "cancelled":
        return Outcome("failed", "denied", Action.WRITE_WITHDRAWN, left, f"{refusal} {what} was cancelled there.")
    return _stands(f"{refusal} But {what} stands in {left.system} as {left.state}: settle it there by hand.", left)


def _stands(why: str, document: Document | None = None) -> Outcome:
    """Something is at the target that we neither ordered as it is nor can take away: a person has to look."""
    return Outcome("conflict", "conflict", Action.WRITE_CONFLICT, document, why)


def _settle(doing: Doing, row: OutboxRow, outcome: Outcome) -> WriteState:
    return settle(doing.database, doing.context, row.outbox_id, outcome)
