"""Single-site policies against published optima and against enumeration.

The instances are those bundled with stockpyl 1.0.2 (Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd ed.), its
exact functions' answers as literals.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.arrays import FloatArray
from planning.errors import InvalidField
from planning.inventory.distributions import DiscreteDemand, NormalDemand, compound_poisson, mixture, poisson
from planning.inventory.economic_order import economic_order, economic_order_at
from planning.inventory.fixed_lot import best_lot_normal, best_lot_poisson, expected_level_lot
from planning.inventory.lot_sizing import best_lots
from planning.inventory.min_max import best_min_max
from planning.inventory.newsvendor import base_stock, newsvendor
from planning.inventory.price_breaks import PriceList, PriceStep
from planning.purchasing.suppliers import BreakKind

EXACT = 1e-6


@pytest.mark.parametrize(
    ("mean", "order", "hold", "short", "low", "high", "cost"),
    [
        pytest.param(6, 5, 1, 4, 4, 10, 8.034111561471642, id="example_4_7"),
        pytest.param(4, 150, 40, 125, 2, 7, 223.5748295669688, id="problem_4_31"),
    ],
)
def test_min_max(mean: float, order: float, hold: float, short: float, low: int, high: int, cost: float) -> None:
    found = best_min_max(poisson(mean), order_cost=order, holding_cost=hold, shortage_cost=short)
    assert (found.reorder_level, found.order_up_to) == (low, high)
    assert found.cost == pytest.approx(cost, rel=EXACT)


@pytest.mark.parametrize(
    ("rate", "lead", "order", "hold", "short", "point", "lot", "cost"),
    [
        pytest.param(1.5, 2, 100, 20, 150, 3, 5, 107.92358063314975, id="example_5_8"),
        pytest.param(12, 0.5, 4, 4, 28, 6, 7, 28.241312842169155, id="problem_5_2"),
    ],
)
def test_fixed_lot_with_poisson_demand(
    rate: float, lead: float, order: float, hold: float, short: float, point: int, lot: int, cost: float
) -> None:
    found = best_lot_poisson(rate, lead, order_cost=order, holding_cost=hold, shortage_cost=short)
    assert (found.reorder_point, found.lot) == (point, lot)
    assert found.cost == pytest.approx(cost, rel=EXACT)


@pytest.mark.parametrize(
    ("demand", "lead", "order", "hold", "short", "point", "lot", "cost"),
    [
        pytest.param((1300, 150), 1 / 12, 8, 0.225, 7.5, 213.970442, 318.590181, 95.451140, id="example_5_1"),
        pytest.param((800, 40), 4 / 365, 50, 3.1, 45, 17.97264936, 162.12316173, 531.11893218, id="problem_5_1"),
        pytest.param((192, 17.4), 3, 85, 3 / 14, 40, 644.83853038, 400.75597931, 100.62739493, id="problem_5_3"),
    ],
)
def test_expected_inventory_level(
    demand: tuple[float, float],
    lead: float,
    order: float,
    hold: float,
    short: float,
    point: float,
    lot: float,
    cost: float,
) -> None:
    found = expected_level_lot(
        NormalDemand(*demand), lead, order_cost=order, holding_cost=hold, cost_per_unit_short=short
    )
    assert (found.reorder_point, found.lot, found.cost) == pytest.approx((point, lot, cost), rel=EXACT)


def test_fixed_lot_with_normal_demand() -> None:
    # example_5_1 with shortages priced per unit and time: stockpyl's r_q_loss_function_approximation, same equations.
    found = best_lot_normal(NormalDemand(1300, 150), 1 / 12, order_cost=8, holding_cost=0.225, shortage_cost=7.5)
    assert (found.reorder_point, found.lot) == pytest.approx((126.8670634, 328.4491422), rel=EXACT)


def test_newsvendor_and_base_stock() -> None:
    one = newsvendor(NormalDemand(50, 8), overage_cost=0.18, underage_cost=0.70)  # example_4_3
    assert (one.level, one.cost) == pytest.approx((56.60395592743389, 1.9976051931766445), rel=EXACT)
    four = base_stock(NormalDemand(50, 8), lead_time=4, holding_cost=0.18, shortage_cost=0.70)  # example_4_4
    assert (four.level, four.cost) == pytest.approx((264.76689437415484, 4.466781004149577), rel=EXACT)
    whole = newsvendor(poisson(18), overage_cost=200, underage_cost=270)  # problem_4_8a
    assert (whole.level, whole.cost) == pytest.approx((19, 786.0884409351079), rel=EXACT)
    odd = DiscreteDemand(np.array([0, 0.25, 0.05, 0.1, 0.2, 0.15, 0.1, 0.1, 0.05]))  # problem_4_7b
    found = newsvendor(odd, overage_cost=0.5, underage_cost=1.0)
    assert (found.level, found.cost) == pytest.approx((5, 1.225), rel=EXACT)


def test_economic_order() -> None:
    plain = economic_order(1300, order_cost=8, holding_cost=0.225)  # example_3_1
    assert (plain.quantity, plain.cost) == pytest.approx((304.0467800264368, 68.41052550594829), rel=EXACT)
    late = economic_order(1300, order_cost=8, holding_cost=0.225, shortage_cost=5)  # example_3_8
    assert late.quantity == pytest.approx(310.81255515896464, rel=EXACT)
    assert (late.backordered_share, late.cost) == pytest.approx((0.0430622009569378, 66.92136355097325), rel=EXACT)


def prices(kind: BreakKind, *steps: tuple[float, float]) -> PriceList:
    """Breaks as (quantity, price)."""
    return PriceList(tuple(PriceStep(*step) for step in steps), kind)


@pytest.mark.parametrize(
    ("kind", "quantity", "cost"),
    [(BreakKind.ALL_UNITS, 800, 978.6), (BreakKind.INCREMENTAL, 304.0467800264368, 1043.4105255059483)],
)
def test_quantity_discounts(kind: BreakKind, quantity: float, cost: float) -> None:  # example_3_5
    offered = prices(kind, (0, 0.75), (400, 0.72), (800, 0.68))
    found = economic_order_at(1300, offered, order_cost=8, carrying_rate=0.3)
    assert (found.quantity, found.cost) == pytest.approx((quantity, cost), rel=EXACT)


@pytest.mark.parametrize(
    ("kind", "quantity", "cost"),
    [(BreakKind.ALL_UNITS, 2400, 201251093.75), (BreakKind.INCREMENTAL, 28553.060654284905, 208678591.67992836)],
)
def test_large_quantity_discounts(kind: BreakKind, quantity: float, cost: float) -> None:  # problem_3_12
    offered = prices(kind, (0, 1490), (1200, 1220), (2400, 1100))
    found = economic_order_at(182500, offered, order_cost=2250, carrying_rate=0.25)
    assert (found.quantity, found.cost) == pytest.approx((quantity, cost), rel=EXACT)


@given(st.sampled_from(list(BreakKind)), st.floats(1, 500), st.floats(1, 200), st.floats(0.05, 1))
def test_no_quantity_is_cheaper_than_the_best_discount(
    kind: BreakKind, rate: float, order: float, carrying: float
) -> None:
    offered = prices(kind, (0, 10), (50, 9), (200, 8.5), (800, 7))
    found = economic_order_at(rate, offered, order_cost=order, carrying_rate=carrying)

    def cost(quantity: float) -> float:
        paid = offered.cost(quantity)
        return paid * rate / quantity + order * rate / quantity + carrying * paid / 2

    assert found.cost == pytest.approx(cost(found.quantity))
    assert found.cost <= min(cost(quantity) for quantity in np.geomspace(0.5, 5000, 400)) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("demand", "order", "hold", "unit", "orders", "cost"),
    [
        pytest.param([90, 120, 80, 70], 500, 2, 0, [210, 0, 150, 0], 1380, id="example_3_9"),
        pytest.param([150, 100, 80, 200], 120, 0.8, 0, [150, 180, 0, 200], 424, id="problem_3_27"),
        pytest.param([730, 580, 445, 650, 880], 100, 0.1, 0, [1310, 0, 1095, 0, 880], 423, id="problem_3_29"),
        pytest.param(
            [400, 500, 500, 1100, 900], 100, 0.1, [3, 1, 4, 6, 6], [400, 3000, 0, 0, 0], 4940, id="scmo_ww_hw_c"
        ),
    ],
)
def test_wagner_whitin(
    demand: list[float], order: float, hold: float, unit: float | list[float], orders: list[float], cost: float
) -> None:
    found = best_lots(demand, order_cost=order, holding_cost=hold, unit_cost=unit)
    assert found.orders.tolist() == orders
    assert found.cost == pytest.approx(cost, rel=EXACT)


@given(st.lists(st.sampled_from([0.0, 3.0, 10.0, 40.0]), min_size=1, max_size=6), st.floats(0, 60), st.floats(0.1, 3))
def test_no_set_of_order_periods_beats_wagner_whitin(demand: list[float], order: float, hold: float) -> None:
    def cost(starts: tuple[int, ...]) -> float:
        waits = [
            period - max((start for start in starts if start <= period), default=-99) for period in range(len(demand))
        ]
        if any(wait > 50 and units for wait, units in zip(waits, demand, strict=True)):
            return float("inf")
        return order * len(starts) + sum(
            hold * wait * units for wait, units in zip(waits, demand, strict=True) if units
        )

    sets = itertools.chain.from_iterable(itertools.combinations(range(len(demand)), n) for n in range(len(demand) + 1))
    found = best_lots(demand, order_cost=order, holding_cost=hold)
    assert found.cost == pytest.approx(min(cost(starts) for starts in sets), abs=1e-9)
    assert (np.cumsum(found.orders) >= np.cumsum(demand) - 1e-9).all()


def long_run_cost(low: int, high: int, steps: FloatArray, order: float, hold: float, short: float) -> float:
    """Cost per period of an (s, S) policy from the stationary distribution of the position after ordering."""
    states = np.arange(low + 1, high + 1)
    moves = np.zeros((states.size, states.size))
    for row, level in enumerate(states):
        for units, chance in enumerate(steps):
            left = level - units
            moves[row, -1 if left <= low else left - low - 1] += chance
    share = np.linalg.lstsq(
        np.vstack([moves.T - np.eye(states.size), np.ones(states.size)]),
        np.append(np.zeros(states.size), 1.0),
        rcond=None,
    )[0]
    cost = 0.0
    for level, weight in zip(states, share, strict=True):
        left = level - np.arange(steps.size)
        reorders = steps[left <= low].sum()
        cost += weight * (order * reorders + steps @ np.where(left > 0, hold * left, -short * left))
    return float(cost)


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.floats(0.5, 30), st.floats(0.2, 3), st.floats(3, 20))
def test_no_min_max_in_reach_is_cheaper(seed: int, order: float, hold: float, short: float) -> None:
    steps = np.random.default_rng(seed).dirichlet(np.ones(5) * 0.7)
    found = best_min_max(DiscreteDemand(steps), order_cost=order, holding_cost=hold, shortage_cost=short)
    assert found.cost == pytest.approx(
        long_run_cost(found.reorder_level, found.order_up_to, steps, order, hold, short), rel=1e-6
    )
    for low in range(found.reorder_level - 2, found.reorder_level + 3):
        for high in range(max(low + 1, found.order_up_to - 3), found.order_up_to + 4):
            assert found.cost <= long_run_cost(low, high, steps, order, hold, short) * (1 + 1e-6)


def test_compound_demand_is_the_sum_of_its_orders() -> None:
    sizes = np.array([0.0, 0.5, 0.0, 0.5])
    found = compound_poisson(2.0, sizes)
    assert found.mean == pytest.approx(4.0)
    # By the number of orders: n orders have the n-fold convolution of the sizes.
    by_orders = np.zeros(60)
    fold, chance = np.array([1.0]), np.exp(-2.0)
    for orders in range(1, 60):
        by_orders[: min(fold.size, 60)] += chance * fold[:60]
        fold, chance = np.convolve(fold, sizes), chance * 2.0 / orders
    assert found.probabilities[:40] == pytest.approx(by_orders[:40], abs=1e-14)
    single = compound_poisson(3.0, np.array([0.0, 1.0]))
    assert single.probabilities[:20] == pytest.approx(poisson(3.0).probabilities[:20], abs=1e-14)


def test_a_mixture_and_a_sum() -> None:
    both = mixture([poisson(2), poisson(6)], np.array([0.5, 0.5]))
    assert both.mean == pytest.approx(4.0)
    assert poisson(2).plus(poisson(3)).probabilities[:30] == pytest.approx(poisson(5).probabilities[:30])


@given(st.floats(0, 60), st.integers(-5, 90))
def test_expected_short_by_its_definition(mean: float, level: int) -> None:
    demand = poisson(mean)
    units = np.arange(demand.probabilities.size)
    wanted = float(demand.probabilities @ np.maximum(units - level, 0))
    assert demand.expected_short(np.array([level]))[0] == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("demand.sd", lambda: NormalDemand(1, -1)),
        ("demand.mean", lambda: poisson(float("nan"))),
        ("demand.mean", lambda: poisson(1e13)),
        ("demand.probabilities", lambda: DiscreteDemand(np.array([0.5, 0.4]))),
        ("overage_cost", lambda: newsvendor(poisson(1), overage_cost=0, underage_cost=1)),
        ("demand", lambda: newsvendor(np.array([]), overage_cost=1, underage_cost=1)),
        ("period", lambda: best_min_max(poisson(0), order_cost=1, holding_cost=1, shortage_cost=1)),
        ("order_cost", lambda: best_min_max(poisson(1), order_cost=-1, holding_cost=1, shortage_cost=1)),
        ("demand_rate", lambda: best_lot_poisson(0, 1, order_cost=1, holding_cost=1, shortage_cost=1)),
        ("lead_time", lambda: best_lot_poisson(1, -1, order_cost=1, holding_cost=1, shortage_cost=1)),
        ("holding_cost", lambda: economic_order(1, order_cost=1, holding_cost=float("inf"))),
        ("prices", lambda: PriceList((PriceStep(5, 1),))),
        ("prices", lambda: PriceList((PriceStep(0, 1), PriceStep(0, 0.9)))),
        ("prices", lambda: PriceList((PriceStep(0, 1), PriceStep(5, 1.1)))),
        ("price_step.unit_price", lambda: PriceStep(0, float("inf"))),
        ("demand", lambda: best_lots([], order_cost=1, holding_cost=1)),
        ("demand", lambda: best_lots([1, -2], order_cost=1, holding_cost=1)),
    ],
)
def test_bad_input_is_refused_by_field(field: str, call: object) -> None:
    with pytest.raises(InvalidField) as refused:
        call()  # pyright: ignore[reportCallIssue, reportUnknownVariableType]
    assert refused.value.field == field


@given(st.floats(0.2, 3), st.floats(1, 20), st.floats(0, 30))
def test_scenarios_and_distribution_agree_on_the_level(hold: float, short: float, mean: float) -> None:
    demand = poisson(mean)
    drawn = np.repeat(np.arange(demand.probabilities.size), np.round(demand.probabilities * 1e5).astype(int)).astype(
        float
    )
    of_scenarios = newsvendor(drawn, overage_cost=hold, underage_cost=short).level
    assert abs(of_scenarios - newsvendor(demand, overage_cost=hold, underage_cost=short).level) <= 1
