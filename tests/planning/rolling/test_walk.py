"""The compiled walk is the plain one, and its slope is the slope."""

from __future__ import annotations

import numpy as np
import pytest

from planning.arrays import FloatArray
from planning.rolling.improve import walk_order
from planning.rolling.mean_plan import committed_cost
from planning.rolling.network import SupplyNetwork
from planning.rolling.outlook import INDIFFERENT, Goodwill, NetworkState
from planning.rolling.tables import Tables, make_memory, make_tables
from tests.planning.rolling.made import TANGLED, plainly

PERIODS = 8
TOUCHY = Goodwill(level=0.9, growth=1.02, decay=0.85, floor=0.3, ceiling=1.1)


def made(goodwill: Goodwill, seed: int) -> tuple[NetworkState, FloatArray, FloatArray]:
    draws = np.random.default_rng(seed)
    lanes, markets = len(TANGLED.lanes), len(TANGLED.markets)
    arriving = draws.uniform(0.0, 9.0, (lanes, 3)) * (np.arange(3) < TANGLED.lead[:, None])
    state = NetworkState(draws.uniform(0.0, 50.0, 4), arriving, draws.uniform(0.0, 5.0, markets))
    plan = draws.uniform(0.0, 30.0, (PERIODS, lanes))
    return state, plan, draws.uniform(0.0, 15.0, (5, PERIODS, markets))


def fixed(network: SupplyNetwork, state: NetworkState, plan: FloatArray, goodwill: Goodwill) -> Tables:
    """Tables of a plan without recourse."""
    tables = make_tables(network, state, goodwill, np.zeros((PERIODS, len(network.markets))), plan)
    return tables._replace(answer=np.zeros_like(tables.answer))


@pytest.mark.parametrize("goodwill", [INDIFFERENT, TOUCHY], ids=["indifferent", "touchy"])
def test_the_compiled_walk_is_the_plain_one(goodwill: Goodwill) -> None:
    from planning.rolling.walk import forward

    for seed in range(5):
        state, plan, demand = made(goodwill, seed)
        tables = fixed(TANGLED, state, plan, goodwill)
        compiled = forward(plan, walk_order(demand), 0.0, tables, make_memory(tables, len(demand)))
        plain = [plainly(TANGLED, state, plan, future, goodwill) for future in demand]
        np.testing.assert_allclose(compiled - committed_cost(TANGLED, state, PERIODS), plain, atol=1e-9)


@pytest.mark.parametrize("goodwill", [INDIFFERENT, TOUCHY], ids=["indifferent", "touchy"])
def test_the_slope_is_that_of_the_profit(goodwill: Goodwill) -> None:
    from planning.rolling.walk import climb

    state, plan, demand = made(goodwill, 3)
    tables = make_tables(TANGLED, state, goodwill, demand.mean(axis=0), plan)
    futures, memory, small = walk_order(demand), make_memory(tables, len(demand)), 1e-6
    _, slope = climb(plan, futures, 4.0, tables, memory)
    assert np.abs(slope).max() > 1.0
    for place in np.ndindex(plan.shape):
        more, less = plan.copy(), plan.copy()
        more[place] += small
        less[place] -= small
        rise = climb(more, futures, 4.0, tables, memory)[0] - climb(less, futures, 4.0, tables, memory)[0]
        assert slope[place] == pytest.approx(rise / (2.0 * small), abs=1e-4)
