"""CSV bytes into a frame of text cells; what cannot be read is refused with the row to look at.

Rows are numbered as a spreadsheet shows them: the header is row 1, a blank line counts, a line break in quotes does
not.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice, pairwise

import polars as pl

from connectors.files.errors import NotUtf8, UnreadableFile
from connectors.files.limits import LARGEST_CELLS, LARGEST_COLUMNS, LONGEST_SHOWN
from connectors.files.opening import SPLIT

LONGEST_HEADER = 65_536  # bytes, above what all columns with names of the allowed length can have
CHUNK = 50_000
INSIDE = re.compile(rb'[^,\r\n"]"[^,\r\n"]')
MARK = b"\xef\xbb\xbf"
QUOTING = "Export it again: a cell with a comma or a quotation mark is put into quotation marks, its own doubled."
EXCEL = "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')."


def read_csv(name: str, raw: bytes) -> tuple[pl.DataFrame, int]:
    """The rows of file `name` as text, nothing stripped, and the number of the row that is the first of them.

    Raises:
        NotUtf8, UnreadableFile: with the byte, line or row at fault.
    """
    text = _lines(name, raw.removeprefix(MARK))
    body = text.lstrip(b"\r\n")
    above = text[: len(text) - len(body)].count(b"\n")
    names = header_of(name, body)
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    refuse_cells(name, lines, len(names))
    frame = _fast(body)
    # A quotation mark that is not closed, or stands inside a cell, makes the fast reader swallow cells and rows. There,
    # where a cell seems to span lines, and where the fast reader gives up, the slow and strict one has the last word.
    quoted = b'"' in body
    if frame is None or frame.width != len(names) or (quoted and (len(frame) + 1 < lines or INSIDE.search(body))):
        frame = _slow(name, body, names, above)
    frame.columns = names
    return frame, above + 2


def header_of(name: str, body: bytes) -> list[str]:
    """The column names of the first line; one that is empty is called by its place, as `(column 7)`.

    Raises:
        UnreadableFile: there is none, or too many, or one comes twice.
    """
    end = _line_end(body)
    if end > LONGEST_HEADER:
        what = f"{name} has a header of {end:,} bytes, more than {LONGEST_HEADER:,}"
        raise UnreadableFile(f"{what}.", remedy="Check that its first row is the header.")
    line = body[:end].decode("utf-8", "replace")
    if not line.strip():
        raise UnreadableFile(f"{name} is empty.", remedy="Export it again, with its header.")
    if line.count(",") >= LARGEST_COLUMNS:
        raise too_many_columns(name, line.count(",") + 1)
    try:
        return columns_of(name, next(csv.reader([line], strict=True)))
    except csv.Error as error:
        raise UnreadableFile(f"{name} cannot be read: its header: {error}.", remedy=QUOTING) from error


def columns_of(name: str, cells: Sequence[str]) -> list[str]:
    """Header cells as column names; raises `UnreadableFile` when there are too many or one comes twice."""
    if len(cells) > LARGEST_COLUMNS:
        raise too_many_columns(name, len(cells))
    names = [cell.strip() or f"(column {place})" for place, cell in enumerate(cells, start=1)]
    long = [place for place, cell in enumerate(names, start=1) if len(cell) > LONGEST_SHOWN]
    if long:
        what = f"{name} has a name of {len(names[long[0] - 1]):,} characters in column {long[0]}"
        raise UnreadableFile(f"{what}, more than {LONGEST_SHOWN}.", remedy="Check that its first row is the header.")
    twice = [one for one, next_one in pairwise(sorted(names)) if one == next_one]
    if twice:
        raise UnreadableFile(f"{name} has the column {twice[0]} twice.", remedy="Keep one.")
    return names


def refuse_cells(name: str, rows: int, columns: int) -> None:
    """Raises `UnreadableFile` for more cells than fit a machine, before they are read."""
    if rows * columns > LARGEST_CELLS:
        what = f"{name} has {rows:,} rows of {columns} columns, more than {LARGEST_CELLS:,} cells"
        raise UnreadableFile(f"{what}.", remedy=SPLIT)


def too_many_columns(name: str, count: int) -> UnreadableFile:
    """The refusal of a file with `count` columns."""
    what = f"{name} has {count:,} columns, more than {LARGEST_COLUMNS}"
    return UnreadableFile(f"{what}.", remedy="Remove those that no contract names (empty ones too).")


def _lines(name: str, raw: bytes) -> bytes:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise NotUtf8(f"{name} is not UTF-8: byte {error.start}, line {line}.", remedy=EXCEL) from error
    if (place := raw.find(b"\x00")) >= 0:
        line = raw[:place].count(b"\n") + 1
        what = f"{name} holds a zero byte in line {line}, so it is no CSV file"
        raise UnreadableFile(f"{what}.", remedy="Export it as CSV.")
    # Line ends of old Macintosh programs, which some exports still write.
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def _line_end(body: bytes) -> int:
    end = body.find(b"\n")
    return len(body) if end < 0 else end


def _fast(body: bytes) -> pl.DataFrame | None:
    try:
        return pl.read_csv(io.BytesIO(body), infer_schema=False)
    except pl.exceptions.PolarsError:
        return None


def _slow(name: str, body: bytes, names: Sequence[str], above: int) -> pl.DataFrame:
    """Row by row, as spreadsheets read; raises `UnreadableFile` with the row that is no CSV."""
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", newline=""), strict=True)
    schema = dict.fromkeys(names, pl.String)
    parts = [pl.DataFrame(schema=schema)]
    number = above + 1
    try:
        next(rows)
        while some := [_padded(name, cells, len(names), number := number + 1) for cells in islice(rows, CHUNK)]:
            parts.append(pl.DataFrame(some, schema=schema, orient="row"))
    except csv.Error as error:
        what = f"{name} cannot be read: row {number + 1}: {error}"
        raise UnreadableFile(f"{what}.", remedy=QUOTING) from error
    return pl.concat(parts)


def _padded(name: str, cells: list[str], width: int, number: int) -> list[str | None]:
    if len(cells) > width:
        what = f"{name} cannot be read: row {number} has {len(cells):,} cells and the header {width}"
        raise UnreadableFile(f"{what}.", remedy=QUOTING)
    return [*cells, *[None] * (width - len(cells))]
