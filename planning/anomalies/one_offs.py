"""Runs of days or weeks that sold far more or less than usual, strongest first.

Every run of the lengths below in the window is tested in both directions against what is usual. As in Rosner's
generalised test (1983), the strongest is taken out and the rest judged anew, so that one large run does not hide
another; the number of runs reported is the last at which the test still held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planning.anomalies.observed import Observed
from planning.anomalies.usual import Usual, usual_of
from planning.arrays import BoolArray, FloatArray, IntArray

LENGTHS = (1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 42, 56)
# The share of series whose window holds a run by chance; a sum of lengths overlaps, so trials are counted as if each
# length were cut into separate pieces.
FALSE_ALARMS = 0.005
MOST_RUNS = 8
# Weaker ones than this are not looked behind.
FAINTEST = 1e-2
# A change below this share of what is usual is nobody's business.
SMALLEST_CHANGE = 0.4
# Periods up to this quantile tell how much a series scatters while the next run is looked for.
CALM = 0.99
# A period at the end of a run belongs to it when it holds this share of the run's average excess.
DULL = 0.25
EQUAL = 1.0 + 1e-9


@dataclass(frozen=True)
class Run:
    """Periods `first` to `last` (inclusive): units observed and usual, and the chance of as much (or as little)."""

    first: int
    last: int
    observed: float
    expected: float
    is_high: bool
    chance: float


def runs(seen: Observed, segment: FloatArray, window: int) -> tuple[list[Run], Usual | None]:
    """The significant runs of the last `window` periods, and what is usual without them."""
    kept, usual = seen.judged.copy(), usual_of(seen, seen.judged, segment)
    found: list[Run] = []
    without: list[Usual | None] = [usual]
    while len(found) < MOST_RUNS:
        picked = _picked(seen, kept, segment, window)
        if picked is None:
            break
        inside, before = _inside(kept, picked), kept.copy()
        kept[inside] = False
        # Judged by what is usual without it: a large run would make itself look usual.
        usual = usual_of(seen, kept, segment)
        run = None if usual is None else _judged(seen, usual, picked, inside)
        if usual is None or run is None or run.chance > FAINTEST:
            break
        whole = _grown(seen, usual, run, before)
        kept[whole.first : whole.last + 1] = False
        found.append(whole)
        without.append(usual_of(seen, kept, segment))
    limit = threshold(window)
    held = [place for place, run in enumerate(found) if run.chance <= limit]
    count = held[-1] + 1 if held else 0
    usual = without[count]
    return ([] if usual is None else _joined(seen, usual, found[:count])), usual


def threshold(window: int) -> float:
    """The chance below which a run counts, over a window of so many periods."""
    return FALSE_ALARMS / trials(window)


def trials(window: int) -> int:
    """Separate runs in a window, in both directions."""
    return 2 * sum(max(window // length, 1) for length in LENGTHS if length <= window)


def _picked(seen: Observed, kept: BoolArray, segment: FloatArray, window: int) -> Run | None:
    """The run to look at next: strongest against a scatter that leaves out the largest periods, its dull ends cut."""
    sold = seen.demand[kept]
    calm = kept & (seen.demand <= np.quantile(sold, CALM)) if sold.size else kept
    usual = usual_of(seen, calm, segment)
    run = None if usual is None else _strongest(seen, usual, kept, window)
    return None if usual is None or run is None else _trimmed(seen, usual, run, kept)


def _strongest(seen: Observed, usual: Usual, kept: BoolArray, window: int) -> Run | None:
    values, mean = np.where(kept, seen.demand, 0.0), np.where(kept, usual.mean, 0.0)
    total, expected, square = (np.append(0.0, np.cumsum(one)) for one in (values, mean, mean**2))
    best: Run | None = None
    size, since = values.size, max(values.size - window, 0)
    for length in LENGTHS:
        if length > size - since:
            break
        start = np.arange(since, size - length + 1)
        sums = [one[start + length] - one[start] for one in (total, expected, square)]
        best = _better(best, usual, start, length, sums)
    return best


def _better(best: Run | None, usual: Usual, start: IntArray, length: int, sums: list[FloatArray]) -> Run | None:
    observed, expected, square = sums
    change = observed - expected
    matters = (expected > 0.0) & (np.abs(change) > SMALLEST_CHANGE * expected)
    for is_high, chances in ((True, usual.at_least), (False, usual.at_most)):
        able = np.flatnonzero(matters & ((change > 0.0) == is_high))
        if able.size == 0:
            continue
        chance = chances(observed[able], expected[able], square[able])
        # The first of equals, however they were rounded.
        low = int(np.argmax(chance <= chance.min() * EQUAL))
        if best is None or chance[low] * EQUAL < best.chance:
            place, first = int(able[low]), int(start[able[low]])
            last, found = first + length - 1, float(chance[low])
            best = Run(first, last, float(observed[place]), float(expected[place]), is_high, found)
    return best


def _trimmed(seen: Observed, usual: Usual, run: Run, kept: BoolArray) -> Run:
    """Without periods at its ends that were not judged or add little to it."""
    strange = np.flatnonzero(_belongs(seen, usual, run, kept)[run.first : run.last + 1]) + run.first
    return replace(run, first=int(strange[0]), last=int(strange[-1]))


def _grown(seen: Observed, usual: Usual, run: Run, kept: BoolArray) -> Run:
    """With the neighbours that are as strange; its chance stays that of the run that was picked."""
    belongs, first, last = _belongs(seen, usual, run, kept), run.first, run.last
    while first > 0 and belongs[first - 1]:
        first -= 1
    while last + 1 < belongs.size and belongs[last + 1]:
        last += 1
    whole = replace(run, first=first, last=last)
    told = _judged(seen, usual, whole, _inside(kept, whole)) or run
    return replace(told, chance=run.chance)


def _belongs(seen: Observed, usual: Usual, run: Run, kept: BoolArray) -> BoolArray:
    """(periods,) whether a period is as strange as those of the run, in the same direction."""
    excess = np.where(kept, seen.demand - usual.mean, 0.0)
    return excess / excess[run.first : run.last + 1].mean() >= DULL


def _joined(seen: Observed, usual: Usual, found: list[Run]) -> list[Run]:
    """In order of time, those that touch and go the same way as one."""
    joined: list[Run] = []
    for run in sorted(found, key=lambda one: one.first):
        before = joined[-1] if joined else None
        if before is not None and before.last + 1 == run.first and before.is_high == run.is_high:
            whole = replace(before, last=run.last)
            joined[-1] = _judged(seen, usual, whole, _inside(seen.judged, whole)) or before
        else:
            joined.append(run)
    return joined


def _inside(kept: BoolArray, run: Run) -> IntArray:
    return np.flatnonzero(kept[run.first : run.last + 1]) + run.first


def _judged(seen: Observed, usual: Usual, run: Run, inside: IntArray) -> Run | None:
    """The units and the chance of its periods `inside`; None where, looked at so, it is no longer much."""
    mean = usual.mean[inside]
    observed, expected, square = (np.array([float(one.sum())]) for one in (seen.demand[inside], mean, mean**2))
    if expected[0] <= 0.0 or (observed[0] > expected[0]) != run.is_high:
        return None
    chance = (usual.at_least if run.is_high else usual.at_most)(observed, expected, square)
    return replace(run, observed=float(observed[0]), expected=float(expected[0]), chance=float(chance[0]))
