"""What is printed for people: names from master data are text, never markup."""

from __future__ import annotations

import pytest

from app.cli import render
from app.outcomes import CaseOutcome

HOSTILE = "[red]x[/] [/b] oat drink"


def outcome(**changed: object) -> CaseOutcome:
    fields: dict[str, object] = {name: None for name in CaseOutcome.__dataclass_fields__}
    fields |= {"id": "C-00001", "summary": HOSTILE, "state": "none", "outcome": "none", "note": ""}
    fields |= {"reasons": [], "approvers": []}
    return CaseOutcome(**{**fields, **changed})  # type: ignore[arg-type]


def test_a_name_with_brackets_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    render.outcomes([outcome()])
    assert capsys.readouterr().out.count(HOSTILE) == 1


def test_outcomes_are_counted_without_losing_any() -> None:
    states = ["confirmed", "waiting", "denied", "none", "unknown", "failed"]
    counted = render.counted([outcome(state=state) for state in states])
    assert sum(counted.values()) == len(states)
    assert counted["in another state"] == 2
