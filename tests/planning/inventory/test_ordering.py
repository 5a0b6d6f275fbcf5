"""Order quantities under the constraints of buying, and what waiting costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.arrays import FloatArray
from planning.errors import HorizonTooShort, InvalidField
from planning.inventory.lead_time import LeadTime
from planning.inventory.ordering import SMALLEST_MULTIPLE, Binding, ReplenishmentSpec, replenishment

DAYS = 30


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


def noisy(scale: float = 1.0) -> FloatArray:
    """Gamma demand of 10 a day."""
    return np.random.default_rng(1).gamma(4.0, 2.5, (300, DAYS)) * scale


def test_base_stock_by_hand() -> None:
    # Five days of lead time and one of review at 10 a day, 20 on hand and 15 coming: 60 − 35.
    coming = np.zeros(DAYS)
    coming[2] = 15.0
    found = replenishment(steady(), spec(receipts=coming), seed=1)
    assert (found.order_up_to, found.inventory_position, found.order_quantity) == (60.0, 35.0, 25.0)
    assert found.binding == ()
    assert found.expected_arrival_day == 5


def test_the_economic_quantity_comes_on_top() -> None:
    # √(2 · 50 · 10 / 0.1) = 100.
    found = replenishment(steady(), spec(order_cost=50.0, holding_cost_per_unit_day=0.1), seed=1)
    assert found.order_up_to == pytest.approx(160.0)


def test_above_the_reorder_point_nothing_is_ordered() -> None:
    found = replenishment(steady(), spec(on_hand=61.0, order_cost=50.0), seed=1)
    assert (found.order_quantity, found.drivers, found.expected_benefit) == (0.0, (), 0.0)
    assert found.binding == (Binding.ABOVE_REORDER_POINT,)


@pytest.mark.parametrize(
    ("change", "quantity", "binding"),
    [
        ({"minimum_order": 70.0}, 70.0, (Binding.MINIMUM_ORDER,)),
        ({"order_multiple": 12.0}, 48.0, (Binding.ORDER_MULTIPLE,)),
        ({"order_multiple": 20.0}, 40.0, ()),
        ({"maximum_order": 25.0}, 25.0, (Binding.MAXIMUM_ORDER,)),
        ({"maximum_order": 25.0, "order_multiple": 10.0}, 20.0, (Binding.MAXIMUM_ORDER,)),
        ({"minimum_order": 41.0, "order_multiple": 12.0}, 48.0, (Binding.MINIMUM_ORDER, Binding.ORDER_MULTIPLE)),
        # With a lead time of 5 and a life of 3 days, 80 units are sold before the order expires: the 20 there leave 60.
        ({"shelf_life_days": 3, "order_cost": 50.0, "holding_cost_per_unit_day": 0.1}, 60.0, (Binding.SHELF_LIFE,)),
    ],
)
def test_each_constraint_binds_and_says_so(
    change: dict[str, object], quantity: float, binding: tuple[Binding, ...]
) -> None:
    found = replenishment(steady(), spec(**change), seed=1)
    assert (found.order_quantity, found.binding) == (pytest.approx(quantity), binding)


def test_waiting_costs_the_sales_of_the_days_lost() -> None:
    # With 50 on hand and 10 a day stock ends as the order arrives; a day later 10 units at 3 are lost.
    found = replenishment(steady(), spec(on_hand=50.0, holding_cost_per_unit_day=0.0), seed=1)
    assert found.order_quantity == 10.0
    assert found.cost_of_waiting == 0.0  # ten units sell out on any later day as well
    larger = replenishment(steady(), spec(on_hand=50.0, minimum_order=500.0, holding_cost_per_unit_day=0.0), seed=1)
    assert larger.cost_of_waiting == pytest.approx(30.0)


@given(st.floats(0, 200), st.floats(0, 100), st.just(0.0) | st.floats(SMALLEST_MULTIPLE, 30), st.floats(0.5, 0.99))
def test_the_rules_of_buying_hold_for_any_stock(on_hand: float, minimum: float, multiple: float, level: float) -> None:
    wanted = spec(on_hand=on_hand, minimum_order=minimum, order_multiple=multiple, service_level=level)
    found = replenishment(noisy(), wanted, seed=3)
    quantity = found.order_quantity
    assert sum(driver.value for driver in found.drivers) == pytest.approx(found.expected_benefit)
    if quantity:
        assert quantity >= minimum
        assert found.inventory_position <= found.reorder.reorder_point
        assert found.inventory_position + quantity >= found.order_up_to - 1e-6
    if quantity and multiple:
        assert quantity / multiple == pytest.approx(round(quantity / multiple))


def test_other_units_scale_the_order() -> None:
    one = replenishment(noisy(), spec(lead_time=LeadTime(5, 2)), seed=1)
    other = replenishment(noisy(12.0), spec(on_hand=240.0, lead_time=LeadTime(5, 2)), seed=1)
    assert other.order_quantity == pytest.approx(one.order_quantity * 12.0)


def test_more_stock_never_orders_more() -> None:
    quantities = [replenishment(noisy(), spec(on_hand=stock), seed=1).order_quantity for stock in range(0, 120, 10)]
    assert quantities == sorted(quantities, reverse=True)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("on_hand", {"on_hand": -1.0}),
        ("receipts", {"receipts": np.full(DAYS, np.nan)}),
        ("review_days", {"review_days": 0}),
        ("maximum_order", {"minimum_order": 10.0, "maximum_order": 5.0}),
        ("shelf_life_days", {"shelf_life_days": 0}),
    ],
)
def test_bad_input_is_refused_by_field(field: str, change: dict[str, object]) -> None:
    with pytest.raises(InvalidField) as refused:
        spec(**change)
    assert refused.value.field == field


def test_a_fixed_order_cost_needs_a_holding_cost() -> None:
    with pytest.raises(InvalidField, match="holding_cost_per_unit_day"):
        replenishment(steady(), spec(order_cost=1.0, holding_cost_per_unit_day=0.0), seed=1)


def test_the_horizon_must_see_a_late_order_arrive() -> None:
    with pytest.raises(HorizonTooShort):
        replenishment(steady(), spec(lead_time=LeadTime(DAYS - 1)), seed=1)


def test_a_multiple_below_what_a_quantity_can_hold_is_refused() -> None:
    with pytest.raises(InvalidField, match="order_multiple"):
        spec(order_multiple=5e-324)
