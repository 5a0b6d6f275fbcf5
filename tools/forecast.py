"""What will sell: stored forecasts by day, week or month, or a named baseline where there is none.

Quantiles of a week, a month or several series come from scenarios of their days; quantiles do not add up, means do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from cases import unusual
from cases.situation import Situation
from cases.snapshot import Pair, Snapshot, load
from cases.unusual import Caution
from db import network
from domain.errors import BadInput, NotFound
from planning.arrays import FloatArray
from planning.demand import sample_demand, series_seed
from tools.contract import Answer, Call, Code, Span, Tool, ToolInput, ToolOutput
from tools.errors import NoData
from tools.numbers import units

Bucket = Literal["day", "week", "month"]
Level = Literal["sku_site", "sku", "site", "total"]
SCENARIOS = 1000
# More series are not summed while somebody waits.
MOST_SERIES = 2_000
ALL = "*"


class ForecastQuestion(ToolInput):
    """Up to 20 items; sites None means wherever they are listed; `horizon` in days from today.

    `level` sums: "sku" over sites, "site" over items, "total" over both; for the last two skus None means all items.
    """

    skus: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=20)
    sites: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=50)
    horizon: int = Field(default=28, ge=1, le=56)
    by: Bucket = "week"
    level: Level = "sku_site"

    @model_validator(mode="after")
    def _names_items(self) -> ForecastQuestion:
        if self.skus is None and self.level in ("sku_site", "sku"):
            raise ValueError("name the items (skus), or ask for the level site or total")
        return self


class Period(ToolOutput):
    """Demand from `starts_on` over `days` days (the last period may be a part of its week or month)."""

    starts_on: date
    days: int
    demand: Span


class SeriesForecast(ToolOutput):
    """Expected demand in `unit`; `method` names the model or the baseline.

    `reason` says why that method; `coverage80` is the back-test's share of days inside the 80 % interval, None when it
    was not measured. Demand includes orders already placed. `caution` says what is unusual about the newest data, ''
    for nothing. A sum of several `series` has '*' for what it is over, and its mean is the sum of theirs.
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
    caution: str = ""
    series: int = 1


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


@dataclass
class _Sum:
    """What one answer is the sum of: scenarios (scenarios, days), and the rounded means of its periods."""

    unit: str
    drawn: FloatArray
    means: list[Decimal]
    total: Decimal = Decimal(0)
    series: int = 0
    methods: set[str] = field(default_factory=set[str])
    models: set[str] = field(default_factory=set[str])


def run(call: Call, asked: ForecastQuestion) -> Answer[Forecasts]:
    """One forecast a listed item × site, or their sums."""
    batch, snapshot = call.data, _load(call, asked)
    able = {pair: one for pair, one in snapshot.situations.items() if one.forecast is not None}
    unforecast = tuple(
        Unforecast(sku=one.item.sku, site=one.site.site, reason=one.no_forecast)
        for pair, one in snapshot.situations.items()
        if pair not in able
    )
    if not able:
        searched = {"skus": asked.skus, "sites": asked.sites, "why": [one.reason for one in unforecast[:20]]}
        raise NoData("Demand cannot be forecast here.", searched={**searched, "data_batch": batch.batch_id})
    series = _each(call, able, asked) if asked.level == "sku_site" else _sums(call, able, asked)
    models = sorted({one.model for one in series})
    output = Forecasts(series=series, unforecast=unforecast, horizon=asked.horizon, scenarios=SCENARIOS)
    return Answer(output, model=", ".join(models))


def _load(call: Call, asked: ForecastQuestion) -> Snapshot:
    listed = len(network.item_sites(call.connection(), asked.skus, asked.sites))
    if listed > MOST_SERIES:
        raise BadInput(f"{listed:,} series are more than can be summed at once.", remedy="Name a site, or items.")
    snapshot = load(call.connection, call.today, skus=asked.skus, sites=asked.sites)
    unknown = sorted(set(asked.skus or ()) - set(snapshot.items))
    if unknown:
        raise NotFound(f"Not listed in this scope: {', '.join(unknown)}.", remedy="Find items with resolve_identity.")
    return snapshot


def _each(call: Call, able: Mapping[Pair, Situation], asked: ForecastQuestion) -> tuple[SeriesForecast, ...]:
    listings = [one.listing for one in able.values()]
    known = unusual.recorded(call.connection, call.today, listings, asked.sites)
    found: list[SeriesForecast] = []
    for pair, one in able.items():
        call.deadline.check()
        caution = unusual.caution(known[pair], unusual.packs_of(one.item)) if pair in known else None
        found.append(_series(one, asked, caution))
    return tuple(found)


def _series(situation: Situation, asked: ForecastQuestion, caution: Caution | None) -> SeriesForecast:
    view = situation.forecast
    assert view is not None  # the caller has looked
    path = view.first(asked.horizon)
    drawn = _drawn(situation, path.days)
    return SeriesForecast(
        sku=situation.item.sku,
        site=situation.site.site,
        unit=situation.item.unit,
        method=path.method,
        model=view.model,
        reason=view.reason,
        coverage80=path.coverage80,
        periods=tuple(_periods(situation.today, _means(situation, path.days, asked.by), drawn, asked.by)),
        total=_span(drawn, units(path.mean.sum())),
        caution="" if caution is None else caution.text,
    )


def _sums(call: Call, able: Mapping[Pair, Situation], asked: ForecastQuestion) -> tuple[SeriesForecast, ...]:
    """The series' own scenarios and means, added up by unit; as far as the shortest forecast reaches."""
    days = min(one.forecast.path.days for one in able.values() if one.forecast is not None)
    days = min(days, asked.horizon)
    sums: dict[tuple[str, str, str], _Sum] = {}
    for (sku, site), one in sorted(able.items()):
        call.deadline.check()
        assert one.forecast is not None  # the caller has looked
        key = ALL if asked.level != "sku" else sku, ALL if asked.level != "site" else site, one.item.unit
        means, drawn = _means(one, days, asked.by), _drawn(one, days)
        mine = sums.setdefault(key, _Sum(one.item.unit, np.zeros_like(drawn), [Decimal(0)] * len(means)))
        mine.drawn += drawn
        mine.means = [before + mean for before, mean in zip(mine.means, means, strict=True)]
        mine.total += units(one.forecast.first(days).mean.sum())
        mine.series += 1
        mine.methods.add(one.forecast.path.method)
        mine.models.add(one.forecast.model)
    return tuple(_summed(sku, site, mine, call.today, asked.by) for (sku, site, _), mine in sums.items())


def _summed(sku: str, site: str, mine: _Sum, today: date, by: Bucket) -> SeriesForecast:
    return SeriesForecast(
        sku=sku,
        site=site,
        unit=mine.unit,
        method=", ".join(sorted(mine.methods)),
        model=", ".join(sorted(mine.models)),
        reason=f"the sum of {mine.series} forecasts" if mine.series > 1 else "",
        coverage80=None,
        periods=tuple(_periods(today, mine.means, mine.drawn, by)),
        total=_span(mine.drawn, mine.total),
        series=mine.series,
    )


def _drawn(situation: Situation, days: int) -> FloatArray:
    """(scenarios, days): the same for a series whatever it is summed into, unrelated between series."""
    view = situation.forecast
    assert view is not None  # the callers have looked
    seed = series_seed(situation.thresholds.simulation.seed, f"{situation.item.sku}/{situation.site.site}")
    return sample_demand(view.first(days), scenarios=SCENARIOS, seed=seed)


def _means(situation: Situation, days: int, by: Bucket) -> list[Decimal]:
    """The model's own mean of each period, rounded once, so that sums of series agree with them to the last digit."""
    view = situation.forecast
    assert view is not None  # the callers have looked
    mean = view.first(days).mean
    return [units(mean[inside].sum()) for inside in _buckets(situation.today, days, by)]


def _periods(today: date, means: list[Decimal], drawn: FloatArray, by: Bucket) -> Iterator[Period]:
    for inside, mean in zip(_buckets(today, drawn.shape[1], by), means, strict=True):
        starts_on = today + timedelta(days=inside[0])
        yield Period(starts_on=starts_on, days=len(inside), demand=_span(drawn[:, inside], mean))


def _buckets(today: date, days: int, by: Bucket) -> list[list[int]]:
    """The days of each period, counted from today."""
    return [list(group) for _, group in groupby(range(days), lambda day: _bucket(today + timedelta(days=day), by))]


def _bucket(day: date, by: Bucket) -> tuple[int, ...]:
    if by == "day":
        return (day.toordinal(),)
    return day.isocalendar()[:2] if by == "week" else (day.year, day.month)


def _span(drawn: FloatArray, mean: Decimal) -> Span:
    """The interval is that of the summed scenarios."""
    low, high = np.quantile(drawn.sum(axis=1), [0.1, 0.9])
    return Span(low=units(low), mean=mean, high=units(high))


TOOL = Tool(
    name="forecast_demand",
    description="Expected demand of items at sites for the days ahead, by day, week or month, with an 80 % interval, "
    "the model version and the coverage its back-test achieved; summed over sites, items or both where `level` asks. "
    "Says so when only a baseline or nothing is possible, or when the newest data are unusual.",
    permission="analyse",
    takes=ForecastQuestion,
    gives=Forecasts,
    run=run,
    examples=({"skus": ["OAT-1L"], "sites": ["LEJ"], "horizon": 28, "by": "week"}, {"level": "site"}),
    seconds=30.0,
)
