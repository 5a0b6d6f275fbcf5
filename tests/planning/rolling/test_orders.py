"""Orders whose best is known: certain demand, one period, a network seen at another scale; and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planning.errors import InvalidField
from planning.rolling.futures import poisson_futures
from planning.rolling.improve import Search
from planning.rolling.mean_plan import plan_for
from planning.rolling.network import CyclicNetwork, Lane, Market, Site, SupplyNetwork
from planning.rolling.orders import decide_orders
from planning.rolling.outlook import INDIFFERENT, Goodwill, NetworkState, Outlook
from planning.rolling.tables import recourse
from tests.planning.rolling.made import ONE_SHOP, TANGLED, TREE, empty, plainly

CHAIN = SupplyNetwork(
    sites=(Site("plant", 0.1), Site("shop", 0.5)),
    lanes=(Lane(None, "plant", 1, unit_cost=1.0, transit_cost=0.1), Lane("plant", "shop", 2, transit_cost=0.2)),
    markets=(Market("shop", price=10.0, shortage_cost=1.0),),
)


def test_a_chain_with_certain_demand_by_hand() -> None:
    """5 units in the last of 5 periods: bought in period 0, shipped in 2, sold in 4, never held."""
    demand = np.zeros((5, 1))
    demand[4] = 5.0
    best = plan_for(CHAIN, empty(CHAIN), demand)
    # Bought at 1 with one period of transit at 0.1, stands once at 0.1, then two periods of transit at 0.2.
    assert best.profit == pytest.approx(5 * (10.0 - 1.0 - 0.1 - 0.1 - 2 * 0.2))
    assert best.orders[:, 0].sum() == pytest.approx(5.0)
    assert best.orders[2, 1] == pytest.approx(5.0)


def test_nothing_is_ordered_that_comes_too_late() -> None:
    decision = decide_orders(CHAIN, empty(CHAIN), Outlook(np.full((1, 3, 1), 9.0)))
    assert decision.orders.tolist() == [0.0, 0.0]
    answer, _ = recourse(CHAIN, np.zeros((6, 2)))
    assert answer[:, 0].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert answer[:, 1].tolist() == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]


def test_certain_demand_gives_the_optimum_of_the_linear_program() -> None:
    state = NetworkState(np.array([80.0, 30.0, 20.0, 10.0]), np.zeros((5, 1)), np.zeros(2))
    demand = np.random.default_rng(2).uniform(5.0, 15.0, (1, 12, 2))
    best = plan_for(TREE, state, demand[0])
    decision = decide_orders(TREE, state, Outlook(demand))
    assert decision.expected_profit == pytest.approx(best.profit, rel=1e-6)
    assert plainly(TREE, state, best.orders, demand[0], INDIFFERENT) == pytest.approx(best.profit, rel=1e-6)


def test_the_linear_program_bounds_a_network_that_sells_on_the_way() -> None:
    """It may refuse a sale to send the goods on; nobody else may."""
    state = NetworkState(np.array([80.0, 30.0, 20.0, 10.0]), np.zeros((6, 1)), np.zeros(3))
    demand = np.random.default_rng(2).uniform(5.0, 15.0, (1, 12, 3))
    best = plan_for(TANGLED, state, demand[0])
    decision = decide_orders(TANGLED, state, Outlook(demand))
    assert 0.95 * best.profit < decision.expected_profit < best.profit
    assert decision.gain_over_mean_plan > 0.0


def test_one_shop_and_one_period_is_the_newsvendor() -> None:
    """Critical ratio (10 − 4) / (10 + 0.5): the quantile that the order must reach."""
    demand = poisson_futures(np.array([100.0]), 800, np.random.default_rng(1))
    decision = decide_orders(ONE_SHOP, empty(ONE_SHOP), Outlook(demand[:, :, None]), Search(steps=300))
    assert decision.orders[0] == pytest.approx(np.quantile(demand, 6.0 / 10.5), abs=1.5)
    assert abs(decision.lanes[0].one_more) < 0.5
    assert decision.lanes[0].bound == "none"
    assert decision.gain_over_mean_plan >= 0.0
    assert decision.low_profit < decision.expected_profit < decision.high_profit


def test_uncertain_customers_who_wait_are_served_from_safety_stock() -> None:
    """Lead time 2, shortage ten times as dear as holding: the position must reach the 10/11 quantile of 3 periods."""
    shop = SupplyNetwork((Site("shop", 0.1),), (Lane(None, "shop", 2),), (Market("shop", 0.0, 1.0),))
    demand = poisson_futures(np.full(12, 40.0), 300, np.random.default_rng(4))
    state = replace(empty(shop), on_hand=np.array([100.0]))
    position = 100.0 + decide_orders(shop, state, Outlook(demand[:, :, None])).orders[0]
    assert position == pytest.approx(np.quantile(demand[:, :3].sum(axis=1), 10 / 11), abs=6.0)


def test_goodwill_is_worth_stock() -> None:
    demand = poisson_futures(np.full(10, 20.0), 64, np.random.default_rng(4))[:, :, None]
    shop = replace(ONE_SHOP, lanes=(Lane(None, "shop", 1, unit_cost=9.0),))
    state = replace(empty(shop), on_hand=np.array([25.0]))
    touchy = Goodwill(level=1.0, growth=1.0, decay=0.7, floor=0.2, ceiling=1.0)
    proud = decide_orders(shop, state, Outlook(demand, touchy))
    calm = decide_orders(shop, state, Outlook(demand))
    assert proud.orders[0] > calm.orders[0] + 1.0


def test_other_units_give_the_same_decision() -> None:
    state = NetworkState(np.array([80.0, 30.0, 20.0, 10.0]), np.ones((6, 2)), np.ones(3))
    demand = np.random.default_rng(2).poisson(9.0, (16, 8, 3)).astype(np.float64)
    sites = tuple(replace(site, capacity=site.capacity * 10.0) for site in TANGLED.sites)
    tenfold = NetworkState(state.on_hand * 10.0, state.arriving * 10.0, state.unfilled * 10.0)
    one = decide_orders(TANGLED, state, Outlook(demand), Search(steps=20))
    ten = decide_orders(replace(TANGLED, sites=sites), tenfold, Outlook(demand * 10.0), Search(steps=20))
    np.testing.assert_allclose(ten.orders, one.orders * 10.0, atol=1e-3)
    assert ten.expected_profit == pytest.approx(one.expected_profit * 10.0)


def test_orders_never_exceed_stock_and_capacity() -> None:
    state = NetworkState(np.array([90.0, 3.0, 0.0, 40.0]), np.zeros((6, 1)), np.zeros(3))
    demand = np.full((4, 9, 3), 50.0)
    orders = decide_orders(TANGLED, state, Outlook(demand)).orders
    assert (orders >= 0.0).all()
    assert orders[1] <= min(60.0, 0.8 * 90.0) + 1e-9
    assert orders[2] + orders[3] <= 3.0 + 1e-9
    assert orders[5] <= 25.0 + 1e-9


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(CyclicNetwork, match="circle among A, B"):
        SupplyNetwork((Site("A", 0), Site("B", 0)), (Lane("A", "B", 1), Lane("B", "A", 1)), (Market("A", 1.0),))
    with pytest.raises(InvalidField, match="no such site"):
        SupplyNetwork((Site("A", 0),), (Lane(None, "B", 1),), (Market("A", 1.0),))
    with pytest.raises(InvalidField, match="bring nothing to A"):
        SupplyNetwork((Site("A", 0), Site("B", 0)), (Lane(None, "B", 1),), (Market("A", 1.0),))
    with pytest.raises(InvalidField, match="yield_rate"):
        replace(ONE_SHOP, sites=(Site("shop", 0.5, yield_rate=0.0),))
    with pytest.raises(InvalidField, match="on_hand"):
        decide_orders(ONE_SHOP, replace(empty(ONE_SHOP), on_hand=np.array([-1.0])), Outlook(np.ones((1, 2, 1))))
    with pytest.raises(InvalidField, match="demand"):
        decide_orders(ONE_SHOP, empty(ONE_SHOP), Outlook(np.full((1, 2, 1), np.nan)))
    with pytest.raises(InvalidField, match="1 markets"):
        decide_orders(ONE_SHOP, empty(ONE_SHOP), Outlook(np.ones((1, 2, 2))))
