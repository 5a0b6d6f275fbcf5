"""Rules across rows and tables: what a row refers to exists, its unit is one of the item's, its key comes once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from connectors.files.contracts import CONTRACTS, Reference, Row, TableName
from connectors.files.rows import Falling
from connectors.files.vectors import ROW_NUMBER, Checked, Fault

FACTOR = "__factor"
_REASON = "__reason"


@dataclass
class Known:
    """The keys that rows may refer to: what the database holds, then what this delivery adds, table by table."""

    keys: dict[TableName, pl.DataFrame] = field(default_factory=dict[TableName, pl.DataFrame])
    units: pl.DataFrame = field(default_factory=lambda: _frame(("sku", "unit"), ()))
    packs: pl.DataFrame = field(default_factory=lambda: _frame(("sku", "unit", "factor"), ()))

    @classmethod
    def of(cls, rows: Mapping[TableName, Sequence[tuple[str, ...]]], units: Iterable[tuple[str, str]],
           packs: Iterable[tuple[str, str, str]]) -> Known:  # fmt: skip
        """From key tuples a table, (sku, base unit) and (sku, unit, factor)."""
        keys: dict[TableName, pl.DataFrame] = {t: _frame(CONTRACTS[t].key, found) for t, found in rows.items()}
        return cls(keys, _frame(("sku", "unit"), units), _frame(("sku", "unit", "factor"), packs))

    def add(self, table: TableName, good: pl.DataFrame) -> None:
        """Rows that are going to be loaded; what is delivered now goes before what was known."""
        key = CONTRACTS[table].key
        self.keys[table] = pl.concat([good.select(key), self.of_table(table)]).unique()
        if table == "items":
            self.units = _newest(good.select("sku", "unit"), self.units, ["sku"])
        if table == "item_packs":
            self.packs = _newest(good.select("sku", "unit", "factor"), self.packs, ["sku", "unit"])

    def of_table(self, table: TableName) -> pl.DataFrame:
        """The known keys of a table."""
        return self.keys.get(table, _frame(CONTRACTS[table].key, ()))


def settle(good: pl.DataFrame, raw: pl.DataFrame, model: type[Row], known: Known) -> Checked:
    """Splits rows that are right by themselves; the good ones get `FACTOR`, base units in one unit given."""
    rows = good.with_columns(pl.lit(None, pl.String).alias(_REASON), pl.lit("1").alias(FACTOR))
    for reference in model.references:
        rows = _refer(rows, reference, known)
    if model.converted:
        rows = _convert(rows, known)
    if "factor" in model.model_fields:
        rows = _refuse_base_unit(rows, known)
    rows = _refuse_again(rows, model.key)
    if model.falling:
        rows = _refuse_rising(rows, model.falling)
    kept = rows.filter(pl.col(_REASON).is_null()).select(ROW_NUMBER, *model.model_fields, FACTOR)
    return Checked(kept, _faults(rows, raw))


def _because(rows: pl.DataFrame, wrong: pl.Expr, text: str, *columns: str) -> pl.DataFrame:
    """Gives the rows that are `wrong` this reason, unless they have one already."""
    reason = pl.when(wrong.fill_null(False)).then(pl.format(text, *columns))
    return rows.with_columns(pl.coalesce(_REASON, reason).alias(_REASON))


def _refer(rows: pl.DataFrame, reference: Reference, known: Known) -> pl.DataFrame:
    target = known.of_table(reference.target)
    renamed = target.rename(dict(zip(target.columns, reference.columns, strict=True)))
    found = _left_join(rows, renamed.with_columns(pl.lit(True).alias("__found")), reference.columns)
    given = pl.all_horizontal(pl.col(name).is_not_null() for name in reference.columns)
    if reference.wildcard is not None:
        given = given & (pl.col(reference.columns[0]) != reference.wildcard)
    return _because(found, given & pl.col("__found").is_null(), reference.says, *reference.columns).drop("__found")


def _convert(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    base = _left_join(rows, known.units.rename({"unit": "__base"}), ["sku"])
    packed = _left_join(base, known.packs.rename({"factor": "__pack"}), ["sku", "unit"])
    is_base = pl.col("unit").is_null() | (pl.col("unit") == pl.col("__base"))
    text = "unit '{}' is not one of {}, which is counted in {}"
    told = _because(packed, ~is_base & pl.col("__pack").is_null(), text, "unit", "sku", "__base")
    return told.with_columns(pl.when(is_base).then(pl.lit("1")).otherwise(pl.col("__pack")).alias(FACTOR))


def _refuse_base_unit(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    joined = _left_join(rows, known.units.rename({"unit": "__base"}), ["sku"])
    text = "unit '{}' is the base unit of {} and cannot be a pack of it"
    return _because(joined, pl.col("unit") == pl.col("__base"), text, "unit", "sku")


def _refuse_again(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The first row of a key stays, later ones are told which it was."""
    fine = rows.filter(pl.col(_REASON).is_null()).select(ROW_NUMBER, *key)
    first = fine.unique(list(key), keep="first", maintain_order=True).rename({ROW_NUMBER: "__first"})
    if len(first) == len(fine):
        return rows
    joined = _left_join(rows, first, key)
    again = pl.col("__first") != pl.col(ROW_NUMBER)
    return _because(joined, again, f"the key ({', '.join(key)}) is in row {{}} already", "__first")


def _refuse_rising(rows: pl.DataFrame, rule: Falling) -> pl.DataFrame:
    """A row whose value is not below that of every smaller one is told so."""
    number, value = pl.col(rule.along).cast(pl.Float64), pl.col(rule.value).cast(pl.Float64)
    fine = rows.filter(pl.col(_REASON).is_null()).sort(*rule.within, number)
    lowest = value.cum_min().shift(1).over(rule.within)
    high = fine.filter(value >= lowest).select(ROW_NUMBER, pl.lit(True).alias("__high"))
    text = f"{rule.value} '{{}}' is not below that of a smaller {rule.along}"
    return _because(_left_join(rows, high, [ROW_NUMBER]), pl.col("__high"), text, rule.value).drop("__high")


def _faults(rows: pl.DataFrame, raw: pl.DataFrame) -> tuple[Fault, ...]:
    wrong = rows.filter(pl.col(_REASON).is_not_null()).select(ROW_NUMBER, _REASON)
    records = _left_join(wrong, raw, [ROW_NUMBER])
    return tuple(Fault(record.pop(ROW_NUMBER), record.pop(_REASON), record) for record in records.iter_rows(named=True))


def _left_join(left: pl.DataFrame, right: pl.DataFrame, on: Sequence[str]) -> pl.DataFrame:
    return left.join(right, on=list(on), how="left", maintain_order="left")


def _newest(new: pl.DataFrame, old: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    return pl.concat([new, old]).unique(key, keep="first", maintain_order=True)


def _frame(columns: Sequence[str], rows: Iterable[tuple[str, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict.fromkeys(columns, pl.String), orient="row")
