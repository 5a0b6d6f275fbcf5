"""Why a forecast is what it is, sums of forecasts, and care where the newest data are unusual."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from psycopg import Connection
from psycopg.rows import DictRow

from db.session import Database
from planning.anomalies.anomaly import Kind
from tests.fix_network import BATCH, TODAY, Network, day, insert
from tests.fix_tools import Asker

RHYTHM = np.array([12, 10, 9, 10, 13, 14, 2])
DAYS = 400
DRIVERS = '{"usual": 8.5, "parts": {"promotion": 2.25, "calendar": -0.75}}'
METRICS = """{"methods": [
  {"method": "own-history-quantiles", "segment": "steady", "pinball": 1.5, "coverage80": 0.81, "bias": 0.02},
  {"method": "lightgbm", "segment": "steady", "pinball": 1.25, "coverage80": 0.79, "bias": -0.01},
  {"method": "lightgbm", "segment": "all", "pinball": 1.1, "coverage80": 0.8, "bias": 0.0}]}"""


def sold(database: Database, network: Network, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """The demand of OAT-1L at LEJ is `values`, up to yesterday."""
    rows = [(network.tenant, BATCH, day(place - values.size), float(units)) for place, units in enumerate(values)]
    with database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM demand WHERE sku = 'OAT-1L' AND site = 'LEJ'")
        connection.execute("UPDATE item_site SET listed_on = %s", [TODAY - timedelta(days=DAYS)])
        connection.execute("UPDATE item_site SET listed_on = %s WHERE sku = 'NEW'", [day(-3)])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO demand (tenant, batch_id, sku, site, day, quantity) "
                "VALUES (%s, %s, 'OAT-1L', 'LEJ', %s, %s)",
                rows,
            )


def usual(seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).poisson(np.resize(RHYTHM, DAYS)).astype(float)


@pytest.fixture
def calm(owner_database: Database, network: Network) -> Network:
    """A year of usual demand, and a forecast with its drivers and its model's back-test."""
    sold(owner_database, network, usual())
    with owner_database.transaction(network.tenant) as connection:
        connection.execute(
            "UPDATE forecast SET drivers = %s, reason = 'beat own-history-quantiles on steady series held back' "
            "WHERE sku = 'OAT-1L' AND site = 'LEJ'", [DRIVERS],
        )  # fmt: skip
        connection.execute("UPDATE model_version SET metrics = %s", [METRICS])
    return network


def test_drivers_add_up_to_the_forecast(asker: Asker, calm: Network) -> None:
    found = asker.answer("explain_forecast", sku="OAT-1L", site="LEJ")
    drivers = {one.driver: one.units_a_day for one in found.drivers}
    assert drivers == {"promotion": Decimal("2.250"), "calendar": Decimal("-0.750")}
    assert found.usual_a_day + sum(drivers.values()) == found.mean_a_day == 10
    assert found.span_total.mean == 280
    assert (found.model, found.method, found.drivers_note) == ("demand/1", "lightgbm", "")
    assert [(one.method, one.pinball) for one in found.scores] == [("lightgbm", 1.25), ("own-history-quantiles", 1.5)]
    assert (len(found.past), len(found.ahead)) == (91, 56)
    assert "It usually sells 8.5 EA a day; 10 are forecast for the next 14: promotion +2.2" in found.summary
    assert "280 EA are expected over the next 28 days" in found.summary


def test_days_that_have_passed_since_are_a_part_of_their_own(
    asker: Asker, calm: Network, owner_database: Database
) -> None:
    with owner_database.transaction(calm.tenant) as connection:
        connection.execute("UPDATE forecast SET mean[1:7] = array_fill(12::float8, ARRAY[7]) WHERE sku = 'OAT-1L'")
    found = asker.answer("explain_forecast", sku="OAT-1L", site="LEJ")
    assert "overrides, and days that have passed since" in {one.driver for one in found.drivers}
    assert found.usual_a_day + sum(one.units_a_day for one in found.drivers) == found.mean_a_day == 11


def test_times_like_these_are_weeks_that_were_sold(asker: Asker, calm: Network, owner_database: Database) -> None:
    with owner_database.transaction(calm.tenant) as connection:
        for starts in (day(-84), day(3)):
            insert(connection, "promotion", tenant=calm.tenant, batch_id=BATCH, promotion=f"P{starts}", sku="OAT-1L",
                   site="*", starts_on=starts, ends_on=starts + timedelta(days=20), discount=0.2,
                   known_on=day(-99))  # fmt: skip
    found = asker.answer("explain_forecast", sku="OAT-1L", site="LEJ")
    first = found.comparable[0]
    assert first.starts_on == day(-84)
    assert (first.promoted_days, "promotion" in first.alike) == (21, True)
    assert first.sold == sum(first.by_day) == Decimal(str(usual()[-84:-56].sum()))
    assert abs(first.own_history_expected - 280) < 30
    assert sum(one.promoted for one in found.ahead) == 21
    assert len({one.starts_on for one in found.comparable}) == len(found.comparable) == 3


def test_a_slip_in_the_data_is_told_with_its_evidence(asker: Asker, calm: Network, owner_database: Database) -> None:
    values = usual()
    values[-20] *= 100
    sold(owner_database, calm, values)
    found = asker.answer("explain_forecast", sku="OAT-1L", site="LEJ")
    (anomaly,) = found.anomalies
    assert (anomaly.kind, anomaly.form, anomaly.factor) == (Kind.DATA_ERROR, "decimal_slip", 100.0)
    assert (anomaly.first, anomaly.last, anomaly.observed) == (day(-20), day(-20), values[-20])
    assert anomaly.value <= anomaly.threshold
    assert "probably an error in the data: a decimal slip, 100 times of what was meant" in anomaly.words
    assert found.caution == ""


def test_what_began_days_ago_caps_the_confidence_everywhere(
    asker: Asker, calm: Network, owner_database: Database
) -> None:
    values = usual()
    values[-5:] *= 6
    sold(owner_database, calm, values)
    found = asker.answer("explain_forecast", sku="OAT-1L", site="LEJ")
    (anomaly,) = found.anomalies
    assert (anomaly.kind, anomaly.otherwise, anomaly.clear_by) == (Kind.UNCLEAR, Kind.SHIFT, day(15))
    assert anomaly.confidence <= 0.5
    assert "whether it lasts will be clear by 17 Mar at the latest" in found.caution
    (series,) = asker.answer("forecast_demand", skus=["OAT-1L"], sites=["LEJ"]).series
    (risk,) = asker.answer("assess_stock_risk", sku="OAT-1L", site="LEJ").risks
    assert series.caution == risk.caution == found.caution
    assert risk.confidence_cap == 0.5


def test_usual_data_ask_for_no_care(asker: Asker, calm: Network) -> None:
    (series,) = asker.answer("forecast_demand", skus=["OAT-1L"], sites=["LEJ"]).series
    (risk,) = asker.answer("assess_stock_risk", sku="OAT-1L", site="LEJ").risks
    assert (series.caution, risk.caution, risk.confidence_cap) == ("", "", None)
    assert asker.answer("explain_forecast", sku="OAT-1L", site="LEJ").anomalies == ()


def test_a_day_missing_at_the_whole_site_is_an_error_of_the_data(
    asker: Asker, calm: Network, owner_database: Database
) -> None:
    with owner_database.transaction(calm.tenant) as connection:
        connection.execute("DELETE FROM demand WHERE site = 'LEJ' AND day = %s", [day(-10)])
        for number in range(6):
            _another(connection, calm.tenant, f"X{number}")
    found = asker.answer("explain_forecast", sku="OAT-1L", site="LEJ")
    forms = {one.form: one for one in found.anomalies}
    assert forms["missing_feed"].first == day(-10)


def _another(connection: Connection[DictRow], tenant: str, sku: str) -> None:
    insert(connection, "item", tenant=tenant, batch_id=BATCH, sku=sku, name=sku, unit="EA", unit_cost=1, unit_price=2,
           currency="EUR", storage_class="ambient", unit_volume=0.001)  # fmt: skip
    connection.execute(
        "INSERT INTO demand (tenant, batch_id, sku, site, day, quantity) SELECT %s, %s, %s, 'LEJ', day, quantity + "
        "length(%s) FROM demand WHERE sku = 'OAT-1L' AND site = 'LEJ'", [tenant, BATCH, sku, sku],
    )  # fmt: skip


def test_a_baseline_is_explained_by_its_own_level(asker: Asker, network: Network) -> None:
    found = asker.answer("explain_forecast", sku="OAT-1L", site="HAL")
    assert found.model.startswith("baseline:")
    assert {one.driver for one in found.drivers} == {"level", "weekday pattern"}
    total = found.usual_a_day + sum(one.units_a_day for one in found.drivers)
    assert abs(total - found.mean_a_day) <= Decimal("0.002")
    assert found.scores == ()


def test_a_forecast_of_an_older_version_says_that_drivers_were_not_kept(asker: Asker, network: Network) -> None:
    found = asker.answer("explain_forecast", sku="OAT-1L", site="LEJ")
    assert found.drivers == ()
    assert "training again" in found.drivers_note


@pytest.mark.parametrize(
    ("sku", "site", "status", "why"),
    [
        ("NEW", "LEJ", "no_data", "listed 3 days ago"),
        ("MILK", "HAL", "error", "not listed"),
        ("OAT-B", "LEJ", "no_data", "no demand was ever recorded"),
    ],
)
def test_what_has_no_forecast_is_not_explained(
    asker: Asker, network: Network, sku: str, site: str, status: str, why: str
) -> None:
    result = asker.ask("explain_forecast", sku=sku, site=site)
    assert (result.status, why in result.error) == (status, True)


def test_levels_add_up_to_the_last_digit(asker: Asker, network: Network, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE forecast SET mean = array_fill(length(sku || site) / 7::float8, ARRAY[56])")
    skus = ["OAT-1L", "MILK", "BOLT"]
    each = asker.answer("forecast_demand", skus=skus, horizon=10)
    by_sku = asker.answer("forecast_demand", skus=skus, horizon=10, level="sku")
    by_site = asker.answer("forecast_demand", skus=skus, horizon=10, level="site")
    (total,) = asker.answer("forecast_demand", skus=skus, horizon=10, level="total").series
    assert {one.sku: one.series for one in by_sku.series} == {"BOLT": 1, "MILK": 1, "OAT-1L": 3}
    assert {(one.sku, one.site) for one in by_site.series} == {("*", "ERF"), ("*", "HAL"), ("*", "LEJ")}
    for level in (each, by_sku, by_site):
        assert sum(one.total.mean for one in level.series) == total.total.mean
        for number, period in enumerate(total.periods):
            assert sum(one.periods[number].demand.mean for one in level.series) == period.demand.mean
    assert (total.sku, total.site, total.series, total.coverage80) == ("*", "*", 5, None)


def test_a_sum_is_surer_than_its_parts_together(asker: Asker, network: Network, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute(
            "UPDATE forecast SET quantiles = (SELECT array_agg(ARRAY[5, 10, 20]::float8[]) FROM generate_series(1, 56))"
        )
    one = asker.answer("forecast_demand", skus=["OAT-1L"], sites=["LEJ", "ERF"]).series
    (both,) = asker.answer("forecast_demand", skus=["OAT-1L"], sites=["LEJ", "ERF"], level="sku").series
    assert both.total.high - both.total.low < sum(part.total.high - part.total.low for part in one)
    assert both.total.mean == sum(part.total.mean for part in one)


def test_everything_can_only_be_asked_as_a_sum(asker: Asker, network: Network) -> None:
    assert "skus" in asker.ask("forecast_demand").error
    everything = asker.answer("forecast_demand", level="total")
    assert everything.series[0].series == 5
    assert {one.sku for one in everything.unforecast} == {"NEW", "OAT-B"}
