"""The forecast model in words: what serves, who put it there, how good it is, whether it drifts. As on record."""

from __future__ import annotations

from datetime import UTC, date, datetime

from agents.conversation.answers.words import count, day, moment, most, percent, plain, sentence
from tools.model_status import DriftLine, MethodScore, ModelStatus, OverrideLine, VersionLine

SCORES = 12
VERSIONS = 4
OVERRIDES = 3


def status(found: ModelStatus) -> str:
    """What serves, its back-test beside the baselines, drift, the versions and what overrides were worth."""
    parts = [_serving(found), _scores(found), _drift(found.drift), _versions(found), _overrides(found)]
    return "\n\n".join(part for part in parts if part)


def _serving(found: ModelStatus) -> str:
    one = found.serving
    begins = date.fromisoformat(found.forecasts_from) if found.forecasts_from else None
    since = f"its forecasts begin on {day(begins)}" if begins else "it has no forecasts yet"
    owner = f"; {plain(one.owner)} answers for it" if one.owner else ""
    return (
        f"**{plain(one.model)} makes the forecasts**{owner}; {since}. Trained on {_at(one.trained_at)} by "
        f"{plain(one.trained_by)} from data `{plain(one.data_batch[:8])}`. {_put_there(found)}"
    )


def _put_there(found: ModelStatus) -> str:
    """Moves are newest first: the last one that made it serve tells by whom."""
    moves = (one for one in found.moves if one.model == found.serving.model and one.state == "serving")
    made = next(moves, None)
    if made is None:
        return "Who made it serve is not on record."
    return f"{plain(made.by)} made it serve on {_at(made.at)}: {sentence(made.reason)}"


def _scores(found: ModelStatus) -> str:
    if not found.back_test:
        return sentence(found.back_test_reason) or "No back-test of it is kept."
    shown, more = most(found.back_test, SCORES)
    head = ["| back-test | series | weighted quantile loss | 80% held | bias |", "|---|--:|--:|--:|--:|"]
    return "\n".join([*head, *(_score(one) for one in shown)]) + more


def _score(one: MethodScore) -> str:
    loss = "" if one.wql is None else f"{one.wql:.3f}"
    held = "" if one.coverage80 is None else percent(one.coverage80)
    bias = "" if one.bias is None else f"{one.bias * 100:+.1f}%"
    return f"| {plain(one.method)}, {plain(one.segment)} | {one.series:,} | {loss} | {held} | {bias} |"


def _drift(drift: DriftLine | None) -> str:
    if drift is None:
        return "Nobody has looked yet whether it drifts."
    if not drift.drifted:
        return f"**No drift**, looked at on {_at(drift.at)}: {count(len(drift.checks), 'check')}, all well."
    found = " ".join(sentence(one.said) for one in drift.checks if not one.well)
    return f"**It drifts**, looked at on {_at(drift.at)}. {found}".rstrip()


def _versions(found: ModelStatus) -> str:
    others = [one for one in found.versions if one.model != found.serving.model]
    if not others:
        return ""
    shown, more = most(others, VERSIONS)
    return "\n".join(["**Other versions:**", *(f"- {_version(one)}" for one in shown)]) + more


def _version(one: VersionLine) -> str:
    gate = "" if one.gate in ("passed", "not judged") else f"; the gate: {plain(one.gate)}"
    return f"{plain(one.model)}, {one.state}, trained on {_at(one.trained_at)} by {plain(one.trained_by)}{gate}"


def _overrides(found: ModelStatus) -> str:
    if not found.overrides:
        return ""
    shown, more = most(found.overrides, OVERRIDES)
    return "\n".join(["**Planners' overrides:**", *(f"- {_override(one)}" for one in shown)]) + more


def _override(one: OverrideLine) -> str:
    place = f"{plain(one.sku)} at {plain(one.site)}: {plain(one.override)}"
    if one.gained is None:
        return f"{place}; what it is worth is not known yet"
    return f"{place}; over {count(one.days_known, 'day')} it took {one.gained:+,.1f} units off the error"


def _at(when: datetime) -> str:
    return moment(when.astimezone(UTC).isoformat())
