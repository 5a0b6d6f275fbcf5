"""Reads files into sheets of text cells; refuses what cannot be read. It does not judge what a cell says."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from connectors.files.contracts import CONTRACTS, TABLES, TableName
from connectors.files.delivery import Delivery, Progress, Sheet
from connectors.files.errors import EmptyDelivery, MissingColumn, NotUtf8, UnreadableFile
from connectors.files.vectors import ROW_NUMBER
from domain.canonical import fingerprint, sha256_hex

SUFFIXES = (".csv", ".csv.gz", ".parquet")
NAMES = "A file is named like its table: " + ", ".join(f"{table}.csv" for table in TABLES) + " (or .csv.gz, .parquet)."


@dataclass(frozen=True)
class Text:
    """One file as text cells, with the hash of its bytes."""

    frame: pl.DataFrame
    sha256: str


def stem(path: Path) -> str | None:
    """The name without its suffix; None for what is no data file."""
    return next((path.name[: -len(end)] for end in SUFFIXES if path.name.endswith(end)), None)


def list_files(path: Path) -> list[Path]:
    """The files of a folder, or the one file; hidden ones are not seen."""
    if not path.exists():
        raise UnreadableFile(f"{path} does not exist.", remedy="Give the folder that holds the files.")
    if path.is_file():
        return [path]
    return sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))


def read_contract(path: Path, progress: Progress) -> Delivery:
    """The files of `path` that are named like a table of the contract."""
    files = list_files(path)
    named: dict[Path, TableName] = {file: table for file in files for table in TABLES if stem(file) == table}
    if not named:
        raise EmptyDelivery(f"There is no file of the data contract in {path}.", remedy=NAMES)
    _refuse_twice(list(named.values()), path)
    sheets: list[Sheet] = []
    for number, (file, table) in enumerate(named.items()):
        progress("reading", number, len(named))
        sheets.append(_read_sheet(file, table))
    progress("reading", len(named), len(named))
    if not any(len(sheet.frame) for sheet in sheets):
        raise EmptyDelivery(f"The files in {path} hold no rows.", remedy="Export them again.")
    content = fingerprint(sorted([sheet.table, sheet.sha256] for sheet in sheets))
    ignored = tuple(file.name for file in files if file not in named)
    return Delivery("contract", path.name, _in_load_order(sheets), content, ignored=ignored)


def read_text(path: Path) -> Text:
    """The file's rows as stripped text, empty cells null, blank rows dropped, numbered from 1 after the header."""
    try:
        raw = path.read_bytes()
        frame = _parquet(raw) if path.name.endswith(".parquet") else _csv(path, raw)
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        raise UnreadableFile(f"{path.name} cannot be read: {_first_line(error)}", remedy="Export it again.") from error
    return Text(number_rows(frame), sha256_hex(raw))


def number_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `ROW_NUMBER`; strips the cells, makes empty ones null and drops rows without any."""
    cells = frame.columns
    stripped = frame.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    numbered = stripped.with_row_index(ROW_NUMBER, offset=1).with_columns(pl.col(ROW_NUMBER).cast(pl.Int64))
    return numbered.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in cells))


def header(path: Path) -> list[str]:
    """The column names of a data file, without reading the rest of it."""
    try:
        if path.name.endswith(".parquet"):
            return list(pl.read_parquet_schema(path))
        opener = gzip.open if path.name.endswith(".gz") else open
        with opener(path, "rb") as file:
            line = file.readline(65_536)
        return [cell.strip().strip('"') for cell in line.decode("utf-8-sig", "replace").split(",")]
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


def _csv(path: Path, raw: bytes) -> pl.DataFrame:
    raw = gzip.decompress(raw) if path.name.endswith(".gz") else raw
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        remedy = "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')."
        raise NotUtf8(f"{path.name} is not UTF-8: byte {error.start}, line {line}.", remedy=remedy) from error
    if b"\x00" in raw:
        raise UnreadableFile(f"{path.name} holds zero bytes, so it is no CSV file.", remedy="Export it as CSV.")
    frame = pl.read_csv(io.BytesIO(raw), infer_schema=False, raise_if_empty=True)
    twice = [name for name in frame.columns if "_duplicated_" in name]
    if twice:
        name = twice[0].partition("_duplicated_")[0]
        raise UnreadableFile(f"{path.name} has the column {name} twice.", remedy="Keep one.")
    return frame.rename({name: name.strip() for name in frame.columns})


def _parquet(raw: bytes) -> pl.DataFrame:
    frame = pl.read_parquet(io.BytesIO(raw))
    return frame.select(_as_text(frame[name]) for name in frame.columns)


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


def _in_load_order(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    return tuple(sorted(sheets, key=lambda sheet: TABLES.index(sheet.table)))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
