"""Series whose truth is known: usual demand of many sorts, and what was done to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from planning.anomalies.anomaly import Kind
from planning.anomalies.observed import Observed
from planning.arrays import FloatArray

DAYS = 420
PACKS = (12.0, 24.0)
WEEK = np.array([1.1, 1.0, 0.9, 1.0, 1.3, 1.4, 0.3])
Random = np.random.Generator


@dataclass(frozen=True)
class Labelled:
    """A series, the kind that was put into it (None: nothing), and the periods it was put into."""

    seen: Observed
    kind: Kind | None
    first: int = -1
    last: int = -1


def poisson(random: Random, rate: float) -> FloatArray:
    return random.poisson(rate * np.resize(WEEK, DAYS)).astype(float)


def clustered(random: Random, rate: float, dispersion: float) -> FloatArray:
    """Negative binomial: more scatter than Poisson."""
    return random.poisson(rate * np.resize(WEEK, DAYS) * random.gamma(1 / dispersion, dispersion, DAYS)).astype(float)


def intermittent(random: Random, share: float, size: float, sigma: float) -> FloatArray:
    """Sold on few days, then a lognormal amount (heavier tails than what the test assumes)."""
    amounts = np.ceil(random.lognormal(np.log(size), sigma, DAYS))
    return np.where(random.random(DAYS) < share, amounts, 0.0)


def rhythmic(random: Random, rate: float) -> FloatArray:
    """Closed on Sundays."""
    open_ = np.arange(DAYS) % 7 != 6
    return np.where(open_, poisson(random, rate), 0.0)


def weighed(random: Random, rate: float) -> FloatArray:
    """Kilograms to the gram."""
    return np.round(rate * np.resize(WEEK, DAYS) * random.gamma(12.0, 1 / 12.0, DAYS), 3)


USUAL: dict[str, Callable[[Random], FloatArray]] = {
    "poisson .05": lambda random: poisson(random, 0.05),
    "poisson .3": lambda random: poisson(random, 0.3),
    "poisson 3": lambda random: poisson(random, 3.0),
    "poisson 60": lambda random: poisson(random, 60.0),
    "clustered 2": lambda random: clustered(random, 2.0, 1.0),
    "clustered 20": lambda random: clustered(random, 20.0, 0.4),
    "intermittent 5 %": lambda random: intermittent(random, 0.05, 6.0, 0.5),
    "intermittent 15 %": lambda random: intermittent(random, 0.15, 5.0, 0.7),
    "intermittent 30 %": lambda random: intermittent(random, 0.3, 20.0, 0.9),
    "closed Sundays": lambda random: rhythmic(random, 12.0),
    "weighed": lambda random: weighed(random, 40.0),
}
# Those that sell often enough for a change to show within weeks.
LIVELY = ("poisson 3", "poisson 60", "clustered 2", "clustered 20", "closed Sundays", "weighed")


def clean(seed: int, each: int, names: tuple[str, ...] = tuple(USUAL)) -> Iterator[tuple[str, Observed]]:
    """Series to which nothing was done."""
    for number, name in enumerate(names):
        for one in range(each):
            yield name, Observed(USUAL[name](np.random.default_rng([seed, number, one])), packs=PACKS)


def shifted(random: Random, name: str, values: FloatArray) -> Labelled:
    """A new level since three to ten weeks."""
    days = int(random.integers(21, 70))
    factor = float(random.choice([0.3, 0.45, 1.9, 2.5, 3.5]))
    return _since(name, values, days, factor, Kind.SHIFT, random)


def begun(random: Random, name: str, values: FloatArray) -> Labelled:
    """A new level since less than a week: nobody can tell yet whether it lasts."""
    return _since(name, values, int(random.integers(2, 7)), 6.0, Kind.UNCLEAR, random)


def spiked(random: Random, name: str, values: FloatArray) -> Labelled:
    """One to four days of far more, weeks ago."""
    first, length = DAYS - int(random.integers(21, 85)), int(random.integers(1, 5))
    extra = random.uniform(7.0, 14.0) * max(values.mean(), 1.0)
    noise = random.uniform(0.8, 1.2, length)
    return _put(values, first, values[first : first + length] + np.round(extra * noise), Kind.ONE_OFF)


def dipped(random: Random, name: str, values: FloatArray) -> Labelled:
    """Nothing for a week or two, then as before."""
    first, length = DAYS - int(random.integers(35, 85)), int(random.integers(7, 15))
    return _put(values, first, 0.0 * values[first : first + length], Kind.ONE_OFF)


def slipped(random: Random, name: str, values: FloatArray) -> Labelled:
    """One record times ten, a hundred, or a pack."""
    busy = np.flatnonzero((values >= np.quantile(values[values > 0], 0.4)) & (np.arange(DAYS) > DAYS - 85))
    first = int(random.choice(busy[busy < DAYS - 10]))
    factor = float(random.choice([10.0, 100.0, *PACKS]))
    return _put(values, first, values[first : first + 1] * factor, Kind.DATA_ERROR)


def negated(random: Random, name: str, values: FloatArray) -> Labelled:
    """A wrong sign."""
    first = int(random.choice(np.flatnonzero((values > 0) & (np.arange(DAYS) > DAYS - 85))))
    return _put(values, first, -values[first : first + 1], Kind.DATA_ERROR)


def stopped(random: Random, name: str, values: FloatArray) -> Labelled:
    """A feed that repeats its last value."""
    first, length = DAYS - int(random.integers(30, 80)), int(random.integers(7, 12))
    return _put(values, first, np.full(length, values[values > 0].max() // 2 + 1.5), Kind.DATA_ERROR)


DONE: dict[str, Callable[[Random, str, FloatArray], Labelled]] = {
    "shift": shifted,
    "begun": begun,
    "spike": spiked,
    "dip": dipped,
    "slip": slipped,
    "negative": negated,
    "stuck": stopped,
}


def strange(seed: int, each: int) -> Iterator[tuple[str, Labelled]]:
    """Lively series to each of which one thing was done."""
    for what, do in DONE.items():
        for number, name in enumerate(LIVELY):
            for one in range(each):
                random = np.random.default_rng([seed, len(what), number, one])
                yield what, do(random, name, USUAL[name](random))


def _since(name: str, values: FloatArray, days: int, factor: float, kind: Kind, random: Random) -> Labelled:
    """Other draws of the same series added up, then thinned, so that the new level scatters as demand does."""
    copies = int(np.ceil(factor))
    more = np.sum([USUAL[name](random)[-days:] for _ in range(copies)], axis=0)
    is_counted = np.allclose(values, np.round(values))
    thinned = random.binomial(more.astype(int), factor / copies) if is_counted else more * factor / copies
    changed = np.append(values[:-days], thinned)
    return Labelled(Observed(changed, packs=PACKS), kind, DAYS - days, DAYS - 1)


def _put(values: FloatArray, first: int, recorded: FloatArray, kind: Kind) -> Labelled:
    changed = values.copy()
    changed[first : first + recorded.size] = recorded
    return Labelled(Observed(changed, packs=PACKS), kind, first, first + recorded.size - 1)
