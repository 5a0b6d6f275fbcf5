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


# What each role's own credentials could otherwise forge about a step that is not its own.
SUSI = APPROVAL.replace("'x'", "%(hash)s")
CONFIRMED = """INSERT INTO outbox (proposal_id, target, idempotency_key, request, state)
VALUES (%(id)s, 'testing', %(key)s, '{}', 'confirmed')"""
DOCUMENT = """INSERT INTO outbox (proposal_id, target, idempotency_key, request, state, document)
VALUES (%(id)s, 'testing', %(key)s, '{}', 'pending', '{"number": "NEVER"}')"""
EVENT = """INSERT INTO audit.event (tenant, event_id, action, actor_kind, actor_id, actor_version, actor_roles, subject,
trace_id, body) VALUES ('acme', gen_random_uuid(), %(action)s, 'service', 'x', '', '', 'proposal:x', '', '{}')"""
FORGED = [
    *[("operator", action) for action in ("gate.decided", "write.sent", "write.confirmed", "write.failed")],
    *[("executor", action) for action in ("approval.granted", "approval.rejected")],
    *[("agent", action) for action in ("gate.decided", "write.confirmed", "approval.granted")],
]


@pytest.mark.parametrize("statement", [CONFIRMED, DOCUMENT])
def test_no_write_is_recorded_that_was_never_sent(world: World, statement: str) -> None:
    proposal = world.waiting()
    given = {"key": proposal.idempotency_key, "hash": proposal.fingerprint}
    _run(world.operator, world, SUSI, proposal.proposal_id, **given)
    for database in (world.operator, world.executor):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _run(database, world, statement, proposal.proposal_id, **given)


def test_a_write_carries_the_key_of_its_proposal(world: World) -> None:
    proposal = world.waiting()
    _run(world.operator, world, SUSI, proposal.proposal_id, hash=proposal.fingerprint)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        _run(world.operator, world, OUTBOX, proposal.proposal_id)


@pytest.mark.parametrize("state", ["confirmed", "sent", "pending", "denied"])
def test_an_answer_cannot_move_a_proposal_anywhere_else(world: World, state: str) -> None:
    proposal = world.waiting()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="cannot move"):
        _run(world.operator, world, STATE.replace("approved", state), proposal.proposal_id)


def test_a_denied_proposal_cannot_be_approved_into_life(world: World) -> None:
    denied = world.proposed(world.transfer(sku="MILK"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="from denied to approved"):
        _run(world.operator, world, STATE, denied.proposal_id)


@pytest.mark.parametrize(("role", "action"), FORGED)
def test_no_role_records_anothers_step(world: World, role: str, action: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _run(getattr(world, role), world, EVENT, None, action=action)


def _run(database: Database, world: World, statement: str, proposal_id: Any, **more: str) -> None:
    with database.transaction(world.tenant) as connection:
        connection.execute(statement.encode(), {"id": proposal_id, **more})
