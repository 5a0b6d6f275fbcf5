"""Recognises the two layouts of UCI Online Retail by their header: the original lines and the daily cut."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from connectors.files.contracts import TABLES
from connectors.files.csv_text import columns_of
from connectors.files.errors import MissingFile, UnreadableFile
from connectors.files.opening import WORKBOOK, list_files, read_bytes, refuse_large_workbook, stem
from connectors.files.reading import Text, header, number_rows, read_text
from domain.canonical import sha256_hex

HEADER_OF_ORIGINAL = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
HEADER_OF_DAILY = ("sku", "location", "date", "units", "lines", "price")
HEADER_OF_NAMES = ("sku", "description")


@dataclass(frozen=True)
class UciFiles:
    """The recognised file; `names` is the list of SKUs that the daily cut needs beside it."""

    layout: Literal["original", "daily"]
    file: Path
    names: Path | None = None


def find_uci(path: Path) -> UciFiles | None:
    """The UCI data at `path` (a file, or a folder without files of the contract); None for anything else.

    Raises:
        MissingFile: the daily cut without its list of SKUs.
    """
    if not path.exists():
        return None
    files = list_files(path)
    if path.is_dir() and any(stem(file) in TABLES for file in files):
        return None
    headers = {file: _columns(file) for file in files}
    for file, columns in headers.items():
        if set(HEADER_OF_ORIGINAL) <= set(columns):
            return UciFiles("original", file)
        if set(HEADER_OF_DAILY) <= set(columns):
            return UciFiles("daily", file, _names_beside(file))
    return None


def read_lines(file: Path) -> Text:
    """The file as text cells; a workbook's first sheet, a typed file's values as they are written in the contract."""
    return _read_workbook(file) if file.suffix == WORKBOOK else read_text(file)


def _names_beside(file: Path) -> Path:
    for other in list_files(file.parent):
        if set(HEADER_OF_NAMES) == set(_columns(other)):
            return other
    remedy = "Put the file with the columns sku and description into the same folder."
    raise MissingFile(f"The list of SKUs is not beside {file.name}.", remedy=remedy)


def _columns(file: Path) -> list[str]:
    if file.suffix == WORKBOOK:
        try:
            return [str(cell) for cell in next(_rows(file))]
        except (OSError, zipfile.BadZipFile, StopIteration, KeyError):
            return []
    return header(file) if stem(file) is not None else []


def _read_workbook(file: Path) -> Text:
    try:
        refuse_large_workbook(file)
        head, *rows = _rows(file)
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        raise UnreadableFile(f"{file.name} cannot be read: {error}.", remedy="Download it again.") from error
    names = columns_of(file.name, ["" if cell is None else str(cell) for cell in head])
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    cells = {
        name: [None if cell is None else str(cell) for cell in column]
        for name, column in zip(names, columns, strict=True)
    }
    frame = number_rows(pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String)))
    return Text(frame, sha256_hex(read_bytes(file)))


def _rows(file: Path) -> Any:
    from openpyxl import load_workbook

    workbook = load_workbook(file, read_only=True, data_only=True)
    try:
        yield from workbook.worksheets[0].iter_rows(values_only=True)
    finally:
        workbook.close()
