"""What the sweep finds in the small network, and what it refuses to put a number on."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.causes import CAUSES, CauseName, causes, shapley
from cases.cold_chain import cold_chain
from cases.detect import detect, risk
from cases.snapshot import Snapshot, load
from cases.sweep import sweep
from db.forecasts import save_forecasts
from db.session import Database
from planning.demand import ForecastPath
from tests.fix_network import BATCH, NOW, TODAY, Network, certain, day, serving


def look(database: Database, network: Network) -> Snapshot:
    with database.transaction(network.tenant) as connection:
        return load(lambda: connection, TODAY)


def test_every_planted_fault_is_found_and_nothing_else(network: Network, agent_database: Database) -> None:
    with agent_database.transaction(network.tenant) as connection:
        seen = sweep(connection)
    found = {one.subject: (one.money_at_risk, one.at_risk_on) for one in seen.findings}
    assert found == {
        "late_supply:OAT-1L:LEJ": (Decimal("30.00"), date(2026, 3, 5)),
        "overstock:BOLT:ERF": (Decimal("820.00"), None),
        "overstock:OAT-1L:ERF": (Decimal("109.90"), None),
        "stockout_risk:MILK:ERF": (Decimal("40.00"), day(3)),
        "expiry_risk:MILK:ERF": (Decimal("35.00"), day(2)),
        "demand_anomaly:NEW:LEJ": (Decimal(0), None),
        "demand_anomaly:OAT-1L:HAL": (Decimal(0), None),
    }
    assert (seen.pairs, seen.uncounted, seen.model) == (7, 2, "demand/1")


def test_on_time_nothing_is_short(network: Network, agent_database: Database, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE purchase_order_line SET promised_on = NULL")
    situation = look(agent_database, network).situations["OAT-1L", "LEJ"]
    assert detect(situation) == []


def test_an_overdue_order_is_expected_after_the_suppliers_spread(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE purchase_order_line SET due_on = %s, promised_on = NULL", [day(-5)])
        connection.execute("UPDATE item_supplier SET lead_time_sd_days = 1.2")
    receipt = look(agent_database, network).situations["OAT-1L", "LEJ"].receipts[0]
    assert (receipt.overdue, receipt.expected_on, receipt.late_days) == (True, day(2), 7)


def test_firm_orders_count_where_they_exceed_the_forecast(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE customer_order_line SET quantity = 25")
    demand = look(agent_database, network).situations["OAT-1L", "LEJ"].demand(5)
    assert demand is not None
    assert demand[0].tolist() == [10, 10, 10, 25, 10]


def test_a_stored_forecast_that_has_run_out_is_not_stretched(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        model = serving(connection, network.tenant)
        save_forecasts(connection, network.tenant, model.model_id, day(-50), [(("OAT-1L", "LEJ"), certain(10))])
    view = look(agent_database, network).situations["OAT-1L", "LEJ"].forecast
    assert view is not None
    assert view.is_baseline
    assert view.model.startswith("baseline:")


def test_a_forecast_begun_earlier_is_read_from_today(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    rising = np.arange(56.0)
    path = ForecastPath(rising, np.array([0.1, 0.9]), np.repeat(rising[:, None], 2, axis=1), 0.0, "lightgbm", "", None)
    with owner_database.transaction(network.tenant) as connection:
        model = serving(connection, network.tenant)
        save_forecasts(connection, network.tenant, model.model_id, day(-3), [(("OAT-1L", "LEJ"), path)])
    view = look(agent_database, network).situations["OAT-1L", "LEJ"].forecast
    assert view is not None
    assert view.path.mean[:3].tolist() == [3.0, 4.0, 5.0]
    assert view.model == "demand/2"


def test_cold_goods_need_a_cold_room(network: Network, agent_database: Database) -> None:
    situation = look(agent_database, network).situations["MILK", "ERF"]
    assert cold_chain([situation]) == []
    warm = replace(situation, site=replace(situation.site, cold_capacity=None))
    (found,) = cold_chain([warm])
    assert (found.kind, found.site, found.sku) == ("cold_chain", "ERF", None)
    assert found.money_at_risk == Decimal("65.00")
    assert "has no cold room" in found.summary


def test_stock_that_stopped_selling_is_in_doubt(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM demand WHERE site = 'LEJ' AND day >= %s", [day(-20)])
    situation = look(agent_database, network).situations["OAT-1L", "LEJ"]
    (found,) = detect(situation)
    assert (found.kind, found.money_at_risk) == ("demand_anomaly", Decimal("30.00"))
    assert "nothing sold for 20 days" in found.summary


def test_days_after_the_last_record_are_not_days_without_demand(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM demand WHERE day >= %s", [day(-20)])
    situation = look(agent_database, network).situations["OAT-1L", "LEJ"]
    assert situation.quiet_days == 0
    assert situation.recent_daily_demand == pytest.approx(390 / 56)


def test_causes_of_a_promotion_and_a_late_receipt_add_up(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute(
            "INSERT INTO promotion (tenant, promotion, sku, site, starts_on, ends_on, discount, known_on, batch_id)"
            " VALUES (%s, 'P', 'OAT-1L', '*', %s, %s, 0.2, %s, %s)",
            [network.tenant, day(0), day(3), day(-9), BATCH],
        )
        model = serving(connection, network.tenant)
        mean = np.where(np.arange(56) < 4, 20.0, 10.0)
        path = ForecastPath(mean, np.array([0.1, 0.9]), np.repeat(mean[:, None], 2, axis=1), 0.0, "lightgbm", "", None)
        save_forecasts(connection, network.tenant, model.model_id, TODAY, [(("OAT-1L", "LEJ"), path)])
    situation = look(agent_database, network).situations["OAT-1L", "LEJ"]
    found = risk(situation)
    assert found is not None
    parts = {cause.name: cause.units for cause in causes(situation, found.demand)}
    assert sum(parts.values()) == pytest.approx(found.outlook.expected_units_short)
    # 20 a day for four days: 70 short by the 8th instead of 30, and 40 of the extra demand is the promotion's.
    assert found.outlook.expected_units_short == pytest.approx(70)
    assert parts["promotion"] > 0
    assert parts["late receipt"] > 0
    assert parts["demand above plan"] == pytest.approx(0)


@given(st.lists(st.floats(-100, 100), min_size=16, max_size=16))
def test_shapley_shares_add_up_to_the_whole(values: list[float]) -> None:
    def value(chosen: frozenset[CauseName]) -> float:
        return values[sum(1 << CAUSES.index(name) for name in chosen)]

    shares = shapley(CAUSES, value)
    assert sum(shares.values()) == pytest.approx(values[-1] - values[0], abs=1e-6)


def test_shapley_shares_of_separate_causes_are_what_each_adds() -> None:
    worth: dict[CauseName, float] = {"promotion": 1, "demand above plan": 2, "late receipt": 4, "transfer out": 8}
    assert shapley(CAUSES, lambda chosen: sum(worth[name] for name in chosen)) == pytest.approx(worth)


def test_thirteen_hundred_series_are_swept_in_seconds(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        _widen(connection, network.tenant, 1300)
    started = time.process_time()
    with agent_database.transaction(network.tenant) as connection:
        seen = sweep(connection)
    assert seen.pairs >= 1300
    assert seen.by_kind()["stockout_risk"] > 100
    # CPU time of this process: what other work on the machine takes does not count.
    assert time.process_time() - started < 10


def _widen(connection: object, tenant: str, count: int) -> None:
    """Copies OAT-1L at LEJ with its stock into many items, each with a doubtful forecast."""
    from typing import Any, cast

    db = cast("Any", connection)
    numbers = {"count": count, "batch": BATCH, "now": NOW, "listed": day(-200)}
    db.execute(
        "INSERT INTO item (sku, name, unit, unit_cost, unit_price, currency, storage_class, unit_volume, batch_id)"
        " SELECT 'X' || n, 'Item ' || n, 'EA', 1, 3, 'EUR', 'ambient', 0.001, %(batch)s"
        " FROM generate_series(1, %(count)s) n",
        numbers,
    )
    db.execute(
        "INSERT INTO item_site (sku, site, listed_on, batch_id)"
        " SELECT 'X' || n, 'LEJ', %(listed)s, %(batch)s FROM generate_series(1, %(count)s) n",
        numbers,
    )
    db.execute(
        "INSERT INTO stock (sku, site, state, quantity, counted_at, batch_id)"
        " SELECT 'X' || n, 'LEJ', 'available', n %% 300, %(now)s, %(batch)s FROM generate_series(1, %(count)s) n",
        numbers,
    )
    levels = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
    spread = np.repeat((levels * 20.0)[None, :], 56, axis=0)
    path = ForecastPath(np.full(56, 10.0), levels, spread, 0.3, "lightgbm", "", 0.8)
    model = serving(db, tenant)
    save_forecasts(db, tenant, model.model_id, TODAY, [((f"X{n}", "LEJ"), path) for n in range(1, count + 1)])
