"""The report of both panels where one of them, or both, cannot be measured."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from benchmarks import forecast, forecast_oj, forecast_uci
from benchmarks.forecast_oj import OjResult
from benchmarks.report import run
from domain.errors import NotFound


def absent(quick: bool) -> OjResult:
    raise NotFound("It is not beside the project.", remedy="")


def test_what_could_not_be_measured_is_null_and_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_uci, "measure", absent)
    monkeypatch.setattr(
        forecast_oj, "measure", lambda quick: OjResult({"oj_mape": 30.0}, {"oj_mape": 36.0}, {"oj_mape": "< 36"}, True)
    )
    report = forecast.measure(True)
    assert (report.figures["oj_mape"], report.to_beat["oj_mape"]) == (30.0, 36.0)
    assert report.figures["uci_wrmsse"] is None
    assert set(forecast.CONTRACT) <= set(report.figures)
    assert not report.holds


MET: dict[str, JsonValue] = {
    "uci_wrmsse": 0.6, "uci_wql": 0.5, "uci_coverage80": 0.8, "uci_coverage95": 0.95, "uci_cpu_s": 19.0,
    "cpu_s_per_1000_at_3k": 6.0, "cpu_s_per_1000_at_30k": 5.5, "cpu_s_per_1000_at_100k": 5.2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "figure"),
    [("uci_wql", 0.54), ("uci_coverage95", 0.93), ("cpu_s_per_1000_at_100k", 7.3), ("cpu_s_per_1000_at_30k", None)],
)
def test_a_goal_that_is_missed_or_was_not_measured_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, name: str, figure: JsonValue
) -> None:
    """All of them met holds."""
    monkeypatch.setattr(forecast_oj, "measure", lambda quick: OjResult({}, {}, {}, True))
    monkeypatch.setattr(forecast_uci, "measure", lambda quick: (MET, {}, {}))
    assert forecast.measure(False).holds
    monkeypatch.setattr(forecast_uci, "measure", lambda quick: (MET | {name: figure}, {}, {}))
    assert not forecast.measure(False).holds


def test_it_fails_where_nothing_could_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forecast_uci, "measure", absent)
    monkeypatch.setattr(forecast_oj, "measure", absent)
    assert run(forecast.measure, ["--json"]) == 1
    assert "not beside the project" in capsys.readouterr().err
