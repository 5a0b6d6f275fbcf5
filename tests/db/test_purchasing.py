"""What buying must respect, read back: weekdays, costs by quantity, what of budgets and capacity is used, records."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from psycopg import Connection
from psycopg.rows import DictRow

from db import purchasing
from db.session import Database
from tests.fix_network import BATCH, TODAY, Network, day, insert


def put(connection: Connection[DictRow], network: Network, table: str, **values: object) -> None:
    insert(connection, table, tenant=network.tenant, batch_id=BATCH, **values)


@pytest.fixture
def connection(owner_database: Database, network: Network):
    with owner_database.transaction(network.tenant) as opened:
        yield opened


def test_weekdays_are_numbers_in_order(connection: Connection[DictRow], network: Network) -> None:
    put(connection, network, "supplier_calendar", supplier="S-07", site="*", order_days="fri mon", cut_off="14:30")
    (read,) = purchasing.calendars(connection, ["S-07"])
    assert (read.order_days, str(read.cut_off), read.frozen_days) == ([0, 4], "14:30:00", 0)


def test_the_cost_falls_with_the_quantity_and_never_rises(connection: Connection[DictRow], network: Network) -> None:
    for start, cost in ((48, "0.9"), (96, "0.8"), (480, "1.1")):
        put(connection, network, "price_break", sku="OAT-1L", supplier="S-07", from_quantity=start, unit_cost=cost)
    costs = [purchasing.unit_cost(connection, "OAT-1L", "S-07", Decimal(units)) for units in (47, 48, 95, 96, 480)]
    assert costs == [Decimal(one) for one in ("1", "0.9", "0.9", "0.8", "0.8")]
    assert purchasing.unit_cost(connection, "BOLT", "S-07", Decimal(1)) is None


def test_what_was_ordered_in_the_period_is_used(connection: Connection[DictRow], network: Network) -> None:
    """PO-1: 100 for 1.00 each from S-07 for LEJ, ordered three days ago."""
    period = {"starts_on": day(-5), "ends_on": day(20)}
    for name, scope, used in (
        ("all", {}, 100), ("supplier", {"supplier": "S-07"}, 100), ("other", {"supplier": "S-08"}, 0),
        ("site", {"site": "ERF"}, 0), ("group", {"category": "Dairy"}, 0),
    ):  # fmt: skip
        anything = {"supplier": "*", "category": "*", "site": "*"}
        put(
            connection,
            network,
            "budget",
            budget=name,
            amount=80 + used,
            currency="EUR",
            **period,
            **{**anything, **scope},
        )
    read = {one.budget: one for one in purchasing.budgets(connection, since=TODAY, until=TODAY)}
    assert {name: int(one.used) for name, one in read.items()} == {
        "all": 100, "supplier": 100, "other": 0, "site": 0, "group": 0,
    }  # fmt: skip
    assert {one.left for one in read.values()} == {Decimal(80)}
    assert purchasing.budgets(connection, since=day(21), until=day(30)) == []


def test_capacity_is_used_by_its_measure(connection: Connection[DictRow], network: Network) -> None:
    for measure in ("units", "value", "volume"):
        put(connection, network, "supplier_capacity", supplier="S-07", sku="*", starts_on=day(-5), ends_on=day(5),
            measure=measure, amount=90)  # fmt: skip
    read = {one.measure: (one.used, one.left) for one in purchasing.capacities(connection, since=TODAY, until=TODAY)}
    assert read == {
        "units": (Decimal(100), Decimal(0)), "value": (Decimal(100), Decimal(0)),
        "volume": (Decimal("0.100"), Decimal("89.900")),
    }  # fmt: skip


def test_a_suppliers_record_is_what_was_received(connection: Connection[DictRow], network: Network) -> None:
    for number, late in enumerate((0, 3)):
        put(connection, network, "purchase_order_line", order_no=f"OLD-{number}", line_no=1, supplier="S-07",
            sku="OAT-1L", site="LEJ", quantity=10, received=10, unit_cost=1, ordered_on=day(-30 + number),
            due_on=day(-25 + number), received_on=day(-25 + number + late))  # fmt: skip
    (record,) = purchasing.records(connection, since=TODAY - timedelta(days=365))
    assert (record.supplier, record.agreed_days, record.actual_days) == ("S-07", [5, 5], [5, 8])
