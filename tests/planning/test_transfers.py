"""Transfer plans: against brute force on tiny networks, and what must hold on any network."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as numpy_arrays

from planning.arrays import FloatArray
from planning.errors import InvalidField
from planning.inventory.outlook import simulate_stock
from planning.transfers.plan import Lane, Limit, TransferItem, TransferPlan, TransferSite, optimise_transfers
from planning.transfers.value import ItemValue, Tail

Plan = dict[tuple[int, int], int]
LOT = 10.0


def lost_margin(site: TransferSite, sent: float, arrivals: dict[int, float]) -> float:
    """By walking the days, independently of the solver's formula."""
    receipts = np.array(site.receipts)
    for day, quantity in arrivals.items():
        receipts[day] += quantity
    return site.unit_margin * float(simulate_stock(site.demand, site.on_hand - sent, receipts).short.sum(axis=1).mean())


def value(items: list[TransferItem], lanes: list[Lane], plan: Plan) -> float | None:
    """Money of a plan; None when it breaks a rule."""
    total, space = 0.0, np.zeros(len(lanes))
    for number, item in enumerate(items):
        for site in item.sites:
            mine = [(lanes[lane], lots * item.lot_size) for (one, lane), lots in plan.items() if one == number]
            sent = sum(units for lane, units in mine if lane.source == site.site)
            arrivals: dict[int, float] = {}
            for lane, units in mine:
                if lane.destination == site.site:
                    arrivals[lane.lead_time_days] = arrivals.get(lane.lead_time_days, 0.0) + units
            received = sum(arrivals.values())
            limit = np.inf if site.receive_limit is None else site.receive_limit
            if (sent and sent > site.on_hand - site.reserve) or (sent and received) or received > limit:
                return None
            total += lost_margin(site, 0.0, {}) - lost_margin(site, sent, arrivals)
        for (one, lane), lots in plan.items():
            if one == number:
                space[lane] += lots * item.lot_size * item.space_per_unit
                total -= lots * item.lot_size * lanes[lane].unit_cost
    for lane, taken in zip(lanes, space, strict=True):
        if lane.capacity_units is not None and taken > lane.capacity_units:
            return None
        total -= lane.fixed_cost if taken else 0.0
    return total


def tiny(seed: int) -> tuple[list[TransferItem], list[Lane]]:
    """One or two items, three sites, three or four lanes, at most two useful lots a lane or so."""
    random = np.random.default_rng(seed)
    names, count = ["s0", "s1", "s2"], int(random.integers(1, 3))

    def site(name: str) -> TransferSite:
        rate = random.choice([1.0, 5.0, 10.0])
        return TransferSite(
            name, float(random.integers(0, 30)), random.integers(0, 4, 6).astype(float),
            random.gamma(rate / 2, 2, (20, 6)), float(random.integers(1, 6)), float(random.choice([0, 3])),
            10.0 if random.random() < 0.5 else None,
        )  # fmt: skip

    items = [
        TransferItem(f"i{one}", LOT, [site(name) for name in names], float(random.choice([1, 2])))
        for one in range(count)
    ]
    pairs = list(itertools.permutations(names, 2))
    lanes = [
        Lane(
            pairs[place][0], pairs[place][1], int(random.integers(0, 4)), float(random.choice([0, 5, 15])),
            float(random.choice([0, 0.3])), 20.0 if random.random() < 0.5 else None,
        )
        for place in random.permutation(len(pairs))[: 5 - count]
    ]  # fmt: skip
    return items, lanes


def chosen(plan: TransferPlan, items: list[TransferItem], lanes: list[Lane]) -> Plan:
    """The plan as lots by item and lane."""
    names = [item.item for item in items]
    return {(names.index(move.item), lanes.index(move.lane)): move.lots for move in plan.moves}


def brute_force(items: list[TransferItem], lanes: list[Lane]) -> float:
    """The best of all plans with up to two lots a lane and item."""
    keys = list(itertools.product(range(len(items)), range(len(lanes))))
    plans = ({key: lots for key, lots in zip(keys, all_lots, strict=True) if lots}
             for all_lots in itertools.product(range(3), repeat=len(keys)))  # fmt: skip
    return max(worth for plan in plans if (worth := value(items, lanes, plan)) is not None)


@pytest.mark.parametrize("seed", range(12))
def test_tiny_networks_against_brute_force(seed: int) -> None:
    items, lanes = tiny(seed)
    plan, best = optimise_transfers(items, lanes), brute_force(items, lanes)
    assert plan.expected_benefit == pytest.approx(best, abs=1e-6)
    assert plan.upper_bound >= best - 1e-9


@settings(max_examples=60)
@given(st.integers(100, 10_000))
def test_on_any_network_the_plan_is_feasible_its_value_true_and_under_the_bound(seed: int) -> None:
    items, lanes = tiny(seed)
    plan = optimise_transfers(items, lanes)
    worth = value(items, lanes, chosen(plan, items, lanes))
    assert worth is not None, "moves what is not there, or breaks a capacity"
    assert plan.expected_benefit == pytest.approx(worth, abs=1e-6)
    assert 0.0 <= plan.expected_benefit <= plan.upper_bound + 1e-9
    assert sum(driver.value for driver in plan.drivers) == pytest.approx(worth, abs=1e-6)
    assert plan.scaling_error <= 1e-6 * max(plan.upper_bound, 1.0)


def two_sites(lead: int = 1, fixed: float = 0.0, **change: object) -> TransferPlan:
    """A has 50 it does not need; B sells 10 a day for four days with 15 on hand."""
    a = TransferSite("A", 50.0, np.zeros(4), np.zeros((1, 4)), 2.0)
    b = TransferSite("B", 15.0, np.zeros(4), np.full((1, 4), 10.0), 2.0)
    lane: dict[str, object] = {"fixed_cost": fixed, "unit_cost": 0.5, "capacity_units": None}
    item = TransferItem("X", 5.0, [a, b])
    return optimise_transfers([item], [Lane("A", "B", lead, **(lane | change))])  # pyright: ignore[reportArgumentType]


def test_a_move_by_hand() -> None:
    # 25 units short from day 1 on; all 25 can be saved at 2 − 0.5 each.
    plan = two_sites()
    assert [(move.lots, move.quantity, move.arrives_day) for move in plan.moves] == [(5, 25.0, 1)]
    assert plan.expected_benefit == pytest.approx(37.5)
    assert plan.gap == pytest.approx(0.0, abs=1e-6)


def test_lots_that_come_late_help_only_what_is_still_to_be_lost() -> None:
    assert [move.quantity for move in two_sites(lead=3).moves] == [10.0]
    assert two_sites(lead=4).moves == ()


def test_a_lane_that_does_not_earn_its_fixed_cost_stays_shut() -> None:
    assert two_sites(fixed=37.0).expected_benefit == pytest.approx(0.5)
    shut = two_sites(fixed=38.0)
    assert (shut.moves, shut.lanes_used, shut.expected_benefit) == ((), (), 0.0)


def test_a_full_lane_is_named() -> None:
    plan = two_sites(capacity_units=12.0)
    assert [move.quantity for move in plan.moves] == [10.0]
    assert [(one.limit, one.subject) for one in plan.binding] == [(Limit.LANE_CAPACITY, "A → B")]


def test_items_share_a_lanes_capacity_and_the_dearer_one_rides() -> None:
    def item(name: str, margin: float) -> TransferItem:
        a = TransferSite("A", 50.0, np.zeros(4), np.zeros((1, 4)), margin)
        return TransferItem(name, 5.0, [a, TransferSite("B", 15.0, np.zeros(4), np.full((1, 4), 10.0), margin)])

    plan = optimise_transfers([item("cheap", 1.0), item("dear", 3.0)], [Lane("A", "B", 1, 0.0, 0.0, 30.0)])
    assert {move.item: move.quantity for move in plan.moves} == {"dear": 25.0, "cheap": 5.0}
    assert plan.upper_bound >= plan.expected_benefit


def test_other_units_and_money_scale_the_plan() -> None:
    def plan(units: float, money: float) -> TransferPlan:
        rows = np.random.default_rng(1).gamma(2.0, 5.0, (30, 5))
        sites = [
            TransferSite("A", 100 * units, np.zeros(5), rows * units, 2 * money / units),
            TransferSite("B", 5 * units, np.zeros(5), rows[::-1] * units, 3 * money / units),
        ]
        return optimise_transfers(
            [TransferItem("X", 5 * units, sites)], [Lane("A", "B", 1, 3 * money, 0.1 * money / units)]
        )

    one, other = plan(1.0, 1.0), plan(12.0, 100.0)
    assert [move.lots for move in other.moves] == [move.lots for move in one.moves] != []
    assert other.expected_benefit == pytest.approx(one.expected_benefit * 100.0)


def test_the_same_input_gives_the_same_plan() -> None:
    assert optimise_transfers(*tiny(5)) == optimise_transfers(*tiny(5))


demands = numpy_arrays(np.float64, (6, 5), elements=st.floats(0, 50, allow_subnormal=False))


@given(demands, st.floats(0, 100), st.integers(0, 4), st.floats(0.5, 20))
def test_gains_never_rise_and_losses_never_fall(demand: FloatArray, stock: float, lead: int, lot: float) -> None:
    sites = [TransferSite(name, stock, np.zeros(5), demand, 2.0) for name in ("A", "B")]
    item = ItemValue(TransferItem("X", lot, sites), [Lane("A", "B", lead, 0.0, 0.0)])
    assert (np.diff(item.gains(1, lead, 30)) <= 1e-9).all()
    assert (np.diff(item.losses(0, 30)) >= -1e-9).all()


@given(demands, st.floats(0, 100), st.integers(0, 4), st.integers(1, 8))
def test_the_closed_form_is_the_walk(demand: FloatArray, stock: float, lead: int, lots: int) -> None:
    sites = [TransferSite(name, stock, np.zeros(5), demand, 1.0) for name in ("A", "B")]
    item = ItemValue(TransferItem("X", 4.0, sites), [Lane("A", "B", lead, 0.0, 0.0)])
    walked = lost_margin(sites[1], 0.0, {}) - lost_margin(sites[1], 0.0, {lead: lots * 4.0})
    assert item.gains(1, lead, lots).sum() == pytest.approx(walked, abs=1e-6)
    if lots * 4.0 <= stock:
        walked = lost_margin(sites[0], lots * 4.0, {}) - lost_margin(sites[0], 0.0, {})
        assert item.losses(0, lots).sum() == pytest.approx(walked, abs=1e-6)


def test_expected_excess_by_hand() -> None:
    assert Tail(np.array([1.0, 5.0, 3.0])).excess(np.array([-1.0, 0.0, 2.0, 9.0])) == pytest.approx([4, 3, 4 / 3, 0])


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("items", lambda: optimise_transfers([], [])),
        ("X.lot_size", lambda: TransferItem("X", 0.0, [])),
        ("X.sites", lambda: TransferItem("X", 1.0, [])),
        ("A.on_hand", lambda: TransferSite("A", -1.0, np.zeros(2), np.ones((1, 2)), 1.0)),
        ("A.demand", lambda: TransferSite("A", 1.0, np.zeros(2), np.full((1, 2), np.nan), 1.0)),
        ("lane.destination", lambda: Lane("A", "A", 1, 0.0, 0.0)),
        ("A → B.fixed_cost", lambda: Lane("A", "B", 1, float("nan"), 0.0)),
        ("A → B (van).lead_time_days", lambda: Lane("A", "B", -1, 0.0, 0.0, name="van")),
    ],
)
def test_bad_input_is_refused_by_field(field: str, make: object) -> None:
    with pytest.raises(InvalidField) as refused:
        make()  # pyright: ignore[reportCallIssue]
    assert refused.value.field == field
