"""From sheets of text to rows in the database, table by table, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl
from psycopg import Connection

from connectors.files.contracts import CONTRACTS, TableName
from connectors.files.delivery import Delivery, Progress, Sheet
from connectors.files.errors import TooManyQuarantined
from connectors.files.references import FACTOR, Known, settle
from connectors.files.report import FileCount, Provenance
from connectors.files.vectors import ROW_NUMBER, Checked, Fault, check
from db import network_import
from db.network_import import SHAPES

# Above this share of a file's rows (and more than a handful) it is most likely the wrong file.
LARGEST_SHARE = 0.2
A_HANDFUL = 5
CHUNK = 100_000
_REFERRED: tuple[TableName, ...] = ("sites", "suppliers", "customers", "items", "item_suppliers", "item_sites")


@dataclass(frozen=True)
class Ready:
    """A sheet whose every row is either good (with its unit factor) or a fault with a reason."""

    sheet: Sheet
    good: pl.DataFrame
    faults: tuple[Fault, ...]

    def count(self) -> FileCount:
        """For the report."""
        sheet = self.sheet
        return FileCount(
            sheet.table, sheet.name, sheet.sha256, sheet.rows, len(self.good), len(self.faults), sheet.derived,
            dict(sheet.left_out), sheet.ignored_columns,
        )  # fmt: skip


def known_before(connection: Connection[Any]) -> Known:
    """What the tenant's network holds already."""
    return Known.of(
        {table: network_import.known_keys(connection, table) for table in _REFERRED},
        network_import.base_units(connection),
        network_import.pack_factors(connection),
    )


def check_sheets(delivery: Delivery, known: Known, as_of: datetime, progress: Progress) -> list[Ready]:
    """Judges every row; raises `TooManyQuarantined` for a file that is mostly wrong."""
    ready: list[Ready] = []
    for number, sheet in enumerate(delivery.sheets):
        progress("checking", number, len(delivery.sheets))
        judged = judge(sheet, known, as_of)
        _refuse_wrong_file(judged)
        known.add(sheet.table, judged.good)
        ready.append(judged)
    progress("checking", len(delivery.sheets), len(delivery.sheets))
    return ready


def judge(sheet: Sheet, known: Known, as_of: datetime) -> Ready:
    """One sheet against its contract and against what is known."""
    model = CONTRACTS[sheet.table]
    alone = check(sheet.frame, model, as_of)
    among = settle(alone.good, sheet.frame, model, known)
    faults = sorted((*sheet.faults, *alone.faults, *among.faults), key=lambda fault: fault.row_number)
    return Ready(sheet, _dated(among, as_of), tuple(faults))


def write_sheets(
    connection: Connection[Any], batch_id: UUID, ready: Sequence[Ready], provenance: Provenance, progress: Progress
) -> None:
    """Quarantines the faults, replaces snapshots, and merges the good rows."""
    total = sum(len(sheet.good) for sheet in ready)
    done = 0
    for judged in ready:
        progress("writing", done, total)
        _write(connection, batch_id, judged, provenance)
        done += len(judged.good)
    progress("writing", total, total)


def csv_chunks(judged: Ready) -> Iterator[bytes]:
    """The rows for `db.network_import.stage`; quoted text, so that an empty cell is null and '' is text."""
    # A derived row stands in no file.
    source_row = pl.lit(None, pl.Int64).alias(ROW_NUMBER) if judged.sheet.derived else pl.col(ROW_NUMBER)
    frame = judged.good.select(*SHAPES[judged.sheet.table].columns, source_row, FACTOR)
    for part in frame.iter_slices(CHUNK):
        yield part.write_csv(include_header=False, quote_style="non_numeric").encode()


def _write(connection: Connection[Any], batch_id: UUID, judged: Ready, provenance: Provenance) -> None:
    table = judged.sheet.table
    faults = ((fault.row_number, fault.reason, fault.record) for fault in judged.faults)
    network_import.quarantine(connection, batch_id, judged.sheet.name, faults)
    network_import.replace_snapshot(connection, table, _unclear(table, judged.faults))
    network_import.stage(connection, table, csv_chunks(judged))
    network_import.merge(connection, table, batch_id, "derived" if judged.sheet.derived else provenance)


def _unclear(table: TableName, faults: Sequence[Fault]) -> set[tuple[str, ...]]:
    subject = SHAPES[table].subject
    return {tuple(fault.record.get(column) or "" for column in subject) for fault in faults} if subject else set()


def _dated(checked: Checked, as_of: datetime) -> pl.DataFrame:
    if "counted_at" not in checked.good.columns:
        return checked.good
    return checked.good.with_columns(pl.col("counted_at").fill_null(as_of.isoformat()))


def _refuse_wrong_file(judged: Ready) -> None:
    wrong, rows = len(judged.faults), len(judged.faults) + len(judged.good)
    if not wrong or ((wrong <= A_HANDFUL or wrong <= LARGEST_SHARE * rows) and len(judged.good)):
        return
    first = judged.faults[0]
    raise TooManyQuarantined(
        f"{wrong} of {rows} rows of {judged.sheet.name} are wrong, more than {LARGEST_SHARE:.0%}; "
        f"the first is row {first.row_number}: {first.reason}.",
        remedy="Check that it is the right file. Nothing of the delivery was written.",
    )
