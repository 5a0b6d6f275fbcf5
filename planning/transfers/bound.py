"""What no transfer plan can exceed: fixed costs and shared capacities relaxed into prices on lanes.

Fixed cost F and capacity C of a lane are relaxed together: with a price p per unit of space,
bound = Σ items (best flow at prices p) + Σ lanes max(0, p·C − F) is never below the best plan (Lagrangian relaxation of
space ≤ C·open). At p = F / C the second part is nothing. C is the smaller of the lane's capacity and all that could
usefully ride on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.transfers.flow import solve
from planning.transfers.model import Lane
from planning.transfers.value import ItemValue

PRICE_STEPS = 12


@dataclass(frozen=True)
class Network:
    """Items with their values, and per lane (lanes,) fixed cost, capacity and the capacity that could be used.

    `related` (lanes, lanes) says which lanes share a source or a destination.
    """

    items: list[ItemValue]
    fixed: FloatArray
    capacity: FloatArray
    usable: FloatArray
    related: BoolArray

    @staticmethod
    def of(items: Sequence[ItemValue], lanes: Sequence[Lane]) -> Network:
        """The network of these items on these lanes."""
        capacity = np.array([np.inf if lane.capacity_units is None else lane.capacity_units for lane in lanes])
        reach = np.zeros(len(lanes))
        for item in items:
            for option in item.options:
                reach[option.lane] += option.most_lots * item.space
        fixed = np.array([lane.fixed_cost for lane in lanes], dtype=np.float64)
        source, destination = (np.array([getattr(lane, end) for lane in lanes]) for end in ("source", "destination"))
        related = (source[:, None] == source) | (destination[:, None] == destination)
        return Network(list(items), fixed, capacity, np.minimum(capacity, reach), related)

    def space(self, plan: Sequence[IntArray]) -> FloatArray:
        """(lanes,) space taken by a plan."""
        taken = np.zeros(self.fixed.size)
        for item, lots in zip(self.items, plan, strict=True):
            np.add.at(taken, item.lane_of, lots * item.space)
        return taken

    @property
    def spread(self) -> FloatArray:
        """(lanes,) fixed cost per unit of usable space."""
        return np.where(self.usable > 0.0, self.fixed / np.maximum(self.usable, 1e-9), 0.0)


@dataclass(frozen=True)
class Bound:
    """The lowest upper bound found, the prices (lanes,) that gave it, and its rounding error."""

    value: float
    prices: FloatArray
    rounding: float


def upper_bound(network: Network, progress: Callable[[str, int, int], None]) -> Bound:
    """Lower the bound by subgradient steps on the prices of lanes that are asked to carry too much."""
    start = network.spread
    best, over = _bound_at(network, start)
    prices, value = start, best.value
    for step in range(1, PRICE_STEPS):
        progress("bound", step, PRICE_STEPS)
        # Below its start a price only raises the bound, so a lane with room to spare is left alone there.
        slope = np.where((prices > start * (1.0 + 1e-9)) | (over > 1e-9), over, 0.0)
        if not slope.any() or value <= 0.0:
            break
        prices = np.maximum(prices + 0.5 * value / step / float(slope @ slope) * slope, start)
        bound, over = _bound_at(network, prices)
        value = bound.value
        best = min(best, bound, key=lambda found: found.value)
    return best


def _bound_at(network: Network, prices: FloatArray) -> tuple[Bound, FloatArray]:
    """The bound at these prices and how much more than its capacity each lane is asked to carry."""
    flows = [solve(item, prices, np.ones(len(item.options), dtype=np.bool_)) for item in network.items]
    surplus = np.maximum(prices * network.usable - network.fixed, 0.0).sum()
    value = sum(flow.value for flow in flows) + float(surplus)
    over = network.space([flow.lots for flow in flows]) - network.usable
    return Bound(value, prices, sum(flow.rounding for flow in flows)), over
