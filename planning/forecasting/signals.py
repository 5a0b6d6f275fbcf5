"""What besides past demand may explain demand, and when it becomes known: declared, so that no future can leak.

A signal is a table of values; nothing here looks at demand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import IntArray, SingleArray, count
from planning.errors import InvalidField
from planning.forecasting.frames import keys_of, numbers_of, periods_of
from planning.forecasting.frequency import Frequency

if TYPE_CHECKING:
    import pandas as pd


class SignalKind(StrEnum):
    """What a value means, which decides how it becomes a feature and what a missing one says."""

    PRICE = "price"  # money a unit: against its usual level; missing = the last known
    PROMOTION = "promotion"  # flag or depth; missing = none
    EVENT = "event"  # flag of a calendar, a holiday, a feature in the shop; missing = none
    MEASURE = "measure"  # weather, macro, competitor, …: as it is; missing = unknown


class Scope(StrEnum):
    """Whom a value holds for: the key column of the table (`all` has none)."""

    SERIES = "unique_id"
    SKU = "sku"
    SITE = "site"
    ALL = "all"


@dataclass(frozen=True)
class Known:
    """When the value of a period is known: before it for any horizon (None), or `delay` periods after it has ended."""

    delay: int | None

    @classmethod
    def in_advance(cls) -> Known:
        """A plan: calendars, own prices, own promotions."""
        return cls(None)

    @classmethod
    def after(cls, periods: int) -> Known:
        """A measurement; 0 = as soon as the period has ended, as demand itself."""
        return cls(count("known.delay", periods, at_least=0))


@dataclass(frozen=True)
class Signal:
    """One declared driver.

    Attributes:
        name: unique; becomes the name of the feature group.
        kind: what a value means.
        scope: whom a value holds for.
        known: when a value becomes known.
        values: the key column of the scope, ds, value; one row a key and period, values finite, prices above 0.
        elastic: demand answers to it by about the same share a step, also beyond what was seen (a price, its own or a
            rival's); only for what is known in advance. See `planning.forecasting.response`.
    """

    name: str
    kind: SignalKind
    scope: Scope
    known: Known
    values: pd.DataFrame
    elastic: bool = False


@dataclass(frozen=True)
class LaidSignal:
    """A signal by period: `values` (keys, periods), of which series `i` has row `row[i]`."""

    name: str
    kind: SignalKind
    delay: int | None
    values: SingleArray
    row: IntArray
    elastic: bool = False

    def at(self, series: IntArray, period: IntArray) -> SingleArray:
        """(rows,) the value of a period; NaN outside what is held."""
        inside = (period >= 0) & (period < self.values.shape[1])
        found = self.values[self.row[series], np.where(inside, period, 0)]
        return np.where(inside, found, np.float32(np.nan))

    def last_known(self, origin: IntArray, target: IntArray) -> IntArray:
        """(rows,) the period whose value a forecast of `target` made at `origin` may use."""
        return target if self.delay is None else origin - 1 - self.delay


def lay_out(
    signal: Signal, keys: dict[Scope, tuple[str, ...]], first: int, periods: int, frequency: Frequency
) -> LaidSignal:
    """Check a signal's table and lay it out over `periods` from bucket `first`; `keys` name each series' keys."""
    field = f"signals.{signal.name}"
    if signal.scope not in keys:
        raise InvalidField(
            field, f"is given by {signal.scope}, which the history lacks", remedy=f"Add the column {signal.scope}."
        )
    if signal.elastic and signal.known.delay is not None:
        raise InvalidField(f"{field}.elastic", "is only for what is known in advance")
    values = numbers_of(field, signal.values, "value")
    if signal.kind is SignalKind.PRICE and (values <= 0.0).any():
        raise InvalidField(f"{field}.value", "holds a price that is not above 0")
    names, position = np.unique(np.array(keys[signal.scope]), return_inverse=True)
    row, known = _places(field, signal, names)
    bucket = periods_of(field, signal.values, frequency) - first
    if np.unique(np.stack([row, bucket]), axis=1).shape[1] < row.size:
        raise InvalidField(f"{field}.ds", "holds a period twice for one key")
    missing = 0.0 if signal.kind in (SignalKind.PROMOTION, SignalKind.EVENT) else np.nan
    laid: SingleArray = np.full((names.size, periods), missing, dtype=np.float32)
    kept = known & (bucket >= 0) & (bucket < periods)
    laid[row[kept], bucket[kept]] = values[kept]
    if signal.kind is SignalKind.PRICE:
        laid = _carried(laid)
    return LaidSignal(signal.name, signal.kind, signal.known.delay, laid, position.astype(np.int64), signal.elastic)


def _places(
    field: str, signal: Signal, names: np.ndarray[tuple[int], np.dtype[np.str_]]
) -> tuple[IntArray, np.ndarray]:
    """The row of each value, and whether any series has its key."""
    if signal.scope is Scope.ALL:
        size = len(signal.values)
        return np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool)
    given = keys_of(field, signal.values, signal.scope)
    row = np.minimum(np.searchsorted(names, given), names.size - 1)
    known = names[row] == given
    # Keys of no series are set apart, so that they cannot be doubles of one that has.
    return np.where(known, row, names.size + np.unique(given, return_inverse=True)[1]), known


def _carried(values: SingleArray) -> SingleArray:
    """The last known value in place of a missing one: it looks back only."""
    place = np.where(np.isnan(values), 0, np.arange(values.shape[1])[None, :])
    return np.take_along_axis(values, np.maximum.accumulate(place, axis=1), axis=1)
