"""Checks a whole file at once: Polars expressions compiled from the contract models, Pydantic for what they doubt.

How the two are kept from drifting: a row that the compiled checks accept is loaded as it is; any other row goes through
the model, which has the last word and gives the reason. The compiled checks may therefore doubt too much, never too
little: a constraint that the compiler does not know makes every row of that model go through Pydantic. A property test
holds the other direction (compiled checks accept nothing that the model refuses).
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, Union, get_args, get_origin

import polars as pl
from annotated_types import Ge, Gt, Lt
from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from connectors.files.cells import Cell, not_after_as_of
from connectors.files.contracts import Row
from connectors.files.limits import LONGEST_KEPT, LONGEST_SHOWN

ROW_NUMBER = "__row"
# Rows are numbered as a spreadsheet shows them: the header is row 1.
FIRST_ROW = 2
Cells = dict[str, str | None]


@dataclass(frozen=True)
class Fault:
    """A row that cannot be loaded: its number (the header is row 1), why, and what was read."""

    row_number: int
    reason: str
    record: Cells

    @classmethod
    def of(cls, row_number: int, reason: str, record: Mapping[str, str | None]) -> Fault:
        """A fault whose cells are no longer than any contract could use: the file itself is the user's."""
        kept = {name: shortened(cell, LONGEST_KEPT) for name, cell in record.items()}
        return cls(row_number, reason, kept)


@dataclass(frozen=True)
class Checked:
    """`good`: text columns of the whole contract, normalised, with `ROW_NUMBER`; `faults`: the rest."""

    good: pl.DataFrame
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class _Column:
    """What a field's annotation says, taken apart; `unknown` when something in it is not understood here."""

    name: str
    optional: bool
    cell: Cell | None
    choices: tuple[str, ...]
    bounds: tuple[Ge | Gt | Lt, ...]
    past: bool
    unknown: bool


def check(frame: pl.DataFrame, model: type[Row], as_of: datetime) -> Checked:
    """Every row of `frame` (text columns, null where empty, `ROW_NUMBER`) against `model`, seen from `as_of`."""
    frame = frame.select(ROW_NUMBER, *(name for name in model.model_fields if name in frame.columns))
    complete = frame.with_columns(
        pl.lit(None, pl.String).alias(n) for n in model.model_fields if n not in frame.columns
    )
    passed = complete.select(accepts(model, as_of).alias("passed"))["passed"]
    faults: list[Fault] = []
    cleared: list[int] = []
    for index, record in _doubted(frame, passed):
        reason = refusal(record, model, as_of)
        if reason is None:
            cleared.append(index)
        else:
            faults.append(Fault.of(frame.item(index, ROW_NUMBER), reason, record))
    if cleared:
        passed = passed | pl.int_range(len(frame), eager=True).is_in(cleared)
    good = complete.filter(passed).select(
        ROW_NUMBER, *(_normal(name, info) for name, info in model.model_fields.items())
    )
    return Checked(good, tuple(faults))


def refusal(record: Mapping[str, str | None], model: type[Row], as_of: datetime) -> str | None:
    """Why `model` refuses the row, in plain words; None when it accepts it."""
    given = {name: cell for name, cell in record.items() if cell is not None}
    try:
        model.model_validate(given, context={"as_of": as_of})
    except ValidationError as error:
        return "; ".join(_plain(dict(each), given) for each in error.errors(include_url=False))
    return None


def accepts(model: type[Row], as_of: datetime) -> pl.Expr:
    """True for the rows that certainly fit `model`; needs every column of it."""
    columns = [_take_apart(name, info) for name, info in model.model_fields.items()]
    tests = [_column_test(column, as_of) for column in columns]
    tests += [_in_order(rule.earlier, rule.later) for rule in model.ordered]
    if model.differing:
        tests.append(pl.col(model.differing[0]).ne_missing(pl.col(model.differing[1])))
    return pl.all_horizontal(tests).fill_null(False)


def _doubted(frame: pl.DataFrame, passed: pl.Series) -> Iterator[tuple[int, Cells]]:
    indices = (~passed).arg_true()
    rows = frame.drop(ROW_NUMBER)[indices].iter_rows(named=True)
    return zip(indices.to_list(), rows, strict=True)


def _take_apart(name: str, info: FieldInfo) -> _Column:
    annotation, optional = _without_none(info.annotation)
    metadata = list(info.metadata)
    if get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        metadata += inner
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    cells = [m.func for m in metadata if isinstance(m, BeforeValidator) and isinstance(m.func, Cell)]
    bounds = tuple(m for m in metadata if isinstance(m, Ge | Gt | Lt))
    past = any(isinstance(m, AfterValidator) and m.func is not_after_as_of for m in metadata)
    understood = len(cells) + len(bounds) + past == len(metadata) and len(cells) + bool(choices) == 1
    optional = optional or not info.is_required()
    return _Column(name, optional, cells[0] if cells else None, choices, bounds, past, unknown=not understood)


def _without_none(annotation: object) -> tuple[object, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        kept = [part for part in get_args(annotation) if part is not types.NoneType]
        if len(kept) == 1:
            return kept[0], True
    return annotation, False


def _column_test(column: _Column, as_of: datetime) -> pl.Expr:
    cell = pl.col(column.name)
    if column.unknown:
        return pl.lit(False)
    value = cell.is_in(column.choices) if column.cell is None else _cell_test(cell, column, column.cell, as_of)
    return (cell.is_null() | value) if column.optional else (cell.is_not_null() & value)


def _cell_test(text: pl.Expr, column: _Column, cell: Cell, as_of: datetime) -> pl.Expr:
    tests = [text.str.contains(f"^(?:{cell.pattern})$")]
    if cell.kind in ("day", "instant"):
        day = text.str.head(10).str.to_date("%Y-%m-%d", strict=False)
        # Which day an instant falls on depends on its zone: what is near the limit is left to the model.
        limit = as_of.date() if cell.kind == "day" else as_of.date() - timedelta(days=2)
        tests += [day.is_not_null(), *([day <= limit] if column.past else [])]
    if cell.kind == "number":
        # How many digits an exponent makes is not seen by a pattern.
        tests.append(~text.str.contains("[eE]"))
    if column.bounds:
        number = text.cast(pl.Float64, strict=False)
        tests += [_bound_test(number, bound) for bound in column.bounds]
    return pl.all_horizontal(tests).fill_null(False)


def _bound_test(number: pl.Expr, bound: Ge | Gt | Lt) -> pl.Expr:
    match bound:
        case Ge():
            return number >= float(str(bound.ge))
        case Gt():
            return number > float(str(bound.gt))
        case Lt():
            return number < float(str(bound.lt))


def _in_order(earlier: str, later: str) -> pl.Expr:
    # Days written as 2026-03-31 sort as text.
    return (pl.col(earlier) <= pl.col(later)).fill_null(True)


def _normal(name: str, info: FieldInfo) -> pl.Expr:
    """The cell as PostgreSQL reads it: whole numbers without .0, flags as true and false, defaults filled in."""
    column, text = _take_apart(name, info), pl.col(name)
    kind = column.cell.kind if column.cell else "text"
    if kind == "whole":
        # One spelling for one number: 7, +7, 007 and 7.0 are the same key.
        text = text.str.replace(r"\.0+$", "").str.strip_prefix("+").cast(pl.Int64, strict=False).cast(pl.String)
    if kind == "flag":
        truth = text.str.to_lowercase().is_in(["true", "1", "yes"])
        text = pl.when(text.is_null()).then(None).when(truth).then(pl.lit("true")).otherwise(pl.lit("false"))
    if not info.is_required() and info.default is not None:
        text = text.fill_null(str(info.default).lower() if isinstance(info.default, bool) else str(info.default))
    return text.alias(name)


def _plain(error: Mapping[str, object], record: Mapping[str, str]) -> str:
    where = error["loc"]
    column = str(where[0]) if isinstance(where, tuple) and where else ""
    kind, message = str(error["type"]), str(error["msg"]).removeprefix("Value error, ")
    if kind == "missing":
        return f"{column} is missing"
    if kind == "literal_error":
        message = message.replace("Input should be", "is not one of")
    if kind == "greater_than_equal" and str(record.get(column, "")).startswith("-"):
        message = "is negative"
    message = re.sub(r"Decimal\('(.*)'\)", r"\1", message.replace("Input should be", "should be"))
    return f"{column} '{shortened(record.get(column, ''), LONGEST_SHOWN)}' {message}" if column else message


def shortened(cell: str | None, longest: int) -> str | None:
    """The cell, or the start of one that is longer than any that a contract takes, with its length."""
    if cell is None or len(cell) <= longest:
        return cell
    return f"{cell[:longest]}… ({len(cell):,} characters)"
