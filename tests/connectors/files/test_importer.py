"""What an import writes: rows with their lineage, quarantine with a reason, snapshots, and never a half of it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from connectors.files.errors import ImportRefused
from connectors.files.importer import import_path, recognise
from connectors.files.quarantine import list_quarantine
from db.actions import stock_as_of
from db.embedded import Embedded
from db.errors import DatabaseUnavailable
from db.network import newest_batch
from db.network_import import Batch, insert_batch, lock_imports
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
    assert found == [(report.batch_id, 4, "measured")]
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
    assert (row.batch_id, row.file, row.row_number) == (report.batch_id, "stock.csv", 6)
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


def test_the_same_content_of_the_same_moment_writes_nothing(tmp_path: Path, operator_database: Database) -> None:
    first = run_import(write_network(tmp_path / "one"), operator_database)
    before = counts(operator_database)
    again = run_import(write_network(tmp_path / "two"), operator_database)
    assert again.already_imported
    assert (again.batch_id, again.files, again.as_of) == (first.batch_id, first.files, AS_OF)
    assert counts(operator_database) == before
    assert len(rows(operator_database, "SELECT FROM audit.event")) == 1


def test_the_same_content_a_day_later_makes_the_data_a_day_younger(tmp_path: Path, operator_database: Database) -> None:
    folder, later = write_network(tmp_path), AS_OF + timedelta(days=1)
    first = run_import(folder, operator_database)
    second = run_import(folder, operator_database, as_of=later)
    assert not second.already_imported
    assert (second.content_hash, second.as_of) == (first.content_hash, later)
    with operator_database.transaction("acme") as connection:
        assert stock_as_of(connection, "MILK", ["BER", "HAM"]) == later
        newest = newest_batch(connection)
        assert newest is not None
        assert (newest.batch_id, newest.as_of) == (second.batch_id, later)
    assert rows(operator_database, "SELECT DISTINCT batch_id FROM stock") == [(second.batch_id,)]
    subjects = rows(operator_database, "SELECT subject FROM audit.event ORDER BY position")
    assert subjects == [(f"batch:{first.batch_id}",), (f"batch:{second.batch_id}",)]


@pytest.mark.parametrize("days", [0, 1])
def test_back_to_an_earlier_content_is_back(days: int, tmp_path: Path, operator_database: Database) -> None:
    """A, B, A ends with A, of another moment or of the same."""
    one = write_network(tmp_path / "one")
    two = write_network(tmp_path / "two", stock=[*FILES["stock"][:1], "MILK,BER,L2,available,5,,"])
    batches = [
        run_import(folder, operator_database, as_of=AS_OF + timedelta(days=days * number))
        for number, folder in enumerate((one, two, one))
    ]
    assert len({report.batch_id for report in batches}) == 3
    assert batches[0].content_hash == batches[2].content_hash
    found = rows(operator_database, "SELECT lot, quantity::int, batch_id FROM stock WHERE sku = 'MILK' ORDER BY lot")
    assert found == [("", 40, batches[2].batch_id), ("L1", 36, batches[2].batch_id)]
    assert run_import(one, operator_database, as_of=batches[2].as_of).already_imported


def test_files_describe_when_the_stock_was_written(tmp_path: Path, operator_database: Database) -> None:
    folder = write_network(tmp_path)
    written = AS_OF + timedelta(hours=2)
    os.utime(folder / "stock.csv", (0, written.timestamp()))
    first = import_path(folder, database=operator_database, context=CONTEXT)
    assert first.as_of == written
    assert import_path(folder, database=operator_database, context=CONTEXT).already_imported
    os.utime(folder / "stock.csv", (0, (written + timedelta(days=1)).timestamp()))
    assert import_path(folder, database=operator_database, context=CONTEXT).as_of == written + timedelta(days=1)


def test_without_stock_they_describe_when_the_newest_was_written(tmp_path: Path, operator_database: Database) -> None:
    run_import(write_network(tmp_path / "one"), operator_database)
    for hours, table in enumerate(("items", "demand")):
        file = write_table(tmp_path / "two", table, FILES[table])
        os.utime(file, (0, (AS_OF + timedelta(hours=hours)).timestamp()))
    report = import_path(tmp_path / "two", database=operator_database, context=CONTEXT)
    assert report.as_of == AS_OF + timedelta(hours=1)


def test_no_data_are_of_the_future(tmp_path: Path, operator_database: Database) -> None:
    folder = write_network(tmp_path)
    ahead = datetime.now(UTC) + timedelta(days=400)
    with pytest.raises(ImportRefused, match="are said to describe"):
        run_import(folder, operator_database, as_of=ahead)
    os.utime(folder / "stock.csv", (0, ahead.timestamp()))
    report = import_path(folder, database=operator_database, context=CONTEXT)
    assert report.as_of <= datetime.now(UTC)


def test_a_batch_is_newer_than_one_that_it_waited_for(tmp_path: Path, operator_database: Database) -> None:
    """Its transaction began first and got the lock last."""
    run_import(write_network(tmp_path), operator_database)
    with operator_database.transaction("acme") as early:
        early.execute("SELECT now()")
        (tmp_path / "stock.csv").write_text("\n".join(FILES["stock"][:2]) + "\n", encoding="utf-8")
        first = run_import(tmp_path, operator_database)
        lock_imports(early)
        batch = Batch("acme", "contract", "h", AS_OF, "measured", (), "p")
        second = insert_batch(early, batch)
        newest = newest_batch(early)
    assert newest is not None
    assert newest.batch_id == second != first.batch_id


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
    folder = write_network(tmp_path / "delivery")
    os.utime(folder / "stock.csv", (0, AS_OF.timestamp()))
    found = recognise(folder)
    assert (found.source, found.as_of, found.currency) == ("contract", AS_OF, "EUR")


def test_the_clock_of_frozen_data_moves_with_the_delivery(tmp_path: Path, operator_database: Database) -> None:
    frozen = datetime(2026, 3, 1, tzinfo=UTC)
    ensure_tenant(operator_database, "past", name="Past", currency="EUR", origin="imported", clock_at=frozen)
    context = replace(CONTEXT, tenant="past")
    import_path(write_network(tmp_path / "delivery"), database=operator_database, context=context, as_of=AS_OF)
    with operator_database.transaction("past") as connection:
        assert tenant_clock(connection) == AS_OF


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE import_batch SET as_of = now()",
        "UPDATE import_batch SET imported_at = now()",
        "DELETE FROM import_batch",
        "DELETE FROM quarantined_row",
        "UPDATE quarantined_row SET record = '{}'",
        "INSERT INTO import_batch (source, content_hash, as_of, files, provenance, imported_by, imported_at) "
        "VALUES ('contract', 'h', now(), '[]', 'measured', 'me', now() + interval '1 year')",
    ],
)
def test_what_was_delivered_is_history(statement: str, tmp_path: Path, operator_database: Database) -> None:
    """Not even who imports can make data younger, or their faults vanish, without a delivery."""
    run_import(write_network(tmp_path), operator_database)
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        operator_database.transaction("acme") as connection,
    ):
        connection.execute(statement.encode())
