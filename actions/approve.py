"""A person's answer to a proposal that waits: one transaction that checks, claims, and enqueues the write.

Runs under the operator's role. Who may approve is the gate's third request; a refusal is recorded like a consent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from actions.decide import TARGET
from actions.enqueue import enqueue
from actions.errors import ApprovalRefused, NotInThisState, ProposalExpired
from actions.model import Proposal
from actions.proposals import load
from actions.states import advance, locked_state
from actions.value import FOUR
from audit.append import append
from audit.events import Action
from db import actions as rows
from db import people
from db.actions import ApprovalRow, DecisionRow, Verdict
from db.people import Person
from db.session import Database
from domain.context import Context
from domain.errors import BadInput, Conflict
from domain.text import CONTROLS
from policies.facts import LARGEST, ApprovalInput
from policies.gate import ApprovalAnswer, Gate


@dataclass(frozen=True)
class Answer:
    """What an answer led to: the proposal's state, the roles still asked for, and the write when one was enqueued."""

    state: str
    role: str
    outstanding: tuple[str, ...]
    outbox_id: UUID | None


@dataclass(frozen=True)
class _Waiting:
    """A proposal that waits, its decision, the answers so far, and who answers now."""

    proposal: Proposal
    decision: DecisionRow
    given: Sequence[ApprovalRow]
    person: Person | None

    @property
    def unanswered(self) -> list[str]:
        """Roles that the decision asks for and in which nobody has answered."""
        return sorted(set(self.decision.approver_roles) - {row.role for row in self.given})


def approve(
    database: Database,
    gate: Gate,
    context: Context,
    proposal_id: UUID,
    *,
    fingerprint: str,
    role: str | None = None,
    target: str = TARGET,
) -> Answer:
    """Approves in `role`, or in the first role that is asked for and that the person holds.

    `fingerprint` is that of the proposal as the person saw it. The last approval that is asked for enqueues the write.

    Raises:
        NotFound: no such proposal.
        NotInThisState: it does not wait (any more), its time is over, or somebody has answered in this role.
        Conflict: it is not what the person saw.
        ApprovalRefused: this person may not, with the rules that say so.
    """

    def act(connection: Connection[DictRow]) -> Answer:
        waiting = _waiting(connection, context, proposal_id, fingerprint)
        chosen = role or _first_role(waiting)
        _permit(gate, context, waiting, chosen)
        _claim(connection, waiting, context, chosen, "approved", "")
        return _after_approval(connection, context, waiting, chosen, target)

    return _answer(database, context, proposal_id, act)


def reject(
    database: Database,
    gate: Gate,
    context: Context,
    proposal_id: UUID,
    *,
    fingerprint: str,
    reason: str,
    role: str | None = None,
) -> Answer:
    """Rejects for good, with a reason, in a role that is asked for; a limit of value does not matter for a no.

    Raises as `approve`; `ApprovalRefused` also for an empty reason, `BadInput` for one with control characters.
    """

    def act(connection: Connection[DictRow]) -> Answer:
        waiting = _waiting(connection, context, proposal_id, fingerprint)
        chosen = role or _first_role(waiting)
        _may_reject(context, waiting, chosen, reason)
        _claim(connection, waiting, context, chosen, "rejected", reason.strip())
        data = {"role": chosen, "reason": reason.strip(), "fingerprint": fingerprint}
        advance(connection, context, proposal_id, "rejected", action=Action.APPROVAL_REJECTED, data=data)
        return Answer("rejected", chosen, (), None)

    return _answer(database, context, proposal_id, act)


def expire(connection: Connection[DictRow], context: Context, proposal_id: UUID) -> None:
    """Ends a proposal that waited until its time was over."""
    advance(connection, context, proposal_id, "expired", action=Action.APPROVAL_EXPIRED, data={})


def ask_gate(
    gate: Gate,
    context: Context,
    proposal: Proposal,
    decision: DecisionRow,
    answers: Sequence[ApprovalRow],
    person: Person | None,
    *,
    role: str,
    expired: bool,
) -> ApprovalAnswer:
    """The third request: may this actor approve in this role. An actor who is no person of the tenant has no role."""
    return gate.may_approve(
        ApprovalInput(
            proposal_id=str(proposal.proposal_id),
            kind=proposal.order.kind,
            value=Decimal(decision.input["value"]),
            currency=str(decision.input["currency"]),
            tenant_currency=str(decision.input["tenant_currency"]),
            proposed_by=proposal.proposed_by,
            requested_by=proposal.on_behalf_of or "",
            actor=context.actor.id,
            actor_kind=context.actor.kind,
            roles=frozenset(person.roles) if person else frozenset(),
            active=person is not None and person.active,
            approval_limit=_limit(person),
            role=role,
            asked=frozenset(decision.approver_roles),
            approved_by=frozenset(answer.person for answer in answers),
            expired=expired,
        )
    )


def _answer(
    database: Database, context: Context, proposal_id: UUID, act: Callable[[Connection[DictRow]], Answer]
) -> Answer:
    """Runs the checks and the claim in one transaction; a refusal undoes them and is recorded, then raised."""
    with database.transaction(context.tenant) as connection:
        try:
            with connection.transaction():
                return act(connection)
        except (ApprovalRefused, Conflict) as refused:
            refusal = refused
            _record_refusal(connection, context, proposal_id, refused)
    raise refusal


def _record_refusal(
    connection: Connection[DictRow], context: Context, proposal_id: UUID, refusal: ApprovalRefused | Conflict
) -> None:
    if isinstance(refusal, ProposalExpired):
        expire(connection, context, proposal_id)
    policies = list(refusal.policies) if isinstance(refusal, ApprovalRefused) else []
    data = {"what": "approval", "error": type(refusal).__name__, "reason": str(refusal), "policies": policies}
    append(connection, context, Action.ACCESS_REFUSED, subject=f"proposal:{proposal_id}", data=data)


def _waiting(connection: Connection[DictRow], context: Context, proposal_id: UUID, fingerprint: str) -> _Waiting:
    """Locks the proposal and checks that it waits, in time, and is what the person saw."""
    state = locked_state(connection, proposal_id)
    proposal, decision = load(connection, proposal_id), rows.first_decision(connection, proposal_id)
    if state != "waiting" or decision is None:
        raise NotInThisState(f"Proposal {proposal_id} is {state}; it does not wait for an answer.")
    if proposal.expired(rows.now(connection)):
        raise ProposalExpired(
            f"The time of proposal {proposal_id} is over.", remedy="Plan again from the present stock."
        )
    if not fingerprint == proposal.fingerprint == proposal.content_fingerprint():
        raise Conflict("The proposal is not what you saw.", remedy="Look at it again and answer to what you see then.")
    person = people.find(connection, context.actor.id)
    return _Waiting(proposal, decision, rows.approvals(connection, proposal_id), person)


def _first_role(waiting: _Waiting) -> str:
    held = set(waiting.person.roles) if waiting.person else set[str]()
    mine = [role for role in waiting.unanswered if role in held]
    return mine[0] if mine else waiting.unanswered[0]


def _permit(gate: Gate, context: Context, waiting: _Waiting, role: str) -> None:
    answer = ask_gate(
        gate, context, waiting.proposal, waiting.decision, waiting.given, waiting.person, role=role, expired=False
    )
    if not answer.allowed:
        why = " ".join(reason.reason for reason in answer.reasons)
        raise ApprovalRefused(
            f"{context.actor.id} may not approve as {role}: {why}",
            policies=tuple(reason.policy for reason in answer.reasons),
            remedy=f"Asked for: {', '.join(waiting.unanswered)}.",
        )


def _may_reject(context: Context, waiting: _Waiting, role: str, reason: str) -> None:
    person = waiting.person
    if not reason.strip():
        raise ApprovalRefused("A rejection needs its reason.", remedy="Say why.")
    control = re.search(f"[{CONTROLS}]", reason)
    if control:
        raise BadInput(f"The reason holds the control character U+{ord(control[0]):04X}.", remedy="Leave it out.")
    entitled = person is not None and person.active and role in person.roles and role in waiting.decision.approver_roles
    if context.actor.kind != "person" or not entitled:
        raise ApprovalRefused(
            f"{context.actor.id} may not reject as {role}.", remedy=f"Asked for: {', '.join(waiting.unanswered)}."
        )


def _claim(
    connection: Connection[DictRow], waiting: _Waiting, context: Context, role: str, verdict: Verdict, reason: str
) -> None:
    proposal = waiting.proposal
    answer = ApprovalRow(proposal.proposal_id, role, verdict, context.actor.id, reason, proposal.fingerprint)
    if not rows.claim_approval(connection, answer):
        raise NotInThisState(f"Somebody has answered as {role} already.")


def _after_approval(
    connection: Connection[DictRow], context: Context, waiting: _Waiting, role: str, target: str
) -> Answer:
    proposal = waiting.proposal
    outstanding = tuple(name for name in waiting.unanswered if name != role)
    data = {"role": role, "fingerprint": proposal.fingerprint, "outstanding": list(outstanding)}
    if outstanding:
        subject = f"proposal:{proposal.proposal_id}"
        append(connection, context, Action.APPROVAL_GRANTED, subject=subject, data=data)
        return Answer("waiting", role, outstanding, None)
    cause = Action.APPROVAL_GRANTED
    outbox_id = enqueue(connection, context, proposal, waiting.decision.input, target=target, cause=cause, data=data)
    return Answer("approved", role, (), outbox_id)


def _limit(person: Person | None) -> Decimal:
    return min(person.approval_limit, LARGEST).quantize(FOUR, ROUND_FLOOR) if person else Decimal(0)
