"""Each kind of question in many words, on a real network: the tool that answers it, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.fix_conversation import Talk

OAT = {"sku": "OAT-1L"}
OAT_LEJ = {"sku": "OAT-1L", "site": "LEJ"}

QUESTIONS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("What is at risk?", "list_exceptions", {}),
    ("what needs me this morning?", "list_exceptions", {}),
    ("Good morning, anything urgent?", "list_exceptions", {}),
    ("what's on fire today", "list_exceptions", {}),
    ("any problems", "list_exceptions", {}),
    ("show me the open cases", "list_exceptions", {}),
    ("What is at risk in Leipzig?", "list_exceptions", {"site": "LEJ"}),
    ("exceptions at LEJ please", "list_exceptions", {"site": "LEJ"}),
    ("exeptions in Leipzig", "list_exceptions", {"site": "LEJ"}),
    ("Was ist gefährdet?", "list_exceptions", {}),
    ("is hafermilch at risk in leipzig?", "assess_stock_risk", OAT_LEJ),
    ("What waits for approval?", "list_exceptions", {"waiting": True}),
    ("which proposals are pending approval", "list_exceptions", {"waiting": True}),
    ("pending approvals", "list_exceptions", {"waiting": True}),
    ("show me case C-00001", "get_case", {"case_id": "C-00001"}),
    ("C-00001", "get_case", {"case_id": "C-00001"}),
    ("where does case 1 stand?", "get_case", {"case_id": "C-00001"}),
    ("status of C-00001", "get_case", {"case_id": "C-00001"}),
    ("why C-00001?", "explain_decision", {"case_id": "C-00001"}),
    ("explain case 1", "explain_decision", {"case_id": "C-00001"}),
    ("who approved C-00001", "explain_decision", {"case_id": "C-00001"}),
    ("what caused C-00001?", "explain_decision", {"case_id": "C-00001"}),
    ("How much oat drink 1 l do we have in Leipzig?", "get_inventory_position", OAT_LEJ),
    ("stock of OAT-1L at LEJ", "get_inventory_position", OAT_LEJ),
    ("stock OAT-1L", "get_inventory_position", OAT),
    ("stcok? inventroy of Hafermilch", "get_inventory_position", OAT),
    ("how many bolts m8 are left in Erfurt", "get_inventory_position", {"sku": "BOLT", "site": "ERF"}),
    ("whole milk on hand", "get_inventory_position", {"sku": "MILK"}),
    ("what expires of the whole milk?", "get_inventory_position", {"sku": "MILK"}),
    ("how much is available of 4006381333931", "get_inventory_position", OAT),
    ("hafermilch leipzig stock", "get_inventory_position", OAT_LEJ),
    ("Wie viel Bestand von Hafermilch in Leipzig?", "get_inventory_position", OAT_LEJ),
    ("what stock is in Halle?", "get_inventory_position", {"site": "HAL"}),
    ("Hafermilch", "get_inventory_position", OAT),
    ("What is on order for OAT-1L?", "get_open_orders", OAT),
    ("what is late?", "get_open_orders", {}),
    ("overdue purchase orders at Leipzig", "get_open_orders", {"site": "LEJ"}),
    ("when does the next delivery of hafermilch arrive", "get_open_orders", OAT),
    ("what does S-07 still have to deliver?", "get_open_orders", {"supplier": "S-07"}),
    ("open customer orders in Leipzig", "get_open_orders", {"site": "LEJ", "kind": "customer"}),
    ("Forecast OAT-1L at LEJ for the next 2 weeks", "forecast_demand", {"skus": ["OAT-1L"], "horizon": 14}),
    ("forcast hafermilch leipzig", "forecast_demand", {"skus": ["OAT-1L"], "sites": ["LEJ"]}),
    ("expected demand of hafermilch in Leipzig, 10 days, daily", "forecast_demand", {"horizon": 10, "by": "day"}),
    ("how much hafermilch will we sell next month?", "forecast_demand", {"skus": ["OAT-1L"], "horizon": 28}),
    ("what will the demand for MILK be in Erfurt", "forecast_demand", {"skus": ["MILK"], "sites": ["ERF"]}),
    ("why this forecast for OAT-1L at LEJ?", "explain_forecast", OAT_LEJ),
    ("explain the forecast of hafermilch in Leipzig", "explain_forecast", OAT_LEJ),
    ("what drives demand of OAT-1L in Leipzig", "explain_forecast", OAT_LEJ),
    ("why is the expected demand for hafermilch so high in Leipzig?", "explain_forecast", OAT_LEJ),
    ("drivers of the forecast for OAT-1L at LEJ", "explain_forecast", OAT_LEJ),
    ("show me comparable periods for OAT-1L at LEJ", "explain_forecast", OAT_LEJ),
    ("demand anomalies of OAT-1L at LEJ", "explain_forecast", OAT_LEJ),
    ("warum diese Prognose für Hafermilch in Leipzig", "explain_forecast", OAT_LEJ),
    ("Prognose für Hafermilch", "forecast_demand", {"skus": ["OAT-1L"]}),
    ("Will hafermilch run out in Leipzig?", "assess_stock_risk", OAT_LEJ),
    ("how long will the hafermilch last in Leipzig", "assess_stock_risk", OAT_LEJ),
    ("do we have enough OAT-1L in LEJ for 10 days", "assess_stock_risk", {**OAT_LEJ, "horizon": 10}),
    ("stockout of oat drink 1 l?", "assess_stock_risk", OAT),
    ("are we sitting on too much BOLT", "assess_stock_risk", {"sku": "BOLT"}),
    ("why is OAT-1L short in Leipzig", "assess_stock_risk", OAT_LEJ),
    ("What should we buy of hafermilch for Leipzig?", "recommend_replenishment", OAT_LEJ),
    ("how much OAT-1L should we order", "recommend_replenishment", OAT),
    ("replenish OAT-1L at LEJ", "recommend_replenishment", OAT_LEJ),
    ("reorder point of OAT-1L", "recommend_replenishment", OAT),
    ("What should we move to Leipzig?", "optimise_transfers", {"destinations": ["LEJ"]}),
    ("can we transfer OAT-1L to LEJ", "optimise_transfers", {"skus": ["OAT-1L"], "destinations": ["LEJ"]}),
    ("rebalance hafermilch", "optimise_transfers", {"skus": ["OAT-1L"]}),
    ("Compare the options for OAT-1L at LEJ", "compare_options", OAT_LEJ),
    ("what can we do about hafermilch in leipzig?", "compare_options", OAT_LEJ),
    ("optoins for OAT-1L at LEJ", "compare_options", OAT_LEJ),
    ("What does the SOP say about a broken cold chain?", "search_sops", {}),
    ("what is the procedure for a late truck", "search_sops", {}),
    ("how should we handle expired goods?", "search_sops", {}),
    ("who approves a transfer above the limit?", "search_sops", {}),
    ("what does our policy say about purchases", "search_sops", {}),
)


@pytest.mark.slow
def test_each_phrasing_is_answered_by_its_tool(talk: Talk, subtests: pytest.Subtests) -> None:
    assert len(QUESTIONS) >= 60
    for number, (question, tool, arguments) in enumerate(QUESTIONS):
        with subtests.test(question):
            reply = talk.ask(question, thread=f"q{number}")
            asked = [call for call in reply.tool_calls if call.name == tool]
            assert asked, [(call.name, dict(call.arguments)) for call in reply.tool_calls]
            given = dict(asked[-1].arguments)
            assert {key: given.get(key) for key in arguments} == dict(arguments)
            assert not reply.refused
            assert reply.answer.strip()
            assert reply.planner == "embedded"
            assert reply.evidence


@pytest.mark.parametrize("question", ["help", "what can you do?", "hello", "thanks", "asdf qwertz", "tell me a joke"])
def test_small_talk_calls_no_tool_that_guesses(talk: Talk, question: str) -> None:
    reply = talk.ask(question)
    assert {call.name for call in reply.tool_calls} <= {"resolve_identity"}
    assert reply.answer
    assert not reply.refused


def test_what_is_not_understood_says_what_is(talk: Talk) -> None:
    assert "What is at risk?" in talk.ask("help").answer
    assert "did not understand" in talk.ask("please sing", thread="other").answer


def test_a_name_that_is_not_there_is_said_and_nothing_is_guessed(talk: Talk) -> None:
    reply = talk.ask("stock of unobtainium in Leipzig")
    assert "unobtainium" in reply.answer
    assert [call.name for call in reply.tool_calls if call.name != "resolve_identity"] == []


def test_a_site_that_is_not_there_is_not_left_out(talk: Talk) -> None:
    reply = talk.ask("what is at risk in Narnia?")
    assert "narnia" in reply.answer.casefold()
    assert "list_exceptions" not in [call.name for call in reply.tool_calls]
