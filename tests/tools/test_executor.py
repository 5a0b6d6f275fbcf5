"""One call, one kept result, one audit event, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from db import evidence
from db.errors import CommitUnknown, DatabaseUnavailable
from db.evidence import content_fingerprint
from db.session import Database
from domain.context import Actor, Context
from domain.errors import Forbidden
from tests.fix_network import BATCH, NOW, Network
from tools import contract
from tools.catalogue import registry
from tools.contract import Answer, Call, Tool, ToolInput, ToolOutput, ToolResult
from tools.errors import NotRecorded
from tools.executor import ToolExecutor
from tools.registry import Registry


class Text(ToolInput):
    text: contract.Code = "x"


class Said(ToolOutput):
    text: str


def tool(run: Callable[[Call], str], **more: Any) -> Tool[Text, Said]:
    fields: dict[str, Any] = {"permission": "read", "seconds": 5.0, **more}
    return Tool(
        name="probe",
        description="A probe.",
        takes=Text,
        gives=Said,
        run=lambda call, _: Answer(Said(text=run(call))),
        examples=({},),
        **fields,
    )


def executor(database: Database, *tools: Tool[Any, Any]) -> ToolExecutor:
    return ToolExecutor(database, Registry(tools or tuple(registry())))


def audit_events(database: Database, tenant: str) -> list[dict[str, Any]]:
    with database.transaction(tenant) as connection:
        return connection.execute(
            "SELECT subject, convert_from(body, 'UTF8')::jsonb AS data FROM audit.event WHERE action = 'tool.called'"
        ).fetchall()


def assert_recorded(database: Database, tenant: str, result: ToolResult[Any], count: int = 1) -> None:
    events = audit_events(database, tenant)
    assert len(events) == count
    last = next(event for event in events if event["subject"] == f"evidence:{result.evidence_id}")
    with database.transaction(tenant) as connection:
        kept = evidence.find(connection, result.evidence_id)
    assert kept is not None
    assert kept.status == result.status == last["data"]["status"]
    assert kept.fingerprint == result.fingerprint == last["data"]["fingerprint"]
    again = content_fingerprint(kept.tool, kept.arguments, kept.status, kept.result, kept.as_of, kept.versions)
    assert again == kept.fingerprint


def test_a_success_carries_its_data_and_is_kept_with_one_audit_event(
    network: Network, agent_database: Database
) -> None:
    result = executor(agent_database).call(network.context, "get_open_orders", {"sku": "OAT-1L"})
    assert result.status == "success"
    assert result.as_of == NOW
    assert result.versions.data_batch == str(BATCH)
    assert_recorded(agent_database, network.tenant, result)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("no_such_tool", {}, "There is no tool"),
        ("get_open_orders", {"tenant": "globex"}, "tenant: Extra inputs"),
        ("get_open_orders", {"limit": -1}, "limit"),
        ("get_case", {"case_id": "C-99999"}, "There is no case"),
        ("get_case", {"case_id": "C\x001"}, "case_id"),
    ],
)
def test_what_cannot_be_answered_says_why_and_is_recorded(
    network: Network, agent_database: Database, name: str, arguments: dict[str, object], says: str
) -> None:
    result = executor(agent_database).call(network.context, name, arguments)
    assert result.status == "error"
    assert says in result.error
    assert_recorded(agent_database, network.tenant, result)


def test_a_person_without_a_proposing_role_is_denied(network: Network, agent_database: Database) -> None:
    auditor = Context(network.tenant, Actor("person", "ann", frozenset({"auditor"})))
    result = executor(agent_database).call(auditor, "propose_transfer", {"evidence_id": str(UUID(int=1))})
    assert result.status == "denied"
    assert "planner" in result.error
    assert_recorded(agent_database, network.tenant, result)


def test_a_tool_that_refuses_is_denied(network: Network, agent_database: Database) -> None:
    def refuse(_: Call) -> str:
        raise Forbidden("Not you.")

    result = executor(agent_database, tool(refuse)).call(network.context, "probe", {})
    assert (result.status, result.error) == ("denied", "Not you.")
    assert_recorded(agent_database, network.tenant, result)


def test_a_defect_in_a_tool_never_escapes(network: Network, agent_database: Database) -> None:
    def broken(_: Call) -> str:
        raise ZeroDivisionError

    result = executor(agent_database, tool(broken)).call(network.context, "probe", {})
    assert result.status == "error"
    assert "ZeroDivisionError" in result.error
    assert_recorded(agent_database, network.tenant, result)


def test_a_failed_statement_does_not_prevent_the_record(network: Network, agent_database: Database) -> None:
    def broken(call: Call) -> str:
        call.connection().execute("SELECT * FROM no_such_table")
        return ""

    result = executor(agent_database, tool(broken)).call(network.context, "probe", {})
    assert result.status == "error"
    assert_recorded(agent_database, network.tenant, result)


@pytest.mark.parametrize("permission", ["read", "analyse"])
def test_the_database_refuses_a_write_by_a_reading_tool(
    network: Network, agent_database: Database, permission: str
) -> None:
    def write(call: Call) -> str:
        call.connection().execute(
            "INSERT INTO event (source, event_id, type, occurred_at, payload, fingerprint)"
            " VALUES ('s', 'e', 't', now(), '{}', 'f')"
        )
        return ""

    result = executor(agent_database, tool(write, permission=permission)).call(network.context, "probe", {})
    assert result.status == "error"
    assert "ReadOnlySqlTransaction" in result.error
    assert_recorded(agent_database, network.tenant, result)
    with agent_database.transaction(network.tenant) as connection:
        assert connection.execute("SELECT 1 FROM event").fetchall() == []


def test_a_slow_statement_is_cancelled_at_the_limit(network: Network, agent_database: Database) -> None:
    def sleep(call: Call) -> str:
        call.connection().execute("SELECT pg_sleep(20)")
        return ""

    started = time.monotonic()
    result = executor(agent_database, tool(sleep, seconds=0.3)).call(network.context, "probe", {})
    assert time.monotonic() - started < 5
    assert result.status == "error"
    assert "limit" in result.error
    assert_recorded(agent_database, network.tenant, result)


def test_many_quick_statements_share_one_limit(network: Network, agent_database: Database) -> None:
    def forever(call: Call) -> str:
        while True:
            call.connection().execute("SELECT pg_sleep(0.05)")

    started = time.monotonic()
    result = executor(agent_database, tool(forever, seconds=0.4)).call(network.context, "probe", {})
    assert time.monotonic() - started < 5
    assert "limit" in result.error
    assert_recorded(agent_database, network.tenant, result)


def test_an_answer_after_the_limit_is_withheld(network: Network, agent_database: Database) -> None:
    def late(_: Call) -> str:
        time.sleep(0.3)
        return "too late"

    result = executor(agent_database, tool(late, seconds=0.1)).call(network.context, "probe", {})
    assert (result.status, result.output) == ("error", None)
    assert_recorded(agent_database, network.tenant, result)


@pytest.mark.parametrize("error", [errors.SerializationFailure("lost"), DatabaseUnavailable("gone")])
def test_what_was_lost_is_tried_again_and_recorded_once(
    network: Network, agent_database: Database, error: Exception
) -> None:
    tries: list[int] = []

    def flaky(_: Call) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise error
        return "at last"

    # The class of a lost connection is raised by the session, not by a tool; both reach the executor from inside.
    fails = tool(flaky) if isinstance(error, psycopg.Error) else None
    target = fails or tool(lambda call: _lose(call, tries))
    result = executor(agent_database, target).call(network.context, "probe", {})
    assert result.status == "success"
    assert len(tries) == 3
    assert_recorded(agent_database, network.tenant, result)


def _lose(call: Call, tries: list[int]) -> str:
    """Ends its own connection twice, then answers."""
    tries.append(1)
    if len(tries) < 3:
        call.connection().execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return "at last"


def test_a_proposal_is_never_tried_again(network: Network, agent_database: Database) -> None:
    tries: list[int] = []

    def flaky(_: Call) -> str:
        tries.append(1)
        raise errors.SerializationFailure("lost")

    result = executor(agent_database, tool(flaky, permission="propose")).call(network.context, "probe", {})
    assert result.status == "error"
    assert len(tries) == 1
    assert_recorded(agent_database, network.tenant, result)


def test_a_commit_whose_answer_was_lost_is_found_again(
    network: Network, agent_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db import session

    real, runs = session._commit, []

    def lose_first(connection: Any, conninfo: str) -> None:
        real(connection, conninfo)
        if len(runs) == 1:
            runs.append("lost")
            raise CommitUnknown("lost while committing")

    def count(_: Call) -> str:
        runs.append("run")
        return "once"

    monkeypatch.setattr(session, "_commit", lose_first)
    result = executor(agent_database, tool(count)).call(network.context, "probe", {})
    assert (result.status, result.output) == ("success", Said(text="once"))
    assert runs == ["run", "lost"]
    assert_recorded(agent_database, network.tenant, result)


def test_a_call_that_cannot_be_audited_has_not_happened(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("REVOKE INSERT ON audit.event FROM quartermaster_agent")
        connection.execute(
            "REVOKE INSERT (tenant, event_id, action, actor_kind, actor_id, actor_version, actor_roles, subject,"
            " trace_id, body) ON audit.event FROM quartermaster_agent"
        )
    with pytest.raises(NotRecorded, match="counts as not made"):
        executor(agent_database).call(network.context, "get_open_orders", {})
    with agent_database.transaction(network.tenant) as connection:
        assert connection.execute("SELECT 1 FROM evidence").fetchall() == []


def test_an_analysis_sees_one_state_of_the_data(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    seen: list[int] = []

    def look(call: Call) -> str:
        count = "SELECT count(*) AS n FROM lane"
        seen.append(call.connection().execute(count).fetchone()["n"])  # type: ignore[index]
        with owner_database.transaction(network.tenant) as other:
            other.execute("DELETE FROM lane")
        seen.append(call.connection().execute(count).fetchone()["n"])  # type: ignore[index]
        return ""

    result = executor(agent_database, tool(look, permission="analyse")).call(network.context, "probe", {})
    assert result.status == "success"
    assert seen[0] == seen[1] > 0


def test_tenants_do_not_see_each_other(network: Network, other_network: Network, agent_database: Database) -> None:
    ours = executor(agent_database)
    theirs = ours.call(other_network.context, "compare_options", {"sku": "OAT-1L", "site": "LEJ"})
    assert theirs.status == "success"
    with agent_database.transaction(network.tenant) as connection:
        assert evidence.find(connection, theirs.evidence_id) is None
    assert len(audit_events(agent_database, network.tenant)) == 0


def test_an_unknown_tenant_gets_no_answer(network: Network, agent_database: Database) -> None:
    nowhere = replace(network.context, tenant="nowhere")
    with pytest.raises(NotRecorded):
        executor(agent_database).call(nowhere, "get_open_orders", {})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.binary(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({field for tool in registry() for field in tool.takes.model_fields})
VALUES = ANYTHING | st.sampled_from(["OAT-1L", "LEJ", "C-00001", ["OAT-1L"], 5, "day", "sku", str(UUID(int=7)), ""])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(registry().names) | st.text(max_size=12),
    arguments=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), VALUES, max_size=4),
    case_id=st.none() | st.text(max_size=8),
)
def test_no_arguments_make_anything_escape(
    network: Network, agent_database: Database, name: str, arguments: dict[str, object], case_id: str | None
) -> None:
    before = len(audit_events(agent_database, network.tenant))
    result = executor(agent_database).call(network.context, name, arguments, case_id=case_id)
    assert result.status in ("success", "error", "no_data", "denied")
    assert (result.error == "") == (result.status == "success")
    assert "It was logged" not in result.error
    assert_recorded(agent_database, network.tenant, result, before + 1)


def test_a_result_is_of_the_moment_that_its_data_describe(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    """And not of the moment of the question: data of yesterday stay data of yesterday."""
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE import_batch SET as_of = %s", [NOW - timedelta(hours=20)])
    result = executor(agent_database).call(network.context, "get_open_orders", {"sku": "OAT-1L"})
    assert result.as_of == NOW - timedelta(hours=20)
    assert_recorded(agent_database, network.tenant, result)
