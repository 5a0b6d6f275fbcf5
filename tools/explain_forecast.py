"""Why this forecast: what drives it, what happened in times like these, what is strange in the data, how sure it is.

Everything is read or computed now from what is kept; drivers were told when the forecast was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, cast

import numpy as np

from cases import unusual
from cases.forecast_view import ForecastView
from cases.situation import Situation
from cases.snapshot import load
from cases.unusual import Recorded
from db.forecast_story import ForecastStory, story
from db.prices import prices
from domain.errors import NotFound
from planning.anomalies.anomaly import Anomaly
from planning.arrays import FloatArray
from planning.demand import ForecastPath, sample_demand, series_seed
from planning.forecasting import comparable
from planning.forecasting.explanation import EXPLAINED_DAYS, Drivers, of_baseline, usual_level
from tools.contract import Answer, Call, Code, Span, Tool, ToolInput
from tools.errors import NoData
from tools.forecast_explained import (
    AnomalyLine,
    Comparable,
    DayAhead,
    DriverLine,
    ForecastExplained,
    Likeness,
    MethodScore,
    PastDay,
)
from tools.forecast_summary import summary
from tools.numbers import share, units

SCENARIOS = 1000
PAST_DAYS = 91
SPAN_DAYS = 28
LATER = "overrides, and days that have passed since"
ALL = "all"


class ExplainQuestion(ToolInput):
    """One item at one site."""

    sku: Code
    site: Code


@dataclass(frozen=True)
class _Read:
    """What is known of the series; `told` is None where no trained model forecast it."""

    situation: Situation
    view: ForecastView
    series: Recorded
    price: FloatArray
    told: ForecastStory | None

    @property
    def demand(self) -> FloatArray:
        """(days,) units, returns counted as none."""
        return np.maximum(self.series.values, 0.0)


def run(call: Call, asked: ExplainQuestion) -> Answer[ForecastExplained]:
    """Of the forecast as it is used today."""
    known = _read(call, asked)
    call.deadline.check()
    path, view = known.view.path, known.view
    drivers, note = _drivers(known)
    span = min(SPAN_DAYS, path.days)
    packs = unusual.packs_of(known.situation.item)
    strange = _strange(call, known, packs)
    caution = unusual.caution(known.series, packs)
    found = ForecastExplained(
        sku=asked.sku,
        name=known.situation.item.name,
        site=asked.site,
        unit=known.situation.item.unit,
        summary="",
        usual_a_day=units(drivers.usual),
        drivers=tuple(DriverLine(driver=name, units_a_day=units(part)) for name, part in drivers.parts.items()),
        mean_a_day=units(drivers.mean),
        driver_days=min(EXPLAINED_DAYS, path.days),
        drivers_note=note,
        span_days=span,
        span_total=_total(known, span),
        comparable=tuple(_comparable(known, one) for one in _alike(known, span)),
        anomalies=tuple(_anomaly(known.series, one) for one in strange),
        caution="" if caution is None else caution.text,
        method=path.method,
        method_reason=view.path.reason,
        model=view.model,
        scores=_scores(known.told, view.path.reason),
        coverage80=path.coverage80,
        past=_past(known.series),
        ahead=_ahead(known),
        scenarios=SCENARIOS,
    )
    return Answer(found.model_copy(update={"summary": summary(found)}), model=view.model)


def _read(call: Call, asked: ExplainQuestion) -> _Read:
    batch = call.data
    snapshot = load(call.connection, call.today, skus=[asked.sku], sites=[asked.site])
    situation = snapshot.get(asked.sku, asked.site)
    if situation is None:
        raise NotFound(f"{asked.sku!r} is not listed at {asked.site!r}.", remedy="Find them with resolve_identity.")
    view = situation.forecast
    if view is None:
        searched = {"sku": asked.sku, "site": asked.site, "data_batch": batch.batch_id}
        raise NoData(f"There is no forecast to explain: {situation.no_forecast}.", searched=searched)
    series = unusual.recorded(call.connection, call.today, [situation.listing], [asked.site], ahead=view.path.days)[
        asked.sku, asked.site
    ]
    label = view.model.split(" + ")[0]
    told = story(call.connection(), label, asked.sku, asked.site) if "/" in label else None
    price = np.full(series.values.size, np.nan)
    for one in prices(call.connection(), asked.sku, asked.site, since=series.since, before=series.until):
        price[(one.day - series.since).days] = one.price
    return _Read(situation, view, series, price, told)


def _strange(call: Call, known: _Read, packs: tuple[float, ...]) -> list[Anomaly]:
    """The series' own anomalies and its site's, in order of time."""
    own, series = unusual.anomalies(known.series, packs), known.series
    of_site = [
        replace(one, first=place, last=place)
        for day, one in unusual.of_site(call.connection, known.situation.site.site, series.until)
        if (place := (day - series.since).days) >= 0
    ]
    return sorted((*own, *of_site), key=lambda one: (one.first, one.last))


def _drivers(known: _Read) -> tuple[Drivers, str]:
    """As kept with the forecast, or a baseline's own; and why there are none."""
    mean = known.view.first(EXPLAINED_DAYS).mean
    if known.told is None:
        return of_baseline(known.demand, mean), ""
    kept: Mapping[str, Any] = known.told.drivers
    if not kept:
        nothing = Drivers(usual_level(known.demand), {}, float(mean.mean()))
        return nothing, f"None were kept with {known.view.model}; training again keeps them."
    parts = {str(name): float(part) for name, part in kept["parts"].items()}
    later = float(mean.mean()) - float(kept["usual"]) - sum(parts.values())
    if abs(later) >= 0.0005:
        parts[LATER] = later
    largest_first = dict(sorted(parts.items(), key=lambda one: -abs(one[1])))
    return Drivers(float(kept["usual"]), largest_first, float(mean.mean())), ""


def _total(known: _Read, days: int) -> Span:
    path = known.view.first(days)
    name = f"{known.situation.item.sku}/{known.situation.site.site}"
    seed = series_seed(known.situation.thresholds.simulation.seed, name)
    low, high = np.quantile(sample_demand(path, scenarios=SCENARIOS, seed=seed).sum(axis=1), [0.1, 0.9])
    return Span(low=units(low), mean=units(path.mean.sum()), high=units(high))


def _alike(known: _Read, days: int) -> tuple[comparable.Comparable, ...]:
    series = known.series
    past = comparable.Known(known.demand, series.stocked_out, series.promoted, known.price)
    return comparable.comparable(past, days)


def _comparable(known: _Read, one: comparable.Comparable) -> Comparable:
    said = {"season": one.same_season, "promotion": one.same_promotion, "price": one.same_price}
    return Comparable(
        starts_on=known.series.day(one.first),
        alike=cast("tuple[Likeness, ...]", tuple(name for name, same in said.items() if same)),
        sold=units(one.sold),
        own_history_expected=units(one.own_history),
        promoted_days=one.promoted_days,
        stocked_out_days=one.empty_days,
        price=None if one.price is None else units(one.price),
        by_day=tuple(units(value) for value in known.demand[one.first : one.first + one.days]),
    )


def _anomaly(series: Recorded, one: Anomaly) -> AnomalyLine:
    return AnomalyLine(
        kind=one.kind,
        form=one.form,
        first=series.day(one.first),
        last=series.day(one.last),
        observed=units(one.observed),
        expected=units(one.expected),
        statistic=one.statistic,
        value=one.value,
        threshold=one.threshold,
        strength=share(one.strength),
        confidence=share(one.confidence),
        otherwise=one.alternative,
        factor=one.factor,
        clear_by=series.until + timedelta(days=one.clear_in - 1) if one.clear_in else None,
        words=unusual.in_words(series, one),
    )


def _scores(told: ForecastStory | None, reason: str) -> tuple[MethodScore, ...]:
    """Of the segment that the method was chosen in, else of all series."""
    if told is None:
        return ()
    rows = cast("list[dict[str, Any]]", told.metrics.get("methods", []))
    segment = next((str(row["segment"]) for row in rows if f" {row['segment']} series" in reason), ALL)
    mine = [row for row in rows if row["segment"] == segment]
    return tuple(
        MethodScore(
            method=row["method"], segment=row["segment"], pinball=row["pinball"], coverage80=row["coverage80"],
            bias=row["bias"],
        )
        for row in sorted(mine, key=lambda row: float(row["pinball"]))
    )  # fmt: skip


def _past(series: Recorded) -> tuple[PastDay, ...]:
    size = series.values.size
    return tuple(
        PastDay(
            day=series.day(place), sold=units(series.values[place]), promoted=bool(series.promoted[place]),
            stocked_out=bool(series.stocked_out[place]),
        )
        for place in range(max(size - PAST_DAYS, 0), size)
    )  # fmt: skip


def _ahead(known: _Read) -> tuple[DayAhead, ...]:
    path, today = known.view.path, known.situation.today
    low, high = (_at(path, level) for level in (0.1, 0.9))
    return tuple(
        DayAhead(
            day=today + timedelta(days=place),
            demand=Span(low=units(low[place]), mean=units(path.mean[place]), high=units(high[place])),
            promoted=_is_promoted(known.series, today + timedelta(days=place)),
        )
        for place in range(path.days)
    )


def _at(path: ForecastPath, level: float) -> FloatArray:
    """(days,) the quantile at a level, straight between the two beside it."""
    return np.array([np.interp(level, path.levels, row) for row in path.quantiles])


def _is_promoted(series: Recorded, day: date) -> bool:
    place = (day - series.since).days
    return place < series.promoted.size and bool(series.promoted[place])


TOOL = Tool(
    name="explain_forecast",
    description="Why the forecast of an item at a site is what it is: drivers in units a day that add up to it, "
    "comparable past periods and what happened in them, anomalies of the last quarter (lasting shift, one-off, data "
    "error, or not clear yet) with their evidence, which method serves and why, and how sure it is.",
    permission="analyse",
    takes=ExplainQuestion,
    gives=ForecastExplained,
    run=run,
    examples=({"sku": "OAT-1L", "site": "LEJ"},),
    seconds=20.0,
)
