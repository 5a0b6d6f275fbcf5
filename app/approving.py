"""A person's worklist and answers. The database and the gate decide who may; this only carries the question there."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from actions import approve as answers
from actions.approve import Answer
from actions.errors import NotInThisState
from actions.model import Proposal
from actions.proposals import load
from app.wiring import operator_context, operator_database
from db import people, worklist
from db.session import Database
from db.worklist import SHORTEST, Waiting
from domain.context import Context
from domain.errors import BadInput, Conflict, NotFound
from policies.gate import Gate


@dataclass(frozen=True)
class Seen:
    """A proposal as somebody saw it."""

    proposal_id: UUID
    fingerprint: str


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


def shown(tenant: str, reference: str) -> Waiting:
    """The waiting proposal as a person is to see it before an answer; raises `NotFound` and `NotInThisState`."""
    with operator_database() as database, database.transaction(tenant) as connection:
        proposal = _find(connection, reference)
        row = next((one for one in worklist.waiting(connection) if one.proposal == str(proposal.proposal_id)), None)
        if row is None:
            raise NotInThisState(f"Proposal {proposal.proposal_id} does not wait for an answer (any more).")
    return row


def named(tenant: str, reference: str, fingerprint: str) -> Seen:
    """The proposal whose fingerprint begins so; raises `Conflict` when the one there now is another.

    Without a fingerprint raises `BadInput`: an answer is to what somebody saw, never to whatever stands there.
    """
    with operator_database() as database, database.transaction(tenant) as connection:
        proposal = _find(connection, reference)
    if not fingerprint:
        raise BadInput(
            "An answer needs the fingerprint of the proposal as you saw it.",
            remedy="On a terminal, leave out --json: the proposal is shown and you confirm it. Elsewhere add "
            f"--fingerprint with the first {SHORTEST} or more characters that `quartermaster approvals` prints.",
        )
    if len(fingerprint) < SHORTEST:
        raise BadInput(f"{SHORTEST} characters of the fingerprint are the least.", remedy="Copy them from `approvals`.")
    if not proposal.fingerprint.startswith(fingerprint.lower()):
        raise Conflict("The proposal is not what you saw.", remedy="Look at it again and answer to what you see then.")
    return Seen(proposal.proposal_id, proposal.fingerprint)


def approve(tenant: str, person: str, seen: Seen) -> Verdict:
    """Approve what was seen; raises with the rule when this person may not."""
    with operator_database() as database:
        context = operator_context(tenant, person)
        return approve_seen(database, context, seen.proposal_id, fingerprint=seen.fingerprint, role=None)


def reject(tenant: str, person: str, seen: Seen, reason: str) -> Verdict:
    """Reject what was seen, for good, with the reason."""
    with operator_database() as database:
        context = operator_context(tenant, person)
        return reject_seen(database, context, seen.proposal_id, fingerprint=seen.fingerprint, role=None, reason=reason)


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
