"""The joint purchase plan as a tool: what is needed, what limits it, what cannot be met, repair after a cancel."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from db.session import Database
from tests.fix_network import BATCH, Network, day, insert
from tests.fix_tools import Asker


@pytest.fixture
def put(network: Network, owner_database: Database) -> Callable[..., None]:
    """Rows beside the small network, whose open order is taken away: 30 in stock, 10 sold a day, 6 promised."""
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM purchase_order_line")

    def row(table: str, **values: object) -> None:
        with owner_database.transaction(network.tenant) as connection:
            insert(connection, table, tenant=network.tenant, batch_id=BATCH, **values)

    return row


def wish(quantity: int, due: int, **more: object) -> dict[str, object]:
    return {"sku": "OAT-1L", "site": "LEJ", "quantity": quantity, "due_on": str(day(due)), **more}


def test_what_stock_needs_is_bought_where_it_is_cheapest(asker: Asker, put: Callable[..., None]) -> None:
    del put
    plan = asker.answer("plan_purchases", skus=["OAT-1L"])
    (line,) = plan.lines
    assert (line.supplier, line.site, line.quantity, line.cost) == ("S-07", "LEJ", 96, Decimal("96.00"))
    assert (line.order_on, line.arrives_on, line.surplus) == (day(0), day(5), 6)
    assert (plan.proof, plan.gap, plan.needs) == ("optimal", 0.0, 1)
    assert plan.spend == Decimal("96.00")


def test_an_order_day_later_in_the_week_is_planned_for(asker: Asker, put: Callable[..., None]) -> None:
    for supplier in ("S-07", "S-08"):
        put("supplier_calendar", supplier=supplier, site="*", order_days="wed")
    plan = asker.answer("plan_purchases", skus=["OAT-1L"])
    (line,) = plan.lines
    # (2 + 5 + 7) × 10 less the 30 that are there, in dozens.
    assert (line.supplier, line.quantity, line.order_on, line.arrives_on) == ("S-07", 120, day(2), day(7))


def test_a_customers_order_that_stock_does_not_cover_comes_first(asker: Asker, put: Callable[..., None]) -> None:
    put("customer_order_line", order_no="CO-2", line_no=1, customer="K-1", sku="OAT-1L", site="LEJ", quantity=60,
        ordered_on=day(-1), due_on=day(9))  # fmt: skip
    plan = asker.answer("plan_purchases", needs="customer_orders", skus=["OAT-1L"])
    (line,) = plan.lines
    # 30 are there and 66 promised; 36 are three dozen.
    assert [(one.need, one.quantity) for one in line.serves] == [("CO-2/1", 36)]
    assert (line.quantity, plan.met) == (36, 1)


def test_what_collides_is_named(asker: Asker, put: Callable[..., None]) -> None:
    """48 must be had and a budget pays for 30: less than two dozen and a half."""
    del put
    plan = asker.answer("plan_purchases", needs="given", demands=[wish(48, 9)], budget="30", supplier="S-07")
    assert [(one.need, one.delivered < 48, one.is_unmet) for one in plan.short] == [
        ("demand 1: OAT-1L at LEJ", True, True)
    ]
    (collision,) = plan.collisions
    assert collision.smallest
    assert any("budget" in rule for rule in collision.rules)
    assert any("at least 48" in rule for rule in collision.rules)


def test_a_misspelt_supplier_to_leave_out_is_refused_rather_than_bought_from(
    asker: Asker, put: Callable[..., None]
) -> None:
    del put
    told = asker.ask("plan_purchases", needs="given", demands=[wish(24, 9)], without_suppliers=["S-O7"])
    assert told.status == "error"
    assert "no supplier S-O7" in str(told.error)


def test_without_a_plan_no_need_is_met(asker: Asker, put: Callable[..., None]) -> None:
    del put
    agreed = {"supplier": "S-07", "sku": "OAT-1L", "site": "LEJ", "order_on": str(day(0)), "quantity": 10**8}
    plan = asker.answer("plan_purchases", needs="given", demands=[wish(24, 9)], keep=[agreed])
    assert (plan.proof, plan.needs, plan.met, plan.lines) == ("none", 1, 0, ())
    assert plan.collisions


def test_a_supplier_that_may_not_serve_the_customer_is_passed_over(asker: Asker, put: Callable[..., None]) -> None:
    put("qualification", supplier="S-07", sku="*", customer="K-1", standing="excluded", reason="audit")
    theirs = asker.answer("plan_purchases", needs="given", demands=[wish(24, 9, customer="K-1")])
    ours = asker.answer("plan_purchases", needs="given", demands=[wish(24, 9)])
    assert [one.supplier for one in theirs.lines] == ["S-08"]
    assert [one.supplier for one in ours.lines] == ["S-07"]


def test_after_a_cancellation_only_what_must_changes(asker: Asker, put: Callable[..., None]) -> None:
    """Oats move from the supplier that cancels to the other; the bolts' line stays."""
    put("item_supplier", sku="BOLT", supplier="S-08", unit_cost=10, lead_time_days=5, lead_time_sd_days=0)
    bolts = {"sku": "BOLT", "site": "ERF", "quantity": 5, "due_on": str(day(9))}
    first = asker.ask("plan_purchases", needs="given", demands=[wish(24, 9), bolts])
    assert first.output is not None
    assert {(one.sku, one.supplier) for one in first.output.lines} == {("OAT-1L", "S-07"), ("BOLT", "S-08")}
    again = asker.answer("plan_purchases", before=str(first.evidence_id), without_suppliers=["S-07"])
    assert {(one.sku, one.supplier) for one in again.lines} == {("OAT-1L", "S-08"), ("BOLT", "S-08")}
    assert {(one.supplier, one.before, one.after) for one in again.changes} == {("S-07", 24, 0), ("S-08", 0, 24)}


def test_one_suppliers_plan_buys_from_nobody_else(
    asker: Asker, put: Callable[..., None], owner_database: Database
) -> None:
    """At 2.00 a unit earns nothing and is not bought; at 1.50 it is, although S-07 sells it for 1.00."""
    del put
    assert asker.answer("plan_purchases", supplier="S-08").lines == ()
    with owner_database.transaction(asker.network.tenant) as connection:
        connection.execute("UPDATE item_supplier SET unit_cost = 1.5 WHERE supplier = 'S-08'")
    plan = asker.answer("plan_purchases", supplier="S-08")
    assert [(one.supplier, one.quantity) for one in plan.lines] == [("S-08", 96)]


def test_a_line_that_stays_is_in_the_plan(asker: Asker, put: Callable[..., None]) -> None:
    del put
    kept = {"supplier": "S-08", "sku": "OAT-1L", "site": "LEJ", "order_on": str(day(0)), "quantity": 48}
    plan = asker.answer("plan_purchases", needs="given", demands=[wish(48, 9)], keep=[kept])
    assert [(one.supplier, one.quantity) for one in plan.lines] == [("S-08", 48)]


def test_capacity_and_budgets_of_the_master_data_limit_it(asker: Asker, put: Callable[..., None]) -> None:
    period = {"starts_on": day(-1), "ends_on": day(20)}
    put("supplier_capacity", supplier="S-07", sku="OAT-1L", measure="units", amount=24, **period)
    plan = asker.answer("plan_purchases", needs="given", demands=[wish(48, 9)])
    assert {(one.supplier, one.quantity) for one in plan.lines} == {("S-07", 24), ("S-08", 24)}
    put("budget", budget="All", supplier="*", category="*", site="*", amount=60, currency="EUR", **period)
    tight = asker.answer("plan_purchases", needs="given", demands=[wish(48, 9, must=False)])
    assert tight.spend <= 60


def test_nothing_to_buy_is_an_answer_and_nothing_known_is_none(asker: Asker) -> None:
    """100 of OAT-1L are on order; nobody sells bolts."""
    plan = asker.answer("plan_purchases", skus=["OAT-1L"], sites=["LEJ"])
    assert (plan.lines, plan.needs, plan.spend, plan.proof) == ((), 0, 0, "optimal")
    result = asker.ask("plan_purchases", skus=["BOLT"])
    assert (result.status, "no supplier may deliver it" in str(result.searched)) == ("no_data", True)
