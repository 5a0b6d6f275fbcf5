"""What a plan starts from and looks out on: the network's state, possible demands, and how customers take shortages.

It holds and checks; the sampling of demands is `short_history` or the caller's own forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, matrix, number, vector
from planning.errors import InvalidField
from planning.rolling.network import SupplyNetwork


@dataclass(frozen=True)
class NetworkState:
    """Where the goods are when a period begins, before its orders.

    Attributes:
        on_hand: (sites,) units.
        arriving: (lanes, any number of periods) units on the way by the period in which they arrive; column 0 is now.
        unfilled: (markets,) units that were missing at the end of the last period. Where customers wait, they wait.
    """

    on_hand: FloatArray
    arriving: FloatArray
    unfilled: FloatArray

    def check(self, network: SupplyNetwork) -> None:
        """Refuse a state that does not fit the network."""
        vector("on_hand", self.on_hand, length=len(network.sites), at_least=0.0)
        vector("unfilled", self.unfilled, length=len(network.markets), at_least=0.0)
        arriving = matrix("arriving", self.arriving, at_least=0.0)
        if arriving.shape[0] != len(network.lanes):
            raise InvalidField("arriving", f"must have a row for each of {len(network.lanes)} lanes")

    def inflow(self, network: SupplyNetwork, periods: int) -> FloatArray:
        """(periods, sites) what arrives of that which was ordered before."""
        result = np.zeros((periods, len(network.sites)))
        shown = min(periods, self.arriving.shape[1])
        for lane, target in enumerate(network.target):
            result[:shown, target] += self.arriving[lane, :shown]
        return result


@dataclass(frozen=True)
class Goodwill:
    """Customers who come more often when served and less often when not: a factor on all demand of a period.

    The factor of a period is the last one times `growth` if nothing was missing at the end of the last period, times
    `decay` if anything was, kept between `floor` and `ceiling`.

    Attributes:
        level: the factor of the last period.
    """

    level: float
    growth: float
    decay: float
    floor: float
    ceiling: float

    def __post_init__(self) -> None:
        for field in ("level", "growth", "decay", "floor", "ceiling"):
            if number(field, getattr(self, field)) <= 0.0:
                raise InvalidField(field, "must be above 0")
        if self.floor > self.ceiling:
            raise InvalidField("floor", "lies above the ceiling")

    def after(self, level: float, *, served: bool) -> float:
        """The factor that follows `level`."""
        return min(self.ceiling, max(self.floor, level * (self.growth if served else self.decay)))


INDIFFERENT = Goodwill(level=1.0, growth=1.0, decay=1.0, floor=1.0, ceiling=1.0)


@dataclass(frozen=True)
class Outlook:
    """Equally likely futures.

    Attributes:
        demand: (futures, periods, markets) units; the last period is the last that counts, and what is left then is
            worth nothing. At goodwill 1.
        goodwill: how customers take shortages.
    """

    demand: FloatArray
    goodwill: Goodwill = INDIFFERENT

    def check(self, network: SupplyNetwork) -> None:
        """Refuse demands that do not fit the network."""
        demand = np.asarray(self.demand)
        if demand.ndim != 3 or demand.size == 0 or demand.shape[2] != len(network.markets):
            raise InvalidField("demand", f"must be (futures, periods, {len(network.markets)} markets), none of them 0")
        if not np.isfinite(demand).all() or demand.min() < 0.0:
            raise InvalidField("demand", "must be finite and not below 0")

    @property
    def periods(self) -> int:
        """How far it looks."""
        return int(self.demand.shape[1])

    @property
    def mean(self) -> FloatArray:
        """(periods, markets) mean demand at goodwill 1."""
        return self.demand.mean(axis=0)
