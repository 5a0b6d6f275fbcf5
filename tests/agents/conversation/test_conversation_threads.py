"""A thread goes on: what was in focus stays, what was asked back is answered, and it belongs to one person."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from agents.conversation.port import CalledTool, Reply, TextDelta
from db.session import Database
from domain.context import Actor, Context
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from tests.fix_conversation import Talk, add_people
from tests.fix_network import Network


def called(reply: Reply, tool: str) -> dict[str, Any]:
    """The arguments of the last call of that tool."""
    calls: list[CalledTool] = [call for call in reply.tool_calls if call.name == tool]
    assert calls, [call.name for call in reply.tool_calls]
    return dict(calls[-1].arguments)


def test_and_there_asks_the_same_elsewhere(talk: Talk) -> None:
    talk.ask("stock of OAT-1L at LEJ")
    assert called(talk.ask("and in Erfurt?"), "get_inventory_position") == {"sku": "OAT-1L", "site": "ERF"}
    assert called(talk.ask("forecast?"), "forecast_demand")["skus"] == ["OAT-1L"]
    assert called(talk.ask("what about Leipzig"), "forecast_demand")["sites"] == ["LEJ"]
    assert called(talk.ask("will it run out there?"), "assess_stock_risk") == {"sku": "OAT-1L", "site": "LEJ"}
    assert called(talk.ask("why?"), "assess_stock_risk")["sku"] == "OAT-1L"
    assert called(talk.ask("compare the options"), "compare_options") == {"sku": "OAT-1L", "site": "LEJ"}
    assert called(talk.ask("how much MILK is in Erfurt"), "get_inventory_position")["sku"] == "MILK"
    assert called(talk.ask("will it run out?"), "assess_stock_risk") == {"sku": "MILK", "site": "ERF"}


def test_the_first_one_is_the_first_of_the_list(talk: Talk, open_cases: list[str]) -> None:
    listed = talk.ask("what is at risk?")
    first = next(line for line in listed.answer.splitlines() if line.startswith("1. ")).split("**")[1]
    assert first in open_cases
    assert called(talk.ask("compare the options for the first one"), "get_case") == {"case_id": first}
    assert called(talk.ask("why?"), "explain_decision") == {"case_id": first}
    assert called(talk.ask("the second one"), "get_case")["case_id"] != first


def test_an_unclear_name_is_asked_back_and_the_answer_goes_on(talk: Talk) -> None:
    back = talk.ask("stock of oat drink at LEJ")
    assert back.asked_back
    assert "1." in back.answer
    assert [call.name for call in back.tool_calls if call.name != "resolve_identity"] == []
    reply = talk.ask("the barista one")
    assert not reply.asked_back
    assert called(reply, "get_inventory_position") == {"sku": "OAT-B", "site": "LEJ"}
    talk.ask("stock of oat drink at LEJ")
    assert called(talk.ask("OAT-1L"), "get_inventory_position")["sku"] == "OAT-1L"
    talk.ask("stock of oat drink at LEJ")
    assert called(talk.ask("what is late?"), "get_open_orders"), "another question may be asked instead"


def test_propose_it_proposes_what_was_shown_on_behalf_of_who_asked(
    talk: Talk, late_case: str, agent_database: Database
) -> None:
    shown = talk.ask(f"compare the options for {late_case}")
    reply = talk.ask("propose it")
    assert len(reply.proposals) == 1
    assert reply.tool_calls[0].arguments["evidence_id"] == str(shown.evidence[-1])
    with agent_database.transaction(talk.tenant) as connection:
        row = connection.execute("SELECT case_id, on_behalf_of, proposed_by FROM proposal").fetchone()
        events = connection.execute(
            "SELECT actor_kind, convert_from(body, 'UTF8')::jsonb ->> 'on_behalf_of' AS behind FROM audit.event "
            "WHERE action = 'proposal.made'"
        ).fetchall()
    assert row is not None
    assert (row["case_id"], row["on_behalf_of"], row["proposed_by"]) == (late_case, "paula", "conversation")
    assert events == [{"actor_kind": "agent", "behind": "person:paula"}]


def test_this_case_is_the_threads_case(talk: Talk, late_case: str) -> None:
    assert called(talk.ask("why?", case=late_case), "explain_decision") == {"case_id": late_case}
    reply = talk.ask("propose the best option for this case", case=late_case)
    assert len(reply.proposals) == 1
    assert "Proposed for " + late_case in reply.answer


def test_a_named_option_and_quantity_are_taken(talk: Talk, late_case: str) -> None:
    options = talk.ask(f"compare options for {late_case}").answer
    assert "| 2 |" in options
    reply = talk.ask("propose option 1 with 12 units")
    arguments = dict(reply.tool_calls[-1].arguments)
    assert Decimal(str(arguments["quantity"])) == 12
    assert len(reply.proposals) == 1


def test_who_may_only_read_proposes_nothing(talk: Talk, late_case: str) -> None:
    reply = talk.ask(f"propose the best option for {late_case}", person="anna")
    assert reply.proposals == ()
    assert "planner" in reply.answer


def test_without_an_open_case_nothing_is_proposed(talk: Talk) -> None:
    reply = talk.ask("propose a transfer for OAT-B at LEJ")
    assert reply.proposals == ()
    assert "case" in reply.answer


def test_anothers_thread_is_not_found_and_the_attempt_is_recorded(talk: Talk, agent_database: Database) -> None:
    talk.ask("what is at risk?", thread="mine")
    with pytest.raises(NotFound, match="no thread 'mine'"):
        talk.ask("why?", thread="mine", person="sven")
    with agent_database.transaction(talk.tenant) as connection:
        found = connection.execute(
            "SELECT count(*)::int AS n FROM audit.event WHERE action = 'access.refused' AND subject = 'thread:mine'"
        ).fetchone()
    assert found == {"n": 1}


def test_tenants_have_threads_of_their_own_under_one_name(
    talk: Talk, agent_database: Database, owner_database: Database, other_network: Network
) -> None:
    add_people(owner_database, other_network.tenant)
    other = Talk(agent_database, other_network.tenant)
    talk.ask("stock of OAT-1L at LEJ")
    assert "code or its name" in other.ask("and the forecast?").answer, "nothing was in focus there"
    for tenant in (talk.tenant, other_network.tenant):
        with agent_database.transaction(tenant) as connection:
            for table in ("thread", "checkpoints", "checkpoint_blobs"):
                rows = connection.execute(f"SELECT DISTINCT tenant FROM {table}".encode()).fetchall()
                assert rows == [{"tenant": tenant}], table


def test_a_thread_goes_on_from_the_database_alone(talk: Talk, database_factory: Callable[..., Database]) -> None:
    talk.ask("stock of OAT-1L at LEJ")
    again = Talk(database_factory("agent"), talk.tenant)
    assert called(again.ask("and in Erfurt?"), "get_inventory_position") == {"sku": "OAT-1L", "site": "ERF"}


def test_only_the_newest_checkpoint_is_kept(talk: Talk, agent_database: Database) -> None:
    for question in ("what is at risk?", "why is OAT-1L short in Leipzig", "and in Erfurt?"):
        talk.ask(question)
    with agent_database.transaction(talk.tenant) as connection:
        kept = connection.execute("SELECT count(*)::int AS n FROM checkpoints").fetchone()
        blobs = connection.execute("SELECT count(*) - count(DISTINCT channel) AS n FROM checkpoint_blobs").fetchone()
    assert kept == {"n": 1}
    assert blobs == {"n": 0}


def test_two_turns_at_once_on_one_thread_are_one_turn(talk: Talk) -> None:
    context = Context(talk.tenant, Actor("person", "paula"))
    first = talk.conversation.stream(context, "t", "what is at risk?")
    next(iter(first))
    with pytest.raises(Conflict, match="still answering"):
        talk.ask("why?")
    assert isinstance(list(first)[-1], Reply)
    assert talk.ask("why?").answer


def test_a_turn_that_outlived_its_claim_does_not_end_the_next_one(talk: Talk, owner_database: Database) -> None:
    context = Context(talk.tenant, Actor("person", "paula"))
    late = talk.conversation.stream(context, "t", "what is at risk?")
    next(late)
    with owner_database.transaction(talk.tenant) as connection:
        connection.execute("UPDATE thread SET busy_until = now() - interval '1 second'")
    following = talk.conversation.stream(context, "t", "what is at risk?")
    next(following)
    assert isinstance(list(late)[-1], Reply)
    with pytest.raises(Conflict, match="still answering"):
        talk.ask("why?")
    assert isinstance(list(following)[-1], Reply)
    assert talk.ask("why?").answer


def test_a_surface_that_goes_away_lets_go_of_the_thread(talk: Talk) -> None:
    context = Context(talk.tenant, Actor("person", "paula"))
    parts = talk.conversation.stream(context, "t", "what is at risk?")
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    assert talk.ask("what is at risk?").answer


@pytest.mark.parametrize("person", ["nobody", "gone"])
def test_only_an_active_person_of_the_tenant_is_answered(talk: Talk, person: str) -> None:
    with pytest.raises(Forbidden, match="nobody active"):
        talk.ask("what is at risk?", person=person)


def test_the_agent_itself_has_nobody_to_answer(talk: Talk) -> None:
    with pytest.raises(Forbidden, match="with a person"):
        next(iter(talk.conversation.stream(Context(talk.tenant, Actor("agent", "triage")), "t", "what is at risk?")))


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "a" * 4001])
def test_what_is_no_question_is_refused(talk: Talk, text: str) -> None:
    with pytest.raises(BadInput):
        talk.ask(text)


@pytest.mark.parametrize("thread", ["", "a" * 121, "a\nb"])
def test_what_is_no_threads_name_is_refused(talk: Talk, thread: str) -> None:
    with pytest.raises(BadInput):
        talk.ask("what is at risk?", thread=thread)


def test_an_unknown_case_is_not_found(talk: Talk) -> None:
    with pytest.raises(NotFound, match="C-99999"):
        talk.ask("why?", case="C-99999")


def test_a_failure_inside_is_said_and_the_thread_is_free_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from agents.conversation.embedded.planner import EmbeddedPlanner

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedPlanner, "step", lambda *_: 1 / 0)
        assert "logged" in talk.ask("what is at risk?").answer
    assert "ZeroDivisionError" in caplog.text
    assert "Traceback" not in "".join(part.text for part in talk.parts if isinstance(part, TextDelta))
    assert talk.ask("what is at risk?").evidence


def test_a_turn_is_recorded_without_its_words(talk: Talk, agent_database: Database) -> None:
    reply = talk.ask("will my secret project OAT-1L run out?")
    with agent_database.transaction(talk.tenant) as connection:
        row = connection.execute(
            "SELECT actor_kind, convert_from(body, 'UTF8') AS text, convert_from(body, 'UTF8')::jsonb AS body "
            "FROM audit.event WHERE action = 'question.answered'"
        ).fetchone()
    assert row is not None
    assert row["actor_kind"] == "agent"
    assert "secret" not in row["text"]
    assert row["body"]["on_behalf_of"] == "person:paula"
    assert row["body"]["evidence"] == [str(one) for one in reply.evidence]
