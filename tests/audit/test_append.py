"""Recording: with the change or not at all, and what each database role can and cannot do to the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.append import append
from audit.entry import MAGIC, Event, entry_bytes, event_from_json, event_to_json, leaf_of
from audit.events import Action
from db.session import Database
from domain.context import Actor, Context
from domain.errors import BadInput, Conflict

PERSON = Context("acme", Actor("person", "ada", frozenset({"supervisor", "quality"})), "trace-1")
COPILOT = Context("acme", Actor("agent", "copilot", version="0.1"), "trace-2")
INSERT = """
INSERT INTO audit.event (tenant, event_id, action, actor_kind, actor_id, actor_version, actor_roles, subject, trace_id,
                         body{column})
VALUES ('acme', gen_random_uuid(), 'tool.called', 'agent', 'a', '', '', 'case:1', '', ''{value})
"""
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


def _events(connection: psycopg.Connection[Any], subject: str) -> list[Any]:
    return connection.execute("SELECT * FROM audit.event WHERE subject = %s ORDER BY position", [subject]).fetchall()


def test_an_event_says_who_did_what_and_when(operator_database: Database, tenant: str) -> None:
    with operator_database.transaction(tenant) as connection:
        data = {"value": Decimal("4999.50"), "reason": "as discussed — ok"}
        made = append(connection, PERSON, Action.APPROVAL_GRANTED, subject="proposal:7", data=data)
        append(connection, PERSON, Action.CASE_CLOSED, subject="case:C-1", data={})
    with operator_database.transaction(tenant) as connection:
        (event,) = _events(connection, "proposal:7")
    assert (str(event["event_id"]), event["action"], event["actor_id"]) == (made, "approval.granted", "ada")
    assert event["actor_roles"] == "quality supervisor"
    assert event["writer"] == "quartermaster_operator"
    assert json.loads(event["body"]) == {"reason": "as discussed — ok", "value": "4999.5"}
    assert abs(event["at"] - datetime.now(UTC)) < timedelta(minutes=5)
    assert UUID(made).version == 7


def test_what_is_rolled_back_was_never_recorded(agent_database: Database, tenant: str) -> None:
    def record_and_fail() -> None:
        with agent_database.transaction(tenant) as connection:
            append(connection, COPILOT, Action.TOOL_CALLED, subject="case:C-1", data={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        record_and_fail()
    with agent_database.transaction(tenant) as connection:
        assert _events(connection, "case:C-1") == []


def test_an_event_outside_a_transaction_is_refused(superuser: psycopg.Connection[Any]) -> None:
    with pytest.raises(Conflict, match="transaction"):
        append(superuser, COPILOT, Action.TOOL_CALLED, subject="case:C-1", data={})


def test_what_has_no_canonical_form_is_refused(agent_database: Database, tenant: str) -> None:
    for value in (float("nan"), 2**60, {1, 2}, object()):
        with agent_database.transaction(tenant) as connection, pytest.raises(BadInput):
            append(connection, COPILOT, Action.TOOL_CALLED, subject="case:C-1", data={"x": value})


FORBIDDEN = (
    "UPDATE audit.event SET action = 'x.y'",
    "DELETE FROM audit.event",
    "TRUNCATE audit.event",
    "DROP TABLE audit.event",
    "ALTER TABLE audit.event DISABLE TRIGGER append_only",
    "ALTER TABLE audit.event DISABLE ROW LEVEL SECURITY",
    "INSERT INTO audit.leaf VALUES ('acme', 0, 1, sha256('x'))",
    "INSERT INTO audit.sealing (horizon, cluster) VALUES ('1', 'x')",
    "SELECT setval('audit.event_position_seq', 1)",
    INSERT.format(column=", at", value=", now() - interval '1 day'"),
    INSERT.format(column=", transaction_id", value=", '1'"),
    INSERT.format(column=", writer", value=", 'quartermaster_operator'"),
)


def test_no_writer_can_change_back_date_or_pose(database_factory: Callable[..., Database], tenant: str) -> None:
    for role in ("agent", "operator", "executor"):
        database = database_factory(role)
        for statement in FORBIDDEN:
            with database.transaction(tenant) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_a_writer_cannot_choose_the_position(agent_database: Database, tenant: str) -> None:
    with agent_database.transaction(tenant) as connection, pytest.raises(psycopg.errors.ProgrammingError):
        connection.execute(INSERT.format(column=", position", value=", 1").encode())


def test_the_agent_cannot_record_what_others_do(agent_database: Database, tenant: str) -> None:
    for action in (Action.APPROVAL_GRANTED, Action.GATE_DECIDED, Action.WRITE_CONFIRMED):
        with agent_database.transaction(tenant) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            append(connection, PERSON, action, subject="proposal:7", data={})


def test_tenants_do_not_see_or_write_each_other(
    database_factory: Callable[..., Database], tenant: str, second_tenant: str
) -> None:
    for number, role in enumerate(("agent", "operator", "executor")):
        database, subject = database_factory(role), f"case:C-{number}"
        with database.transaction(tenant) as connection:
            append(connection, COPILOT, Action.CASE_OPENED, subject=subject, data={})
        with database.transaction(second_tenant) as connection:
            assert _events(connection, subject) == []
            assert connection.execute("SELECT count(*) AS n FROM audit.event").fetchone() == {"n": 0}
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                append(connection, COPILOT, Action.CASE_OPENED, subject=subject, data={})


def test_nameless_events_are_refused(operator_database: Database, tenant: str) -> None:
    for action, subject in (("called", "case:1"), ("tool.called", "case"), ("tool.called", "")):
        with operator_database.transaction(tenant) as connection, pytest.raises(psycopg.errors.CheckViolation):
            append(connection, COPILOT, action, subject=subject, data={})


def test_the_bytes_of_a_leaf_are_those_in_the_documentation() -> None:
    """The example in docs/audit.md; a change here breaks every verifier that others wrote."""
    event = Event(
        tenant="acme",
        event_id="01a1fba3-5cc6-7b1a-bb9a-bea82dde0bd5",
        at="2026-11-21T01:05:49.766236Z",
        action="tool.called",
        actor_kind="agent",
        actor_id="copilot",
        actor_version="0.1.0",
        actor_roles="triage",
        subject="case:C-3",
        trace_id="4dd167fa77bb4c06a8c663998da76621",
        writer="quartermaster_agent",
        body=b'{"n":3,"tool":"x"}',
    )
    assert entry_bytes(event).split(b"\0")[0].decode() == MAGIC
    assert leaf_of(event).hex() == "24a2353a285f0910e0ee72627c2e97e426d983b788c2a8d0983c8d2a76128d47"


@given(st.lists(texts, min_size=11, max_size=11), st.binary(max_size=30), st.integers(0, 10), texts)
def test_no_two_events_share_their_bytes(fields: list[str], body: bytes, which: int, other: str) -> None:
    event = Event._make([*fields, body])
    changed = event._replace(**{Event._fields[which]: other})
    assert (entry_bytes(event) == entry_bytes(changed)) == (event == changed)
    shifted = event._replace(tenant=event.tenant + "x", event_id=event.event_id[1:])
    assert entry_bytes(shifted) != entry_bytes(event)


@given(st.lists(texts, min_size=11, max_size=11), texts)
def test_an_event_survives_the_export(fields: list[str], body: str) -> None:
    event = Event._make([*fields, body.encode()])
    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


def test_a_hidden_separator_is_refused() -> None:
    event = Event._make([*"abcdefghijk", b""])
    with pytest.raises(ValueError, match=r"U\+0000"):
        entry_bytes(event._replace(subject="x\0y"))
