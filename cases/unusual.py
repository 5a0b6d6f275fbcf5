"""What is not as usual in a series' newest demand, with dates and in words; `planning.anomalies` tells what it is.

Rows become arrays here, and anomalies become sentences; nothing is decided, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cases.snapshot import Connect, Pair
from db import demand
from db.demand import DemandRows, Promotion
from db.network import Item, ItemSite, Names
from db.site_demand import busiest
from planning.anomalies.anomaly import UNCLEAR_CAP, Anomaly, Form, Kind
from planning.anomalies.find import WINDOW_DAYS, find
from planning.anomalies.observed import Observed
from planning.anomalies.site_feed import site_errors
from planning.arrays import BoolArray, FloatArray

# A quarter to look at, the year before it to know what is usual, and the quarter before that year for its season.
MEMORY_DAYS = 546
# The shortest history that says what is usual.
FEWEST_DAYS = 28
# How long an anomaly counts as the newest data; a new level is one for longer, forecasts learn it slowly.
NEWEST_DAYS, NEW_LEVEL_DAYS = 14, 28
# A site is judged by so many of its items, over half a year.
SITE_ITEMS, SITE_MEMORY_DAYS = 40, 182
FORMS: Mapping[Form, str] = {
    Form.PACK_SLIP: "a pack recorded as units",
    Form.DECIMAL_SLIP: "a decimal slip",
    Form.NEGATIVE: "returns recorded as demand",
    Form.STUCK: "the same value again and again",
    Form.MISSING_FEED: "a day of the whole site missing",
    Form.REPEATED_DAY: "a day of the whole site repeated",
    Form.DOUBLED_DAY: "a day of the whole site counted twice",
}


@dataclass(frozen=True)
class Recorded:
    """One series from `since` to the last known day: units as recorded, empty shelves, promotions past and planned.

    `promoted` reaches as far ahead as promotions were read.
    """

    since: date
    values: FloatArray
    stocked_out: BoolArray
    promoted: BoolArray

    @property
    def until(self) -> date:
        """The first day that is not known."""
        return self.since + timedelta(days=self.values.size)

    def day(self, period: int) -> date:
        """The date of a position."""
        return self.since + timedelta(days=period)

    def observed(self, packs: tuple[float, ...]) -> Observed:
        """As `planning.anomalies` takes it."""
        return Observed(
            self.values, stocked_out=self.stocked_out, promoted=self.promoted[: self.values.size], packs=packs
        )


@dataclass(frozen=True)
class Caution:
    """Why the newest demand is to be taken with care; `cap`: confidence in a level built on it, None: not capped."""

    text: str
    cap: float | None


def packs_of(item: Item) -> tuple[float, ...]:
    """Base units in the packs by which a record of the item can be wrong."""
    return () if item.pack is None else (float(item.pack),)


def known_until(connect: Connect, today: date) -> date:
    """The first day without data: later days are not known, not days without demand."""
    newest = demand.newest_day(connect())
    return today if newest is None else min(today, newest + timedelta(days=1))


def recorded(
    connect: Connect, today: date, listings: Sequence[ItemSite], sites: Names, *, ahead: int = 0
) -> dict[Pair, Recorded]:
    """Of each listed pair with any known day, the last MEMORY_DAYS; promotions `ahead` days beyond today as well."""
    until = known_until(connect, today)
    since = until - timedelta(days=MEMORY_DAYS)
    skus = sorted({one.sku for one in listings})
    rows = {
        (one.sku, one.site): one for one in demand.demand(connect(), skus=skus, sites=sites, since=since, before=until)
    }
    last = today + timedelta(days=ahead)
    promotions = demand.promotions(connect(), skus=skus, since=since, until=last, today=today)
    found: dict[Pair, Recorded] = {}
    for one in listings:
        first = max(one.listed_on, since)
        if first < until:
            mine = [
                promotion for promotion in promotions if promotion.sku == one.sku and promotion.site in ("*", one.site)
            ]
            found[one.sku, one.site] = _laid_out(rows.get((one.sku, one.site)), mine, first, until, last)
    return found


def anomalies(series: Recorded, packs: tuple[float, ...]) -> tuple[Anomaly, ...]:
    """Of the last quarter; none where the history is too short to know what is usual."""
    return find(series.observed(packs)) if series.values.size >= FEWEST_DAYS else ()


def of_site(connect: Connect, site: str, until: date) -> tuple[tuple[date, Anomaly], ...]:
    """Days of the last quarter on which the site's records cannot be right, told by its busiest items."""
    since = until - timedelta(days=SITE_MEMORY_DAYS)
    skus = busiest(connect(), site, since=since, before=until, limit=SITE_ITEMS)
    rows = demand.demand(connect(), skus=skus, sites=[site], since=since, before=until) if skus else []
    if not rows:
        return ()
    values = np.stack([_since_first_sale(row, since, until) for row in rows])
    return tuple((since + timedelta(days=one.first), one) for one in site_errors(values, WINDOW_DAYS))


def caution(series: Recorded, packs: tuple[float, ...]) -> Caution | None:
    """What is strange about the newest days, worst first; None where nothing is."""
    fresh = [one for one in anomalies(series, packs) if _is_fresh(one, series.values.size)]
    if not fresh:
        return None
    worst = min(fresh, key=lambda one: (one.kind is not Kind.UNCLEAR, one.confidence, -one.last))
    return Caution(in_words(series, worst), UNCLEAR_CAP if worst.kind is Kind.UNCLEAR else None)


def in_words(series: Recorded, one: Anomaly) -> str:
    """When, how much against what, and what it is taken for; a sentence without its full stop."""
    amount = f"{_units(one.observed)} against {_units(one.expected)} as usual"
    match one.kind:
        case Kind.SHIFT:
            return f"since {_day(series.day(one.first))} demand has {_moved(one)}: {amount}"
        case Kind.UNCLEAR:
            clear = series.until + timedelta(days=one.clear_in - 1)
            return f"{_when(series, one)} {amount}; whether it lasts will be clear by {_day(clear)} at the latest"
        case Kind.ONE_OFF:
            return f"{_when(series, one)} {amount}, a one-off: it went back"
        case Kind.DATA_ERROR:
            said = FORMS[one.form]
            factor = "" if one.factor is None else f", {_times(one.factor)} of what was meant"
            return f"{_when(series, one)} {amount}, probably an error in the data: {said}{factor}"


def _laid_out(
    rows: DemandRows | None, promotions: Iterable[Promotion], since: date, until: date, last: date
) -> Recorded:
    size, reach = (until - since).days, max((last - since).days + 1, (until - since).days)
    values, empty = np.zeros(size), np.zeros(size, dtype=np.bool_)
    promoted = np.zeros(reach, dtype=np.bool_)
    if rows is not None:
        offsets = np.array([(day - since).days for day in rows.days])
        inside = (offsets >= 0) & (offsets < size)
        values[offsets[inside]] = np.array(rows.quantities)[inside]
        empty[offsets[inside]] = np.array(rows.stocked_out)[inside]
    for one in promotions:
        promoted[max((one.starts_on - since).days, 0) : max((one.ends_on - since).days + 1, 0)] = True
    return Recorded(since, values, empty, promoted)


def _since_first_sale(rows: DemandRows, since: date, until: date) -> FloatArray:
    """Units by day; unknown before the first record."""
    values = _laid_out(rows, (), since, until, until).values
    values[: (rows.days[0] - since).days] = np.nan
    return values


def _is_fresh(one: Anomaly, size: int) -> bool:
    if one.kind is Kind.SHIFT:
        return one.first >= size - NEW_LEVEL_DAYS
    return one.kind is Kind.UNCLEAR or one.last >= size - NEWEST_DAYS


def _moved(one: Anomaly) -> str:
    way = "risen" if one.form is Form.RISE else "fallen"
    return f"{way} to {one.observed / one.expected:.1f} times what it was" if one.expected > 0.0 else "begun"


def _times(factor: float) -> str:
    return f"{factor:g} times" if factor >= 1.0 else f"1/{1.0 / factor:g}"


def _when(series: Recorded, one: Anomaly) -> str:
    first, last = series.day(one.first), series.day(one.last)
    return f"on {_day(first)}" if first == last else f"from {_day(first)} to {_day(last)}"


def _day(when: date) -> str:
    return f"{when.day} {when:%b}"


def _units(amount: float) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 10.0 else f"{amount:,.1f}".removesuffix(".0")
