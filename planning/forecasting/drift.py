"""Does the world still look like what the model learned from? Errors of forecasts whose days have passed, and inputs.

An alarm needs two things: a difference that matters (a margin) and one that chance does not explain (a test). Series
share days and days share series, so the variance is taken over whole series and over whole days, and the larger counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, stdtrit

from planning.arrays import FloatArray, IntArray, vector
from planning.errors import InvalidField
from planning.forecasting.calibration import pinball, probability_at
from planning.forecasting.promotion import Standing

BINS = 10


@dataclass(frozen=True)
class DriftLimits:
    """When a difference counts. Shares.

    Attributes:
        wql: live loss above the back-test's by this share of it.
        bias: live bias away from the back-test's.
        coverage: live coverage of the 80 % interval away from the back-test's.
        stability: population stability index; above .25 a shift is by convention a major one (Siddiqi 2006).
        beyond: times the widest index of any window of the history: promotions and seasons come and go together.
        error_rate: chance of a false alarm of one test where nothing has changed.
        fewest_days, fewest_series: less is not judged.
    """

    wql: float = 0.15
    bias: float = 0.10
    coverage: float = 0.05
    stability: float = 0.25
    beyond: float = 1.5
    error_rate: float = 0.005
    fewest_days: int = 7
    fewest_series: int = 30


@dataclass(frozen=True)
class Watched:
    """One comparison: `value` now, `expected` from training, `limit` at which it would count; None where not judged."""

    name: str
    value: float | None
    expected: float | None
    limit: float | None
    drifted: bool
    said: str


@dataclass(frozen=True)
class LiveDays:
    """Series-days whose forecast had been made before and whose demand is known; all (rows,) but quantiles.

    Attributes:
        series, day: which series and which day each row is, as numbers.
        actual: units.
        mean: units expected.
        quantiles: (rows, levels) units.
        levels: (levels,) ascending; must hold .1 and .9.
    """

    series: IntArray
    day: IntArray
    actual: FloatArray
    mean: FloatArray
    quantiles: FloatArray
    levels: FloatArray


@dataclass(frozen=True)
class Reference:
    """How a signal was distributed while the model learned.

    Attributes:
        edges: inner edges of the bins, ascending.
        shares: of each bin, one more than edges; a value on an edge is in the bin below it.
        count: values it was made from.
        widest: the largest stability index of one of its windows against all.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    count: int
    widest: float


def watch_errors(live: LiveDays, expected: Standing, limits: DriftLimits | None = None) -> tuple[Watched, ...]:
    """Loss, bias and coverage of the days that have passed against the back-test of what serves."""
    allowed = limits or DriftLimits()
    days, series = np.unique(live.day).size, np.unique(live.series).size
    if days < allowed.fewest_days or series < allowed.fewest_series or not live.actual.sum() > 0.0:
        said = (
            f"{series} series over {days} days with known demand; "
            f"{allowed.fewest_series} over {allowed.fewest_days} are needed"
        )
        return (Watched("errors", None, None, None, drifted=False, said=said),)
    loss = 2.0 * pinball(live.actual, live.quantiles, live.levels).mean(axis=1)
    inside, ones = _inside80(live), np.ones(live.actual.size)
    found = [_ratio_test(live, "bias", live.mean, live.actual, 1.0 + (expected.bias or 0.0), allowed.bias, allowed)]
    found.append(_ratio_test(live, "coverage80", inside, ones, expected.coverage80, allowed.coverage, allowed))
    if expected.wql is not None:
        margin = allowed.wql * expected.wql
        found.insert(0, _ratio_test(live, "wql", loss, live.actual, expected.wql, margin, allowed, is_one_sided=True))
    return tuple(found)


def reference(windows: Sequence[FloatArray]) -> Reference:
    """The distribution of a signal over windows of (values,), in bins that hold about a tenth each.

    Raises `InvalidField` for no values or one that is not a number.
    """
    known = vector("windows", np.concatenate(list(windows)) if windows else np.array([]))
    edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, BINS + 1)[1:-1]))
    shares = _shares(edges, known)
    widest = max(_index(_shares(edges, one), shares) for one in windows if one.size)
    return Reference(tuple(edges.tolist()), tuple(shares.tolist()), known.size, widest)


def watch_input(name: str, then: Reference, now: FloatArray, limits: DriftLimits | None = None) -> Watched:
    """Population stability index Σ (p − q)·ln(p / q) of a signal's values (values,) now against `then`.

    Where nothing has changed it is (1/n + 1/m) times a chi-square with one degree less than bins (Yurdakul and Naranjo
    2020). An alarm needs more than chance gives, more than the convention and more than the history ever saw.
    """
    allowed = limits or DriftLimits()
    if now.size < allowed.fewest_series or then.count < allowed.fewest_series:
        said = f"{name}: {now.size} series now, {then.count} values then; {allowed.fewest_series} are needed"
        return Watched(name, None, None, None, drifted=False, said=said)
    shares = np.asarray(then.shares)
    if shares.size != len(then.edges) + 1:
        raise InvalidField("then", "must have one bin more than edges")
    index = _index(_shares(np.asarray(then.edges), vector("now", now)), shares)
    by_chance = float(chdtri(max(shares.size - 1, 1), allowed.error_rate)) * (1.0 / now.size + 1.0 / then.count)
    limit = max(allowed.stability, by_chance, allowed.beyond * then.widest)
    said = f"{name}: stability index {index:.3f}, counts above {limit:.3f}"
    return Watched(name, index, 0.0, limit, index > limit, said)


def _shares(edges: FloatArray, values: FloatArray) -> FloatArray:
    """(bins,) shares; half a value is added to each: one that nothing fell into would be infinitely strange later."""
    places = np.searchsorted(edges, values, side="left")
    counts = np.bincount(places, minlength=edges.size + 1).astype(np.float64)
    return (counts + 0.5) / (values.size + 0.5 * counts.size)


def _index(observed: FloatArray, expected: FloatArray) -> float:
    return float(((observed - expected) * np.log(observed / expected)).sum())


def _ratio_test(
    live: LiveDays,
    name: str,
    over: FloatArray,
    under: FloatArray,
    expected: float,
    margin: float,
    limits: DriftLimits,
    *,
    is_one_sided: bool = False,
) -> Watched:
    """Is Σ over / Σ under farther from `expected` than `margin` and than chance? Delta method on clustered rows."""
    total = float(under.sum())
    value = float(over.sum()) / total
    rest = over - value * under
    error = max(_clustered(rest, live.series), _clustered(rest, live.day)) / total
    freedom = min(np.unique(live.series).size, np.unique(live.day).size) - 1
    sides = 1.0 if is_one_sided else 2.0
    chance = float(stdtrit(float(freedom), 1.0 - limits.error_rate / sides)) * error
    away = value - expected if is_one_sided else abs(value - expected)
    drifted = away > margin + chance
    shift = 1.0 if name == "bias" else 0.0
    said = (
        f"{name} {value - shift:.3f} on days that have passed, {expected - shift:.3f} in the back-test; "
        f"counts when farther away than {margin + chance:.3f}"
    )
    return Watched(name, value - shift, expected - shift, margin + chance, drifted, said)


def _clustered(rest: FloatArray, cluster: IntArray) -> float:
    """Standard error of Σ rest with rows of one cluster taken together."""
    _, place = np.unique(cluster, return_inverse=True)
    sums = np.bincount(place, weights=rest)
    return float(np.sqrt((sums**2).sum() * sums.size / max(sums.size - 1, 1)))


def _inside80(live: LiveDays) -> FloatArray:
    """(rows,) share of the probability at what came that lies inside the central 80 %."""
    below, upto = probability_at(live.actual, live.quantiles, live.levels)
    mass = upto - below
    overlap = np.clip(np.minimum(upto, 0.9) - np.maximum(below, 0.1), 0.0, None)
    is_point = mass > 1e-12
    return np.where(is_point, overlap / np.where(is_point, mass, 1.0), (below >= 0.1) & (below <= 0.9))


def signals(demand: FloatArray, promoted: FloatArray, window: int = 28) -> dict[str, FloatArray]:
    """What is watched of (series, days) units and (series, days) 0/1, of the last `window` days; (series,) each.

    Rows with any unknown day (NaN) are left out. Level is the last window against the three before it, (a − b)/(a + b),
    so that units and size do not matter; 0 where nothing was sold in either. Raises `InvalidField` for fewer than four
    windows.
    """
    if demand.shape[1] < 4 * window:
        raise InvalidField("demand", f"must have {4 * window} days or more")
    known = ~np.isnan(demand[:, -4 * window :]).any(axis=1)
    recent, before = demand[known, -window:], demand[known, -4 * window : -window]
    now, then = recent.mean(axis=1), before.mean(axis=1)
    total = now + then
    return {
        "demand level": np.where(total > 0.0, (now - then) / np.where(total > 0.0, total, 1.0), 0.0),
        "share of days without demand": (recent <= 0.0).mean(axis=1),
        "share of promoted days": promoted[known, -window:].mean(axis=1),
    }


def references(demand: FloatArray, promoted: FloatArray, window: int = 28) -> dict[str, Reference]:
    """The signals' distributions over all windows of the history, (series, days); empty where it is too short."""
    ends = range(demand.shape[1], 4 * window - 1, -window)
    seen = [signals(demand[:, :end], promoted[:, :end], window) for end in ends]
    windows = {name: [one[name] for one in seen if one[name].size] for name in (seen[0] if seen else ())}
    return {name: reference(values) for name, values in windows.items() if values}


def drifted(found: Sequence[Watched]) -> bool:
    """Whether any comparison counts."""
    return any(one.drifted for one in found)
