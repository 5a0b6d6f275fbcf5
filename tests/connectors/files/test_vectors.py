"""The compiled checks and the Pydantic models agree on every row, and what both accept, PostgreSQL reads alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files.cells import NAME
from connectors.files.contracts import CONTRACTS, TABLES, Demand, Row, Stock, TableName
from connectors.files.vectors import ROW_NUMBER, accepts, check, refusal

AS_OF = datetime(2026, 3, 31, 6, tzinfo=UTC)
ODD_CELLS = (
    "0", "-0", "-0.0", "+5", "5.", ".5", "1e3", "1E-9", "-1e-99", "1e15", "1e99", "999999999999999", "1.0", "12.0",
    "12.5", "0.99999999999999999999", "007", "1,5", "1.234,5", "1_000", "NaN", "nan", "inf", "-Infinity", "１２",
    "0x10", "true", "TRUE", "no", "maybe", "2026-03-31", "2026-04-01", "2026-02-30", "2026-3-1", "31.03.2026",
    "9999-12-31", "2026-03-31T06:00:00Z", "2026-03-31T06:00:00", "2026-03-31 06:00+02:00",
    "2026-03-31T23:59:59-14:00", "2026-03-31T05:59:60Z", "EA",
    "EUR", "eur", "DE", "Europe/Berlin", "Nowhere/Land", "BER", "HAM", "chilled", "gold",
    "available", "warehouse", "x" * 64, "x" * 65, "x" * 201, "a\tb", "a\nb", "a\x00b", "ß", "🙂", "\u200b", "*",
    "'; DROP TABLE item; --",
)  # fmt: skip
Drawn = tuple[TableName, dict[str, str | None]]


@st.composite
def tables_and_rows(draw: st.DrawFn) -> Drawn:
    """A row that begins as the contract's example and is changed in up to three cells."""
    table = draw(st.sampled_from(TABLES))
    fields = CONTRACTS[table].model_fields
    record: dict[str, str | None] = {name: str((info.examples or [""])[0]) for name, info in fields.items()}
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)):
        text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
        record[name] = draw(st.none() | st.sampled_from(ODD_CELLS) | text | st.decimals(allow_nan=True).map(str))
    return table, record


def fast(model: type[Row], record: dict[str, str | None]) -> bool:
    frame = pl.DataFrame([record], schema=dict.fromkeys(model.model_fields, pl.String))
    return bool(frame.select(accepts(model, AS_OF).alias("passed"))["passed"][0])


@settings(max_examples=250, deadline=None)
@given(tables_and_rows())
def test_the_compiled_checks_accept_nothing_that_the_model_refuses(
    drawn: tuple[TableName, dict[str, str | None]],
) -> None:
    table, record = drawn
    model = CONTRACTS[table]
    if fast(model, record):
        assert refusal(record, model, AS_OF) is None


@settings(max_examples=150, deadline=None)
@given(tables_and_rows())
def test_a_row_is_good_exactly_when_the_model_accepts_it(drawn: Drawn) -> None:
    table, record = drawn
    model = CONTRACTS[table]
    frame = pl.DataFrame([{ROW_NUMBER: 7, **record}], schema={ROW_NUMBER: pl.Int64} | dict.fromkeys(record, pl.String))
    checked = check(frame, model, AS_OF)
    reason = refusal(record, model, AS_OF)
    assert (len(checked.good), [fault.reason for fault in checked.faults]) == (
        (1, []) if reason is None else (0, [reason])
    )


@pytest.mark.parametrize("table", [table for table in TABLES if table not in ("sites", "stock", "supplier_calendars")])
def test_the_compiled_checks_are_worth_having(table: TableName) -> None:
    """Everything doubted would be correct and slow. Zones, and times near `as_of`, are Pydantic's on purpose."""
    model = CONTRACTS[table]
    assert fast(model, {name: str((info.examples or [""])[0]) for name, info in model.model_fields.items()})


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"quantity": "NaN"}, "quantity 'NaN' is not a number such as 12 or 12.5"),
        ({"quantity": "127,2"}, "quantity '127,2' is not a number such as 12 or 12.5"),
        ({"day": "2026-02-30"}, "day '2026-02-30' day is out of range for month"),
        ({"day": "2026-04-01"}, "day '2026-04-01' is after 2026-03-31, the day that the data describe"),
        ({"sku": None}, "sku is missing"),
        ({"quantity": "1e-99"}, "quantity '1e-99' has more than 15 digits before the point or 30 after it"),
        ({"quantity": "1e+99"}, "quantity '1e+99' should be less than 1000000000000000"),
        (
            {"quantity": "0." + "1" * 31},
            f"quantity '0.{'1' * 31}' has more than 15 digits before the point or 30 after it",
        ),
        ({"quantity": "9" * 16}, f"quantity '{'9' * 16}' has more than 15 digits before the point or 30 after it"),
        (
            {"sku": "x" * 3_000_000},
            f"sku '{'x' * 60}… (3,000,000 characters)' is longer than 64 characters or holds a control character",
        ),
        ({"unit_price": "-1"}, "unit_price '-1' is negative"),
        ({"stocked_out": "perhaps"}, "stocked_out 'perhaps' is not true or false"),
    ],
)
def test_reasons_are_plain(record: dict[str, str | None], reason: str) -> None:
    whole: dict[str, str | None] = {"sku": "MILK", "site": "BER", "day": "2026-03-30", "quantity": "5"}
    assert refusal(whole | record, Demand, AS_OF) == reason


def test_one_number_has_one_spelling() -> None:
    line = {"order_no": "A", "sku": "X", "source": "S", "destination": "D", "quantity": "1", "due_on": "2026-04-01"}
    frame = pl.DataFrame([{ROW_NUMBER: 1, "line_no": "+07", **line}, {ROW_NUMBER: 2, "line_no": "7.0", **line}])
    checked = check(frame, CONTRACTS["transfer_orders"], AS_OF)
    assert checked.good["line_no"].to_list() == ["7", "7"]


def test_defaults_stand_in_the_row() -> None:
    frame = pl.DataFrame({ROW_NUMBER: [1], "sku": ["X"], "site": ["S"], "state": ["available"], "quantity": ["1"]})
    good = check(frame, Stock, AS_OF).good
    assert good["lot"].to_list() == [""]
    assert good["unit"].to_list() == [None]


@pytest.mark.parametrize("hostile", ["\x1b[31m", "\x9b31m", "a\u202eb", "a\u2066b"])
def test_no_name_steers_a_terminal(hostile: str) -> None:
    """Escapes, their one-character form, and direction overrides, alike for both validators."""
    assert re.fullmatch(NAME.pattern, hostile) is None
    assert pl.Series([hostile, "Käse 1 l"]).str.contains(f"^(?:{NAME.pattern})$").to_list() == [False, True]


def test_of_a_cell_without_end_the_start_is_kept() -> None:
    frame = pl.DataFrame(
        {ROW_NUMBER: [5], "sku": ["X"], "site": ["S"], "state": ["available"], "quantity": ["9" * 3000]}
    )
    (fault,) = check(frame, Stock, AS_OF).faults
    assert (fault.row_number, fault.record["quantity"]) == (5, f"{'9' * 1000}… (3,000 characters)")


def test_what_is_written_with_an_exponent_is_a_number_like_any() -> None:
    whole: dict[str, str | None] = {"sku": "MILK", "site": "BER", "day": "2026-03-30", "quantity": "1.5e2"}
    assert len(check(pl.DataFrame([{ROW_NUMBER: 2, **whole}]), Demand, AS_OF).good) == 1
