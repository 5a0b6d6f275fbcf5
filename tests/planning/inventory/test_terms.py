"""What buying one item is bound by: calendars, frozen days, price breaks, an item's end, late orders; what flips it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.arrays import FloatArray
from planning.errors import Infeasible, InvalidField
from planning.inventory.lateness import LatenessRecord, OpenOrder, receipt_scenarios
from planning.inventory.lead_time import LeadTime
from planning.inventory.order_flips import order_flips
from planning.inventory.ordering import Binding, Replenishment, ReplenishmentSpec, replenishment
from planning.inventory.outlook import stock_outlook
from planning.inventory.price_breaks import PriceList, PriceStep
from planning.inventory.purchase_terms import order_window
from planning.inventory.service import CostRatio, FillRate
from planning.inventory.supersession import ItemStock, hand_over

DAYS = 40


def spec(**change: object) -> ReplenishmentSpec:
    """Five days of lead time, reviewed daily, nothing on order."""
    usual: dict[str, object] = {
        "on_hand": 20.0, "receipts": np.zeros(DAYS), "lead_time": LeadTime(5), "service_level": 0.95,
        "unit_cost": 4.0, "unit_margin": 3.0, "holding_cost_per_unit_day": 0.01,
    }  # fmt: skip
    return ReplenishmentSpec(**(usual | change))  # pyright: ignore[reportArgumentType]


def steady(rate: float = 10.0) -> FloatArray:
    """Certain demand."""
    return np.full((4, DAYS), rate)


def noisy() -> FloatArray:
    """Gamma demand of 10 a day."""
    return np.random.default_rng(1).gamma(4.0, 2.5, (300, DAYS))


def plan(demand: FloatArray | None = None, **change: object) -> Replenishment:
    """The recommendation."""
    return replenishment(steady() if demand is None else demand, spec(**change), seed=1)


def test_an_order_lasts_to_the_order_day_after_next() -> None:
    # Orders go out today and in seven days; today's must last 5 + 7 days at 10, less 20.
    found = plan(order_days=(0, 7, 14))
    assert (found.order_quantity, found.order_day, found.next_order_day) == (100.0, 0, 7)
    assert found.binding == ()


def test_between_order_days_nothing_is_ordered_today_but_planned() -> None:
    # The first chance is in 3 days, the next in 10: it must last until day 15.
    found = plan(order_days=(3, 10))
    assert (found.order_quantity, found.planned_quantity, found.order_day) == (0.0, 130.0, 3)
    assert found.expected_arrival_day == 8
    assert Binding.ORDER_CALENDAR in found.binding


def test_nothing_is_placed_inside_the_frozen_horizon() -> None:
    found = plan(frozen_days=4)
    assert (found.order_quantity, found.order_day, found.planned_quantity) == (0.0, 4, 80.0)
    assert found.binding == (Binding.FROZEN_HORIZON,)
    both = plan(frozen_days=2, order_days=(0, 5, 9))
    assert both.order_day == 5
    assert set(both.binding) == {Binding.ORDER_CALENDAR, Binding.FROZEN_HORIZON}
    with pytest.raises(Infeasible, match="order_days"):
        order_window(spec(frozen_days=10, order_days=(0, 5)))


def test_a_maximum_of_whole_multiples_is_reached_whatever_floats_say() -> None:
    assert plan(maximum_order=0.3, order_multiple=0.1).order_quantity == pytest.approx(0.3)


def test_rarer_order_days_never_order_less() -> None:
    quantities = [plan(noisy(), order_days=(0, gap)).order_quantity for gap in (1, 3, 7, 14)]
    assert quantities == sorted(quantities)


def test_a_price_break_is_taken_where_it_pays() -> None:
    # The rule wants 40. From 60 on, units cost .25 less: 15 saved on 60; 20 more units are held two more days or so.
    prices = PriceList((PriceStep(0.0, 4.0), PriceStep(60.0, 3.75)))
    found = plan(prices=prices)
    assert (found.order_quantity, found.binding) == (60.0, (Binding.PRICE_BREAK,))
    assert found.runner_up is not None
    assert found.runner_up.expected_benefit < found.expected_benefit
    dear_to_hold = plan(prices=prices, holding_cost_per_unit_day=5.0)
    assert dear_to_hold.order_quantity == 40.0
    short_lived = plan(prices=prices, shelf_life_days=1)
    assert short_lived.order_quantity <= 40.0
    assert sum(driver.value for driver in found.drivers) == pytest.approx(found.expected_benefit)


def test_an_item_that_ends_is_bought_up_to_its_run_out() -> None:
    # Sold until day 6: 60 are needed, 20 are there. Multiples of 15 go in twice.
    whole = plan(sold_until_day=6, order_cost=50.0, holding_cost_per_unit_day=0.1)
    assert (whole.order_quantity, whole.binding) == (40.0, (Binding.SUPERSEDED,))
    packs = plan(sold_until_day=6, order_multiple=15.0, order_cost=50.0, holding_cost_per_unit_day=0.1)
    assert packs.order_quantity == 30.0
    none = plan(sold_until_day=6, minimum_order=100.0)
    assert none.order_quantity == 0.0
    assert Binding.MINIMUM_ORDER in none.binding


def test_a_fill_rate_and_a_cost_ratio_are_targets_of_an_order() -> None:
    strict = plan(noisy(), service_level=FillRate(0.99)).order_up_to
    lax = plan(noisy(), service_level=FillRate(0.9)).order_up_to
    assert strict > lax
    assert plan(noisy(), service_level=CostRatio(19, 1)) == plan(noisy(), service_level=0.95)


def test_the_runner_up_is_the_best_other_quantity() -> None:
    found = plan(noisy(), order_multiple=10.0)
    assert found.runner_up is not None
    assert found.runner_up.quantity in {found.order_quantity - 10, found.order_quantity + 10, 0.0}
    assert plan(noisy(), on_hand=500.0).runner_up is None


def flips(demand: FloatArray, **change: object) -> dict[str, float]:
    """Change by kind."""
    wanted = spec(**change)
    return {flip.kind: flip.change for flip in order_flips(demand, wanted, replenishment(demand, wanted, seed=1))}


def test_flips_by_hand() -> None:
    # s = 60, 20 there: 40 more on hand, or a third of the demand, and nothing is ordered. A lead time that rounds to a
    # day needs 20 with the day of review; one below half a day needs 10.
    found = flips(steady())
    assert found["on_hand"] == pytest.approx(40.0)
    assert found["demand"] == pytest.approx(20 / 60 - 1)
    assert found["lead_time"] == pytest.approx(0.5 - 5.0, abs=1e-4)


def test_where_the_terms_and_not_the_position_forbid_an_order_nothing_flips_it() -> None:
    # 20 there, due at 60, but the item ends and its run-out is below the minimum: more stock makes no order due.
    wanted = spec(sold_until_day=6, minimum_order=100.0)
    assert order_flips(steady(), wanted, replenishment(steady(), wanted, seed=1)) == ()


@settings(max_examples=15)
@given(st.floats(0, 150), st.floats(3, 9), st.sampled_from([0.9, 0.97, FillRate(0.95)]))
def test_just_beyond_a_flip_the_recommendation_has_turned(on_hand: float, lead: float, target: object) -> None:
    demand = noisy()
    wanted = spec(on_hand=on_hand, lead_time=LeadTime(lead, 1.0), service_level=target, order_multiple=5.0)
    found = replenishment(demand, wanted, seed=1)
    orders = found.order_quantity > 0
    for flip in order_flips(demand, wanted, found):
        margin = 1e-3 if flip.change >= 0 else -1e-3
        if flip.kind == "on_hand" and on_hand + flip.change + margin >= 0:
            turned = replenishment(demand, replace(wanted, on_hand=on_hand + flip.change + margin), seed=1)
            assert (turned.order_quantity > 0) != orders
        if flip.kind == "demand" and not isinstance(target, FillRate) and 1 + flip.change + margin > 0:
            turned = replenishment(demand * (1 + flip.change + margin), wanted, seed=1)
            assert (turned.order_quantity > 0) != orders
        if flip.kind == "lead_time" and lead + flip.change + margin > 0 and not isinstance(target, FillRate):
            moved = LeadTime(lead + flip.change + margin, 1.0)
            turned = replenishment(demand, replace(wanted, lead_time=moved), seed=1)
            assert (turned.order_quantity > 0) != orders


def test_at_the_flipped_price_the_runner_up_is_worth_as_much() -> None:
    wanted = spec(order_multiple=10.0, order_cost=20.0)
    found = replenishment(noisy(), wanted, seed=1)
    flip = next(one for one in order_flips(noisy(), wanted, found) if one.kind == "unit_cost")
    assert found.runner_up is not None
    dearer = replace(wanted, unit_cost=4.0 + flip.change, unit_margin=3.0 - flip.change)
    again = replenishment(noisy(), dearer, seed=1)
    assert again.runner_up is not None
    rivals = {
        again.planned_quantity: again.expected_benefit,
        again.runner_up.quantity: again.runner_up.expected_benefit,
    }
    assert rivals[found.planned_quantity] == pytest.approx(rivals[found.runner_up.quantity], abs=1e-6)


def arrivals(record: LatenessRecord, due: int, scenarios: int = 20_000) -> FloatArray:
    """Share of one order of one unit that comes on each of 60 days."""
    order = OpenOrder("PO-1", 1.0, due)
    return receipt_scenarios([order], record, scenarios=scenarios, days=60, seed=4).mean(axis=0)


def test_open_orders_come_as_the_record_says() -> None:
    share = arrivals(LatenessRecord(3.0, 2.0, 0.1), due=10)
    assert share.sum() == pytest.approx(0.9, abs=0.01)
    mean = share @ np.arange(60) / share.sum()
    assert mean == pytest.approx(13.0, abs=0.1)
    assert np.sqrt(share @ (np.arange(60) - mean) ** 2 / share.sum()) == pytest.approx(2.0, abs=0.1)


def test_an_overdue_order_is_later_still_and_likelier_lost() -> None:
    record = LatenessRecord(3.0, 2.0, 0.1)
    share = arrivals(record, due=-6)
    # P(delay > 5.5) is about a ninth, so the probability of never is .1 / (.1 + .9 · .11) or so.
    assert 0.35 < share.sum() < 0.65
    assert share[0] < 0.5
    assert arrivals(record, due=-30).sum() < 1e-3
    assert arrivals(LatenessRecord(3.0, 2.0), due=-30).sum() == pytest.approx(1.0)
    assert arrivals(LatenessRecord(0.0, 0.0), due=-2)[0] == 1.0
    assert arrivals(LatenessRecord(2.0, 0.0), due=4)[6] == 1.0


def test_one_orders_luck_is_its_own() -> None:
    record = LatenessRecord(2.0, 3.0, 0.05)
    orders = [OpenOrder("A", 5.0, 3), OpenOrder("B", 7.0, 5)]
    both = receipt_scenarios(orders, record, scenarios=50, days=30, seed=1)
    alone = [receipt_scenarios([one], record, scenarios=50, days=30, seed=1) for one in orders]
    assert (both == alone[0] + alone[1]).all()


def test_a_record_of_delays() -> None:
    record = LatenessRecord.of(np.array([0.0, 2.0, 4.0]), never=1)
    assert (record.mean_days, record.sd_days, record.never_share) == (2.0, 2.0, 0.25)


def test_a_less_reliable_supplier_has_one_order_more() -> None:
    quantities: list[float] = []
    for never in (0.0, 0.2, 0.6):
        coming = receipt_scenarios(
            [OpenOrder("PO", 40.0, 3)], LatenessRecord(1.0, 1.0, never), scenarios=300, days=DAYS, seed=2
        )
        quantities.append(plan(noisy(), receipts=coming).order_quantity)
    assert quantities == sorted(quantities)
    assert quantities[0] < quantities[-1]


def test_hand_over_by_hand() -> None:
    # 5 a day, 40 there, 10 come on day 2 and 8 on day 6; the successor takes over on day 4.
    coming = np.zeros(10)
    coming[2], coming[6] = 10.0, 8.0
    old = ItemStock(np.full((2, 10), 5.0), 40.0, coming)
    new = ItemStock(np.full((2, 10), 1.0), 3.0, np.zeros(10))
    found = hand_over(old, new, from_day=4, passed_on=0.8)
    assert (found.left_over, found.run_out) == (30.0, 0.0)
    assert found.old.demand[0].tolist() == [5.0] * 4 + [0.0] * 6
    assert found.new.demand[0].tolist() == [1.0] * 4 + [5.0] * 6
    assert found.new.receipts[0, 4] == 30.0
    assert found.new.receipts[0, 6] == 8.0
    assert found.old.receipts[0].tolist() == [0.0, 0.0, 10.0] + [0.0] * 7
    apart = hand_over(old, new, from_day=4, uses_old_stock=False)
    assert apart.new.receipts.sum() == 0.0
    assert apart.old.receipts.sum() == 2 * 18.0


def test_a_predecessor_that_runs_out_too_early_needs_the_difference() -> None:
    old = ItemStock(np.full((2, 10), 5.0), 12.0, np.zeros(10))
    new = ItemStock(np.zeros((2, 10)), 0.0, np.zeros(10))
    assert hand_over(old, new, from_day=6).run_out == 18.0
    assert hand_over(old, new, from_day=0).run_out == 0.0


def test_overstock_has_days_and_money() -> None:
    # 100 there, 10 a day, cover of 3 days: more than 30 is left at the end of days 0 … 5.
    found = stock_outlook(
        np.full((1, 8), 10.0), 100.0, np.zeros(8), unit_margin=1.0, holding_cost_per_unit_day=0.1,
        cover_days_target=3, unit_cost=2.0,
    )  # fmt: skip
    assert found.days_over == 6.0
    assert found.expected_overstock_cost == pytest.approx(0.1 * (60 + 50 + 40 + 30 + 20 + 10))
    assert found.value_over == pytest.approx(2.0 * 70.0)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("order_days", {"order_days": (3, 1)}),
        ("order_days", {"order_days": (-1,)}),
        ("frozen_days", {"frozen_days": -1}),
        ("prices", {"prices": PriceList((PriceStep(0.0, 5.0),))}),
        ("sold_until_day", {"sold_until_day": -2}),
        ("fill_rate", {"service_level": 1.0}),
        ("receipts", {"receipts": np.full((3, DAYS), -1.0)}),
    ],
)
def test_bad_terms_are_refused_by_field(field: str, change: dict[str, object]) -> None:
    with pytest.raises(InvalidField) as refused:
        spec(**change)
    assert refused.value.field == field.replace("fill_rate", "service_level")


def test_bad_records_are_refused_by_field() -> None:
    with pytest.raises(InvalidField, match="never_share"):
        LatenessRecord(1.0, 1.0, 1.0)
    with pytest.raises(InvalidField, match="sd_days"):
        LatenessRecord(1.0, -1.0)
    with pytest.raises(InvalidField, match="quantity"):
        OpenOrder("PO", float("nan"), 3)
    with pytest.raises(InvalidField, match="receipts"):
        plan(receipts=np.zeros((3, DAYS)))
