"""Questions about the forecast model: what serves, who put it there, how good it is, whether it drifts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agents.conversation import titles
from agents.conversation.answers import model_status
from agents.conversation.embedded.intents import Intent
from agents.conversation.embedded.reading import read
from tests.fix_conversation import Talk
from tools.model_status import CheckLine, DriftLine, MethodScore, ModelStatus, MoveLine, OverrideLine, VersionLine

AT = datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
CHECKS = (
    CheckLine(name="bias", value=0.31, limit=0.1, well=False, said="the bias is 31 %, at most 10 % is well"),
    CheckLine(name="psi", value=0.02, limit=0.2, well=True, said="the inputs are as they were"),
)


def version(number: int, state: str, gate: str = "passed") -> VersionLine:
    return VersionLine.model_validate(
        {
            "model": f"demand/{number}",
            "state": state,
            "trained_at": AT,
            "trained_by": "trainer",
            "owner": "ana",
            "data_batch": "0b1f4f0e-aaaa",
            "artefact": "",
            "gate": gate,
        }
    )


def found() -> ModelStatus:
    return ModelStatus(
        serving=version(2, "serving"),
        forecasts_from="2026-03-02",
        code="",
        libraries={},
        features=(),
        features_hash="",
        sources=(),
        back_test=(
            MethodScore(segment="smooth", method="quantile", series=12, wql=0.2114, coverage80=0.79, bias=-0.012),
        ),
        back_test_reason="",
        drift=DriftLine(drifted=True, at=AT, data_batch="", checks=CHECKS),
        versions=(version(3, "rejected", "the bias is too large"), version(2, "serving"), version(1, "retired")),
        moves=(
            MoveLine(model="demand/2", state="serving", at=AT, by="sven", reason="The older one was better"),
            MoveLine(model="demand/3", state="serving", at=AT, by="sam", reason="New"),
            MoveLine(model="demand/2", state="serving", at=AT, by="eva", reason="First time"),
        ),
        overrides=(
            OverrideLine(override="override by ana: +40 %, Fair", sku="OAT-1L", site="LEJ", days_known=3,
                         error_without=9.0, error_with=3.0, gained=6.0),
            OverrideLine(override="override by bo: +10 %, Heat", sku="OAT-1L", site="ERF", days_known=0,
                         error_without=None, error_with=None, gained=None),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("Which model makes the forecasts?", Intent.MODEL),
        ("how good are our forecasts?", Intent.MODEL),
        ("is the model drifting?", Intent.MODEL),
        ("which forecast version serves, who promoted it?", Intent.MODEL),
        ("why was demand/3 promoted", Intent.MODEL),
        ("who trained the model?", Intent.MODEL),
        ("how good is the forecast for OAT-1L at HAL", Intent.FORECAST_WHY),
        ("why this forecast for OAT-1L at HAL?", Intent.FORECAST_WHY),
        ("forecast OAT-1L at HAL", Intent.FORECAST),
        ("who approved C-00001?", Intent.WHY),
        ("how much of the model car do we have in Leipzig", Intent.STOCK),
        ("how many model trains are in Leipzig", Intent.STOCK),
        ("forecast OAT-1L at LEJ with the promotion", Intent.FORECAST),
        ("do our forecasts drift?", Intent.MODEL),
        ("propose it", Intent.PROPOSE),
    ],
)
def test_questions_about_the_model_are_told_from_those_about_a_forecast(question: str, intent: Intent) -> None:
    assert read(question).intent is intent


@pytest.mark.parametrize(
    "question", ["Which model makes the forecasts?", "which forecast version serves, who promoted it"]
)
def test_the_tool_is_asked_and_its_version_told(talk: Talk, question: str) -> None:
    reply = talk.ask(question)
    assert [call.name for call in reply.tool_calls] == ["get_model_status"]
    assert reply.answer.startswith("**demand/1 makes the forecasts**")
    assert "evidence `" in reply.answer


def test_everything_on_record_is_told() -> None:
    said = model_status.status(found())
    for told in (
        "**demand/2 makes the forecasts**; ana answers for it; its forecasts begin on 2 Mar.",
        "sven made it serve on 1 Mar 2026, 05:30 UTC: The older one was better.",
        "| quantile, smooth | 12 | 0.211 | 79% | -1.2% |",
        "**It drifts**, looked at on 1 Mar 2026, 05:30 UTC. The bias is 31 %, at most 10 % is well.",
        "- demand/3, rejected, trained on 1 Mar 2026, 05:30 UTC by trainer; the gate: the bias is too large",
        "- OAT-1L at LEJ: override by ana: +40 %, Fair; over 3 days it took +6.0 units off the error",
        "- OAT-1L at ERF: override by bo: +10 %, Heat; what it is worth is not known yet",
    ):
        assert told in said
    assert "the inputs are as they were" not in said
    assert "eva" not in said


def test_what_is_not_on_record_is_said_to_be_missing() -> None:
    bare = found().model_copy(
        update={"moves": (), "back_test": (), "drift": None, "forecasts_from": "", "versions": (), "overrides": ()}
    )
    said = model_status.status(bare)
    for told in ("it has no forecasts yet", "is not on record", "No back-test", "Nobody has looked yet"):
        assert told in said


def test_help_names_what_can_be_asked_of_forecasts_and_purchases(talk: Talk) -> None:
    told = talk.ask("what can I ask?").answer
    for one in ("Why this forecast", "Which model makes the forecasts", "Segment our items", "One purchase plan"):
        assert one in told


def test_what_is_read_while_the_tool_works() -> None:
    assert titles.title("get_model_status", {"model": "demand"}) == "Looking at the model that makes the forecasts"
    told = titles.SUMMARIES["get_model_status"]
    assert told(found()) == "demand/2 serves, it drifts"
    assert told(found().model_copy(update={"drift": None})) == "demand/2 serves"
