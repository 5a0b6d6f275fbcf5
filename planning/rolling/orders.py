"""The orders to place now in a network, what they are expected to earn, and what each of them hangs on.

`decide_orders` is to be asked anew each period with the new state and a new outlook (a rolling horizon). It knows only
what it is given: where the future is in the outlook, it is because the caller knew it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from planning.arrays import FloatArray
from planning.rolling.improve import Improved, Search, improve, walk_order
from planning.rolling.mean_plan import MeanPlan, committed_cost, plan_for
from planning.rolling.network import SupplyNetwork
from planning.rolling.outlook import NetworkState, Outlook
from planning.rolling.tables import CAPACITY, FREE, NOTHING, STOCK, Tables, make_memory, make_tables

GOODWILL_ROUNDS = 3

Bound = Literal["none", "no order", "capacity", "stock at the source"]
BOUNDS: dict[float, Bound] = {FREE: "none", NOTHING: "no order", CAPACITY: "capacity", STOCK: "stock at the source"}


@dataclass(frozen=True)
class LaneOrder:
    """One lane's order.

    Attributes:
        lane: position in the network's lanes.
        units: to order now.
        one_more: money by which one more planned unit now would change the expected profit; near 0 where the order is
            the best compromise, clearly negative where nothing should be ordered.
        bound: what keeps the order from being larger.
    """

    lane: int
    units: float
    one_more: float
    bound: Bound


@dataclass(frozen=True)
class Decision:
    """Orders now and why.

    Attributes:
        orders: (lanes,) units to order now.
        lanes: the same, lane by lane, with reasons.
        expected_profit: mean over the futures to the end of the horizon, with the recourse of `tables`.
        low_profit, high_profit: its 10 % and 90 % quantiles.
        gain_over_mean_plan: expected profit beyond that of the plan that takes expected demand for certain.
        plan: (periods, lanes) the whole plan; only its first row is meant to be placed.
    """

    orders: FloatArray
    lanes: tuple[LaneOrder, ...]
    expected_profit: float
    low_profit: float
    high_profit: float
    gain_over_mean_plan: float
    plan: FloatArray


def decide_orders(
    network: SupplyNetwork, state: NetworkState, outlook: Outlook, search: Search | None = None
) -> Decision:
    """The best orders now that were found.

    Raises:
        InvalidField: state or outlook do not fit the network.
        Infeasible: the linear program behind the first plan failed.
    """
    state.check(network)
    outlook.check(network)
    plan, tables = _start(network, state, outlook)
    improved = improve(plan, outlook.demand, tables, search or Search())
    return _decision(improved, committed_cost(network, state, outlook.periods))


def _start(network: SupplyNetwork, state: NetworkState, outlook: Outlook) -> tuple[FloatArray, Tables]:
    """The best plan for expected demand. Where shortages change demand, it is made anew for the demand it leaves."""
    from planning.rolling import walk

    futures = walk_order(outlook.demand)
    factor = _goodwill_path(outlook, state, np.zeros(outlook.mean.shape))
    best: tuple[float, FloatArray, Tables] | None = None
    for _ in range(GOODWILL_ROUNDS):
        expected = outlook.mean * factor[:, None]
        mean_plan: MeanPlan = plan_for(network, state, expected)
        tables = make_tables(network, state, outlook.goodwill, expected, mean_plan.orders)
        memory = make_memory(tables, futures.shape[2])
        worth = float(walk.forward(mean_plan.orders, futures, 0.0, tables, memory).mean())
        if best is None or worth > best[0]:
            best = worth, mean_plan.orders, tables
        left = _goodwill_path(outlook, state, mean_plan.unfilled)
        if np.allclose(left, factor):
            break
        factor = left
    assert best is not None
    return best[1], best[2]


def _goodwill_path(outlook: Outlook, state: NetworkState, unfilled: FloatArray) -> FloatArray:
    """(periods,) goodwill's factor if so much (periods, markets) is missing at the end of each period."""
    missing = np.concatenate([[state.unfilled.sum()], unfilled.sum(axis=1)])
    level, path = outlook.goodwill.level, np.empty(outlook.periods)
    for period in range(outlook.periods):
        level = outlook.goodwill.after(level, served=bool(missing[period] <= 1e-9))
        path[period] = level
    return path


def _decision(improved: Improved, committed: float) -> Decision:
    lanes = tuple(
        LaneOrder(lane=lane, units=float(units), one_more=float(slope), bound=BOUNDS[float(limit)])
        for lane, (units, slope, limit) in enumerate(zip(improved.orders, improved.slope, improved.limit, strict=True))
    )
    profits = improved.profits - committed
    low, high = np.quantile(profits, [0.1, 0.9])
    return Decision(
        orders=improved.orders,
        lanes=lanes,
        expected_profit=float(profits.mean()),
        low_profit=float(low),
        high_profit=float(high),
        gain_over_mean_plan=float(improved.profits.mean()) - improved.started_from,
        plan=improved.plan,
    )
