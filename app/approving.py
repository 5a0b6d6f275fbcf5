"""A person's worklist and answers. The database and the gate decide who may; this only carries the question there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from actions import approve as answers
from actions.approve import Answer
from actions.model import Proposal
from actions.proposals import load
from app.wiring import operator_context, operator_database
from db import people
from db.session import Database
from domain.context import Context
from domain.errors import NotFound
from policies.gate import Gate

WAITING: LiteralString = """
SELECT p.proposal_id::text AS proposal, p.case_id AS case, p.kind, c.summary, p.payload, p.value, p.currency,
       p.expected_benefit, p.benefit_lower, p.tail_loss, p.expires_at, p.fingerprint,
       ARRAY(SELECT unnest(d.approver_roles) EXCEPT SELECT role FROM approval a WHERE a.proposal_id = p.proposal_id)
           AS asked,
       d.reasons
  FROM proposal p
  JOIN proposal_state s USING (tenant, proposal_id)
  JOIN case_file c USING (tenant, case_id)
  JOIN decision d USING (tenant, proposal_id)
 WHERE s.state = 'waiting' AND d.stage = 'proposal'
 ORDER BY c.money_at_risk DESC, p.created_at"""

NEWEST_OF_CASE: LiteralString = (
    "SELECT proposal_id FROM proposal WHERE case_id = %(case)s ORDER BY created_at DESC LIMIT 1"
)


@dataclass(frozen=True)
class Waiting:
    """One proposal that waits: what it would do, what it is worth, and which roles are still asked."""

    proposal: str
    case: str
    kind: str
    summary: str
    payload: dict[str, object]
    value: Decimal
    currency: str
    expected_benefit: Decimal
    benefit_lower: Decimal
    tail_loss: Decimal
    expires_at: datetime
    fingerprint: str
    asked: list[str]
    reasons: list[dict[str, str]]


@dataclass(frozen=True)
class Verdict:
    """What a person's answer led to."""

    proposal: str
    state: str
    role: str
    outstanding: tuple[str, ...]


def waiting(tenant: str, person: str) -> list[Waiting]:
    """What waits; with a person only what one of that person's roles is asked for."""
    with operator_database() as database, database.transaction(tenant) as connection:
        if not person:
            return everything_waiting(connection)
        if people.find(connection, person) is None:
            raise NotFound(f"There is nobody called {person!r} in tenant {tenant}.", remedy="Check --as and --tenant.")
        return waiting_for(connection, person)


def everything_waiting(connection: Connection[DictRow]) -> list[Waiting]:
    """All that waits in the tenant, most money at risk first."""
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(WAITING).fetchall()


def waiting_for(connection: Connection[DictRow], person: str) -> list[Waiting]:
    """What waits for one of the person's roles; nothing for somebody unknown."""
    known = people.find(connection, person)
    roles = set(known.roles) if known is not None else set[str]()
    return [row for row in everything_waiting(connection) if set(row.asked) & roles]


def approve_seen(
    database: Database, context: Context, proposal_id: UUID, *, fingerprint: str, role: str | None
) -> Verdict:
    """Approve the proposal that the person saw, named by its fingerprint; raises with the rule when they may not."""
    made = answers.approve(database, Gate(), context, proposal_id, fingerprint=fingerprint, role=role)
    return _verdict(proposal_id, made)


def reject_seen(
    database: Database, context: Context, proposal_id: UUID, *, fingerprint: str, role: str | None, reason: str
) -> Verdict:
    """Reject the proposal that the person saw, for good, with the reason."""
    made = answers.reject(database, Gate(), context, proposal_id, fingerprint=fingerprint, role=role, reason=reason)
    return _verdict(proposal_id, made)


def approve(tenant: str, person: str, reference: str) -> Verdict:
    """Approve the proposal as it stands now; raises with the rule when this person may not."""
    context = operator_context(tenant, person)
    with operator_database() as database:
        with database.transaction(tenant) as connection:
            proposal = _find(connection, reference)
        seen = proposal.fingerprint
        return approve_seen(database, context, proposal.proposal_id, fingerprint=seen, role=None)


def reject(tenant: str, person: str, reference: str, reason: str) -> Verdict:
    """Reject for good, with the reason."""
    context = operator_context(tenant, person)
    with operator_database() as database:
        with database.transaction(tenant) as connection:
            proposal = _find(connection, reference)
        seen = proposal.fingerprint
        return reject_seen(database, context, proposal.proposal_id, fingerprint=seen, role=None, reason=reason)


def _find(connection: Connection[DictRow], reference: str) -> Proposal:
    """A proposal by its own id or by its case's."""
    try:
        return load(connection, UUID(reference))
    except ValueError:
        row = connection.execute(NEWEST_OF_CASE, {"case": reference}).fetchone()
    if row is None:
        raise NotFound(
            f"There is no proposal and no case with a proposal called {reference!r}.",
            remedy="`quartermaster approvals` lists what waits.",
        )
    return load(connection, row["proposal_id"])


def _verdict(proposal_id: UUID, made: Answer) -> Verdict:
    return Verdict(str(proposal_id), made.state, made.role, made.outstanding)
