"""A planner's override is named in every answer that stands on the forecast under it, and in no other."""

from __future__ import annotations

import pytest

from agents.conversation.answers import demand
from db import overrides
from db.session import Database
from tests.fix_conversation import Talk
from tests.fix_override import FAIR, NAMED
from tools.contract import Span
from tools.forecast import Forecasts, SeriesForecast

QUESTIONS = (
    "Will OAT-1L run out at LEJ?",
    "Compare the options for OAT-1L at LEJ",
    "What should we buy of OAT-1L for LEJ?",
    "Forecast OAT-1L at LEJ",
    "Why is OAT-1L short at LEJ?",
)


@pytest.fixture
def override(talk: Talk, operator_database: Database) -> None:
    with operator_database.transaction(talk.tenant) as connection:
        overrides.save_override(connection, FAIR)


@pytest.mark.usefixtures("override")
def test_it_is_named_once_in_each_answer(talk: Talk, subtests: pytest.Subtests) -> None:
    for number, question in enumerate(QUESTIONS):
        with subtests.test(question):
            assert talk.ask(question, thread=f"q{number}").answer.count(NAMED) == 1


@pytest.mark.usefixtures("override")
def test_a_case_that_is_explained_names_it(talk: Talk, open_cases: list[str]) -> None:
    answers = [talk.ask(f"why {case}?", thread=case).answer for case in open_cases]
    about = [answer for answer in answers if "**Why:** the expected shortage" in answer and NAMED in answer]
    assert about


def test_another_forecast_is_under_none(talk: Talk) -> None:
    assert "override" not in talk.ask("Will OAT-1L run out at LEJ?").answer


@pytest.mark.parametrize("model", ["", "demand/1", "baseline/naive"])
def test_only_an_override_is_told_as_one(model: str) -> None:
    assert demand.overridden(model) == ""


def test_over_a_baseline_it_is_named_too() -> None:
    name = "baseline/naive + override by paula until 8 Mar 2026 (+40 %)"
    nothing = SeriesForecast.model_validate(
        {
            "sku": "A",
            "site": "B",
            "unit": "EA",
            "method": "naive",
            "model": name,
            "reason": "no model serves",
            "coverage80": None,
            "periods": (),
            "total": Span.model_validate({"low": 1, "mean": 2, "high": 3}),
            "caution": "",
        }
    )
    said = demand.forecasts(Forecasts(series=(nothing,), unforecast=(), horizon=7, scenarios=10))
    assert "Only a baseline (naive): no model serves." in said
    assert said.count(name) == 1
