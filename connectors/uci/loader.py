"""Turns the recognised UCI files into a delivery of the contract's tables; from there on it is an import like any."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import polars as pl

from connectors.files.contracts import TABLES, TableName
from connectors.files.delivery import Delivery, Progress, Sheet
from connectors.files.errors import MissingColumn
from connectors.files.opening import unchanged
from connectors.files.reading import Text, read_text
from connectors.files.vectors import ROW_NUMBER
from connectors.uci.daily import DailySales, from_daily, from_original
from connectors.uci.derive import CURRENCY, RULES, VERSION, derive
from connectors.uci.layout import UciFiles, find_uci, read_lines
from domain.canonical import fingerprint

__all__ = ["find_uci", "read_uci"]


def read_uci(found: UciFiles, progress: Progress) -> Delivery:
    """Demand as it is in the file, everything else derived; the data's moment is the midnight after their last day.

    Raises:
        ImportRefused: unreadable, or without a single sale.
    """
    progress("reading", 0, 2)
    with unchanged([found.file, *([found.names] if found.names else [])]):
        lines = read_lines(found.file)
        names = read_text(found.names) if found.names else None
    hashes = [text.sha256 for text in (lines, names) if text is not None]
    sales = from_original(lines.frame) if names is None else from_daily(lines.frame, _unique_names(names))
    as_of = datetime.combine(sales.last_day + timedelta(days=1), time(), UTC)
    progress("reading", 1, 2)
    sheets = [_demand(found, lines, sales), *_derived(sales)]
    progress("reading", 2, 2)
    return Delivery(
        "uci-online-retail", found.file.name, tuple(sorted(sheets, key=lambda sheet: TABLES.index(sheet.table))),
        fingerprint(["uci-online-retail", VERSION, *hashes]), as_of=as_of, currency=CURRENCY, rules=RULES,
    )  # fmt: skip


def _unique_names(names: Text) -> pl.DataFrame:
    named = names.frame.drop_nulls(["sku", "description"]).unique("sku", keep="first", maintain_order=True)
    if named.is_empty():
        raise MissingColumn("The list of SKUs is empty.", remedy="It needs the columns sku and description.")
    return named


def _demand(found: UciFiles, lines: Text, sales: DailySales) -> Sheet:
    frame = sales.frame.select(
        ROW_NUMBER,
        "sku",
        pl.col("location").alias("site"),
        pl.col("day").dt.strftime("%Y-%m-%d"),
        pl.col("units").cast(pl.Int64).cast(pl.String).alias("quantity"),
        pl.col("price").cast(pl.String).alias("unit_price"),
    )
    return Sheet(
        "demand", frame, found.file.name, lines.sha256, rows=sales.rows, faults=sales.faults,
        left_out=sales.left_out or {},
    )  # fmt: skip


def _derived(sales: DailySales) -> list[Sheet]:
    return [_sheet(table, frame) for table, frame in derive(sales).items()]


def _sheet(table: TableName, frame: pl.DataFrame) -> Sheet:
    numbered = frame.with_row_index(ROW_NUMBER, offset=1).with_columns(pl.col(ROW_NUMBER).cast(pl.Int64))
    return Sheet(table, numbered, f"{table} (derived)", derived=True, rows=len(frame))
