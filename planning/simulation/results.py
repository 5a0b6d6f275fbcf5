"""What came of a simulation: figures per replication, their means with confidence intervals, paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.stats import t as student

from planning.arrays import FloatArray, fraction, vector
from planning.errors import InvalidField


@dataclass(frozen=True)
class Interval:
    """A mean over replications with its two-sided confidence interval; infinite bounds for a single replication."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """(replications, series) each; units, days, or money.

    Attributes:
        demand: units asked for.
        sold: units handed over, late ones too.
        short: units not handed over on the day they were asked for.
        short_days: days on which something was short.
        waiting: unit-nights that customers waited.
        stock: unit-nights held.
        expired: units thrown away, on the shelf or on the way.
        ordered: units ordered.
        orders: orders placed.
        received: units that came in.
        moved: units sent sideways.
        earned, lost: margin of what was sold, and of what was not.
        costs: holding, orders, freight, waiting and expired goods.
    """

    demand: FloatArray
    sold: FloatArray
    short: FloatArray
    short_days: FloatArray
    waiting: FloatArray
    stock: FloatArray
    expired: FloatArray
    ordered: FloatArray
    orders: FloatArray
    received: FloatArray
    moved: FloatArray
    earned: FloatArray
    lost: FloatArray
    costs: FloatArray

    @classmethod
    def none(cls, replications: int, series: int) -> Figures:
        """All nothing, to be added to."""
        return cls(*(np.zeros((replications, series)) for _ in fields(cls)))

    @classmethod
    def joined(cls, parts: Sequence[Figures]) -> Figures:
        """The replications of several runs one after another."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True)
class Run:
    """All replications.

    Attributes:
        figures: by replication and series.
        move_costs: (replications,) money for moves sideways.
        stock_by_day: (series, days) mean units on hand in the evening.
        short_by_day: (series, days) share of replications in which something was short.
        unmoved: (replications,) units that a plan wanted to move and that were not there or could not leave.
    """

    figures: Figures
    move_costs: FloatArray
    stock_by_day: FloatArray
    short_by_day: FloatArray
    unmoved: FloatArray

    @property
    def replications(self) -> int:
        """How many."""
        return int(self.move_costs.size)

    @property
    def profit(self) -> FloatArray:
        """(replications,) margin earned less all costs, in money."""
        found = self.figures
        return (found.earned - found.costs).sum(axis=1) - self.move_costs

    @property
    def fill_rate(self) -> FloatArray:
        """(replications,) share of demand handed over on its day; 1 where nothing was asked for."""
        demand = self.figures.demand.sum(axis=1)
        return 1.0 - self.figures.short.sum(axis=1) / np.where(demand > 0.0, demand, 1.0)


def interval(values: FloatArray, confidence: float = 0.95) -> Interval:
    """Student's interval of the mean of independent replications."""
    level, size = fraction("confidence", confidence), vector("values", values).size
    mean = float(values.mean())
    if size < 2:
        return Interval(mean, -np.inf, np.inf)
    half = float(student.ppf((1.0 + level) / 2.0, size - 1) * values.std(ddof=1) / np.sqrt(size))
    return Interval(mean, mean - half, mean + half)


def difference(one: FloatArray, other: FloatArray, confidence: float = 0.95) -> Interval:
    """The interval of one − other, replication by replication; both must have met the same random numbers."""
    if one.shape != other.shape:
        raise InvalidField("replications", "of two runs cannot be paired: there are not equally many")
    return interval(one - other, confidence)
