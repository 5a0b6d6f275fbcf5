"""The original's lines become daily sales, and every line is accounted for."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook

from connectors.files.errors import EmptyDelivery, MissingFile
from connectors.uci.daily import ADJUSTMENT, NO_PRICE, NOT_PRODUCT, from_original
from connectors.uci.layout import HEADER_OF_ORIGINAL, UciFiles, find_uci, read_lines
from connectors.uci.locations import LOCATIONS, bucket, locate
from tests.connectors.uci.make_sample import SAMPLE, sample

SALES = from_original(read_lines(SAMPLE).frame)


def lines(*rows: tuple[str, ...]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(HEADER_OF_ORIGINAL, pl.String), orient="row")
    return frame.with_row_index("__row", offset=1).with_columns(pl.col("__row").cast(pl.Int64))


def test_the_sample_is_what_our_script_makes() -> None:
    assert SAMPLE.read_text(encoding="utf-8") == sample()


def test_every_line_is_accounted_for() -> None:
    assert SALES.left_out == {NOT_PRODUCT: 2, NO_PRICE: 1, ADJUSTMENT: 1}
    assert [(fault.row_number, fault.reason) for fault in SALES.faults] == [
        (SALES.rows + 1, "Quantity 'six' is not a whole number")
    ]
    read = pl.read_csv(SAMPLE, infer_schema=False)
    sold = read.filter(pl.col("StockCode").str.starts_with("9") & (pl.col("Quantity") != "six"))[:-2]
    assert SALES.frame["units"].sum() == sold["Quantity"].cast(pl.Int64).sum()


def test_days_and_locations() -> None:
    assert (SALES.first_day, SALES.last_day) == (date(2011, 9, 1), date(2011, 12, 9))
    assert set(SALES.frame["location"]) == {location.site for location in LOCATIONS}
    assert SALES.names["90001"] == "INVENTED TIN LANTERN"


def test_a_return_counts_on_its_own_day_and_never_as_a_sale() -> None:
    sales = from_original(
        lines(
            ("1", "90001", "A", "5", "2011-12-01 08:26:00", "2.0", "17850.0", "France"),
            ("C2", "90001", "A", "-8", "2011-12-02T10:00:00", "2.0", "17850", "France"),
            ("3", "90001a", "A", "3", "12/2/2011 9:00", "4.0", "", "France"),
            ("4", "90001A", "A", "1", "12/2/2011 9:30", "8.0", "", "France"),
        )
    )
    found = sales.frame.select("sku", "location", "day", "units", "price").rows()
    assert found == [
        ("90001", "EU", date(2011, 12, 1), 5.0, 2.0),
        ("90001", "EU", date(2011, 12, 2), -8.0, 2.0),
        ("90001A", "EU", date(2011, 12, 2), 4.0, 5.0),
    ]


@pytest.mark.parametrize(
    ("country", "customer", "site"),
    [("United Kingdom", None, "UK-WEB"), ("EIRE", "1", "IE"), ("Norway", "1", "EU"), ("Japan", None, "ROW"),
     ("Unspecified", "1", "ROW")],
)  # fmt: skip
def test_locations_by_country(country: str, customer: str | None, site: str) -> None:
    assert locate(country, customer) == site


def test_customers_are_spread_evenly_and_for_good() -> None:
    found = Counter(locate("United Kingdom", str(customer)) for customer in range(12000, 16000))
    assert set(found) == {"UK-1", "UK-2", "UK-3", "UK-4"}
    assert min(found.values()) > 900
    assert (locate("United Kingdom", "17850"), bucket("17850", 1000)) == ("UK-3", 570)


def test_a_workbook_reads_like_the_csv(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in pl.read_csv(SAMPLE, infer_schema=False, has_header=False).rows():
        sheet.append(list(row))
    path = tmp_path / "Online Retail.xlsx"
    book.save(path)
    assert find_uci(path) == UciFiles("original", path)
    assert from_original(read_lines(path).frame).frame.equals(SALES.frame)


def test_it_is_recognised_by_its_header_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "whatever.csv"
    path.write_bytes(SAMPLE.read_bytes())
    assert find_uci(tmp_path) == UciFiles("original", path)
    (tmp_path / "stock.csv").write_text("sku\n", encoding="utf-8")
    assert find_uci(tmp_path) is None


def test_the_daily_cut_needs_its_names(tmp_path: Path) -> None:
    (tmp_path / "cut.csv").write_text("sku,location,date,units,lines,price\n", encoding="utf-8")
    with pytest.raises(MissingFile):
        find_uci(tmp_path)


def test_without_a_sale_there_is_nothing() -> None:
    sales = from_original(lines(("1", "POST", "P", "1", "2011-12-01 08:26:00", "2.0", "1", "France")))
    with pytest.raises(EmptyDelivery):
        _ = sales.last_day
