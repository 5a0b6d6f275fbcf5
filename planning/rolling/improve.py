"""A plan made better for uncertain demand: climbs the mean profit over the futures, from the plan for expected demand.

Stochastic programming by simulation: the same futures at each step (common random numbers), the exact slope of the
simulated profit (`walk`), steps by Adam (Kingma and Ba, 2015). Only the orders of the first period will ever be placed;
they are the same in all futures, so that nothing is anticipated, while later orders answer demand by their recourse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, count, number
from planning.rolling.tables import Memory, Tables, make_memory

MOMENTUM, MEMORY_OF_SIZE, SMALLEST_SLOPE = 0.9, 0.98, 1e-3


@dataclass(frozen=True)
class Search:
    """How hard to look.

    Attributes:
        steps: improvements of the plan; 0 keeps the plan for expected demand.
        step: units by which the first steps change an order, as a share of the mean demand of a period.
        ramp: shortage, as a share of the mean demand of a period, at which goodwill counts as wholly lost while the
            plan is climbed; what a plan is worth in the end is measured without this softening.
        checked: after so many steps the plan's worth is measured and the best one kept.
    """

    steps: int = 100
    step: float = 0.1
    ramp: float = 0.4
    checked: int = 5

    def __post_init__(self) -> None:
        count("steps", self.steps, at_least=0)
        count("checked", self.checked)
        number("step", self.step, at_least=0.0)
        number("ramp", self.ramp, at_least=0.0)


@dataclass(frozen=True)
class Improved:
    """The best plan found.

    Attributes:
        plan: (periods, lanes) units.
        orders: (lanes,) what of the plan's first period stock and capacity let through.
        profits: (futures,) money in each future.
        started_from: mean profit of the plan that the search began with.
        slope: (lanes,) what one more unit on a lane now would change of the mean profit.
        limit: (lanes,) what bounds each order now (`tables`).
    """

    plan: FloatArray
    orders: FloatArray
    profits: FloatArray
    started_from: float
    slope: FloatArray
    limit: FloatArray


class _Adam:
    """Ascent with momentum, each coordinate scaled by the size of its slopes; steps shrink to a fiftieth."""

    def __init__(self, shape: tuple[int, ...], step: float, steps: int) -> None:
        self.direction, self.size = np.zeros(shape), np.zeros(shape)
        self.step, self.steps, self.taken = step, steps, 0

    def move(self, slope: FloatArray) -> FloatArray:
        """What to add to the plan."""
        step = self.step * (1.0 - self.taken / self.steps + 0.02)
        self.taken += 1
        self.direction = MOMENTUM * self.direction + (1.0 - MOMENTUM) * slope
        self.size = MEMORY_OF_SIZE * self.size + (1.0 - MEMORY_OF_SIZE) * slope**2
        size = np.sqrt(self.size / (1.0 - MEMORY_OF_SIZE**self.taken))
        return step * self.direction / (1.0 - MOMENTUM**self.taken) / (size + SMALLEST_SLOPE)


def walk_order(demand: FloatArray) -> FloatArray:
    """(futures, periods, markets) as (periods, markets, futures)."""
    return np.ascontiguousarray(np.moveaxis(demand, 0, 2), dtype=np.float64)


def improve(plan: FloatArray, futures: FloatArray, tables: Tables, search: Search) -> Improved:
    """The best plan on the way up from `plan` (periods, lanes); `futures` (futures, periods, markets)."""
    from planning.rolling import walk  # compiled: seconds of import, for those who plan

    futures = walk_order(futures)
    memory = make_memory(tables, futures.shape[2])
    typical = max(float(futures.mean()) * tables.level, SMALLEST_SLOPE)
    adam = _Adam(plan.shape, search.step * typical, max(search.steps, 1))
    best, profits = plan, walk.forward(plan, futures, 0.0, tables, memory)
    started_from = float(profits.mean())
    for step in range(search.steps):
        _, slope = walk.climb(plan, futures, search.ramp * typical, tables, memory)
        plan = np.maximum(plan + adam.move(slope), 0.0)
        if (step + 1) % search.checked == 0 or step + 1 == search.steps:
            reached = walk.forward(plan, futures, 0.0, tables, memory)
            if reached.mean() > profits.mean():
                best, profits = plan, reached
    return _described(best, profits, started_from, futures, tables, search.ramp * typical, memory)


def _described(
    plan: FloatArray, profits: FloatArray, started_from: float, futures: FloatArray, tables: Tables, ramp: float,
    memory: Memory,
) -> Improved:  # fmt: skip
    from planning.rolling import walk

    _, slope = walk.climb(plan, futures, ramp, tables, memory)
    # In the first period no demand has come yet: all futures ship the same.
    return Improved(
        plan=plan,
        orders=memory.shipped[0, :, 0].copy(),
        profits=profits,
        started_from=started_from,
        slope=slope[0],
        limit=memory.limit[0, :, 0].copy(),
    )
