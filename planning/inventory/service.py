"""What a stock level should achieve: cycle service, fill rate, or a balance of two costs; and the level that does.

A bare number is cycle service: the probability that nothing is missing until the next order arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import gammaincc, gammaincinv

from planning.arrays import FloatArray, fraction, number
from planning.errors import InvalidField

# Halvings of the bracket around a level; 2⁻⁶⁰ of it is below what a float can hold.
HALVINGS = 60
# Largest shape of a gamma; its skewness of 0.0002 is a normal's for any purpose, and digits are still left.
MOST_NORMAL = 1e8


@dataclass(frozen=True)
class FillRate:
    """The share of demand served at once, from stock."""

    level: float

    def __post_init__(self) -> None:
        fraction("fill_rate", self.level)


@dataclass(frozen=True)
class CostRatio:
    """Money per unit missing and per unit too many in one order cycle; the best cycle service is p / (p + h)."""

    underage_cost: float
    overage_cost: float

    def __post_init__(self) -> None:
        for field in ("underage_cost", "overage_cost"):
            if number(field, getattr(self, field)) <= 0.0:
                raise InvalidField(field, "must be positive; nothing is optimal without both costs")

    @property
    def level(self) -> float:
        """The critical fractile."""
        return self.underage_cost / (self.underage_cost + self.overage_cost)


ServiceTarget: TypeAlias = float | FillRate | CostRatio


def checked_target(target: ServiceTarget) -> FillRate | float:
    """A fill rate as it is, anything else as the cycle service that it asks for.

    Raises:
        InvalidField: a cycle service outside [.5, 1).
    """
    if isinstance(target, FillRate):
        return target
    if isinstance(target, CostRatio):
        return target.level
    level = number("service_level", target, at_least=0.5)
    if level >= 1.0:
        raise InvalidField("service_level", "must be below 1; no finite stock covers everything")
    return level


def describe(target: ServiceTarget) -> str:
    """The target in words."""
    if isinstance(target, FillRate):
        return f"fill rate of {target.level:.1%}"
    if isinstance(target, CostRatio):
        return f"cost ratio of {target.underage_cost:g} to {target.overage_cost:g} (cycle service {target.level:.1%})"
    return f"cycle service of {target:.1%}"


def safety_factors(skews: FloatArray, target: FillRate | float, order_quantities: FloatArray) -> FloatArray:
    """Safety stock in standard deviations, element by element, for gamma demand of any origin (Pearson type III).

    Fill rate under (r, Q): 1 − (n(r) − n(r + Q)) / Q with n(r) = E[(D − r)⁺], because the position is spread evenly
    over r … r + Q (Hadley and Whitin 1963; Silver, Pyke and Thomas, 4th ed., section 7.7). `order_quantities` are in
    standard deviations as well. The cycle service of the same share is always enough: n(r) − n(r + Q) ≤ Q·P(D > r).
    """
    shapes = np.minimum(4.0 / np.maximum(skews, 1e-9) ** 2, MOST_NORMAL)
    if not isinstance(target, FillRate):
        return (gammaincinv(shapes, target) - shapes) / np.sqrt(shapes)
    missing = (1.0 - target.level) * order_quantities
    low = -order_quantities - np.sqrt(shapes)
    high = (gammaincinv(shapes, target.level) - shapes) / np.sqrt(shapes)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        short = _short(shapes, middle) - _short(shapes, middle + order_quantities)
        low, high = np.where(short > missing, middle, low), np.where(short > missing, high, middle)
    return high


def _short(shapes: FloatArray, levels: FloatArray) -> FloatArray:
    """E[(Z − level)⁺] for the standardised gamma Z = (G − k) / √k: (k·(1 − F_{k+1}(x)) − x·(1 − F_k(x))) / √k."""
    at = shapes + np.sqrt(shapes) * levels
    inside = np.maximum(at, 0.0)
    short = shapes * gammaincc(shapes + 1.0, inside) - inside * gammaincc(shapes, inside)
    return (short + np.maximum(-at, 0.0)) / np.sqrt(shapes)
