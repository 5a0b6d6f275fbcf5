"""Reads files into sheets of text cells; refuses what cannot be read. It does not judge what a cell says."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from connectors.files.contracts import CONTRACTS, TABLES, TableName
from connectors.files.csv_text import columns_of, read_csv, refuse_cells
from connectors.files.delivery import Delivery, Progress, Sheet
from connectors.files.errors import EmptyDelivery, EmptyFile, MissingColumn, UnreadableFile
from connectors.files.opening import list_files, read_bytes, stem, unchanged, unpacked
from connectors.files.vectors import FIRST_ROW, ROW_NUMBER
from domain.canonical import fingerprint, sha256_hex

NAMES = "A file is named like its table: " + ", ".join(f"{table}.csv" for table in TABLES) + " (or .csv.gz, .parquet)."


@dataclass(frozen=True)
class Text:
    """One file as text cells, with the hash of its bytes."""

    frame: pl.DataFrame
    sha256: str


def read_contract(path: Path, progress: Progress) -> Delivery:
    """The files of `path` that are named like a table of the contract."""
    files = list_files(path)
    named: dict[Path, TableName] = {file: table for file in files for table in TABLES if stem(file) == table}
    if not named:
        raise EmptyDelivery(f"There is no file of the data contract in {path}.", remedy=NAMES)
    _refuse_twice(list(named.values()), path)
    sheets: list[Sheet] = []
    with unchanged(named) as written:
        for number, (file, table) in enumerate(named.items()):
            progress("reading", number, len(named))
            sheets.append(_read_sheet(file, table))
        progress("reading", len(named), len(named))
    if not any(len(sheet.frame) for sheet in sheets):
        raise EmptyDelivery(f"The files in {path} hold no rows.", remedy="Export them again.")
    _refuse_empty_stock(sheets)
    content = fingerprint(sorted([sheet.table, sheet.sha256] for sheet in sheets))
    ignored = tuple(file.name for file in files if file not in named)
    moment = _moment(written, named)
    return Delivery("contract", path.name, _in_load_order(sheets), content, as_of=moment, ignored=ignored)


def read_text(path: Path) -> Text:
    """The file's rows as stripped text, empty cells null, blank rows dropped, numbered as a spreadsheet shows them."""
    first = FIRST_ROW
    try:
        raw = read_bytes(path)
        if path.name.endswith(".parquet"):
            frame = _parquet(path.name, raw)
        else:
            frame, first = read_csv(path.name, unpacked(path, raw))
    except PermissionError as error:
        raise UnreadableFile(f"{path.name} may not be read.", remedy="Give its reader the right to.") from error
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        raise UnreadableFile(f"{path.name} cannot be read: {_first_line(error)}.", remedy="Export it again.") from error
    return Text(number_rows(frame, first), sha256_hex(raw))


def number_rows(frame: pl.DataFrame, first: int = FIRST_ROW) -> pl.DataFrame:
    """Adds `ROW_NUMBER` from `first` on; strips the cells, makes empty ones null and drops rows without any."""
    cells = frame.columns
    stripped = frame.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    numbered = stripped.with_row_index(ROW_NUMBER, offset=first).with_columns(pl.col(ROW_NUMBER).cast(pl.Int64))
    return numbered.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in cells))


def header(path: Path) -> list[str]:
    """The column names of a data file, without reading the rest of it."""
    try:
        if path.name.endswith(".parquet"):
            return list(pl.read_parquet_schema(path))
        opener = gzip.open if path.name.endswith(".gz") else open
        with opener(path, "rb") as file:
            start = file.read(65_536)
        line = next(iter(start.decode("utf-8-sig", "replace").splitlines()), "")
        return [cell.strip().strip('"') for cell in line.split(",")]
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError):
        return []


def _read_sheet(file: Path, table: TableName) -> Sheet:
    text = read_text(file)
    fields = CONTRACTS[table].model_fields
    columns = [name for name in text.frame.columns if name != ROW_NUMBER]
    missing = [name for name, field in fields.items() if field.is_required() and name not in columns]
    if missing:
        remedy = f"It has {', '.join(columns[:12])}. docs/data-contracts.md lists what {table} needs."
        raise MissingColumn(f"{file.name} has no column {', '.join(missing)}.", remedy=remedy)
    ignored = tuple(name for name in columns if name not in fields)
    return Sheet(table, text.frame.drop(ignored), file.name, text.sha256, rows=len(text.frame), ignored_columns=ignored)


def _moment(written: Mapping[Path, datetime], named: Mapping[Path, TableName]) -> datetime:
    """What the files describe: when the stock was written, which ages fastest; without stock, when the newest was."""
    return max(moment for file, moment in written.items() if "stock" not in named.values() or named[file] == "stock")


def _parquet(name: str, raw: bytes) -> pl.DataFrame:
    schema = pl.read_parquet_schema(io.BytesIO(raw))
    columns_of(name, list(schema))
    refuse_cells(name, pl.scan_parquet(io.BytesIO(raw)).select(pl.len()).collect().item(), len(schema))
    nested = [column for column, kind in schema.items() if kind.is_nested()]
    if nested:
        what = f"{name} holds lists or structures in the column {nested[0]}"
        raise UnreadableFile(f"{what}.", remedy="Export one plain value a cell.")
    frame = pl.read_parquet(io.BytesIO(raw))
    return frame.select(_as_text(frame[column]) for column in frame.columns)


def _as_text(column: pl.Series) -> pl.Series:
    """A typed column as the text that the contract expects: days as 2026-03-31, times in UTC with their Z."""
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is not None:
            return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        return column.dt.strftime("%Y-%m-%d" if _only_days(column) else "%Y-%m-%dT%H:%M:%S")
    # PostgreSQL keeps no zero byte; the mark makes the cell fail where it matters and lets its record be kept.
    return column.cast(pl.String).str.replace_all("\x00", "\ufffd", literal=True)


def _only_days(column: pl.Series) -> bool:
    return bool((column.dt.truncate("1d") == column).all())


def _refuse_twice(tables: Sequence[str], path: Path) -> None:
    twice = {table for table in tables if tables.count(table) > 1}
    if twice:
        raise UnreadableFile(f"{path} holds {min(twice)} more than once.", remedy="Keep one file a table.")


def _refuse_empty_stock(sheets: Sequence[Sheet]) -> None:
    for sheet in sheets:
        if sheet.table == "stock" and sheet.frame.is_empty():
            remedy = "It would take all stock away. Leave it out, or write rows of quantity 0 where nothing is left."
            raise EmptyFile(f"{sheet.name} has a header and no rows.", remedy=remedy)


def _in_load_order(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    return tuple(sorted(sheets, key=lambda sheet: TABLES.index(sheet.table)))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
