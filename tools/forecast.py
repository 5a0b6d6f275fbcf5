"""What will sell: stored forecasts by day, week or month, or a named baseline where there is none.

Quantiles of a week or month come from scenarios of its days; quantiles of days do not add up.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Literal

import numpy as np
from pydantic import Field

from cases.situation import Situation
from cases.snapshot import load
from domain.errors import NotFound
from planning.arrays import FloatArray
from planning.demand import sample_demand, series_seed
from tools.contract import Answer, Call, Code, Span, Tool, ToolInput, ToolOutput
from tools.errors import NoData
from tools.numbers import units

Bucket = Literal["day", "week", "month"]
SCENARIOS = 1000


class ForecastQuestion(ToolInput):
    """Up to 20 items; sites None means wherever they are listed; `horizon` in days from today."""

    skus: tuple[Code, ...] = Field(min_length=1, max_length=20)
    sites: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=50)
    horizon: int = Field(default=28, ge=1, le=56)
    by: Bucket = "week"


class Period(ToolOutput):
    """Demand from `starts_on` over `days` days (the last period may be a part of its week or month)."""

    starts_on: date
    days: int
    demand: Span


class SeriesForecast(ToolOutput):
    """Expected demand in `unit`; `method` names the model or the baseline.

    `reason` says why a baseline; `coverage80` is the back-test's share of days inside the 80 % interval, None when it
    was not measured. Demand includes orders already placed.
    """

    sku: str
    site: str
    unit: str
    method: str
    model: str
    reason: str
    coverage80: float | None
    periods: tuple[Period, ...]
    total: Span


class Unforecast(ToolOutput):
    """A series whose demand cannot be told, and why."""

    sku: str
    site: str
    reason: str


class Forecasts(ToolOutput):
    """Forecasts, what could not be forecast, and how far they reach (`horizon` days, or less where a forecast ends)."""

    series: tuple[SeriesForecast, ...]
    unforecast: tuple[Unforecast, ...]
    horizon: int
    scenarios: int


def run(call: Call, asked: ForecastQuestion) -> Answer[Forecasts]:
    """One forecast a listed item × site."""
    batch = call.data
    snapshot = load(call.connection, call.today, skus=asked.skus, sites=asked.sites)
    unknown = sorted(set(asked.skus) - set(snapshot.items))
    if unknown:
        raise NotFound(f"Not listed in this scope: {', '.join(unknown)}.", remedy="Find items with resolve_identity.")
    series, unforecast = [], []
    for situation in snapshot.situations.values():
        call.deadline.check()
        if situation.forecast is None:
            reason = Unforecast(sku=situation.item.sku, site=situation.site.site, reason=situation.no_forecast)
            unforecast.append(reason)
        else:
            series.append(_series(situation, asked))
    if not series:
        searched = {"skus": asked.skus, "sites": asked.sites, "why": [one.reason for one in unforecast]}
        raise NoData("Demand cannot be forecast here.", searched={**searched, "data_batch": batch.batch_id})
    models = sorted({one.model for one in series})
    output = Forecasts(series=tuple(series), unforecast=tuple(unforecast), horizon=asked.horizon, scenarios=SCENARIOS)
    return Answer(output, model=", ".join(models))


def _series(situation: Situation, asked: ForecastQuestion) -> SeriesForecast:
    view = situation.forecast
    assert view is not None  # the caller has looked
    path = view.first(asked.horizon)
    seed = series_seed(situation.thresholds.simulation.seed, f"{situation.item.sku}/{situation.site.site}")
    drawn = sample_demand(path, scenarios=SCENARIOS, seed=seed)
    return SeriesForecast(
        sku=situation.item.sku,
        site=situation.site.site,
        unit=situation.item.unit,
        method=path.method,
        model=view.model,
        reason=view.reason,
        coverage80=path.coverage80,
        periods=tuple(_periods(situation.today, path.mean, drawn, asked.by)),
        total=_span(drawn, path.mean),
    )


def _periods(today: date, mean: FloatArray, drawn: FloatArray, by: Bucket) -> list[Period]:
    days = [today + timedelta(days=number) for number in range(mean.size)]
    periods: list[Period] = []
    for _, group in groupby(range(mean.size), key=lambda number: _bucket(days[number], by)):
        inside = list(group)
        part = _span(drawn[:, inside], mean[inside])
        periods.append(Period(starts_on=days[inside[0]], days=len(inside), demand=part))
    return periods


def _bucket(day: date, by: Bucket) -> tuple[int, ...]:
    if by == "day":
        return (day.toordinal(),)
    return day.isocalendar()[:2] if by == "week" else (day.year, day.month)


def _span(drawn: FloatArray, mean: FloatArray) -> Span:
    """The mean is the model's own; the interval is that of the summed scenarios."""
    low, high = np.quantile(drawn.sum(axis=1), [0.1, 0.9])
    return Span(low=units(low), mean=units(mean.sum()), high=units(high))


TOOL = Tool(
    name="forecast_demand",
    description="Expected demand of items at sites for the days ahead, by day, week or month, with an 80 % interval, "
    "the model version and the coverage its back-test achieved. Says so when only a baseline or nothing is possible.",
    permission="analyse",
    takes=ForecastQuestion,
    gives=Forecasts,
    run=run,
    examples=({"skus": ["OAT-1L"], "sites": ["LEJ"], "horizon": 28, "by": "week"},),
    seconds=30.0,
)
