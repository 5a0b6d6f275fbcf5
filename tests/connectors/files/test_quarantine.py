"""Rows that were kept aside: listed, corrected, loaded, and never over what is newer."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from connectors.files.quarantine import REPLACED, REPLAYED, SUPERSEDED, list_quarantine, replay
from db.session import Database
from domain.errors import BadInput, NotFound
from tests.connectors.files.small_network import CONTEXT, FILES, rows, run_import, write_network, write_table

pytestmark = pytest.mark.usefixtures("tenant")


def quarantined(folder: Path, database: Database, table: str, *lines: str) -> list[int]:
    run_import(write_network(folder, **{table: [*FILES[table], *lines]}), database)
    return [row.row_id for row in list_quarantine(database, "acme")]


def test_a_corrected_row_is_loaded_with_its_own_lineage(tmp_path: Path, operator_database: Database) -> None:
    (row_id,) = quarantined(tmp_path / "one", operator_database, "stock", "MILK,HAM,L9,available,2,KGM,2026-04-20")
    report = replay(operator_database, CONTEXT, [row_id], {row_id: {"unit": "CS"}})
    assert (report.loaded, dict(report.still)) == ((row_id,), {})
    found = rows(operator_database, "SELECT quantity, source_row, provenance FROM stock WHERE lot = 'L9'")
    assert found == [(Decimal(24), 6, "measured")]
    assert list_quarantine(operator_database, "acme") == []
    assert [row.row_id for row in list_quarantine(operator_database, "acme", replayed=True)] == [row_id]
    events = rows(operator_database, "SELECT action FROM audit.event ORDER BY event_id")
    assert events == [("import.completed",), ("import.replayed",)]


def test_uncorrected_it_stays_with_its_reason(tmp_path: Path, operator_database: Database) -> None:
    (row_id,) = quarantined(tmp_path / "one", operator_database, "stock", "MILK,HAM,L9,available,2,KGM,")
    report = replay(operator_database, CONTEXT, [row_id])
    assert report.loaded == ()
    assert report.still == {row_id: "unit 'KGM' is not one of MILK, which is counted in EA"}


def test_twice_is_once(tmp_path: Path, operator_database: Database) -> None:
    (row_id,) = quarantined(tmp_path / "one", operator_database, "stock", "MILK,HAM,L9,available,2,KGM,")
    replay(operator_database, CONTEXT, [row_id], {row_id: {"unit": None}})
    again = replay(operator_database, CONTEXT, [row_id])
    assert (again.loaded, again.still) == ((), {row_id: REPLAYED})


def test_an_item_and_what_refers_to_it_are_replayed_together(tmp_path: Path, operator_database: Database) -> None:
    items = [FILES["items"][0], *(line.replace("0.20", "cheap") for line in FILES["items"][1:])]
    run_import(write_network(tmp_path / "one", items=items), operator_database)
    row_ids = [row.row_id for row in list_quarantine(operator_database, "acme")]
    report = replay(operator_database, CONTEXT, row_ids[::-1], {row_ids[0]: {"unit_cost": "0.20"}})
    assert sorted(report.loaded) == row_ids
    assert rows(operator_database, "SELECT quantity FROM stock WHERE sku = 'SALT'") == [(Decimal(100),)]


def test_a_second_row_of_a_key_never_wins(tmp_path: Path, operator_database: Database) -> None:
    (row_id,) = quarantined(tmp_path / "one", operator_database, "demand", "MILK,BER,2026-03-01,77,1")
    assert replay(operator_database, CONTEXT, [row_id]).still == {row_id: SUPERSEDED}
    assert rows(operator_database, "SELECT quantity::int FROM demand WHERE sku = 'MILK' AND day = '2026-03-01'") == [
        (1,)
    ]


def test_a_replaced_snapshot_takes_no_old_rows(tmp_path: Path, operator_database: Database) -> None:
    (row_id,) = quarantined(tmp_path / "one", operator_database, "stock", "MILK,HAM,L9,available,2,KGM,")
    write_table(tmp_path / "two", "stock", FILES["stock"][:2])
    run_import(tmp_path / "two", operator_database)
    assert replay(operator_database, CONTEXT, [row_id], {row_id: {"unit": "CS"}}).still == {row_id: REPLACED}


def test_unknown_rows_and_columns_are_refused(tmp_path: Path, operator_database: Database) -> None:
    (row_id,) = quarantined(tmp_path / "one", operator_database, "stock", "MILK,HAM,L9,available,2,KGM,")
    with pytest.raises(NotFound):
        replay(operator_database, CONTEXT, [row_id + 1])
    with pytest.raises(BadInput, match="expires_on"):
        replay(operator_database, CONTEXT, [row_id], {row_id: {"batch_id": "x"}})
