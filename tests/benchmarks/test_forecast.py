"""The report of both panels where one of them, or both, cannot be measured."""

from __future__ import annotations

import pytest

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


def test_it_fails_where_nothing_could_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forecast_uci, "measure", absent)
    monkeypatch.setattr(forecast_oj, "measure", absent)
    assert run(forecast.measure, ["--json"]) == 1
    assert "not beside the project" in capsys.readouterr().err
