"""Records that cannot be right: returns booked as demand, a value that does not move, a factor too many or too few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.anomalies.observed import Observed
from planning.anomalies.one_offs import Run
from planning.anomalies.usual import Usual
from planning.arrays import BoolArray, FloatArray, IntArray

DECIMALS = (10.0, 100.0)
# As likely beforehand: a slip and a one-off. Of one-offs this share come in whole packs or tens, as orders do.
ROUND_SHARE = 0.5
# One-offs begin at so many times the usual, and are half as frequent each time that their size doubles.
SMALLEST_TIMES = 3.0
# Amounts of more steps than this are as good as measured: whole grams are no packs.
COUNTED = 1000.0
FALSE_ALARMS = 0.002
FEWEST_STUCK = 4


@dataclass(frozen=True)
class Slip:
    """The record seems to be `factor` times what was meant; `probability` against it being a true one-off."""

    factor: float
    meant: float
    probability: float
    is_pack: bool


@dataclass(frozen=True)
class Stuck:
    """Periods `first` to `last` (inclusive) that all hold the same value; the chance of so many in a row."""

    first: int
    last: int
    chance: float
    threshold: float


def slip(seen: Observed, usual: Usual, run: Run) -> Slip | None:
    """The likeliest slip that explains a single strange period, or None where no factor leads to a usual value."""
    if run.last > run.first or run.observed <= 0.0:
        return None
    packs = tuple(pack for pack in seen.packs if pack > 1.0)
    factors = tuple(dict.fromkeys((*packs, *DECIMALS)))
    grid = _grid(seen.demand)
    slips = [_likelihood(usual, run, factor, grid) / len(factors) for factor in factors]
    if not any(slips):
        return None
    best = int(np.argmax(slips))
    factor = factors[best] if run.is_high else 1.0 / factors[best]
    other = _one_off(grid or usual.quantum, grid > 0.0, run, factors[best])
    likely = sum(slips) / (sum(slips) + other)
    return Slip(factor, run.observed / factor, likely, factors[best] in packs)


def negatives(seen: Observed, window: int) -> IntArray:
    """Periods of the window with less than nothing."""
    since = max(seen.values.size - window, 0)
    return np.flatnonzero(seen.values[since:] < 0.0) + since


def stuck(seen: Observed, window: int) -> list[Stuck]:
    """Stretches of one and the same positive value, longer than chance would make them."""
    values, found = seen.values, list[Stuck]()
    since = max(values.size - window, 0)
    limit = FALSE_ALARMS / window
    edges = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    for first, end in zip(edges, np.append(edges[1:], values.size), strict=True):
        length = int(end - first)
        if end <= since or length < FEWEST_STUCK or values[first] <= 0.0:
            continue
        rest = np.delete(values, slice(first, end))
        # One more than was seen, so that a value that never came before is rare, not impossible.
        share = (float((rest == values[first]).sum()) + 1.0) / (rest.size + 1.0)
        chance = share ** (length - 1)
        if chance <= limit:
            found.append(Stuck(int(first), int(end) - 1, chance, limit))
    return found


def without(seen: Observed, bad: BoolArray) -> BoolArray:
    """(periods,) flags of what is not judged: no stock, or a record that cannot be right."""
    return bad if seen.stocked_out is None else seen.stocked_out | bad


def _grid(values: FloatArray) -> float:
    """The amount of which every value is a whole multiple, 0 where values are measured and not counted."""
    whole, sold = np.round(values), values[values > 0.0]
    if not np.allclose(values, whole, rtol=0.0, atol=1e-9):
        return 0.0
    step = float(np.gcd.reduce(whole.astype(np.int64)))
    return step if np.median(sold) < COUNTED * step else 0.0


def _likelihood(usual: Usual, run: Run, factor: float, grid: float) -> float:
    """How likely a usual value, recorded `factor` times too large (or small), gives what was recorded."""
    meant = run.observed / factor if run.is_high else run.observed * factor
    if grid and abs(meant / grid - round(meant / grid)) > 1e-6:
        return 0.0
    at = np.array([meant, max(meant - (grid or usual.quantum), 0.0)])
    mean = np.full(2, run.expected)
    upto, below = usual.at_most(at, mean, mean**2)
    share = max(float(upto - below), 0.0)
    return share if run.is_high else min(1.0, factor * share)


def _one_off(step: float, is_on_grid: bool, run: Run, factor: float) -> float:
    """How likely a true one-off is what was recorded, to the accuracy that the slip is given."""
    if not run.is_high:
        return step / run.expected
    share = ROUND_SHARE if is_on_grid else 1.0
    frequency = min(SMALLEST_TIMES * run.expected / run.observed, 1.0)
    return frequency * share * factor * step / run.observed
