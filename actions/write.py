"""One write to the target: asked of the gate again, announced, made once, read back, compared.

Runs under the executor's role. "Sent" is committed before the call, so that a process that dies leaves a trace; no
transaction is open during the call. What is not known is `unknown`, and `actions.reconcile` finds out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from actions.appraisal import Appraiser, appraised
from actions.approve import ask_gate
from actions.decide import judge, keep, record
from actions.errors import OutcomeUnknown, PreconditionFailed, TargetRejected, TargetUnavailable
from actions.jobs import defer_write
from actions.model import Benefit, Proposal
from actions.port import Document, Order, TargetSystem, WriteRequest
from actions.proposals import load
from actions.states import ProposalState, WriteState, advance, move_write
from audit.events import Action
from db import actions as rows
from db import outbox, people
from db.actions import DecisionRow
from db.outbox import OutboxRow
from db.session import Database
from domain.context import Actor, Context
from domain.errors import BadInput, NotFound
from policies.gate import Gate

LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: the two states it leads to, and what is recorded."""

    write: WriteState
    proposal: ProposalState
    action: Action
    document: Document | None = None
    error: str = ""


@dataclass(frozen=True)
class Doing:
    """Who does it and by what right: the executor's database, the gate, and whoever works out a benefit."""

    database: Database
    gate: Gate
    appraise: Appraiser
    context: Context


@dataclass(frozen=True)
class Refused:
    """The gate, asked again, does not let the write be made; `reason` is for people."""

    reason: str


def write_one(
    database: Database, gate: Gate, appraise: Appraiser, target: TargetSystem, context: Context, outbox_id: UUID
) -> WriteState:
    """Makes the write if it is pending, and returns its state; a second caller finds it under way and leaves it.

    Raises `NotFound`, and `BadInput` when the row is meant for another target.
    """
    doing = Doing(database, gate, appraise, context)
    benefit = benefit_of_write(doing, outbox_id)
    with database.transaction(context.tenant) as connection:
        row = locked_write(connection, outbox_id)
        if row.state != "pending":
            return cast(WriteState, row.state)
        request = announce(connection, doing, target, row, benefit)
        if isinstance(request, Refused):
            return _refuse(connection, context, row, request.reason)
    return settle(database, context, outbox_id, attempt(target, request))


def attempt(target: TargetSystem, request: WriteRequest) -> Outcome:
    """Calls the target and reads back; every way in which that can end is an `Outcome`."""
    try:
        return compare(request, _confirm(target, target.write(request)))
    except TargetUnavailable as error:
        return Outcome("pending", "approved", Action.WRITE_POSTPONED, error=str(error))
    except PreconditionFailed as error:
        return Outcome("conflict", "conflict", Action.WRITE_CONFLICT, error=str(error))
    except TargetRejected as error:
        return Outcome("failed", "failed", Action.WRITE_FAILED, error=f"{error} ({error.reason})")
    except OutcomeUnknown as error:
        return still_unknown(str(error))
    except Exception as error:  # whatever an adapter did not foresee: it may have written, so it is not known
        return still_unknown(f"{type(error).__name__}: {error}")


def compare(request: WriteRequest, document: Document) -> Outcome:
    """Confirmed is what stands at the target under our key with exactly what was ordered."""
    wrong = [name for name, (ours, theirs) in _fields(request.order, document.order).items() if ours != theirs]
    if document.key != request.idempotency_key:
        wrong.append("key")
    if document.standing != "confirmed" or wrong:
        what = f"{document.kind} {document.number} is {document.standing} ({document.state})"
        error = f"Read back from {document.system}: {what}; different from the order: {', '.join(wrong) or 'nothing'}."
        return Outcome("failed", "failed", Action.WRITE_FAILED, document, error)
    return Outcome("confirmed", "confirmed", Action.WRITE_CONFIRMED, document)


def settle(database: Database, context: Context, outbox_id: UUID, outcome: Outcome) -> WriteState:
    """Records how an attempt ended, unless another caller has settled the write meanwhile."""
    with database.transaction(context.tenant) as connection:
        row = locked_write(connection, outbox_id)
        if row.state not in ("sending", "unknown"):
            return cast(WriteState, row.state)
        if (row.state, outcome.write) == ("unknown", "unknown"):
            return "unknown"
        document = outcome.document.model_dump(mode="json") if outcome.document else None
        move_write(connection, row, outcome.write, document=document, error=outcome.error)
        data = {"outbox_id": outbox_id, "attempts": row.attempts, "document": document, "error": outcome.error}
        advance(connection, context, row.proposal_id, outcome.proposal, action=outcome.action, data=data)
        if outcome.write == "pending":
            defer_write(connection, context.tenant, outbox_id, after=backoff(row.attempts))
    return outcome.write


def backoff(attempts: int) -> timedelta:
    """Doubling from 2 s to a quarter of an hour."""
    return min(timedelta(seconds=2 ** min(attempts, 20)), LONGEST_WAIT)


def benefit_of_write(doing: Doing, outbox_id: UUID) -> Benefit | str:
    """What the write's order is worth now, from one state of the data; raises `NotFound`."""
    with doing.database.transaction(doing.context.tenant, snapshot=True) as connection:
        row = outbox.find(connection, outbox_id)
        if row is None:
            raise _no_write(outbox_id)
        return appraised(connection, doing.appraise, load(connection, row.proposal_id))


def announce(
    connection: Connection[DictRow], doing: Doing, target: TargetSystem, row: OutboxRow, benefit: Benefit | str
) -> WriteRequest | Refused:
    """Asks the gate with fresh facts and, if it agrees, records that the locked write is being sent.

    Nothing is moved by a refusal: what follows from it depends on whether something may stand at the target.
    """
    if row.target != target.name:
        raise BadInput(f"The write is meant for {row.target}, not for {target.name}.")
    gate, context = doing.gate, doing.context
    proposal, request = load(connection, row.proposal_id), WriteRequest.model_validate(row.request)
    verdict = judge(connection, gate, proposal, "before_write", benefit)
    decision = keep(connection, row.proposal_id, "before_write", verdict)
    record(connection, context, decision)
    refusal = _refusal(connection, gate, context, proposal, decision, request)
    if refusal:
        return Refused(refusal)
    move_write(connection, row, "sending", attempt=1)
    data = {"outbox_id": row.outbox_id, "attempt": row.attempts + 1, "target": row.target, "key": row.idempotency_key}
    advance(connection, context, row.proposal_id, "sent", action=Action.WRITE_SENT, data=data)
    return request


def _refuse(connection: Connection[DictRow], context: Context, row: OutboxRow, refusal: str) -> WriteState:
    move_write(connection, row, "failed", error=refusal)
    data = {"outbox_id": row.outbox_id, "error": refusal}
    advance(connection, context, row.proposal_id, "denied", action=Action.WRITE_FAILED, data=data)
    return "failed"


def _refusal(
    connection: Connection[DictRow],
    gate: Gate,
    context: Context,
    proposal: Proposal,
    now: DecisionRow,
    request: WriteRequest,
) -> str:
    """Why the write may not be made any more; '' when it may. An approval lifts only what names its role."""
    first = rows.first_decision(connection, proposal.proposal_id)
    if first is None or first.outcome not in ("automatic", "approval") or not _is_of(request, proposal):
        return "The write is not what was decided on."
    if now.outcome == "automatic" and first.outcome == "automatic":
        return ""
    if now.outcome == "denied":
        return "The gate, asked again before the write: " + " ".join(str(reason["reason"]) for reason in now.reasons)
    # What is at stake today is compared with the approver's limit, by the roles that were asked for at first.
    approved = _approved_roles(connection, gate, context.tenant, proposal, replace(first, input=now.input))
    missing = (set(now.approver_roles) | set(first.approver_roles)) - approved
    return (
        f"Asked again before the write, the gate wants an approval by {', '.join(sorted(missing))}." if missing else ""
    )


def _is_of(request: WriteRequest, proposal: Proposal) -> bool:
    """The order, and the key that was made when the proposal was frozen: another key would make another document."""
    sent = (request.order, request.fingerprint, request.idempotency_key)
    return sent == (proposal.order, proposal.fingerprint, proposal.idempotency_key)


def _approved_roles(
    connection: Connection[DictRow], gate: Gate, tenant: str, proposal: Proposal, asked: DecisionRow
) -> set[str]:
    """Roles whose approval stands: of this very proposal, by somebody who may still give it."""
    given = [row for row in rows.approvals(connection, proposal.proposal_id) if row.verdict == "approved"]
    valid: set[str] = set()
    for answer in given:
        others = [other for other in given if other.role != answer.role]
        person = people.find(connection, answer.person)
        who = Context(tenant, Actor(kind="person", id=answer.person))
        allowed = ask_gate(gate, who, proposal, asked, others, person, role=answer.role, expired=False).allowed
        if allowed and answer.fingerprint == proposal.fingerprint:
            valid.add(answer.role)
    return valid


def _confirm(target: TargetSystem, written: Document) -> Document:
    """Reads back what was just written; when that cannot be done the write is not known, not failed."""
    try:
        return target.read_back(written.id, written.kind)
    except (TargetUnavailable, NotFound) as error:
        raise OutcomeUnknown(
            f"{written.kind} {written.number} was written but could not be read back: {error}"
        ) from error


def _fields(ours: Order, theirs: Order) -> dict[str, tuple[object, object]]:
    """Field by field; a lot that we left to the target may be any."""
    left, right = ours.model_dump(), theirs.model_dump()
    if left.get("lot") is None:
        left.pop("lot", None)
    return {name: (value, right.get(name)) for name, value in left.items()}


def still_unknown(error: str) -> Outcome:
    """It may stand at the target or not; the target is asked by key again."""
    return Outcome("unknown", "unknown", Action.WRITE_UNKNOWN, error=error)


def locked_write(connection: Connection[DictRow], outbox_id: UUID) -> OutboxRow:
    """The row, held until the transaction ends; raises `NotFound`."""
    row = outbox.find(connection, outbox_id, lock=True)
    if row is None:
        raise _no_write(outbox_id)
    return row


def _no_write(outbox_id: UUID) -> NotFound:
    return NotFound(f"There is no write {outbox_id}.", remedy="`quartermaster case CASE` shows what became of a case.")
