"""Tools that read what is stored: figures of the small network, and what is said where nothing is stored."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from db.session import Database
from tests.fix_network import BATCH, Network, day
from tests.fix_tools import Asker
from tools.case import CaseView


def test_a_position_counts_by_state(asker: Asker) -> None:
    found = asker.answer("get_inventory_position", sku="OAT-1L", site="LEJ")
    (position,) = found.positions
    assert position.on_hand == 34
    assert (position.available, position.quarantined) == (30, 4)
    assert position.on_order == 100
    assert position.available_to_promise == 24
    assert position.unit == "EA"
    assert {(lot.batch, lot.row) for lot in position.lots} == {(str(BATCH), 7)}


def test_expired_lots_are_not_available(asker: Asker) -> None:
    (position,) = asker.answer("get_inventory_position", sku="MILK").positions
    assert (position.on_hand, position.available, position.expired) == (65, 60, 5)


def test_a_lot_is_found_without_its_item(asker: Asker) -> None:
    (position,) = asker.answer("get_inventory_position", lot="L1").positions
    assert (position.sku, position.next_expiry) == ("MILK", day(2))
    assert [lot.lot for lot in position.lots] == ["L1"]


def test_never_counted_is_named_and_not_zero(asker: Asker) -> None:
    assert asker.answer("get_inventory_position", sku="OAT-1L").never_counted == ("OAT-1L at HAL",)
    result = asker.ask("get_inventory_position", sku="OAT-1L", site="HAL")
    assert result.status == "no_data"
    assert result.output is None
    assert result.searched["site"] == "HAL"


def test_an_unknown_item_is_an_error_that_says_what_to_do(asker: Asker) -> None:
    result = asker.ask("get_inventory_position", sku="NOPE")
    assert result.status == "error"
    assert "resolve_identity" in result.error
    assert asker.ask("get_inventory_position").status == "error"


def test_open_orders_say_how_late(asker: Asker) -> None:
    found = asker.answer("get_open_orders", sku="OAT-1L", site="LEJ")
    assert [line.order_no for line in found.lines] == ["CO-1", "PO-1", "TO-1"]
    purchase = found.lines[1]
    assert (purchase.quantity, purchase.slipped_days, purchase.overdue_days) == (100, 4, 0)
    assert found.lines[0].tier == "gold"


def test_a_supplier_means_purchases(asker: Asker) -> None:
    assert [line.kind for line in asker.answer("get_open_orders", supplier="S-07").lines] == ["purchase"]
    result = asker.ask("get_open_orders", supplier="S-08")
    assert result.status == "no_data"
    assert result.searched["supplier"] == "S-08"


def test_exceptions_come_by_money(asker: Asker, late_case: str) -> None:
    found = asker.answer("list_exceptions")
    money = [case.money_at_risk for case in found.cases]
    assert money == sorted(money, reverse=True)
    assert found.money_at_risk == sum(money)
    (late,) = asker.answer("list_exceptions", kind="late_supply").cases
    assert (late.case_id, late.money_at_risk, late.currency) == (late_case, Decimal("30.00"), "EUR")
    assert (late.at_risk_on, late.days_left, late.tier) == (date(2026, 3, 5), 3, "gold")


def test_no_case_is_no_data(asker: Asker) -> None:
    assert asker.ask("list_exceptions").status == "no_data"


def test_a_case_tells_what_happened_in_order(asker: Asker, late_case: str) -> None:
    asker.answer("compare_options", case_id=late_case)
    view: CaseView = asker.answer("get_case", case_id=late_case)
    assert [moment.text for moment in view.moments] == ["case opened", "compare_options: success"]
    assert view.status == "open"


def test_another_tenant_has_no_such_case(
    asker: Asker, late_case: str, other_network: Network, agent_database: Database
) -> None:
    stranger = Asker(agent_database, other_network)
    assert stranger.ask("get_case", case_id=late_case).status == "error"
    assert stranger.ask("explain_decision", case_id=late_case).status == "error"


def test_a_case_without_a_proposal_is_explained_by_its_comparison(asker: Asker, late_case: str) -> None:
    bare = asker.answer("explain_decision", case_id=late_case)
    assert bare.recommended.order is None
    assert bare.executed.state == "nothing proposed"
    asker.answer("compare_options", case_id=late_case)
    explained = asker.answer("explain_decision", case_id=late_case)
    assert explained.recommended.order.source == "ERF"
    assert explained.recommended.runner_up.option == "expedite"
    assert explained.recommended.flip
    assert explained.data.versions["data_batch"] == str(BATCH)
    assert ("stock", "OAT-1L LEJ available", 7) in {(row.table, row.key, row.row) for row in explained.data.rows}
