"""Why a forecast is what it is, in words: what the tool said, and care where it said so."""

from __future__ import annotations

from agents.conversation.answers.demand import careful
from tests.fix_conversation import Talk


def test_the_drivers_the_times_and_the_method_are_told(talk: Talk) -> None:
    answer = talk.ask("why this forecast for OAT-1L at HAL?").answer
    assert "| usual, the last quarter |" in answer
    assert "| level |" in answer
    assert "**Times like these:**" in answer
    assert "serves it." in answer


def test_without_a_site_it_asks_for_one(talk: Talk) -> None:
    reply = talk.ask("what drives the demand of OAT-1L?")
    assert reply.asked_back
    assert "site" in reply.answer


def test_why_after_a_forecast_asks_why_that_forecast(talk: Talk) -> None:
    talk.ask("forecast OAT-1L at HAL")
    (call,) = [one for one in talk.ask("why?").tool_calls if one.name == "explain_forecast"]
    assert dict(call.arguments) == {"sku": "OAT-1L", "site": "HAL"}
    (call,) = [one for one in talk.ask("and in Leipzig?").tool_calls if one.name == "explain_forecast"]
    assert dict(call.arguments) == {"sku": "OAT-1L", "site": "LEJ"}


def test_why_of_a_case_is_still_about_the_case(talk: Talk) -> None:
    talk.ask("forecast OAT-1L at LEJ")
    assert "explain_decision" in [one.name for one in talk.ask("why C-00001?").tool_calls]


def test_care_is_told_with_how_sure_one_can_be() -> None:
    assert careful("", None) == ""
    assert careful("it rose", 0.5).endswith("It rose. Until then no more than 50% confidence is to be had in this.")
