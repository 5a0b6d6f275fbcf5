"""The simulator: worked days by hand, mass in every simulated day, the same run wherever it runs, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planning.simulation.run as runs
from planning.errors import HorizonTooShort, InvalidField
from planning.simulation.demand import Counted, Replayed
from planning.simulation.network import OUTSIDE, BrokenNetwork
from planning.simulation.policies import Moves, Never, OrderUpTo, Planned
from planning.simulation.results import Run, difference, interval
from planning.simulation.run import simulate
from planning.simulation.shocks import (
    Contradiction,
    LateSupplier,
    Outage,
    PriceChange,
    Promotion,
    Shock,
    Spike,
    Window,
)
from planning.simulation.state import Start
from tests.planning.simulation.made import network, start


def replayed(*rows: list[float]) -> Replayed:
    return Replayed(np.array(rows, dtype=np.float64))


def up_to(*levels: float, **terms: Any) -> OrderUpTo:
    return OrderUpTo(np.array(levels) - 1e-9, np.array(levels), **terms)


def test_lost_sales_by_hand() -> None:
    one = network(sites=1)
    got = simulate(one, start([5.0]), replayed([3.0, 4.0, 1.0, 1.0]), up_to(5.0), days=4, replications=1, seed=1)
    # Day 0: position 5, sells 3. Day 1: orders 3 (here on day 4), sells 2 of 4. Then nothing is there.
    assert got.stock_by_day.tolist() == [[2.0, 0.0, 0.0, 0.0]]
    assert got.figures.short.tolist() == [[4.0]]
    assert got.figures.ordered.tolist() == [[5.0]]
    assert got.fill_rate.tolist() == [pytest.approx(5 / 9)]
    costs = 2.0 * 0.01 + 2 * 1.0
    assert got.profit.tolist() == [pytest.approx(5 * 3.0 - costs)]


def test_customers_who_wait_are_served_first() -> None:
    waits = network(sites=1, backorder_cost=np.array([0.5]))
    receipts = [[0.0, 0.0, 4.0]]
    got = simulate(waits, start([1.0], receipts), replayed([2.0, 1.0, 3.0]), Never(), days=3, replications=1, seed=1)
    assert got.figures.waiting.tolist() == [[1.0 + 2.0 + 1.0]]
    assert got.figures.sold.tolist() == [[5.0]]
    assert got.figures.short.tolist() == [[1.0 + 1.0 + 1.0]]
    assert got.figures.lost.tolist() == [[0.0]]


def test_a_source_that_is_short_owes_the_rest_and_sends_it_later() -> None:
    got = simulate(
        network(), start([2.0, 0.0], [[0.0, 0.0, 9.0], [0.0, 0.0, 0.0]]), replayed([0.0] * 5, [0.0] * 5),
        OrderUpTo(np.array([-1.0, 4.0 - 1e-9]), np.array([-1.0, 4.0])), days=5, replications=1, seed=1,
    )  # fmt: skip
    assert got.stock_by_day.tolist() == [[0.0, 0.0, 7.0, 7.0, 7.0], [0.0, 2.0, 2.0, 4.0, 4.0]]
    assert got.figures.ordered.tolist() == [[0.0, 4.0]]


def test_the_oldest_is_sold_first_and_what_is_left_of_it_expires() -> None:
    fresh = network(sites=1, shelf_life_days=np.array([3]))
    lots = np.array([[2.0, 0.0, 4.0]])
    first = Start(np.array([6.0]), np.zeros((1, 1)), lots)
    got = simulate(fresh, first, replayed([1.0, 1.0, 1.0, 1.0]), Never(), days=4, replications=1, seed=1)
    assert got.stock_by_day.tolist() == [[4.0, 3.0, 0.0, 0.0]]
    assert got.figures.expired.tolist() == [[1.0 + 2.0]]


def test_goods_on_the_way_between_sites_keep_their_age() -> None:
    fresh = network(shelf_life_days=np.array([5, 5]), lead_days=np.array([3.0, 2.0]))
    lots = np.array([[0.0, 3.0, 0.0, 0.0, 0.0], [0.0] * 5])
    first = Start(np.array([3.0, 0.0]), np.zeros((2, 1)), lots)
    moves = Planned({0: Moves(np.array([0]), np.array([1]), np.array([3.0]), np.array([1]), 10.0, 1.0)})
    got = simulate(
        fresh, first, replayed([0.0] * 3, [0.0, 1.0, 5.0]), Never(), days=3, replications=1, seed=1, mover=moves
    )
    # They had two days left: they arrive with one, sell 1, and the other 2 expire.
    assert got.figures.sold.tolist() == [[0.0, 1.0]]
    assert got.figures.expired.tolist() == [[0.0, 2.0]]
    assert got.move_costs.tolist() == [13.0]


def test_a_plan_never_moves_what_is_not_there() -> None:
    moves = Planned({0: Moves(np.array([0, 0]), np.array([1, 1]), np.array([6.0, 2.0]), np.array([1, 2]))})
    got = simulate(
        network(),
        start([4.0, 0.0]),
        replayed([0.0] * 4, [0.0] * 4),
        Never(),
        days=4,
        replications=2,
        seed=1,
        mover=moves,
    )
    assert got.stock_by_day.tolist() == [[0.0] * 4, [0.0, 3.0, 4.0, 4.0]]
    assert got.unmoved.tolist() == [4.0, 4.0]


def test_docks_and_suppliers_let_through_what_they_can() -> None:
    tight = network(
        sites=1, items=2, inbound_units=np.array([3.0]), supplier_units=np.array([5.0]), lead_days=np.zeros(2)
    )
    got = simulate(
        tight, start([0.0, 0.0]), replayed([0.0] * 4, [0.0] * 4), up_to(8.0, 2.0), days=4, replications=1, seed=1
    )
    assert got.stock_by_day.sum(axis=0).tolist() == pytest.approx([3.0, 6.0, 9.0, 10.0])


def test_no_more_leaves_than_the_docks_let_out_however_much_is_there() -> None:
    tight = network(outbound_units=np.array([6.0, np.inf]))
    move = Planned({1: Moves(np.array([0]), np.array([1]), np.array([4.0]), np.array([1]))})
    got = simulate(
        tight, start([100.0, 0.0]), replayed([10.0] * 3, [0.0] * 3), Never(), days=3, replications=1, seed=1, mover=move
    )
    # Day 1: four go sideways in the morning, two are left for customers.
    assert got.figures.sold.tolist() == [[6.0 + 2.0 + 6.0, 0.0]]
    shared = OrderUpTo(np.array([-1.0, 10.0 - 1e-9]), np.array([-1.0, 10.0]))
    got = simulate(tight, start([100.0, 0.0]), replayed([20.0], [0.0]), shared, days=1, replications=1, seed=1)
    # 10 for the other site and 20 for customers want out; two and four do.
    assert got.stock_by_day.tolist() == [[94.0], [0.0]]
    assert got.figures.sold.tolist() == [[4.0, 0.0]]


def test_nothing_moves_sideways_from_a_site_that_is_shut() -> None:
    move = Planned({0: Moves(np.array([0]), np.array([1]), np.array([4.0]), np.array([1]))})
    got = simulate(
        network(), start([9.0, 0.0]), replayed([0.0] * 2, [0.0] * 2), Never(), days=2, replications=1, seed=1,
        mover=move, shocks=[Outage("W0", Window(0, 1))],
    )  # fmt: skip
    assert got.stock_by_day.tolist() == [[9.0, 9.0], [0.0, 0.0]]
    assert got.unmoved.tolist() == [4.0]


WHAT_IF = (
    ([LateSupplier("S", Window(0, 5), 2)], [[0.0, 0.0, 0.0, 0.0, 4.0]]),
    ([Outage("W0", Window(2, 1))], [[0.0, 0.0, 0.0, 4.0, 4.0]]),
)


@pytest.mark.parametrize(("shocks", "stock"), WHAT_IF, ids=["late supplier", "outage"])
def test_what_is_on_the_way_meets_the_shock(shocks: list[Shock], stock: list[list[float]]) -> None:
    one, coming = network(sites=1), [[0.0, 0.0, 4.0]]
    got = simulate(
        one, start([0.0], coming), replayed([0.0] * 5), Never(), days=5, replications=1, seed=1, shocks=shocks
    )
    assert got.stock_by_day.tolist() == stock


def test_prices_and_promotions_change_demand_and_margin() -> None:
    one = network(sites=1)

    def earned(*shocks: Shock) -> float:
        got = simulate(
            one, start([100.0]), replayed([4.0, 4.0]), Never(), days=2, replications=1, seed=1, shocks=shocks
        )
        return float(got.figures.earned.sum())

    assert earned() == 24.0
    assert earned(Spike(Window(1, 1), 2.0)) == 36.0
    assert earned(Promotion(Window(1, 1), "I0", 1.5, 0.2)) == pytest.approx(12.0 + 6.0 * (3.0 - 1.0))
    assert earned(PriceChange(Window(1, 1), "I0", 0.25, -1.0)) == pytest.approx(12.0 + 3.2 * (3.0 + 1.25))


CONTRADICTIONS: tuple[tuple[str, list[Shock]], ...] = (
    ("two prices", [Promotion(Window(0, 3), "I0", 2.0), PriceChange(Window(2, 2), "I0", 0.1, -1.0)]),
    ("two outages", [Outage("W0", Window(0, 3)), Outage("W0", Window(2, 2))]),
    ("two delays", [LateSupplier("S", Window(0, 3), 1), LateSupplier("S", Window(0, 1), 4)]),
    ("two spikes", [Spike(Window(0, 3), 2.0), Spike(Window(1, 1), 0.0)]),
    ("promotion while shut", [Promotion(Window(0, 2), "I0", 2.0, site="W1"), Outage("W1", Window(1, 1))]),
)
IMPOSSIBLE: tuple[tuple[str, list[Shock]], ...] = (
    ("supplier", [LateSupplier("X", Window(0, 1), 1)]),
    ("site", [Outage("X", Window(0, 1))]),
    ("sku", [Spike(Window(0, 1), 2.0, sku="X")]),
    ("window", [Spike(Window(3, 3), 2.0)]),
)


@pytest.mark.parametrize("shocks", [case[1] for case in CONTRADICTIONS], ids=[case[0] for case in CONTRADICTIONS])
def test_a_scenario_that_contradicts_itself_is_refused(shocks: list[Shock]) -> None:
    with pytest.raises(Contradiction):
        simulate(
            network(),
            start([1.0, 1.0]),
            replayed([0.0] * 5, [0.0] * 5),
            Never(),
            days=5,
            replications=1,
            seed=1,
            shocks=shocks,
        )


@pytest.mark.parametrize("shocks", [case[1] for case in IMPOSSIBLE], ids=[case[0] for case in IMPOSSIBLE])
def test_a_shock_to_what_is_not_there_is_refused(shocks: list[Shock]) -> None:
    with pytest.raises(InvalidField, match=type(shocks[0]).__name__):
        simulate(
            network(),
            start([1.0, 1.0]),
            replayed([0.0] * 5, [0.0] * 5),
            Never(),
            days=5,
            replications=1,
            seed=1,
            shocks=shocks,
        )


BROKEN: tuple[tuple[str, dict[str, Any], type[InvalidField], str], ...] = (
    ("cycle", {"source": np.array([1, 0]), "supplier": np.array([-1, -1])}, BrokenNetwork, "cycle"),
    ("nowhere", {"source": np.array([OUTSIDE, 7])}, BrokenNetwork, "nowhere"),
    ("no source", {"supplier": np.array([-1, -1])}, BrokenNetwork, "another site or a supplier"),
    ("no capacity", {"inbound_units": np.array([5.0, 0.0])}, BrokenNetwork, "W1"),
    ("negative cost", {"unit_cost": np.array([1.0, -1.0])}, InvalidField, "unit_cost"),
    ("not a number", {"holding_cost": np.array([np.nan, 0.0])}, InvalidField, "holding_cost"),
    ("two lives", {"shelf_life_days": np.array([5, 3])}, InvalidField, "shelf_life_days"),
)


@pytest.mark.parametrize("case", BROKEN, ids=[case[0] for case in BROKEN])
def test_a_network_that_cannot_work_is_refused(case: tuple[str, dict[str, Any], type[InvalidField], str]) -> None:
    _, change, error, named = case
    with pytest.raises(error, match=named):
        network(**change)


def test_input_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidField, match="on_hand"):
        simulate(network(), start([1.0]), replayed([1.0], [1.0]), Never(), days=1, replications=1, seed=1)
    with pytest.raises(HorizonTooShort):
        simulate(network(), start([1.0, 1.0]), replayed([1.0], [1.0]), Never(), days=2, replications=1, seed=1)
    with pytest.raises(InvalidField, match="demand"):
        simulate(network(), start([1.0, 1.0]), replayed([1.0]), Never(), days=1, replications=1, seed=1)
    with pytest.raises(InvalidField, match="order_up_to"):
        simulate(network(), start([1.0, 1.0]), replayed([1.0], [1.0]), up_to(5.0), days=1, replications=1, seed=1)
    with pytest.raises(InvalidField, match="seed"):
        simulate(network(), start([1.0, 1.0]), replayed([1.0], [1.0]), Never(), days=1, replications=1, seed=-1)
    with pytest.raises(InvalidField, match="days"):
        simulate(network(), start([1.0, 1.0]), replayed([1.0], [1.0]), Never(), days=np.nan, replications=1, seed=1)  # pyright: ignore[reportArgumentType]
    life = network(sites=1, shelf_life_days=np.array([2]))
    first = Start(np.array([3.0]), np.zeros((1, 1)), np.array([[1.0, 1.0]]))
    with pytest.raises(InvalidField, match="lots"):
        simulate(life, first, replayed([1.0]), Never(), days=1, replications=1, seed=1)


def busy(seed: int) -> tuple[Any, Start, Counted, OrderUpTo]:
    """A network with everything in it, drawn from a seed."""
    random = np.random.default_rng(seed)
    sites, items = int(random.integers(1, 4)), int(random.integers(1, 4))
    series = sites * items
    life = np.repeat(random.choice([0, 3, 6], items), sites)
    made = network(
        sites=sites, items=items, shelf_life_days=life,
        lead_days=random.integers(0, 5, series).astype(float), lead_sd_days=random.choice([0.0, 1.5], series),
        backorder_cost=random.choice([np.inf, 0.2], series),
        inbound_units=random.choice([np.inf, 6.0], sites), outbound_units=random.choice([np.inf, 7.0], sites),
        supplier_units=random.choice([np.inf, 9.0], 1),
    )  # fmt: skip
    first = start(random.integers(0, 12, series).astype(float), random.integers(0, 3, (series, 4)).astype(float))
    demand = Counted(random.uniform(0.0, 4.0, (series, 30)), random.choice([1.0, 3.0], series))
    level = random.uniform(0.0, 20.0, series)
    return made, first, demand, OrderUpTo(level / 2.0, level, 2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_no_unit_is_made_or_lost_on_any_day(seed: int) -> None:
    """The engine itself refuses a day that does not add up; over the whole run the figures add up as well."""
    made, first, demand, policy = busy(seed)
    there = first.on_hand.sum() + first.receipts.sum()
    moves = Planned({3: Moves(np.array([0]), np.array([len(made.sites) - 1]), np.array([2.0]), np.array([1]))})
    got = simulate(made, first, demand, policy, days=30, replications=3, seed=seed, mover=moves)
    found = got.figures
    assert (got.stock_by_day >= -1e-9).all()
    outside = made.source == OUTSIDE
    at_most = there + found.ordered[:, outside].sum(axis=1)
    left = found.sold.sum(axis=1) + found.expired.sum(axis=1)
    assert (left <= at_most + 1e-6).all()
    waiting = np.where(made.waits, found.demand - found.sold, 0.0)
    assert (waiting >= -1e-6).all()
    lost = ~made.waits
    np.testing.assert_allclose(found.sold[:, lost] + found.short[:, lost], found.demand[:, lost], atol=1e-6)


def in_processes(function: Callable[[Any], Any], jobs: Sequence[Any], /) -> Iterator[Any]:
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(function, jobs)


def same(one: Run, other: Run) -> bool:
    pairs = [(vars(one.figures)[name], vars(other.figures)[name]) for name in vars(one.figures)]
    pairs += [(one.move_costs, other.move_costs), (one.unmoved, other.unmoved)]
    return all(np.array_equal(a, b) for a, b in pairs) and np.allclose(one.stock_by_day, other.stock_by_day, rtol=1e-12)


def test_one_worker_or_two_and_parts_of_any_size_give_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    made, first, demand, policy = busy(11)
    whole = simulate(made, first, demand, policy, days=30, replications=6, seed=5)
    monkeypatch.setattr(runs, "PART", 2 * 30 * made.series)
    parts = simulate(made, first, demand, policy, days=30, replications=6, seed=5)
    spread = simulate(made, first, demand, policy, days=30, replications=6, seed=5, spread=in_processes)
    assert same(whole, parts)
    assert same(whole, spread)
    other = simulate(made, first, demand, policy, days=30, replications=6, seed=6)
    assert not same(whole, other)


def test_rivals_meet_the_same_days() -> None:
    """Common random numbers: the demand is the same, and the difference is far surer than the parts."""
    made, first, demand, policy = busy(4)
    more = replace(policy, order_up_to=policy.order_up_to + 1.0, reorder_point=policy.reorder_point + 1.0)
    one = simulate(made, first, demand, policy, days=30, replications=40, seed=5)
    other = simulate(made, first, demand, more, days=30, replications=40, seed=5)
    assert np.array_equal(one.figures.demand, other.figures.demand)
    paired, apart = difference(other.profit, one.profit), interval(one.profit)
    assert paired.high - paired.low < (apart.high - apart.low) / 2.0


def test_a_base_stock_fills_what_theory_says() -> None:
    """Poisson demand, base stock S, lead time L, customers wait: short with P(demand of L + 1 days > S)."""
    from scipy.stats import poisson

    one = network(sites=1, backorder_cost=np.array([1.0]), lead_days=np.array([2.0]))
    got = simulate(
        one,
        start([10.0]),
        Counted(np.full((1, 400), 2.0), np.array([1.0])),
        up_to(10.0),
        days=400,
        replications=50,
        seed=3,
    )
    # What is ordered in the morning of day t arrives on day t + 2; on its evening the demand of three days is gone.
    assert got.short_by_day[0, 10:].mean() == pytest.approx(1.0 - poisson.cdf(10, 6.0), abs=0.01)


def test_an_interval_covers_what_it_says() -> None:
    random = np.random.default_rng(2)
    inside = [one.low <= 0.0 <= one.high for one in (interval(random.normal(size=10)) for _ in range(600))]
    assert 0.93 <= np.mean(inside) <= 0.97
    assert interval(np.array([3.0])).low == -np.inf
