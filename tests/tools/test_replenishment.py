"""Replenishment on suppliers' terms: order days, price breaks, budgets, successors, joint minimums, records, flips."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from db.session import Database
from tests.fix_network import BATCH, NOW, Network, day, insert
from tests.fix_tools import Asker


@pytest.fixture
def put(network: Network, owner_database: Database) -> Callable[..., None]:
    """Rows beside the small network, whose open order is taken away: 30 in stock, 10 sold a day."""
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM purchase_order_line")

    def row(table: str, **values: object) -> None:
        with owner_database.transaction(network.tenant) as connection:
            insert(connection, table, tenant=network.tenant, batch_id=BATCH, **values)

    return row


def site(asker: Asker) -> Any:
    (only,) = asker.answer("recommend_replenishment", sku="OAT-1L", site="LEJ").sites
    return only


def test_the_order_waits_for_the_order_day_and_lasts_until_the_next(asker: Asker, put: Callable[..., None]) -> None:
    """Today is Monday; it takes orders on Wednesdays: five days later it is there, and must last seven more."""
    put("supplier_calendar", supplier="S-07", site="*", order_days="wed")
    order = next(one for one in site(asker).orders if one.supplier == "S-07")
    assert (order.order_on, order.next_order_on, order.arrives_on) == (day(2), day(9), day(7))
    # (2 + 5 + 7) × 10 less the 30 that are there, in dozens.
    assert (order.reorder_point, order.quantity) == (140, 120)
    assert "order_calendar" in order.binding


def test_a_price_break_is_taken_where_it_pays(asker: Asker, put: Callable[..., None]) -> None:
    """96 are needed; from 120 on all of them cost a tenth less, and 24 more are held for a few days."""
    put("price_break", sku="OAT-1L", supplier="S-07", from_quantity=120, unit_cost="0.9")
    order = site(asker).orders[0]
    assert (order.quantity, order.unit_cost, order.value) == (120, Decimal("0.9"), Decimal("108.00"))
    assert "price_break" in order.binding
    assert order.other_quantity.quantity < 120
    assert sum(part.amount for part in order.drivers) == pytest.approx(order.expected_benefit, abs=Decimal("0.05"))


def test_the_purchase_that_is_compared_is_the_one_that_is_recommended(asker: Asker, put: Callable[..., None]) -> None:
    put("price_break", sku="OAT-1L", supplier="S-07", from_quantity=120, unit_cost="0.9")
    order = site(asker).orders[0]
    options = asker.answer("compare_options", sku="OAT-1L", site="LEJ").options
    bought = next(one.order for one in options if one.source == "S-07")
    assert (bought.quantity, bought.unit_cost, bought.deliver_on) == (order.quantity, order.unit_cost, order.arrives_on)


def test_todays_parameters_stand_beside(asker: Asker, put: Callable[..., None], owner_database: Database) -> None:
    del put
    with owner_database.transaction(asker.network.tenant) as connection:
        connection.execute("UPDATE item_site SET reorder_point = 100, safety_stock = 0 WHERE sku = 'OAT-1L'")
    today = site(asker).today
    assert (today.reorder_point, today.reorder_point_change, today.safety_stock_change) == (100, 20, 0)
    assert today.order_up_to is today.order_up_to_change is None


def test_the_tightest_budget_is_named_and_what_it_pays_for(asker: Asker, put: Callable[..., None]) -> None:
    period = {"starts_on": day(-1), "ends_on": day(9), "category": "*", "site": "*", "currency": "EUR"}
    put("budget", budget="Wide", supplier="*", amount=500, **period)
    put("budget", budget="Oats", supplier="S-07", amount=50, **period)
    order = site(asker).orders[0]
    assert (order.budget.budget, order.budget.left, order.budget.affordable) == ("Oats", 50, 48)
    assert "budget" in order.binding


def test_an_item_that_ends_is_bought_only_until_then(asker: Asker, put: Callable[..., None]) -> None:
    """Sold until 12 March: ten days are 100, of which 30 are there and 70 are five dozen and ten."""
    put("supersession", sku="OAT-1L", successor="OAT-B", starts_on=day(10))
    found = site(asker)
    assert (found.successor, found.successor_from) == ("OAT-B", day(10))
    assert found.orders[0].quantity == 60
    assert "superseded" in found.orders[0].binding


def test_an_item_that_has_ended_is_not_bought(asker: Asker, put: Callable[..., None]) -> None:
    put("supersession", sku="OAT-1L", successor="OAT-B", starts_on=day(3))
    assert site(asker).orders[0].quantity == 0
    compared = asker.answer("compare_options", sku="OAT-1L", site="LEJ")
    assert "buy" not in {one.option for one in compared.options}
    assert any("OAT-B follows on" in note for note in compared.notes)


def test_open_orders_come_as_late_as_the_supplier_is(asker: Asker, put: Callable[..., None]) -> None:
    """Every one of its orders came four days late, so the one due in four days comes in eight."""
    for number in range(6):
        put("purchase_order_line", order_no=f"OLD-{number}", line_no=1, supplier="S-07", sku="OAT-1L", site="LEJ",
            quantity=10, received=10, unit_cost=1, ordered_on=day(-40 + number), due_on=day(-35 + number),
            received_on=day(-31 + number))  # fmt: skip
    put("purchase_order_line", order_no="PO-9", line_no=1, supplier="S-07", sku="OAT-1L", site="LEJ", quantity=60,
        unit_cost=1, ordered_on=day(-1), due_on=day(4))  # fmt: skip
    found = site(asker)
    order = found.orders[0]
    assert (order.late_days, order.received_lines) == (4.0, 6)
    # A transfer of half a unit comes after the days looked at.
    assert (found.on_order, found.on_order_expected, found.inventory_position) == (Decimal("60.5"), 60, 90)
    assert "with 30.0 units more on hand nothing would be ordered" in order.flips


def test_an_order_that_comes_after_the_days_looked_at_is_not_in_the_position(
    asker: Asker, put: Callable[..., None]
) -> None:
    """Twenty days late, as all were: due in four days it comes in 24, and 19 are looked at."""
    for number in range(6):
        put("purchase_order_line", order_no=f"OLD-{number}", line_no=1, supplier="S-07", sku="OAT-1L", site="LEJ",
            quantity=10, received=10, unit_cost=1, ordered_on=day(-60 + number), due_on=day(-55 + number),
            received_on=day(-35 + number))  # fmt: skip
    put("purchase_order_line", order_no="PO-9", line_no=1, supplier="S-07", sku="OAT-1L", site="LEJ", quantity=60,
        unit_cost=1, ordered_on=day(-1), due_on=day(4))  # fmt: skip
    found = site(asker)
    assert (found.on_order_expected, found.inventory_position, found.orders[0].quantity) == (0, 30, 96)


def test_an_order_below_the_joint_minimum_names_what_to_add(
    asker: Asker, put: Callable[..., None], owner_database: Database
) -> None:
    """96 for 1.00 each; the supplier asks for 150 in all, and sells another item that is running out as well."""
    with owner_database.transaction(asker.network.tenant) as connection:
        connection.execute("UPDATE supplier SET minimum_order_value = 150 WHERE supplier = 'S-07'")
    found = site(asker)
    assert found.orders[0].quantity == 156
    assert (found.top_up.own_quantity, found.top_up.value, found.top_up.binding) == (96, 156, ("minimum_value",))
    assert [(one.sku, one.quantity, one.beyond_need) for one in found.top_up.items] == [("OAT-1L", 156, 60)]
    put("item_supplier", sku="OAT-B", supplier="S-07", unit_cost=1, lead_time_days=5, lead_time_sd_days=0)
    put("stock", sku="OAT-B", site="LEJ", state="available", quantity=20, counted_at=NOW)
    for back in range(1, 60):
        put("demand", sku="OAT-B", site="LEJ", day=day(-back), quantity=10)
    together = site(asker).top_up
    assert {one.sku for one in together.items} == {"OAT-1L", "OAT-B"}
    assert sum(one.value for one in together.items) == together.value >= 150
    # What both of them need is above the minimum: the terms cost nothing.
    assert not together.is_waiting_better
    assert together.costs <= 0
