"""A person's worklist and answers. The database and the gate decide who may; this only carries the question there."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from actions import approve as answers
from actions.approve import Answer
from actions.model import Proposal
from actions.proposals import load
from app.wiring import operator_context, operator_database
from db import people, worklist
from db.session import Database
from db.worklist import Waiting
from domain.context import Context
from domain.errors import NotFound
from policies.gate import Gate


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
    return worklist.waiting(connection)


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
        newest = worklist.newest_of_case(connection, reference)
    if newest is None:
        raise NotFound(
            f"There is no proposal and no case with a proposal called {reference!r}.",
            remedy="`quartermaster approvals` lists what waits.",
        )
    return load(connection, newest)


def _verdict(proposal_id: UUID, made: Answer) -> Verdict:
    return Verdict(str(proposal_id), made.state, made.role, made.outstanding)
