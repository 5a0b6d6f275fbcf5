"""Items at sites sorted into segments from what was recorded of them, week by week, so that a class keeps its place.

The same data give the same segments: last week's are computed again from the data as they were then, and nothing is
stored. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cases.forecast_view import dense_history
from cases.situation import Situation
from cases.snapshot import Connect, Pair
from db import demand
from db.network import Names
from planning.arrays import FloatArray
from planning.inventory.segment_classes import Parameters, PolicyKind
from planning.inventory.segments import ItemHistory, Segment, segment_items

WEEK = 7
WEEKS = 52
# A class is followed over so many weeks; a measure that stays inside the band keeps the class it had before them.
FOLLOWED = 8
# Fewer weeks since listing than this, and an item is not sorted.
FEWEST_WEEKS = 8


@dataclass(frozen=True)
class Recorded:
    """Units by day, oldest first and ending yesterday: net demand, and what came back on days of more returns."""

    days: FloatArray
    returned: float


@dataclass(frozen=True)
class Segmented:
    """Segments by (SKU, site), and the pairs that were listed too recently."""

    segments: dict[Pair, Segment]
    left_out: tuple[str, ...]


def recorded(
    connect: Connect, situations: Sequence[Situation], today: date, skus: Names, sites: Names
) -> dict[Pair, Recorded]:
    """What is known of each listing, no further back than it is looked at."""
    newest = demand.newest_day(connect())
    until = today if newest is None else min(today, newest + timedelta(days=1))
    first = until - timedelta(days=WEEK * (WEEKS + FOLLOWED))
    read = demand.demand(connect(), skus=skus, sites=sites, since=first, before=until)
    rows = {(row.sku, row.site): row for row in read}
    found: dict[Pair, Recorded] = {}
    for one in situations:
        since = max(first, one.listing.listed_on)
        row = rows.get((one.item.sku, one.site.site))
        returned = -float(np.minimum(row.quantities, 0.0).sum()) if row else 0.0
        found[one.item.sku, one.site.site] = Recorded(dense_history(row, since, until), returned)
    return found


def segmented(situations: Sequence[Situation], known: dict[Pair, Recorded], check: Callable[[], None]) -> Segmented:
    """Today's segments, each held by those of the weeks before; `check` may stop it by raising."""
    by_name = {_name(one): one for one in situations}
    has_returns = any(one.returned > 0.0 for one in known.values())
    before: dict[str, Segment] = {}
    todays = {name: parameters for name, one in by_name.items() if (parameters := in_force(one)) is not None}
    for back in range(FOLLOWED, -1, -1):
        check()
        histories = [
            history
            for name, one in by_name.items()
            if (history := _history(name, one, known[one.item.sku, one.site.site], back, has_returns)) is not None
        ]
        if histories:
            sorted_now = segment_items(histories, before=before, today=todays if back == 0 else None)
            before = {segment.item: segment for segment in sorted_now}
    segments = {(one.item.sku, one.site.site): before[name] for name, one in by_name.items() if name in before}
    return Segmented(segments, tuple(name for name in by_name if name not in before))


def in_force(site: Situation) -> Parameters | None:
    """How the item is kept today as its master data say it; None where they say nothing."""
    listing, review = site.listing, site.thresholds.assumptions.review_days
    if listing.reorder_point is None and listing.order_up_to is None:
        return None
    kind = PolicyKind.MIN_MAX
    if listing.order_up_to is None:
        kind = PolicyKind.FIXED_LOT
    elif listing.reorder_point is None:
        kind = PolicyKind.PERIODIC
    return Parameters(site.service_level, review, kind)


def _name(site: Situation) -> str:
    return f"{site.item.sku} at {site.site.site}"


def _history(name: str, site: Situation, known: Recorded, back: int, has_returns: bool) -> ItemHistory | None:
    """The last year of whole weeks that ended `back` weeks ago; None where there are too few."""
    days = known.days[: known.days.size - back * WEEK]
    weeks = min(days.size // WEEK, WEEKS)
    if weeks < FEWEST_WEEKS:
        return None
    units = days[days.size - weeks * WEEK :].reshape(weeks, WEEK).sum(axis=1)
    sold = float(known.days.sum())
    share = min(known.returned / sold, 1.0) if has_returns and sold > 0.0 else None
    return ItemHistory(name, units, site.unit_margin, float(WEEK), share, site.site.kind)
