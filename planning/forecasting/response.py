"""What demand would be at a period's signals if it answered to them as before: log-linear, pooled over a SKU's sites.

Trees cannot go beyond what they have seen: a price half the lowest ever is, to them, the lowest ever. What this expects
is therefore what the trees' target is relative to, where signals are declared elastic. Coefficients and levels at an
origin use nothing that came later, so that they are features as any other and no back-test can be fooled by them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.forecasting.panel import Panel
from planning.forecasting.signals import LaidSignal, SignalKind

# Series-periods that no answer at all is worth to the pooled coefficients, and the pooled ones to a SKU's own.
POOLED_PRIOR, OWN_PRIOR = 300.0, 3_000.0
# How far apart two periods may lie and still count by 1/e among the similar ones: in the logarithm of a price, and in
# a flag or a depth of promotion; and how many periods all of them together are worth there.
PRICE_WIDTH, FLAG_WIDTH, LEVEL_PRIOR = 0.06, 1.0, 0.5


@dataclass(frozen=True)
class Response:
    """The answer to signals as known before each period; column t of `coefficients` knows periods 0 … t − 1.

    Attributes:
        logs: (series, periods) log demand, NaN where unknown.
        drivers: (series, periods + horizon, signals) standardised, prices as logarithms.
        group: (series,) whose coefficients a series has.
        coefficients: (periods + 1, groups, signals).
        shelf: (series, periods + horizon, own) the series' own prices and promotions among the signals, in widths.
        memory, similar_memory: half-lives in periods of the level, and of similar periods.
    """

    logs: FloatArray
    drivers: FloatArray
    group: IntArray
    coefficients: FloatArray
    shelf: FloatArray
    memory: float
    similar_memory: float

    def expected(self, series: IntArray, origin: IntArray, step: IntArray) -> Expected:
        """What was expected at `origin` for `step` periods ahead; all (rows,)."""
        found = np.empty((3, series.size))
        for one in np.unique(origin):
            rows = np.flatnonzero(origin == one)
            found[:, rows] = self._at(series[rows], int(one), one + step[rows] - 1)
        return Expected(*found)

    def _at(self, series: IntArray, origin: int, target: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        members, place = np.unique(series, return_inverse=True)
        answer = np.einsum("stp,sp->st", self.drivers[members], self.coefficients[origin, self.group[members]])
        logs, age = self.logs[series, :origin], origin - 1 - np.arange(origin)
        level, _ = _mean(logs - answer[place, :origin], 0.5 ** (age / self.memory))
        apart = np.abs(self.shelf[series, :origin] - self.shelf[series, target][:, None]).sum(axis=2)
        fading = 0.5 ** (age / self.similar_memory)
        usual, _ = _mean(logs, fading)
        alike, alike_periods = _mean(logs, fading * np.exp(-apart))
        share = alike_periods / (alike_periods + LEVEL_PRIOR)
        similar = np.where(share > 0.0, share * np.nan_to_num(alike) + (1.0 - share) * usual, usual)
        return answer[place, target] + level, similar, alike_periods


@dataclass(frozen=True)
class Expected:
    """Log demand (rows,) by level and answer, and in periods with similar prices and promotions; how many those are."""

    plain: FloatArray
    similar: FloatArray
    periods: FloatArray


def response_of(panel: Panel) -> Response | None:
    """The answer to the signals declared elastic; None where there are none."""
    elastic = [one for one in panel.signals if one.elastic]
    if not elastic:
        return None
    drivers = np.stack([_driver(one) for one in elastic], axis=2)
    group = panel.sku if panel.sku is not None else np.zeros(len(panel.ids), dtype=np.int64)
    # A period without demand counts as half the smallest demand that the series ever had.
    floor = np.where(np.isfinite(panel.smallest(panel.periods)), panel.smallest(panel.periods), 1.0) / 2.0
    logs = np.log(np.maximum(panel.observed, floor[:, None]))
    memory = float(panel.frequency.windows[-1])
    lead = (drivers.shape[1] - panel.periods + 1) // 2
    coefficients = _fitted(logs, drivers, group, max(lead, 1), memory)
    return Response(logs, drivers, group, coefficients, _shelf(elastic), memory, panel.frequency.state_window / 2.0)


def _shelf(signals: list[LaidSignal]) -> FloatArray:
    """(series, periods + horizon, own) what makes periods alike, in widths."""
    found: list[FloatArray] = []
    for one in signals:
        values = one.values[one.row].astype(np.float64)
        if one.kind is SignalKind.PRICE:
            found.append(np.nan_to_num(np.log(values)) / PRICE_WIDTH)
        elif one.kind is not SignalKind.MEASURE:
            found.append(values / FLAG_WIDTH)
    shape = (*signals[0].values[signals[0].row].shape, 0)
    return np.stack(found, axis=2) if found else np.zeros(shape)


def _driver(signal: LaidSignal) -> FloatArray:
    """(series, periods + horizon) values with spread 1; the signal's mean where unknown, which says nothing."""
    values = signal.values[signal.row].astype(np.float64)
    values = np.log(values) if signal.kind is SignalKind.PRICE else values
    spread, mean = float(np.nanstd(values)), float(np.nanmean(values))
    return np.nan_to_num((values - mean) / (spread if spread > 0.0 else 1.0))


def _fitted(logs: FloatArray, drivers: FloatArray, group: IntArray, lead: int, memory: float) -> FloatArray:
    """(periods + 1, groups, signals) ridge regression of log demand on signals, both against their recent means.

    The recent means are those known `lead` periods ahead, as they would be in a forecast.
    """
    periods, signals = logs.shape[1], drivers.shape[2]
    gram = np.zeros((int(group.max()) + 1, signals, signals))
    cross, found = np.zeros(gram.shape[:2]), np.zeros((periods + 1, *gram.shape[:2]))
    level, usual = _recent(logs, drivers[:, :periods], memory)
    for period in range(periods):
        found[period] = _solved(gram, cross)
        origin = max(period - lead + 1, 0)
        change = logs[:, period] - level[:, origin]
        rows = np.flatnonzero(~np.isnan(change))
        moved = drivers[rows, period] - usual[rows, origin]
        np.add.at(gram, group[rows], moved[:, :, None] * moved[:, None, :])
        np.add.at(cross, group[rows], moved * change[rows, None])
    found[periods] = _solved(gram, cross)
    return found


def _recent(logs: FloatArray, drivers: FloatArray, memory: float) -> tuple[FloatArray, FloatArray]:
    """(series, periods + 1) and (series, periods + 1, signals): means before each period, fading; NaN before any."""
    known = ~np.isnan(logs)
    series, periods = logs.shape
    level, usual = np.full((series, periods + 1), np.nan), np.zeros((series, periods + 1, drivers.shape[2]))
    weight, total, driven = np.zeros(series), np.zeros(series), np.zeros((series, drivers.shape[2]))
    keep = 0.5 ** (1.0 / memory)
    for period in range(periods):
        now = known[:, period]
        weight = keep * weight + now
        total = keep * total + np.where(now, logs[:, period], 0.0)
        driven = keep * driven + np.where(now[:, None], drivers[:, period], 0.0)
        some = weight > 0.0
        level[some, period + 1] = total[some] / weight[some]
        usual[some, period + 1] = driven[some] / weight[some, None]
    return level, usual


def _solved(gram: FloatArray, cross: FloatArray) -> FloatArray:
    """(groups, signals): pooled coefficients, and what each group's own rows say beyond them."""
    own = np.eye(gram.shape[1])
    pooled = np.linalg.solve(gram.sum(axis=0) + POOLED_PRIOR * own, cross.sum(axis=0))
    rest = cross - gram @ pooled
    return pooled + np.linalg.solve(gram + OWN_PRIOR * own, rest[..., None])[..., 0]


def _mean(values: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(rows,) weighted mean of what is known of (rows, periods), NaN where nothing is, and the weight of it."""
    known = ~np.isnan(values)
    weighed = np.where(known, weight, 0.0)
    total = weighed.sum(axis=1)
    mean = (weighed * np.nan_to_num(values)).sum(axis=1) / np.where(total > 0.0, total, 1.0)
    return np.where(total > 0.0, mean, np.nan), total
