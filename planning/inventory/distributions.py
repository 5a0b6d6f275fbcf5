"""Demand over one period as a distribution: normal, whole units with any probabilities, Poisson, compound Poisson.

It answers what every policy asks: which level covers a share of the outcomes, and how much is expected to be missing at
a level. It knows no costs and no lead times.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, xlogy

from planning.arrays import FloatArray, IntArray, fraction, number, vector
from planning.errors import InvalidField

# Probability that a table of whole units may leave out above its end.
NEGLIGIBLE = 1e-15
# Largest table of whole units; a mean beyond it belongs to the normal distribution.
LONGEST_TABLE = 1_000_000


@dataclass(frozen=True)
class NormalDemand:
    """Normal demand; `sd` 0 is certain demand. Negative outcomes count as they are (returns)."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        number("demand.mean", self.mean, at_least=0.0)
        number("demand.sd", self.sd, at_least=0.0)

    def over(self, periods: float) -> NormalDemand:
        """The sum of that many independent periods."""
        length = number("periods", periods, at_least=0.0)
        return NormalDemand(self.mean * length, self.sd * float(np.sqrt(length)))

    def quantile(self, level: float) -> float:
        """The level that covers this share of the outcomes."""
        return self.mean + self.sd * float(ndtri(fraction("level", level)))

    def expected_short(self, level: float) -> float:
        """E[(D − level)⁺]."""
        if self.sd == 0.0:
            return max(self.mean - level, 0.0)
        z = (level - self.mean) / self.sd
        return self.sd * float(_density(z) - z * ndtr(-z))

    def expected_short_beyond(self, level: float) -> float:
        """∫ of `expected_short` from `level` to infinity, which is E[((D − level)⁺)²] / 2."""
        if self.sd == 0.0:
            return max(self.mean - level, 0.0) ** 2 / 2.0
        z = (level - self.mean) / self.sd
        return self.sd**2 * float((z**2 + 1.0) * ndtr(-z) - z * _density(z)) / 2.0


@dataclass(frozen=True)
class DiscreteDemand:
    """Whole units: `probabilities[k]` is P(D = k); they add up to 1."""

    probabilities: FloatArray

    def __post_init__(self) -> None:
        given = vector("demand.probabilities", self.probabilities, at_least=0.0)
        if abs(float(given.sum()) - 1.0) > 1e-9:
            raise InvalidField("demand.probabilities", f"must add up to 1, not {given.sum():g}")

    @cached_property
    def mean(self) -> float:
        """Expected units."""
        return float(self.probabilities @ np.arange(self.probabilities.size))

    @cached_property
    def below(self) -> FloatArray:
        """P(D ≤ k)."""
        return np.cumsum(self.probabilities)

    @cached_property
    def _short(self) -> FloatArray:
        """E[(D − k)⁺] for k = 0 … the largest outcome, summed from the far end so that small tails keep their digits.

        E[(D − k)⁺] = Σ over j > k of P(D ≥ j).
        """
        at_least = np.cumsum(self.probabilities[::-1])[::-1]
        return np.append(np.cumsum(at_least[:0:-1])[::-1], 0.0)

    def quantile(self, level: float) -> int:
        """The smallest whole number of units that covers this share of the outcomes."""
        wanted = fraction("level", level) - 1e-12
        return min(int(np.searchsorted(self.below, wanted)), self.probabilities.size - 1)

    def expected_short(self, levels: IntArray) -> FloatArray:
        """E[(D − level)⁺] at whole levels, which may be negative."""
        inside = self._short[np.clip(levels, 0, self._short.size - 1)]
        return inside + np.maximum(-levels, 0)

    def plus(self, other: DiscreteDemand) -> DiscreteDemand:
        """The sum of two independent demands."""
        return DiscreteDemand(_normalised(np.convolve(self.probabilities, other.probabilities)))

    def trimmed(self) -> DiscreteDemand:
        """Without the end of the table that holds less than a negligible probability."""
        return DiscreteDemand(_normalised(_trimmed(self.probabilities)))


def poisson(mean: float) -> DiscreteDemand:
    """Poisson demand of that mean; the table ends where less than 1e-15 is left."""
    rate = number("demand.mean", mean, at_least=0.0)
    longest = int(np.ceil(rate + 12.0 * np.sqrt(rate) + 40.0))
    if longest > LONGEST_TABLE:
        raise InvalidField("demand.mean", f"of {rate:g} is too large for a table of whole units; use NormalDemand")
    units = np.arange(longest + 1)
    return DiscreteDemand(_normalised(np.exp(xlogy(units, rate) - rate - gammaln(units + 1.0))))


def compound_poisson(orders: float, sizes: FloatArray) -> DiscreteDemand:
    """A Poisson number of orders with mean `orders`, each of k units with probability `sizes[k]`.

    Panjer's recursion (1981): P(0) = exp(−λ·(1 − f₀)), P(n) = λ/n · Σ over k of k·f_k·P(n − k).
    """
    rate = number("orders", orders, at_least=0.0)
    size = DiscreteDemand(vector("sizes", sizes, at_least=0.0))
    weights = rate * np.arange(size.probabilities.size) * size.probabilities
    spread = float(np.sqrt(weights @ np.arange(weights.size)))
    longest = int(np.ceil(rate * size.mean + 14.0 * spread + 40.0 * (weights.size - 1))) + 1
    if longest > LONGEST_TABLE or rate * (1.0 - size.probabilities[0]) > 700.0:
        raise InvalidField("orders", f"of {rate:g} is too large for a table of whole units; use NormalDemand")
    found = np.zeros(longest + 1)
    found[0] = np.exp(-rate * (1.0 - size.probabilities[0]))
    for units in range(1, longest + 1):
        reach = min(units, weights.size - 1)
        found[units] = weights[1 : reach + 1] @ found[units - reach : units][::-1] / units
    return DiscreteDemand(_normalised(_trimmed(found)))


def mixture(parts: list[DiscreteDemand], weights: FloatArray) -> DiscreteDemand:
    """One of the parts, drawn with these weights: demand over a random lead time is such a mixture over its length."""
    shares = vector("weights", weights, length=len(parts), at_least=0.0)
    found = np.zeros(max(part.probabilities.size for part in parts))
    for part, share in zip(parts, shares, strict=True):
        found[: part.probabilities.size] += share * part.probabilities
    return DiscreteDemand(found)


def _density(z: float) -> float:
    return float(np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi))


def _trimmed(probabilities: FloatArray) -> FloatArray:
    above = np.cumsum(probabilities[::-1])[::-1]
    return probabilities[: max(int(np.count_nonzero(above > NEGLIGIBLE)), 1)]


def _normalised(probabilities: FloatArray) -> FloatArray:
    return probabilities / probabilities.sum()
