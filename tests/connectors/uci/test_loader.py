"""The UCI data as a network: the sample always, the real cut where it is beside the project."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from connectors.files.importer import import_path, recognise
from connectors.files.report import ImportReport
from connectors.uci.daily import from_original
from connectors.uci.derive import RULES, derive, stock_units
from connectors.uci.layout import read_lines
from db.session import Database, tenant_clock
from db.tenants import ensure_tenant
from domain.context import Actor, Context
from tests.connectors.uci.make_sample import SAMPLE
from tests.strict import skip_or_fail

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "demand"
AS_OF = datetime(2011, 12, 10, tzinfo=UTC)
CONTEXT = Context("uci", Actor("person", "planner@acme.example"), "trace-1")


def bring_in(path: Path, database: Database) -> ImportReport:
    found = recognise(path)
    assert (found.source, found.as_of, found.currency) == ("uci-online-retail", AS_OF, "GBP")
    ensure_tenant(database, "uci", name="UCI", currency="GBP", origin="imported", clock_at=found.as_of)
    return import_path(path, database=database, context=CONTEXT)


def one(database: Database, query: str) -> tuple[object, ...]:
    with database.transaction("uci") as connection:
        (row,) = connection.execute(query.encode()).fetchall()
        return tuple(row.values())


def test_the_sample_comes_in_with_what_is_derived_marked(operator_database: Database) -> None:
    report = bring_in(SAMPLE, operator_database)
    assert (report.provenance, report.rules, report.quarantined) == ("measured", RULES, 1)
    assert one(operator_database, "SELECT count(DISTINCT sku), max(day)::text FROM demand") == (8, "2011-12-09")
    for table in ("stock", "item_site", "item_supplier", "lane"):
        query = f"SELECT array_agg(DISTINCT provenance), count(source_row)::int FROM {table}"
        assert one(operator_database, query) == (["derived"], 0)
    assert one(operator_database, "SELECT bool_and(name LIKE '%(derived)%') FROM supplier") == (True,)
    assert one(operator_database, "SELECT bool_and(order_no LIKE 'DERIVED-%') FROM purchase_order_line") == (True,)
    assert one(operator_database, "SELECT count(*) = count(source_row) FROM demand") == (True,)
    with operator_database.transaction("uci") as connection:
        assert tenant_clock(connection) == AS_OF
    assert import_path(SAMPLE, database=operator_database, context=CONTEXT).already_imported


def test_what_is_derived_is_the_same_for_everybody() -> None:
    lines = read_lines(SAMPLE).frame
    once, shuffled = derive(from_original(lines)), derive(from_original(lines.sample(fraction=1, shuffle=True, seed=1)))
    for table, frame in once.items():
        assert frame.equals(shuffled[table]), table
    item = once["items"].filter(pl.col("sku") == "90001").row(0)
    assert item[:5] == ("90001", "INVENTED TIN LANTERN", "EA", "1.5045", "2.95")


def test_some_are_short_some_long_most_are_neither() -> None:
    days = [stock_units(f"SKU{number}", "UK-1", 10.0, 150) / 10.0 for number in range(4000)]
    short, long = sum(day <= 3 for day in days) / 4000, sum(day >= 85 for day in days) / 4000
    assert 0.10 < short < 0.14
    assert 0.045 < long < 0.075


@pytest.mark.real_data
def test_the_real_cut(operator_database: Database) -> None:
    if not REAL.exists():
        skip_or_fail("The real daily cut of UCI Online Retail is not beside the project.")
    report = bring_in(REAL, operator_database)
    assert report.quarantined == 0
    query = "SELECT count(*) a, count(DISTINCT sku) b, count(DISTINCT site) c, sum(quantity)::bigint FROM demand"
    assert one(operator_database, query) == (163_701, 400, 8, 2_320_047)
    assert one(operator_database, "SELECT count(*) FROM item_site") == (3_088,)
    query = "SELECT count(*) FROM item_site LEFT JOIN stock USING (tenant, sku, site) WHERE stock.sku IS NULL"
    assert one(operator_database, query) == (0,)
