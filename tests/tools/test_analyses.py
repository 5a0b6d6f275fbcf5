"""Tools that compute: hand-computed figures of the small network, and partial data."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import DictRow

from db.session import Database
from domain.context import Context
from tests.fix_network import BATCH, NOW, Network, day, insert
from tests.fix_tools import Asker


def test_risk_is_the_shortage_of_the_late_order(asker: Asker) -> None:
    (risk,) = asker.answer("assess_stock_risk", sku="OAT-1L", site="LEJ").risks
    assert risk.horizon_days == 12
    assert risk.probability_stockout == 1.0
    assert (risk.expected_units_short, risk.expected_lost_margin) == (30, Decimal("30.00"))
    assert risk.at_risk_on == date(2026, 3, 5)
    causes = {cause.cause: cause.units for cause in risk.causes}
    assert causes["late receipt"] == 30
    assert sum(causes.values()) == risk.expected_units_short
    assert (risk.supply_from, risk.lead_time_days, risk.forecast) == ("S-07", 5.0, "demand/1")


def test_overstock_costs_a_year_of_holding(asker: Asker) -> None:
    (risk,) = asker.answer("assess_stock_risk", sku="BOLT", site="ERF").risks
    assert (risk.probability_overstock, risk.expected_units_over) == (1.0, 410)
    assert risk.overstock_cost_a_year == Decimal("820.00")
    assert risk.supply_from is None


def test_expiry_is_first_expired_first_out(asker: Asker) -> None:
    (risk,) = asker.answer("assess_stock_risk", sku="MILK", site="ERF", horizon=5).risks
    assert (risk.usable, risk.expected_units_expired) == (60, 30)
    assert risk.expected_units_short == 20


@pytest.mark.parametrize(
    ("sku", "site", "why"),
    [
        ("OAT-1L", "HAL", "no stock was ever recorded"),
        ("NEW", "LEJ", "listed 3 days ago"),
        ("OAT-B", "LEJ", "no stock"),
    ],
)
@pytest.mark.parametrize("name", ["assess_stock_risk", "compare_options"])
def test_what_is_not_known_is_no_data(asker: Asker, name: str, sku: str, site: str, why: str) -> None:
    result = asker.ask(name, sku=sku, site=site)
    assert result.status == "no_data"
    assert why in result.error
    assert result.searched["sku"] == sku


@pytest.mark.parametrize("name", ["assess_stock_risk", "compare_options", "recommend_replenishment"])
def test_what_is_not_listed_is_an_error(asker: Asker, name: str) -> None:
    result = asker.ask(name, sku="MILK", site="HAL")
    assert result.status == "error"
    assert "resolve_identity" in result.error


def test_a_forecast_adds_up_by_week(asker: Asker) -> None:
    (series,) = asker.answer("forecast_demand", skus=["OAT-1L"], sites=["LEJ"], horizon=10).series
    assert [(one.starts_on, one.days, one.demand.mean) for one in series.periods] == [(day(0), 7, 70), (day(7), 3, 30)]
    assert series.total.low == series.total.mean == series.total.high == 100
    assert (series.model, series.reason, series.coverage80) == ("demand/1", "", 0.8)


def test_too_short_a_history_is_said(asker: Asker) -> None:
    result = asker.ask("forecast_demand", skus=["NEW"])
    assert result.status == "no_data"
    assert "14 days" in str(result.searched["why"])


def test_without_a_stored_forecast_a_baseline_is_named(asker: Asker) -> None:
    (series,) = asker.answer("forecast_demand", skus=["OAT-1L"], sites=["HAL"], by="day", horizon=3).series
    assert series.model == f"baseline:{series.method}"
    assert series.reason
    assert len(series.periods) == 3


def test_replenishment_is_on_the_suppliers_terms(asker: Asker, network: Network, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM purchase_order_line")
    (site,) = asker.answer("recommend_replenishment", sku="OAT-1L", site="LEJ").sites
    best, runner_up = site.orders
    # Position 30; reorder point 12 days × 10; so 90, in dozens.
    assert site.inventory_position == 30
    assert best.reorder_point == 120
    assert (best.supplier, best.quantity, best.value) == ("S-07", 96, Decimal("96.00"))
    assert "order_multiple" in best.binding
    assert best.arrives_on == day(5)
    # A week later it would come on day 12 and sell for 7 of the 19 days looked at: 70 instead of 96.
    assert Decimal("25.9") < best.cost_of_waiting < Decimal("26.1")
    assert runner_up.supplier == "S-08"
    assert site.service_level_is_assumed


def test_replenishment_without_a_supplier_is_no_data(asker: Asker) -> None:
    result = asker.ask("recommend_replenishment", sku="BOLT", site="ERF")
    assert result.status == "no_data"
    assert "no supplier" in result.error


def test_transfers_are_planned_with_a_bound(asker: Asker) -> None:
    plan = asker.answer("optimise_transfers", skus=["OAT-1L"], destinations=["LEJ"])
    (move,) = plan.moves
    assert (move.source, move.destination, move.quantity, move.unit) == ("ERF", "LEJ", 30, "EA")
    # 30 EUR of margin for a truck of 10.
    assert plan.expected_benefit == Decimal("20.00")
    assert plan.upper_bound >= plan.expected_benefit
    assert "OAT-1L at HAL" not in plan.left_out


def test_cold_goods_do_not_go_by_a_warm_lane(asker: Asker, network: Network, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE item SET storage_class = 'chilled' WHERE sku = 'OAT-1L'")
    assert asker.answer("optimise_transfers", skus=["OAT-1L"], destinations=["LEJ"]).moves == ()
    compared = asker.answer("compare_options", sku="OAT-1L", site="LEJ")
    assert "transfer" not in {option.option for option in compared.options}
    assert any("not chilled" in note for note in compared.notes)


def test_a_site_without_lanes_gets_no_transfer(asker: Asker) -> None:
    result = asker.ask("optimise_transfers", destinations=["HAL"])
    assert result.status == "no_data"
    assert result.searched["lanes"] == 0


def test_options_are_ranked_in_money(asker: Asker) -> None:
    compared = asker.answer("compare_options", sku="OAT-1L", site="LEJ")
    assert [option.option for option in compared.options] == ["transfer", "expedite", "buy", "hold", "buy"]
    transfer = compared.options[0]
    # 30 saved, 10 for the truck, and what holding at both ends changes.
    assert transfer.expected_benefit == Decimal("20.15")
    assert sum(driver.amount for driver in transfer.drivers) == transfer.expected_benefit
    assert transfer.benefit_lower < transfer.expected_benefit
    assert (transfer.order.quantity, transfer.order.source, transfer.order.lot) == (30, "ERF", None)
    assert (compared.recommended, compared.runner_up) == ("transfer", "expedite")
    assert compared.flip == "the transfer would have to cost 5.16 more"
    assert compared.currency == "EUR"


def test_an_item_that_nobody_can_supply_can_only_be_held(asker: Asker) -> None:
    compared = asker.answer("compare_options", sku="BOLT", site="ERF")
    assert [option.option for option in compared.options] == ["hold"]
    assert compared.runner_up is None
    assert compared.flip == ""
    assert any("no supplier" in note for note in compared.notes)


def test_nothing_promised_is_taken_from_a_donor(asker: Asker, network: Network, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE stock SET quantity = 12 WHERE sku = 'OAT-1L' AND site = 'ERF'")
        connection.execute("UPDATE customer_order_line SET site = 'ERF', quantity = 12 WHERE order_no = 'CO-1'")
    compared = asker.answer("compare_options", sku="OAT-1L", site="LEJ")
    assert "transfer from ERF: nothing is free to leave" in compared.notes


def test_data_of_an_empty_tenant_are_no_data(agent_database: Database, network: Network, second_tenant: str) -> None:
    empty = Asker(agent_database, Network(second_tenant, Context(second_tenant, network.context.actor)))
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("get_inventory_position", {"sku": "OAT-1L"}),
        ("get_open_orders", {}),
        ("forecast_demand", {"skus": ["OAT-1L"]}),
        ("assess_stock_risk", {"sku": "OAT-1L"}),
        ("compare_options", {"sku": "OAT-1L", "site": "LEJ"}),
        ("optimise_transfers", {"skus": ["OAT-1L"]}),
        ("recommend_replenishment", {"sku": "OAT-1L"}),
    )
    for name, arguments in calls:
        result = empty.ask(name, **arguments)
        assert result.status == "no_data", (name, result.error)
        assert "no data yet" in result.error


def test_goods_that_would_expire_are_moved_where_they_sell(
    asker: Asker, network: Network, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        # 50 sell at ERF until 11 March; 150 of the 200 that expire then would be thrown away.
        connection.execute("DELETE FROM stock WHERE sku = 'OAT-1L' AND site = 'ERF'")
        put_stock(connection, network.tenant, "OAT-1L", "ERF", 200, lot="OLD", expires_on=day(9))
    compared = asker.answer("compare_options", sku="OAT-1L", site="LEJ")
    transfer = compared.options[0]
    # LEJ sells 90 from 3 to 11 March; each unit saved from the bin is worth its cost of 1.
    assert (transfer.order.source, transfer.order.lot, transfer.quantity) == ("ERF", "OLD", 90)
    parts = {driver.name: driver.amount for driver in transfer.drivers}
    assert parts["left over at ERF"] == 90
    assert parts["lost margin avoided at LEJ"] == 30


def test_a_lot_about_to_expire_stays(asker: Asker, network: Network, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM stock WHERE sku = 'OAT-1L' AND site = 'ERF'")
        put_stock(connection, network.tenant, "OAT-1L", "ERF", 200, lot="OLD", expires_on=day(4))
    compared = asker.answer("compare_options", sku="OAT-1L", site="LEJ")
    assert "transfer from ERF: nothing is free to leave" in compared.notes


def put_stock(connection: Connection[DictRow], tenant: str, sku: str, site: str, quantity: int, **more: object) -> None:
    insert(connection, "stock", tenant=tenant, batch_id=BATCH, sku=sku, site=site, quantity=quantity, state="available",
           counted_at=NOW, **more)  # fmt: skip
