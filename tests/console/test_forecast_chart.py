"""The picture of an explained forecast: what it shows is what the tool said."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.console import forecast_chart
from planning.anomalies.anomaly import Form, Kind
from tests.console.conftest import Site
from tests.console.window import window
from tools.contract import Span
from tools.forecast_explained import AnomalyLine, Comparable, DayAhead, ForecastExplained, PastDay

TODAY = date(2026, 3, 2)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def strange(kind: Kind, first: int, last: int) -> AnomalyLine:
    return AnomalyLine(
        kind=kind, form=Form.SPIKE, first=ago(first), last=ago(last), observed=Decimal(200), expected=Decimal(20),
        statistic="", value=0.0, threshold=0.0, strength=0.0, confidence=0.9, otherwise=None, factor=None,
        clear_by=None, words=f"said of {kind}",
    )  # fmt: skip


def explained(**more: Any) -> ForecastExplained:
    ten = Span(low=Decimal(7), mean=Decimal(10), high=Decimal(14))
    promoted = {ago(20), ago(19), TODAY + timedelta(days=5)}
    past = [
        PastDay(day=ago(n), sold=Decimal(n), promoted=ago(n) in promoted, stocked_out=False) for n in range(91, 0, -1)
    ]
    ahead = [TODAY + timedelta(days=n) for n in range(56)]
    fields: dict[str, Any] = {
        "sku": "A", "name": "A thing", "site": "S", "unit": "EA", "summary": "", "usual_a_day": Decimal(9),
        "drivers": (),
        "mean_a_day": Decimal(10), "driver_days": 14, "drivers_note": "", "span_days": 28, "span_total": ten,
        "comparable": (), "anomalies": (), "caution": "", "method": "lightgbm", "method_reason": "",
        "model": "demand/1", "scores": (), "coverage80": 0.8, "past": tuple(past), "scenarios": 1000,
        "ahead": tuple(DayAhead(day=day, demand=ten, promoted=day in promoted) for day in ahead),
    }  # fmt: skip
    return ForecastExplained(**{**fields, **more})


def traces(shown: ForecastExplained) -> dict[str, Any]:
    return {trace["name"]: trace for trace in json.loads(str(forecast_chart.figure(shown).to_json()))["data"]}


def test_history_and_fan_stand_on_their_days() -> None:
    drawn = traces(explained())
    assert set(drawn) == {"sold", "80 %", "forecast"}
    assert (drawn["sold"]["x"][0], drawn["sold"]["y"][0]) == ("2025-12-01", 91.0)
    assert (drawn["forecast"]["x"][0], set(drawn["forecast"]["y"])) == ("2026-03-02", {10.0})
    assert (drawn["80 %"]["y"][0], drawn["80 %"]["y"][-1]) == (14.0, 7.0)


def test_each_kind_of_anomaly_has_its_mark() -> None:
    kinds = (strange(Kind.ONE_OFF, 40, 38), strange(Kind.DATA_ERROR, 30, 30), strange(Kind.UNCLEAR, 2, 1))
    drawn = traces(explained(anomalies=(*kinds, strange(Kind.SHIFT, 20, 1))))
    assert drawn["one-off"]["x"] == ["2026-01-21", "2026-01-22", "2026-01-23"]
    assert drawn["one-off"]["y"] == [40.0, 39.0, 38.0]
    assert drawn["error in the data"]["hovertext"] == ["said of data_error"]
    assert drawn["not clear yet"]["x"] == ["2026-02-28", "2026-03-01"]
    assert drawn["lasting shift"]["y"] == [10.0, 10.0]
    assert len({drawn[name]["marker"]["color"] for name in ("one-off", "error in the data", "not clear yet")}) == 3


def test_times_like_these_lie_over_the_days_ahead() -> None:
    one = Comparable(
        starts_on=ago(364), alike=("season",), sold=Decimal(56), own_history_expected=Decimal(50), promoted_days=0,
        stocked_out_days=0, price=None, by_day=(Decimal(2),) * 28,
    )  # fmt: skip
    drawn = traces(explained(comparable=(one,)))["the 28 days from 3 Mar 2025"]
    assert (drawn["x"][0], len(drawn["x"]), set(drawn["y"])) == ("2026-03-02", 28, {2.0})


def test_promoted_days_are_shaded_once_a_run() -> None:
    figure = json.loads(str(forecast_chart.figure(explained()).to_json()))
    shaded = [shape["x0"] for shape in figure["layout"]["shapes"] if shape["type"] == "rect"]
    assert [at[:10] for at in shaded] == ["2026-02-09", "2026-03-06"]


@pytest.mark.xdist_group("console")
def test_who_asks_what_will_sell_sees_why(site: Site) -> None:
    shown: list[Any] = []

    async def run() -> None:
        async with window(site.address, site.cookie("paula")) as opened:
            await opened.until(lambda: opened.text("Good"))
            for question in ("forecast OAT-1L at LEJ", "why?"):
                before = len(pictures(opened.heard))
                await opened.say(question)
                await opened.until(lambda before=before: len(pictures(opened.heard)) > before)
            shown.extend(pictures(opened.heard))

    asyncio.run(run())
    for picture in shown:
        assert {"sold", "forecast"} <= {trace["name"] for trace in picture["data"]}


def pictures(heard: list[tuple[str, Any]]) -> list[Any]:
    """The charts that were sent, as Plotly reads them."""
    sent = [data for event, data in heard if event == "element" and data.get("type") == "plotly"]
    return [json.loads(base64.b64decode(one["url"].partition(",")[2])) for one in sent]
