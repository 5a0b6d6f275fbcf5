"""Demand history as one array: series × periods, with its signals, past and known future. It fits nothing.

A period without a row after a series' first row is one without demand; periods before its first row are unknown (NaN).
A period in which the item was not on the shelf is no period without demand: see `planning.forecasting.censoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.errors import InvalidField
from planning.forecasting.censoring import filled, unconstrained
from planning.forecasting.frames import keys_of, numbers_of, periods_of
from planning.forecasting.frequency import Frequency, FrequencyName, frequency_of
from planning.forecasting.signals import Known, LaidSignal, Scope, Signal, SignalKind, lay_out

if TYPE_CHECKING:
    import pandas as pd

# A year of origins, the year before each for season, and a rolling window before that; and as much a season again.
MOST_PERIODS = {"day": 860, "week": 260, "month": 120}
# So many rows a period on average, and a period without any was not recorded rather than without demand.
RECORDED = 5.0


@dataclass(frozen=True)
class Panel:
    """History of all series up to one common last period.

    Attributes:
        ids: names of the series, sorted.
        frequency: what a period is.
        first: the bucket of column 0.
        values: (series, periods) units; NaN before a series begins; where demand was censored or not recorded, what
            was usual then (`censoring.filled`).
        known: (series, periods) whether `values` was observed: only those are targets and scored.
        sku, site: (series,) numbers of the groups a series belongs to; None where the history does not say.
        signals: declared drivers, over history and horizon.
        notes: what was done to the data, in words.
    """

    ids: tuple[str, ...]
    frequency: Frequency
    first: int
    values: FloatArray
    known: BoolArray
    sku: IntArray | None
    site: IntArray | None
    signals: tuple[LaidSignal, ...]
    notes: tuple[str, ...]

    @property
    def periods(self) -> int:
        """Periods of history."""
        return int(self.values.shape[1])

    @property
    def starts(self) -> IntArray:
        """(series,) the first period of each."""
        return np.argmax(~np.isnan(self.values), axis=1)

    @property
    def observed(self) -> FloatArray:
        """(series, periods) units where known, NaN elsewhere."""
        return np.where(self.known, self.values, np.nan)

    def smallest(self, period: int) -> FloatArray:
        """(series,) the smallest demand ever seen before `period`; infinite where there was none."""
        seen = self.values[:, :period]
        return np.where(seen > 0.0, seen, np.inf).min(axis=1)


def panel_of(
    history: pd.DataFrame,
    exogenous: pd.DataFrame | None,
    horizon: int,
    *,
    frequency: FrequencyName = "day",
    signals: Sequence[Signal] = (),
) -> Panel:
    """Check the frames and lay them out.

    Args:
        history: unique_id, ds (dates), y (units, not negative), and if known sku, site (equal within a series) and
            availability (share of the period on the shelf, 0 to 1).
        exogenous: unique_id, ds and discount (fraction) or promotion (0/1) or both, known in advance.
        horizon: periods that signals known in advance are kept for.
        frequency: what one row is; one row a series and period.
        signals: further drivers.
    """
    kind = frequency_of(frequency)
    rows = _Rows.of(history, kind)
    sold, recorded = rows.grid(rows.units), rows.grid(np.ones(rows.units.size)) > 0.0
    begun = np.arange(sold.shape[1])[None, :] >= np.argmax(recorded, axis=1)[:, None]
    demand, known, notes = unconstrained(sold, rows.shelf(history))
    lost = _unrecorded(recorded, begun, kind)
    known = known & begun & ~lost[None, :]
    notes += (
        () if not lost.any() else (f"{int(lost.sum())} {kind.name}s without a row of any series: unknown, not zero",)
    )
    cut = max(sold.shape[1] - MOST_PERIODS[kind.name], 0)
    values = filled(np.where(begun, demand, np.nan)[:, cut:], known[:, cut:], kind)
    first, length = rows.first + cut, sold.shape[1] - cut + horizon
    keys = {Scope.SERIES: rows.ids, Scope.ALL: ("",) * len(rows.ids)} | rows.groups(history)
    laid = tuple(lay_out(one, keys, first, length, kind) for one in (*_declared(exogenous), *signals))
    if len({one.name for one in laid}) < len(laid):
        raise InvalidField("signals", "holds a name twice")
    sku, site = (_numbered(keys.get(scope)) for scope in (Scope.SKU, Scope.SITE))
    return Panel(rows.ids, kind, first, values, known[:, cut:], sku, site, laid, notes)


@dataclass(frozen=True)
class _Rows:
    """The history's rows: series' position, period since the first, units."""

    ids: tuple[str, ...]
    row: IntArray
    period: IntArray
    first: int
    units: FloatArray

    @classmethod
    def of(cls, history: pd.DataFrame, frequency: Frequency) -> _Rows:
        """Check the three columns that must be there."""
        names = keys_of("history", history, "unique_id")
        if not names.size:
            raise InvalidField("history", "has no rows")
        bucket = periods_of("history", history, frequency)
        units = numbers_of("history", history, "y")
        if (units < 0.0).any():
            raise InvalidField("history.y", "holds negative demand", remedy="Count returns apart from demand.")
        ids, row = np.unique(names, return_inverse=True)
        period = bucket - bucket.min()
        if np.unique(row * (int(period.max()) + 1) + period).size < row.size:
            raise InvalidField(
                "history.ds",
                f"holds a {frequency.name} twice for one series",
                remedy="Add up the rows, or name the frequency.",
            )
        return cls(tuple(map(str, ids)), row, period, int(bucket.min()), units)

    def grid(self, values: FloatArray) -> FloatArray:
        """(series, periods) with zero where there is no row."""
        found = np.zeros((len(self.ids), int(self.period.max()) + 1))
        found[self.row, self.period] = values
        return found

    def shelf(self, history: pd.DataFrame) -> FloatArray | None:
        """(series, periods) availability, 1 where nothing is said; None without the column."""
        if "availability" not in history.columns:
            return None
        share = numbers_of("history", history, "availability")
        if share.min() < 0.0 or share.max() > 1.0:
            raise InvalidField("history.availability", "must lie between 0 and 1")
        return self.grid(share - 1.0) + 1.0

    def groups(self, history: pd.DataFrame) -> dict[Scope, tuple[str, ...]]:
        """The SKU and the site of each series, where the history says them."""
        found: dict[Scope, tuple[str, ...]] = {}
        for scope in (Scope.SKU, Scope.SITE):
            if scope in history.columns:
                names = keys_of("history", history, scope)
                one = np.empty(len(self.ids), dtype=names.dtype)
                one[self.row] = names
                if (one[self.row] != names).any():
                    raise InvalidField(f"history.{scope}", "differs within a series")
                found[scope] = tuple(map(str, one))
        return found


def _unrecorded(recorded: BoolArray, begun: BoolArray, frequency: Frequency) -> BoolArray:
    """(periods,) whether nothing at all was recorded for as long as a season, where rows are usual."""
    empty: BoolArray = np.logical_and(~recorded.any(axis=0), begun.any(axis=0))
    if recorded.sum() < RECORDED * max(int((~empty).sum()), 1):
        return np.zeros_like(empty)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(np.int8), [0]])))
    for start, end in edges.reshape(-1, 2):
        if end - start < frequency.season:
            empty[start:end] = False
    return empty


def _declared(exogenous: pd.DataFrame | None) -> list[Signal]:
    """The promotions and discounts of the daily road as signals."""
    if exogenous is None or exogenous.empty:
        return []
    names = [name for name in ("promotion", "discount") if name in exogenous.columns]
    flagged = exogenous if "promotion" in names else exogenous.assign(promotion=1.0)
    return [
        Signal(
            name, SignalKind.PROMOTION, Scope.SERIES, Known.in_advance(),
            flagged[["unique_id", "ds"]].assign(value=flagged[name]),
        )
        for name in dict.fromkeys(["promotion", *names])
    ]  # fmt: skip


def _numbered(names: tuple[str, ...] | None) -> IntArray | None:
    return None if names is None else np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
