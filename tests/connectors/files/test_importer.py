"""What an import writes: rows with their lineage, quarantine with a reason, snapshots, and never a half of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from connectors.files.importer import import_path, recognise
from connectors.files.quarantine import list_quarantine
from db.embedded import Embedded
from db.errors import DatabaseUnavailable
from db.session import Database, tenant_clock
from db.tenants import ensure_tenant
from tests.connectors.files.small_network import (
    AS_OF,
    CONTEXT,
    FILES,
    counts,
    rows,
    run_import,
    write_network,
    write_table,
)

KILL = """
SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE l.locktype = 'advisory' AND d.datname = current_database()
"""

pytestmark = pytest.mark.usefixtures("tenant")


def test_everything_comes_in(tmp_path: Path, operator_database: Database) -> None:
    stages: set[str] = set()
    report = run_import(
        write_network(tmp_path / "delivery"), operator_database, progress=lambda stage, done, total: stages.add(stage)
    )
    assert (report.quarantined, report.already_imported, report.source) == (0, False, "contract")
    assert report.loaded == sum(len(lines) - 1 for lines in FILES.values())
    assert stages == {"reading", "checking", "writing"}
    written = counts(operator_database)
    assert (written.pop("import_batch"), written.pop("quarantined_row")) == (1, 0)
    assert sum(written.values()) == report.loaded


def test_rows_know_where_they_come_from(tmp_path: Path, operator_database: Database) -> None:
    report = run_import(write_network(tmp_path / "delivery"), operator_database)
    found = rows(operator_database, "SELECT batch_id, source_row, provenance FROM stock WHERE sku = 'RICE'")
    assert found == [(report.batch_id, 3, "measured")]
    hashes = {file.name: file.sha256 for file in report.files}
    assert len(hashes["stock.csv"]) == 64
    batch = rows(operator_database, "SELECT files, imported_by, as_of FROM import_batch")[0]
    assert [file["sha256"] for file in batch[0] if file["name"] == "stock.csv"] == [hashes["stock.csv"]]  # type: ignore[union-attr]
    assert batch[1:] == ("planner@acme.example", AS_OF)


def test_quantities_are_in_base_units_exactly(tmp_path: Path, operator_database: Database) -> None:
    run_import(write_network(tmp_path / "delivery"), operator_database)
    assert rows(operator_database, "SELECT quantity FROM stock WHERE sku = 'MILK' AND lot = 'L1'") == [(Decimal(36),)]
    found = rows(operator_database, "SELECT order_no, quantity, unit_cost FROM purchase_order_line ORDER BY 1")
    assert found == [("PO-1", Decimal(120), Decimal("0.70")), ("PO-2", Decimal(120), Decimal("0.70"))]


def test_a_wrong_row_is_kept_aside_as_it_was_read(tmp_path: Path, operator_database: Database) -> None:
    stock = [*FILES["stock"], " MILK,HAM ,L9,available,-3,,"]
    report = run_import(write_network(tmp_path / "delivery", stock=stock), operator_database)
    assert report.loaded == sum(len(each) - 1 for each in FILES.values())
    (row,) = list_quarantine(operator_database, "acme")
    assert (row.batch_id, row.file, row.row_number) == (report.batch_id, "stock.csv", 5)
    assert row.reason == "quantity '-3' is negative"
    assert row.record == {
        "sku": "MILK", "site": "HAM", "lot": "L9", "state": "available", "quantity": "-3", "unit": None,
        "expires_on": None,
    }  # fmt: skip


def test_what_refers_to_a_quarantined_row_follows_it(tmp_path: Path, operator_database: Database) -> None:
    items = [FILES["items"][0], *(line.replace("0.20", "cheap") for line in FILES["items"][1:])]
    run_import(write_network(tmp_path / "delivery", items=items), operator_database)
    found = [(row.file, row.reason) for row in list_quarantine(operator_database, "acme")]
    assert found == [
        ("items.csv", "unit_cost 'cheap' is not a number such as 12 or 12.5"),
        ("item_sites.csv", "there is no SKU 'SALT'"),
        ("stock.csv", "there is no SKU 'SALT'"),
    ]


def test_the_same_content_again_writes_nothing(tmp_path: Path, operator_database: Database) -> None:
    first = run_import(write_network(tmp_path / "one"), operator_database)
    before = counts(operator_database)
    again = run_import(write_network(tmp_path / "two"), operator_database, as_of=AS_OF + timedelta(days=1))
    assert again.already_imported
    assert (again.batch_id, again.files, again.as_of) == (first.batch_id, first.files, AS_OF)
    assert counts(operator_database) == before
    assert len(rows(operator_database, "SELECT FROM audit.event")) == 1


def test_a_newer_delivery_replaces_stock_and_open_orders_and_adds_demand(
    tmp_path: Path, operator_database: Database
) -> None:
    run_import(write_network(tmp_path / "one"), operator_database)
    two = tmp_path / "two"
    write_table(two, "stock", [FILES["stock"][0], "MILK,BER,L2,available,5,,2026-05-01"])
    write_table(two, "demand", [FILES["demand"][0], "MILK,BER,2026-03-30,99,0.99", "RICE,BER,2026-03-31,1,1.89"])
    write_table(
        two, "purchase_orders", [FILES["purchase_orders"][0], "PO-3,1,S-1,MILK,HAM,1,CS,0.70,2026-03-31,2026-04-04,"]
    )
    write_table(two, "items", [FILES["items"][0], FILES["items"][1].replace("0.72", "0.80")])
    report = run_import(two, operator_database)
    assert rows(operator_database, "SELECT sku, lot, quantity FROM stock") == [("MILK", "L2", Decimal(5))]
    assert rows(operator_database, "SELECT order_no FROM purchase_order_line ORDER BY 1") == [("PO-1",), ("PO-3",)]
    assert rows(operator_database, "SELECT count(*), sum(quantity)::int FROM demand") == [(33, 466 - 30 + 99 + 1)]
    assert rows(operator_database, "SELECT unit_cost, batch_id FROM item WHERE sku = 'MILK'") == [
        (Decimal("0.80"), report.batch_id)
    ]
    assert rows(operator_database, "SELECT count(*) FROM transfer_order_line") == [(1,)]


def test_stock_that_is_not_known_anew_does_not_vanish(tmp_path: Path, operator_database: Database) -> None:
    run_import(write_network(tmp_path / "one"), operator_database)
    two = tmp_path / "two"
    write_table(
        two,
        "stock",
        [FILES["stock"][0], "MILK,BER,L2,available,?,,", "SALT,HAM,,available,90,,", "MILK,HAM,,available,1,,"],
    )
    run_import(two, operator_database)
    found = rows(operator_database, "SELECT sku, site, lot, quantity::int FROM stock ORDER BY 1, 2")
    assert found == [("MILK", "BER", "L1", 36), ("MILK", "HAM", "", 1), ("SALT", "HAM", "", 90)]


def test_other_files_and_columns_are_named_in_the_report(tmp_path: Path, operator_database: Database) -> None:
    folder = write_network(tmp_path / "delivery")
    write_table(folder, "stocks", ["sku"])
    customers = [f"{line},{number}" for number, line in enumerate(FILES["customers"])]
    write_table(folder, "customers", [customers[0].replace(",0", ",phone"), *customers[1:]])
    report = run_import(folder, operator_database)
    assert report.ignored == ("stocks.csv",)
    assert next(file.ignored_columns for file in report.files if file.table == "customers") == ("phone",)


def test_a_backend_that_dies_in_the_middle_leaves_nothing(
    tmp_path: Path, operator_database: Database, cluster: Embedded, database_name: str
) -> None:
    folder = write_network(tmp_path / "delivery")
    killed: list[object] = []

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "writing" and 0 < total // 2 < done and not killed:
            with psycopg.connect(cluster.admin_conninfo(database_name)) as connection:
                killed.extend(connection.execute(KILL).fetchall())

    with pytest.raises(DatabaseUnavailable, match="nothing was written"):
        run_import(folder, operator_database, progress=kill)
    assert len(killed) == 1
    assert set(counts(operator_database).values()) == {0}
    assert run_import(folder, operator_database).quarantined == 0


def test_an_error_in_the_middle_leaves_nothing(tmp_path: Path, operator_database: Database) -> None:
    def fail(stage: str, done: int, total: int) -> None:
        if stage == "writing" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_import(write_network(tmp_path / "delivery"), operator_database, progress=fail)
    assert set(counts(operator_database).values()) == {0}


def test_tenants_do_not_meet(tmp_path: Path, operator_database: Database, second_tenant: str) -> None:
    run_import(write_network(tmp_path / "delivery"), operator_database)
    with operator_database.transaction(second_tenant) as connection:
        assert connection.execute("SELECT count(*) AS n FROM item").fetchall() == [{"n": 0}]


def test_recognise_tells_what_a_tenant_needs(tmp_path: Path) -> None:
    found = recognise(write_network(tmp_path / "delivery"))
    assert (found.source, found.as_of, found.currency) == ("contract", None, "EUR")


def test_the_clock_of_frozen_data_moves_with_the_delivery(tmp_path: Path, operator_database: Database) -> None:
    frozen = datetime(2026, 3, 1, tzinfo=UTC)
    ensure_tenant(operator_database, "past", name="Past", currency="EUR", origin="imported", clock_at=frozen)
    context = replace(CONTEXT, tenant="past")
    import_path(write_network(tmp_path / "delivery"), database=operator_database, context=context, as_of=AS_OF)
    with operator_database.transaction("past") as connection:
        assert tenant_clock(connection) == AS_OF
