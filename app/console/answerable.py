"""May this person answer a proposal, and if not, who can? Asked of the gate, so that the buttons say what it will say.

Nothing is granted here: the answer itself is judged again, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from actions.approve import ask_gate
from actions.model import Proposal
from app.console import words
from app.console.worklist import Shown
from db import actions as rows
from db import people
from db.actions import ApprovalRow, DecisionRow
from db.people import Person
from domain.context import Context
from policies.gate import Gate


class Answerable(Shown):
    """Which buttons there are; `why_not` and `who_can` where there is none."""

    waits: bool
    may_approve: bool
    may_reject: bool
    why_not: str
    who_can: str


NOTHING_WAITS = Answerable(waits=False, may_approve=False, may_reject=False, why_not="", who_can="")


def answerable(connection: Connection[DictRow], gate: Gate, context: Context, proposal: Proposal) -> Answerable:
    """As things are now."""
    decision = rows.first_decision(connection, proposal.proposal_id)
    if decision is None or rows.state_of(connection, proposal.proposal_id) != "waiting":
        return NOTHING_WAITS
    if proposal.expired(rows.now(connection)):
        return NOTHING_WAITS.model_copy(update={"why_not": "Its time is over."})
    given = rows.approvals(connection, proposal.proposal_id)
    open_roles = sorted(set(decision.approver_roles) - {one.role for one in given})
    person = people.find(connection, context.actor.id)
    may, why = _ask(gate, context, proposal, decision, given, person, open_roles)
    holds = person is not None and person.active and bool(set(person.roles) & set(open_roles))
    return Answerable(
        waits=True,
        may_approve=may,
        may_reject=holds,
        why_not="" if may else why,
        who_can="" if may else _who_can(connection, proposal, open_roles, context.actor.id),
    )


def _ask(
    gate: Gate,
    context: Context,
    proposal: Proposal,
    decision: DecisionRow,
    given: Sequence[ApprovalRow],
    person: Person | None,
    open_roles: Sequence[str],
) -> tuple[bool, str]:
    """Whether the gate lets this person approve in one of the roles; else why not, in the role that is nearest."""
    held = set(person.roles) if person else set[str]()
    why = ""
    for role in sorted(open_roles, key=lambda one: one not in held):
        answer = ask_gate(gate, context, proposal, decision, given, person, role=role, expired=False)
        if answer.allowed:
            return True, ""
        why = why or " ".join(reason.reason for reason in answer.reasons)
    if not held & set(open_roles):
        return False, f"It asks {words.roles(open_roles)}, which you are not."
    return False, why


def _who_can(connection: Connection[DictRow], proposal: Proposal, open_roles: Sequence[str], asking: str) -> str:
    able = [
        f"{one.name} ({words.roles(sorted(set(one.roles) & set(open_roles)))})"
        for one in people.everybody(connection)
        if one.active
        and one.person not in (asking, proposal.on_behalf_of)
        and set(one.roles) & set(open_roles)
        and one.approval_limit >= proposal.value
    ]
    return ", ".join(able) or "nobody in this network: somebody needs the role and a limit that is high enough"
