"""Questions about all purchases and about segments: the tool that answers each, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agents.conversation.embedded.intents import Intent
from agents.conversation.embedded.reading import read
from tests.fix_conversation import Talk

QUESTIONS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("What should we buy from S-07?", "plan_purchases", {"supplier": "S-07"}),
    ("what should we buy from Hafer AG", "plan_purchases", {"supplier": "S-07"}),
    ("one purchase plan for Leipzig", "plan_purchases", {"sites": ["LEJ"]}),
    ("What should we buy this morning?", "plan_purchases", {"supplier": None, "sites": None}),
    ("plan our purchases", "plan_purchases", {"supplier": None, "sites": None}),
    ("Segment our items", "segment_items", {"sites": None}),
    ("which items behave alike in Leipzig?", "segment_items", {"sites": ["LEJ"]}),
    ("abc analysis at LEJ", "segment_items", {"sites": ["LEJ"]}),
    ("What should we buy of hafermilch for Leipzig?", "recommend_replenishment", {"sku": "OAT-1L", "site": "LEJ"}),
)


@pytest.mark.slow
def test_each_phrasing_is_answered_by_its_tool(talk: Talk, subtests: pytest.Subtests) -> None:
    for number, (question, tool, arguments) in enumerate(QUESTIONS):
        with subtests.test(question):
            reply = talk.ask(question, thread=f"q{number}")
            asked = [call for call in reply.tool_calls if call.name == tool]
            assert asked, [(call.name, dict(call.arguments)) for call in reply.tool_calls]
            given = dict(asked[-1].arguments)
            assert {key: given.get(key) for key in arguments} == dict(arguments)
            assert reply.answer.strip()
            assert not reply.refused


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("what should we buy of oat drink", Intent.BUY),
        ("what should we order today", Intent.PURCHASES),
        ("make a purchasing plan", Intent.PURCHASES),
        ("show the segmentation", Intent.SEGMENTS),
        ("propose the purchase", Intent.PROPOSE),
        ("overdue purchase orders at Leipzig", Intent.ORDERS),
    ],
)
def test_plans_and_single_purchases_are_told_apart(question: str, intent: Intent) -> None:
    assert read(question).intent is intent
