"""The rows that were kept aside: list them, correct them, load them after all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import polars as pl
from psycopg import Connection

from audit.append import append
from audit.events import Action
from connectors.files.contracts import CONTRACTS, TABLES, TableName
from connectors.files.delivery import Sheet
from connectors.files.loading import csv_chunks, judge, known_before
from connectors.files.report import ReplayReport
from connectors.files.vectors import ROW_NUMBER
from db import network_import
from db.network_import import Quarantined
from db.session import Database
from db.tenants import read_tenant
from domain.context import Context
from domain.errors import BadInput, NotFound

NOT_OURS = "it is a line of the original layout; correct the file and import it again"
REPLACED = "a later delivery has replaced this table; correct the row there"
SUPERSEDED = "the same key was loaded by this delivery or a later one"
REPLAYED = "it was loaded before"
Corrections = Mapping[int, Mapping[str, str | None]]


def list_quarantine(
    database: Database, tenant: str, *, batch_id: UUID | None = None, replayed: bool = False, limit: int = 1000
) -> list[Quarantined]:
    """Rows in quarantine, oldest first, with file, row number, reason and the record as it was read.

    Raises `UnknownTenant`.
    """
    with database.transaction(tenant) as connection:
        read_tenant(connection)
        return network_import.list_quarantined(connection, batch_id=batch_id, replayed=replayed, limit=limit)


def replay(
    database: Database, context: Context, row_ids: Sequence[int], corrections: Corrections | None = None
) -> ReplayReport:
    """Judges the rows again, with the user's corrections (row id → column → text), and loads those that are right now.

    A row never overwrites what its own delivery or a later one loaded. One transaction, one audit event.

    Raises:
        NotFound: an id is not in quarantine.
        BadInput: a correction is for another row or for a column that the contract does not have.
    """
    corrections = corrections or {}
    with database.transaction(context.tenant) as connection:
        network_import.lock_imports(connection)
        rows = network_import.lock_quarantined(connection, row_ids)
        _refuse_unknown(rows, row_ids, corrections)
        still = {row.row_id: REPLAYED for row in rows if row.replayed_at is not None}
        waiting = sorted((row for row in rows if row.replayed_at is None), key=_order)
        for (_, batch_id, file), group in groupby(waiting, key=_order):
            still |= _replay_file(connection, batch_id, file, list(group), corrections)
        loaded = tuple(row.row_id for row in rows if row.row_id not in still)
        network_import.mark_replayed(connection, loaded)
        report = ReplayReport(loaded, still)
        append(connection, context, Action.IMPORT_REPLAYED, subject="quarantine:rows", data=_event(report, corrections))
        return report


def _order(row: Quarantined) -> tuple[int, UUID, str]:
    """In the order of an import, so that a corrected item is there for its stock."""
    table = _table(row.file)
    return TABLES.index(table) if table else len(TABLES), row.batch_id, row.file


def _table(file: str) -> TableName | None:
    return next((table for table in TABLES if file.partition(".")[0] == table), None)


def _refuse_unknown(rows: Sequence[Quarantined], row_ids: Sequence[int], corrections: Corrections) -> None:
    missing = set(row_ids) - {row.row_id for row in rows}
    if missing:
        raise NotFound(f"Row {min(missing)} is not in quarantine.", remedy="`quarantine list` shows what is.")
    for row_id, columns in corrections.items():
        row = next((row for row in rows if row.row_id == row_id), None)
        table = _table(row.file) if row else None
        allowed = set(CONTRACTS[table].model_fields) if table else set[str]()
        if row is None or not allowed.issuperset(columns):
            raise BadInput(
                f"The correction of row {row_id} does not fit it.", remedy=f"Its columns: {sorted(allowed)}."
            )


def _replay_file(
    connection: Connection[Any], batch_id: UUID, file: str, rows: Sequence[Quarantined], corrections: Corrections
) -> dict[int, str]:
    """Loads what it can of one file's rows; the others with the reason."""
    table = _table(file)
    batch = network_import.find_batch(connection, batch_id=batch_id)
    if table is None or batch is None or batch["source"] != "contract":
        return {row.row_id: NOT_OURS for row in rows}
    if CONTRACTS[table].snapshot and network_import.delivered_again(connection, table, batch_id):
        return {row.row_id: REPLACED for row in rows}
    by_number = {row.row_number: row.row_id for row in rows}
    judged = judge(_sheet(table, file, rows, corrections), known_before(connection), batch["as_of"])
    network_import.stage(connection, table, csv_chunks(judged))
    superseded = network_import.drop_superseded(connection, table, batch_id)
    network_import.merge(connection, table, batch_id, batch["provenance"])
    still = {by_number[fault.row_number]: fault.reason for fault in judged.faults}
    return still | {by_number[number]: SUPERSEDED for number in superseded}


def _sheet(table: TableName, file: str, rows: Sequence[Quarantined], corrections: Corrections) -> Sheet:
    records = [{**row.record, **corrections.get(row.row_id, {})} for row in rows]
    names = CONTRACTS[table].model_fields
    schema = {ROW_NUMBER: pl.Int64} | dict.fromkeys(names, pl.String)
    data = [(row.row_number, *map(record.get, names)) for row, record in zip(rows, records, strict=True)]
    return Sheet(table, pl.DataFrame(data, schema=schema, orient="row"), file, rows=len(rows))


def _event(report: ReplayReport, corrections: Corrections) -> Mapping[str, object]:
    return {
        "loaded": list(report.loaded),
        "still": {str(row_id): reason for row_id, reason in report.still.items()},
        "corrected": {str(row_id): dict(columns) for row_id, columns in corrections.items()},
    }
