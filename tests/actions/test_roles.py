"""What the database refuses each role, so that no bug of ours could widen it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from db.session import Database
from tests.actions.conftest import World

DECISION = """INSERT INTO decision (proposal_id, stage, outcome, reasons, approver_roles, policy_hash, engine, input)
VALUES (%(id)s, 'proposal', 'automatic', '[]', '{}', '', '', '{}')"""
APPROVAL = """INSERT INTO approval (proposal_id, role, verdict, person, fingerprint)
VALUES (%(id)s, 'supervisor', 'approved', 'susi', 'x')"""
OUTBOX = """INSERT INTO outbox (proposal_id, target, idempotency_key, request, state)
VALUES (%(id)s, 'testing', 'another', '{}', 'pending')"""
STATE = "UPDATE proposal_state SET state = 'approved' WHERE proposal_id = %(id)s"
PROPOSAL = "INSERT INTO proposal (case_id, kind) VALUES ('C-00001', 'transfer')"
PERSON = "UPDATE person SET approval_limit = 1000000, roles = ARRAY['supervisor']"
POLICY = "UPDATE decision SET outcome = 'automatic' WHERE proposal_id = %(id)s"

REFUSED = [
    *[("agent", statement) for statement in (DECISION, APPROVAL, OUTBOX, STATE, PERSON, POLICY)],
    *[("operator", statement) for statement in (DECISION, PROPOSAL, PERSON, POLICY)],
    *[("executor", statement) for statement in (APPROVAL, PROPOSAL, PERSON, POLICY)],
]


def test_a_role_cannot_take_anothers_step(world: World) -> None:
    proposal = world.waiting()
    for role, statement in REFUSED:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _run(getattr(world, role), world, statement, proposal.proposal_id)


def test_no_write_is_enqueued_without_its_approvals(world: World) -> None:
    proposal = world.waiting()
    for database in (world.operator, world.executor):
        with pytest.raises(psycopg.errors.RaiseException, match="lacks an approval"):
            _run(database, world, OUTBOX, proposal.proposal_id)
    _run(world.operator, world, APPROVAL, proposal.proposal_id)  # with another fingerprint
    for database in (world.operator, world.executor):
        with pytest.raises(psycopg.errors.RaiseException, match="lacks an approval"):
            _run(database, world, OUTBOX, proposal.proposal_id)


def test_no_write_is_enqueued_without_or_against_a_decision(world: World) -> None:
    undecided = world.propose()
    denied = world.proposed(world.transfer(sku="MILK"))
    for database in (world.operator, world.executor):
        for proposal in (undecided, denied):
            with pytest.raises(psycopg.errors.RaiseException, match="no decision that permits"):
                _run(database, world, OUTBOX, proposal.proposal_id)


def test_a_proposal_has_one_write_and_one_decision(world: World) -> None:
    proposal = world.proposed()
    for statement in (OUTBOX, DECISION):
        with pytest.raises(psycopg.errors.UniqueViolation):
            _run(world.executor, world, statement, proposal.proposal_id)


def test_a_write_keeps_what_was_ordered(world: World) -> None:
    proposal = world.proposed()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _run(world.executor, world, "UPDATE outbox SET request = '{}' WHERE proposal_id = %(id)s", proposal.proposal_id)


def _run(database: Database, world: World, statement: str, proposal_id: Any) -> None:
    with database.transaction(world.tenant) as connection:
        connection.execute(statement.encode(), {"id": proposal_id})
