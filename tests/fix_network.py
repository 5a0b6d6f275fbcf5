"""A network small enough to compute by hand: three sites, five items, certain demand, one late order.

Today is Monday 2 March 2026. Forecasts are degenerate (every quantile is the mean), so every scenario is the mean.

OAT-1L at LEJ: 30 in stock, 10 sold a day, 100 ordered for 4 March and promised for 8 March. Stock lasts through
4 March; 5, 6 and 7 March are short by 10 each: 30 units, 30.00 EUR. ERF has 1,000 and
sells 5 a day. A truck costs 10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from psycopg import Connection, sql
from psycopg.rows import DictRow

from db.forecasts import save_forecasts
from db.models import Model, NewModel, save_model, serve
from db.session import Database
from domain.context import Actor, Context
from planning.demand import ForecastPath

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
BATCH = UUID("00000000-0000-4000-8000-000000000001")
DAYS = 56


@dataclass(frozen=True)
class Network:
    """The tenant it was put into and the agent's context there."""

    tenant: str
    context: Context


def day(number: int) -> date:
    """Today plus `number` days."""
    return TODAY + timedelta(days=number)


def certain(per_day: float, days: int = DAYS) -> ForecastPath:
    """A forecast without doubt."""
    level = np.full(days, per_day)
    quantiles = np.repeat(level[:, None], 3, axis=1)
    return ForecastPath(level, np.array([0.1, 0.5, 0.9]), quantiles, 0.0, "lightgbm", "", 0.8)


def insert(connection: Connection[DictRow], table: str, **values: object) -> None:
    """One row."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name in values)
    marks = sql.SQL(", ").join(sql.Placeholder(name) for name in values)
    connection.execute(sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, marks), values)


def fill(connection: Connection[DictRow], tenant: str) -> None:
    """Puts the whole network into a tenant."""
    own = {"tenant": tenant, "batch_id": BATCH}

    def put(table: str, **values: object) -> None:
        insert(connection, table, **own, **values)

    connection.execute("UPDATE tenant SET clock_at = %s", [NOW])
    put("import_batch", source="contract", content_hash="h" * 64, as_of=NOW, files="[]", provenance="simulated",
        imported_by="test")  # fmt: skip
    for site, name, cold in (("ERF", "Erfurt", 10), ("LEJ", "Leipzig", None), ("HAL", "Halle", None)):
        put("site", site=site, name=name, kind="warehouse", country="DE", timezone="Europe/Berlin", cold_capacity=cold)
    put("supplier", supplier="S-07", name="Hafer AG", country="DE", currency="EUR")
    put("supplier", supplier="S-08", name="Dear Oats Ltd", country="DE", currency="EUR")
    put("customer", customer="K-1", name="Corner shop", tier="gold")
    _items(put)
    _stock_and_orders(put)
    for source, destination in (("ERF", "LEJ"), ("LEJ", "ERF")):
        put("lane", source=source, destination=destination, lead_time_days=1, fixed_cost=10, cost_per_m3=0,
            capacity_m3=5, currency="EUR")  # fmt: skip
    connection.execute(HISTORY, {"tenant": tenant, "batch": BATCH, "today": TODAY})
    _forecasts(connection, tenant)


def _items(put: Callable[..., None]) -> None:
    rows = (
        ("OAT-1L", "Oat drink 1 l", "04006381333931", 1, 2, "ambient", 0.001),
        ("OAT-B", "Oat drink barista 1 l", None, 1, 2, "ambient", 0.001),
        ("MILK", "Whole milk", None, 1, 2, "chilled", 0.001),
        ("BOLT", "Bolt M8", None, 10, 12, "ambient", 0.001),
        ("NEW", "Brand new thing", None, 1, 2, "ambient", 0.001),
    )
    for sku, name, gtin, cost, price, storage, volume in rows:
        put("item", sku=sku, name=name, gtin=gtin, unit="EA", unit_cost=cost, unit_price=price, currency="EUR",
            storage_class=storage, unit_volume=volume)  # fmt: skip
    long_ago = TODAY - timedelta(days=200)
    for sku, site in (
        ("OAT-1L", "LEJ"),
        ("OAT-1L", "ERF"),
        ("OAT-1L", "HAL"),
        ("MILK", "ERF"),
        ("BOLT", "ERF"),
        ("OAT-B", "LEJ"),
    ):
        put("item_site", sku=sku, site=site, listed_on=long_ago)
    put("item_site", sku="NEW", site="LEJ", listed_on=day(-3))
    put("item_alias", alias="Hafermilch", sku="OAT-1L")
    for supplier, cost, preferred in (("S-07", 1, True), ("S-08", 2, False)):
        put("item_supplier", sku="OAT-1L", supplier=supplier, unit_cost=cost, lead_time_days=5, lead_time_sd_days=0,
            minimum_order_quantity=24, order_multiple=12, preferred=preferred)  # fmt: skip


def _stock_and_orders(put: Callable[..., None]) -> None:
    def stock(sku: str, site: str, quantity: int, **more: object) -> None:
        put(
            "stock",
            **{"state": "available", **more},
            sku=sku,
            site=site,
            quantity=quantity,
            counted_at=NOW,
            source_row=7,
        )

    stock("OAT-1L", "LEJ", 30)
    stock("OAT-1L", "LEJ", 4, state="quarantined")
    stock("OAT-1L", "ERF", 1000)
    stock("MILK", "ERF", 60, lot="L1", expires_on=day(2))
    stock("MILK", "ERF", 5, lot="L0", expires_on=day(-1))
    stock("BOLT", "ERF", 500)
    stock("NEW", "LEJ", 8)
    put("purchase_order_line", order_no="PO-1", line_no=1, supplier="S-07", sku="OAT-1L", site="LEJ", quantity=100,
        unit_cost=1, ordered_on=day(-3), due_on=day(2), promised_on=day(6))  # fmt: skip
    put("customer_order_line", order_no="CO-1", line_no=1, customer="K-1", sku="OAT-1L", site="LEJ", quantity=6,
        ordered_on=day(-1), due_on=day(3))  # fmt: skip
    put("transfer_order_line", order_no="TO-1", line_no=1, sku="OAT-1L", source="ERF", destination="LEJ", quantity=0.5,
        due_on=day(40))  # fmt: skip


HISTORY = """
INSERT INTO demand (tenant, batch_id, sku, site, day, quantity)
SELECT %(tenant)s, %(batch)s, 'OAT-1L', site, %(today)s::date - n, quantity
  FROM (VALUES ('LEJ', 10), ('HAL', 3)) AS sold(site, quantity), generate_series(1, 59) AS n"""


def serving(connection: Connection[DictRow], tenant: str, artefact: str = "a" * 64) -> Model:
    """A new version that serves."""
    model = save_model(connection, tenant, NewModel("demand", BATCH, artefact, {}, {}, "test"))
    serve(connection, model, by="test", kind="person", reason="A test needs it.")
    return model


def _forecasts(connection: Connection[DictRow], tenant: str) -> None:
    model = serving(connection, tenant)
    paths = {
        ("OAT-1L", "LEJ"): certain(10),
        ("OAT-1L", "ERF"): certain(5),
        ("MILK", "ERF"): certain(10),
        ("BOLT", "ERF"): certain(1),
    }
    save_forecasts(connection, tenant, model.model_id, TODAY, paths.items())


@pytest.fixture
def network(owner_database: Database, tenant: str) -> Network:
    with owner_database.transaction(tenant) as connection:
        fill(connection, tenant)
    return Network(tenant, Context(tenant, Actor("agent", "agent", version="test")))


@pytest.fixture
def other_network(owner_database: Database, second_tenant: str) -> Network:
    with owner_database.transaction(second_tenant) as connection:
        fill(connection, second_tenant)
    return Network(second_tenant, Context(second_tenant, Actor("agent", "agent", version="test")))
