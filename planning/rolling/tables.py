"""The network, the start and the plan as arrays, as the compiled walk through the periods reads them.

Nothing is computed here but the recourse: how orders planned for later answer demand that differs from expected.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.rolling.mean_plan import order_costs
from planning.rolling.network import SupplyNetwork
from planning.rolling.outlook import Goodwill, NetworkState


class Tables(NamedTuple):
    """What does not change while a plan is improved. P periods, L lanes, S sites, M markets."""

    source: IntArray  # (L,) −1: outside
    target: IntArray  # (L,)
    lead: IntArray  # (L,)
    order_cost: FloatArray  # (P, L) transit included
    holding: FloatArray  # (S,)
    capacity: FloatArray  # (S,)
    yield_rate: FloatArray  # (S,)
    market_site: IntArray  # (M,)
    price: FloatArray  # (M,)
    shortage: FloatArray  # (M,)
    waits: BoolArray  # (M,)
    on_hand: FloatArray  # (S,)
    inflow: FloatArray  # (P, S)
    unfilled: FloatArray  # (M,)
    answer: FloatArray  # (P, L) the share of a site's gap that an order on the lane closes
    share: FloatArray  # (S, M) the units a site must bring in for each unit a market takes beyond expectation
    expected: FloatArray  # (P, M) the demand that the plan was made for
    level: float
    growth: float
    decay: float
    floor: float
    ceiling: float


class Memory(NamedTuple):
    """Futures as they were walked forwards, for the way back. F futures."""

    shipped: FloatArray  # (P, L, F)
    limit: FloatArray  # (P, L, F) one of the limits below
    demand: FloatArray  # (P, M, F) after goodwill
    wanted: FloatArray  # (P, M, F) demand and whoever waited
    offered: FloatArray  # (P, M, F) the site's stock when the market came
    missing: FloatArray  # (P, F) units missing in all before the period
    goodwill: FloatArray  # (P + 1, F) the factor before the period


FREE, NOTHING, CAPACITY, STOCK = 0.0, 1.0, 2.0, 3.0


def make_memory(tables: Tables, futures: int) -> Memory:
    """Room for one walk."""
    periods, lanes = tables.answer.shape
    by_market = (periods, tables.price.size, futures)
    return Memory(
        shipped=np.zeros((periods, lanes, futures)),
        limit=np.zeros((periods, lanes, futures)),
        demand=np.zeros(by_market),
        wanted=np.zeros(by_market),
        offered=np.zeros(by_market),
        missing=np.zeros((periods, futures)),
        goodwill=np.zeros((periods + 1, futures)),
    )


def make_tables(
    network: SupplyNetwork, state: NetworkState, goodwill: Goodwill, expected: FloatArray, plan: FloatArray
) -> Tables:
    """Tables for walking `plan` (periods, lanes), made for demand `expected` (periods, markets)."""
    periods = expected.shape[0]
    answer, share = recourse(network, plan)
    return Tables(
        source=network.source.astype(np.int64),
        target=network.target.astype(np.int64),
        lead=network.lead,
        order_cost=order_costs(network, periods),
        holding=np.array([site.holding_cost for site in network.sites], dtype=np.float64),
        capacity=np.array([site.capacity for site in network.sites], dtype=np.float64),
        yield_rate=np.array([site.yield_rate for site in network.sites], dtype=np.float64),
        market_site=network.market_site.astype(np.int64),
        price=np.array([market.price for market in network.markets], dtype=np.float64),
        shortage=np.array([market.shortage_cost for market in network.markets], dtype=np.float64),
        waits=network.waits,
        on_hand=np.ascontiguousarray(state.on_hand, dtype=np.float64),
        inflow=state.inflow(network, periods),
        unfilled=np.ascontiguousarray(state.unfilled, dtype=np.float64),
        answer=answer,
        share=share,
        expected=np.ascontiguousarray(expected, dtype=np.float64),
        level=goodwill.level,
        growth=goodwill.growth,
        decay=goodwill.decay,
        floor=goodwill.floor,
        ceiling=goodwill.ceiling,
    )


def recourse(network: SupplyNetwork, plan: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Base-stock recourse: a unit sold beyond expectation is ordered again, at once, at every echelon above.

    Where a site has several lanes, its fastest answers; no lane answers once the goods could not be sold in time.

    Returns:
        `answer` (periods, lanes) and `share` (sites, markets) of `Tables`.
    """
    periods = plan.shape[0]
    fastest = np.zeros(len(network.lanes))
    for site in range(len(network.sites)):
        lanes = np.flatnonzero(network.target == site)
        fastest[lanes[np.argmin(network.lead[lanes])]] = 1.0
    share = np.zeros((len(network.sites), len(network.markets)))
    share[network.market_site, np.arange(len(network.markets))] = 1.0
    for site in network.downstream_first:
        for lane in np.flatnonzero(network.source == site):
            used = fastest[lane] / network.sites[site].yield_rate
            share[site] += used * share[network.target[lane]]
    in_time = np.arange(periods)[:, None] + _periods_to_sale(network)[None, :] <= periods - 1
    return np.where(in_time, fastest[None, :], 0.0), share


def _periods_to_sale(network: SupplyNetwork) -> FloatArray:
    """(lanes,) fewest periods from an order to a sale."""
    sells = np.isin(network.target, network.market_site)
    after: FloatArray = np.where(sells, 0.0, network.periods_to_market[network.target] + 1.0)
    return after + network.lead
