"""Both layouts as one thing: units and price a day, SKU and location. Every line that is left out is accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from connectors.files.errors import EmptyDelivery
from connectors.files.limits import LONGEST_SHOWN
from connectors.files.vectors import ROW_NUMBER, Fault
from connectors.uci.locations import LOCATIONS, locate

# Five digits and at most two letters; everything else (POST, D, M, DOT, BANK CHARGES, gift_…) is no product.
PRODUCT = r"^[0-9]{5}[A-Z]{0,2}$"
WHOLE = r"^-?[0-9]{1,9}(\.0+)?$"
NUMBER = r"^-?[0-9]{1,9}(\.[0-9]+)?$"
NOT_PRODUCT = "code that is no product (postage, discount, fee, manual, …)"
ADJUSTMENT = "stock adjustment (negative and not a cancellation)"
NO_PRICE = "line without a price (sample, write-off, adjustment)"


@dataclass(frozen=True)
class DailySales:
    """`frame`: sku, location, day (Date), units (Float64), price (Float64), `ROW_NUMBER` of the first line.

    `names`: SKU → description. `rows` were read; `faults` could not be, `left_out` were not wanted, by reason.
    """

    frame: pl.DataFrame
    names: Mapping[str, str]
    rows: int
    faults: tuple[Fault, ...] = ()
    left_out: Mapping[str, int] | None = None

    @property
    def first_day(self) -> date:
        """The first day with a sale."""
        return self._bound("min")

    @property
    def last_day(self) -> date:
        """The last day with a sale; nothing is known after it."""
        return self._bound("max")

    def _bound(self, which: str) -> date:
        days = self.frame["day"]
        found = days.min() if which == "min" else days.max()
        if not isinstance(found, date):
            raise EmptyDelivery(
                "No line of the file is a sale of a product.", remedy="Check that it is the right file."
            )
        return found


def from_original(lines: pl.DataFrame) -> DailySales:
    """Sales lines of the original layout (text cells) added up by day, SKU and location; cancellations are returns."""
    read = _typed(lines)
    reason = read["__reason"]
    sound = read.filter(reason.is_null())
    why_not = _left_out(sound)
    kept = sound.filter(why_not.is_null())
    counts = why_not.drop_nulls().value_counts().rows()
    return DailySales(_add_up(_located(kept)), _names(kept), len(lines), _faults(lines, reason), dict(counts))


def from_daily(lines: pl.DataFrame, names: pl.DataFrame) -> DailySales:
    """The daily cut (text cells): its rows are days, SKUs and locations already."""
    known = [location.site for location in LOCATIONS]
    typed = lines.select(
        ROW_NUMBER,
        "sku",
        "location",
        pl.col("date").str.head(10).str.to_date("%Y-%m-%d", strict=False).alias("day"),
        _number("units", WHOLE).alias("units"),
        _number("price", NUMBER).round(4).alias("price"),
        pl.coalesce(
            _says(~pl.col("location").is_in(known), "there is no demand location '{}'", "location"),
            _says(
                pl.col("date").str.head(10).str.to_date("%Y-%m-%d", strict=False).is_null(),
                "date '{}' is not a day",
                "date",
            ),
            _says(_number("units", WHOLE).is_null(), "units '{}' is not a whole number", "units"),
            _says(~pl.col("sku").is_in(names["sku"].to_list()), "there is no SKU '{}' in the list of SKUs", "sku"),
        ).alias("__reason"),
    )
    reason = typed["__reason"]
    kept = typed.filter(reason.is_null()).drop("__reason")
    return DailySales(kept, dict(names.select("sku", "description").rows()), len(lines), _faults(lines, reason))


def _typed(lines: pl.DataFrame) -> pl.DataFrame:
    moment = pl.col("InvoiceDate").str.replace("T", " ")
    day = pl.coalesce(
        moment.str.head(10).str.to_date("%Y-%m-%d", strict=False),
        # The CSV that spreadsheets make of the workbook: 12/1/2010 8:26, month first.
        moment.str.split(" ").list.first().str.to_date("%m/%d/%Y", strict=False),
    )
    units, price = _number("Quantity", WHOLE), _number("UnitPrice", NUMBER)
    return lines.select(
        ROW_NUMBER,
        pl.col("StockCode").str.to_uppercase().alias("sku"),
        pl.col("Description").alias("name"),
        pl.col("InvoiceNo").str.starts_with("C").fill_null(False).alias("cancelled"),
        pl.col("CustomerID").str.replace(r"\.0$", "").alias("customer"),
        pl.col("Country").alias("country"),
        day.alias("day"), units.alias("units"), price.alias("price"),
        pl.coalesce(
            _says(pl.col("StockCode").is_null(), "StockCode is missing"),
            _says(pl.col("Country").is_null(), "Country is missing"),
            _says(units.is_null(), "Quantity '{}' is not a whole number", "Quantity"),
            _says(price.is_null(), "UnitPrice '{}' is not a number", "UnitPrice"),
            _says(day.is_null(), "InvoiceDate '{}' is not a time", "InvoiceDate"),
        ).alias("__reason"),
    )  # fmt: skip


def _number(column: str, pattern: str) -> pl.Expr:
    text = pl.col(column)
    return pl.when(text.str.contains(pattern)).then(text.cast(pl.Float64, strict=False))


def _says(wrong: pl.Expr, text: str, column: str | None = None) -> pl.Expr:
    reason = pl.lit(text) if column is None else pl.format(text, pl.col(column).fill_null("").str.head(LONGEST_SHOWN))
    return pl.when(wrong).then(reason)


def _left_out(sound: pl.DataFrame) -> pl.Series:
    reason = pl.coalesce(
        _says(~pl.col("sku").str.contains(PRODUCT), NOT_PRODUCT),
        _says(pl.col("price") <= 0, NO_PRICE),
        _says((pl.col("units") < 0) & ~pl.col("cancelled"), ADJUSTMENT),
    )
    return sound.select(reason.alias("why"))["why"]


def _located(kept: pl.DataFrame) -> pl.DataFrame:
    pairs = kept.select("country", "customer").unique()
    places = [locate(country, customer) for country, customer in pairs.iter_rows()]
    located = pairs.with_columns(pl.Series("location", places, pl.String))
    return kept.join(located, on=["country", "customer"], how="left", nulls_equal=True, maintain_order="left")


def _add_up(lines: pl.DataFrame) -> pl.DataFrame:
    weight = pl.col("units").abs()
    return (
        lines.group_by("sku", "location", "day")
        .agg(
            pl.col("units").sum(),
            ((pl.col("price") * weight).sum() / weight.sum()).round(4).alias("price"),
            pl.col(ROW_NUMBER).min(),
        )
        .sort("sku", "location", "day")
    )


def _names(kept: pl.DataFrame) -> dict[str, str]:
    """The description that most lines of a SKU carry."""
    counted = (
        kept.drop_nulls("name")
        .group_by("sku", "name")
        .len()
        .sort(["sku", "len", "name"], descending=[False, True, False])
    )
    return dict(counted.unique("sku", keep="first", maintain_order=True).select("sku", "name").rows())


def _faults(lines: pl.DataFrame, reason: pl.Series) -> tuple[Fault, ...]:
    wrong = lines.with_columns(reason.alias("__reason")).filter(reason.is_not_null())
    return tuple(Fault.of(r.pop(ROW_NUMBER), r.pop("__reason"), r) for r in wrong.iter_rows(named=True))
