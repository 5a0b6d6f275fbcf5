"""What an override was worth, once the demand that it was about has come: forecast value added. It only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from psycopg import Connection
from psycopg.rows import DictRow

from cases.overriding import scale
from db import demand, overrides
from db.demand import DemandRows
from db.overrides import Override

Pair = tuple[str, str]


@dataclass(frozen=True)
class OverrideValue:
    """An override against what came. Units are the item's; `gained` above zero means that it helped.

    Attributes:
        override: what was said.
        days: days of it whose demand is known and was not cut off by a stockout.
        actual: units that were asked for on them.
        without: units that the forecast expected.
        with_override: units that it expected with the override.
        gained: |without − actual| − |with_override − actual|; None while no day of it is known.
    """

    override: Override
    days: int
    actual: float
    without: float
    with_override: float
    gained: float | None


def values(connection: Connection[DictRow], *, newest: int = 500) -> list[OverrideValue]:
    """Every override, newest first, with what it was worth as far as that is known."""
    said = overrides.all_overrides(connection, newest=newest)
    last = demand.newest_day(connection)
    if not said or last is None:
        return [OverrideValue(one, 0, 0.0, 0.0, 0.0, None) for one in said]
    rows = demand.demand(
        connection,
        skus=sorted({one.sku for one in said}),
        sites=sorted({one.site for one in said}),
        since=min(one.starts_on for one in said),
        before=last + timedelta(days=1),
    )
    known = {(row.sku, row.site): row for row in rows}
    return [value_of(one, known, last) for one in said]


def value_of(override: Override, known: Mapping[Pair, DemandRows], last: date) -> OverrideValue:
    """One override on the demand known up to and including `last`."""
    counted = _counted(override, known.get((override.sku, override.site)), last)
    base = np.asarray(override.base, dtype=np.float64)
    factor = scale(override, base)
    if not counted or factor is None:
        return OverrideValue(override, 0, 0.0, 0.0, 0.0, None)
    places = [(day - override.starts_on).days for day, _ in counted]
    actual, without = float(sum(units for _, units in counted)), float(base[places].sum())
    gained = abs(without - actual) - abs(without * factor - actual)
    return OverrideValue(override, len(counted), actual, without, without * factor, gained)


def _counted(override: Override, rows: DemandRows | None, last: date) -> Sequence[tuple[date, float]]:
    """Its days whose demand is known, with the units; a day without a row is a day without demand."""
    until = min(override.last_day, last)
    sold: dict[date, float] = {}
    censored: set[date] = set()
    if rows is not None:
        sold = {day: max(units, 0.0) for day, units in zip(rows.days, rows.quantities, strict=True)}
        censored = {day for day, out in zip(rows.days, rows.stocked_out, strict=True) if out}
    days = (override.starts_on + timedelta(days=number) for number in range((until - override.starts_on).days + 1))
    return [(day, sold.get(day, 0.0)) for day in days if day not in censored]
