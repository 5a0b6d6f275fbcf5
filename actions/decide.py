"""The decision about a proposal: fresh facts, the gate's word, and what follows from it, in one transaction.

Before it, in a transaction that sees one state of the data, the proposal's benefit is worked out anew. Runs under the
executor's role. Asked twice, it answers twice with the first decision and does nothing again.
"""

from __future__ import annotations

from decimal import InvalidOperation
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from actions.appraisal import Appraiser, appraised
from actions.enqueue import enqueue
from actions.facts import gather
from actions.model import Benefit, Proposal
from actions.proposals import load
from actions.states import advance, locked_state
from audit.append import append
from audit.events import Action
from db import actions as rows
from db.actions import DecisionRow, NewDecision, Stage
from db.session import Database
from domain.context import Context
from domain.errors import BadInput
from policies.gate import Gate, GateDecision

TARGET = "tryton"


def decide(
    database: Database, gate: Gate, appraise: Appraiser, context: Context, proposal_id: UUID, *, target: str = TARGET
) -> DecisionRow:
    """Decides once and records it; automatic enqueues the write to `target`. Raises `NotFound`."""
    with database.transaction(context.tenant, snapshot=True) as connection:
        if made := rows.first_decision(connection, proposal_id):
            return made
        benefit = appraised(connection, appraise, load(connection, proposal_id))
    with database.transaction(context.tenant) as connection:
        rows.lock_decisions(connection, context.tenant)
        proposal = load(connection, proposal_id)
        made = rows.first_decision(connection, proposal_id)
        if made is not None:
            return made
        locked_state(connection, proposal_id)
        verdict = judge(connection, gate, proposal, "proposal", benefit)
        decision = keep(connection, proposal_id, "proposal", verdict)
        _follow(connection, context, proposal, decision, target)
    return decision


def judge(
    connection: Connection[DictRow], gate: Gate, proposal: Proposal, stage: Stage, benefit: Benefit | str
) -> GateDecision:
    """The gate's word on facts read now and on the benefit as it was worked out, or why it could not be.

    Denied before any policy is asked: what is not what was frozen, is too fine for its unit or too large to be counted,
    or could not be appraised.
    """
    said = {"proposal_id": str(proposal.proposal_id), "stage": stage, "order": proposal.order.model_dump()}
    try:
        facts = gather(connection, proposal, stage, None if isinstance(benefit, str) else benefit)
    except BadInput as error:
        return gate.deny(said, "order-unfit", str(error.args[0]))
    except InvalidOperation:  # raised on, the proposal would be pending and asked about for ever
        return gate.deny(said, "order-unfit", "A figure of the proposal has more digits than can be counted with.")
    if proposal.content_fingerprint() != proposal.fingerprint:
        return gate.deny(facts, "content-changed", "The proposal is not what was frozen under its fingerprint.")
    if isinstance(benefit, str):
        return gate.deny(facts, "benefit-unknown", benefit)
    return gate.decide(facts)


def keep(connection: Connection[DictRow], proposal_id: UUID, stage: Stage, verdict: GateDecision) -> DecisionRow:
    """Records the gate's word with all it saw."""
    return rows.insert_decision(
        connection,
        NewDecision(
            proposal_id=proposal_id,
            stage=stage,
            outcome=verdict.outcome,
            reasons=[reason.model_dump() for reason in verdict.reasons],
            approver_roles=list(verdict.approver_roles),
            policy_hash=verdict.policy_hash,
            engine=verdict.engine,
            input=verdict.input,
        ),
    )


def decision_data(decision: DecisionRow) -> dict[str, object]:
    """What the audit store keeps of a decision."""
    return {
        "decision_id": decision.decision_id,
        "stage": decision.stage,
        "outcome": decision.outcome,
        "reasons": list(decision.reasons),
        "approver_roles": decision.approver_roles,
        "policy_hash": decision.policy_hash,
        "engine": decision.engine,
        "input": decision.input,
    }


def record(connection: Connection[DictRow], context: Context, decision: DecisionRow) -> None:
    """An audit event for a decision that moves no state."""
    subject = f"proposal:{decision.proposal_id}"
    append(connection, context, Action.GATE_DECIDED, subject=subject, data=decision_data(decision))


def _follow(
    connection: Connection[DictRow], context: Context, proposal: Proposal, decision: DecisionRow, target: str
) -> None:
    data, action = decision_data(decision), Action.GATE_DECIDED
    match decision.outcome:
        case "automatic":
            enqueue(connection, context, proposal, decision.input, target=target, cause=action, data=data)
        case "approval":
            advance(connection, context, proposal.proposal_id, "waiting", action=action, data=data)
        case _:
            advance(connection, context, proposal.proposal_id, "denied", action=action, data=data)
