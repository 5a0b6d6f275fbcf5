"""Writes `docs/data-contracts.md` from the models: `python -m connectors.files.docs` (a test holds it current)."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from connectors.files.cells import FINEST, Cell
from connectors.files.contracts import CONTRACTS, NEEDED_FIRST, Row, TableName
from connectors.files.limits import LARGEST_CELLS, LARGEST_COLUMNS, LARGEST_FILE, LONGEST_KEPT
from connectors.files.loading import A_HANDFUL, LARGEST_SHARE
from connectors.uci.derive import RULES

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "data-contracts.md"
KINDS = {"number": "number", "whole": "whole number", "day": "day", "instant": "time", "flag": "true or false"}
MILLIONS = LARGEST_CELLS // 1_000_000
INTRODUCTION = f"""# Data contracts

<!-- Written by `python -m connectors.files.docs` from connectors/files/contracts.py. Change it there. -->

`quartermaster import PATH` reads a folder of these files (or one of them), CSV or Parquet, each named like its table:
`stock.csv`, `stock.csv.gz` or `stock.parquet`. A first import needs {", ".join(NEEDED_FIRST)}; later ones may bring
any part.

- CSV is UTF-8, with a comma between cells, a point in numbers and a header line. Spaces around a cell do not count. A
  cell with a comma or a quotation mark stands in quotation marks, its own doubled.
- A day is `2026-03-31`. A time carries its zone: `2026-03-31T06:00:00Z`.
- Quantities are in the item's base unit. Where there is a column `unit`, a row may be counted in another unit of the
  item (see [item_packs](#item_packs)); it is converted exactly. Costs and prices are always those of one base unit.
- There is one currency in a network: that of the tenant.
- An empty cell is no value. Columns and files that are not named here are left out, and the report says so.
- A number has at most 15 digits before the point and {FINEST} after it.

## The moment that the data describe
Everything that is computed says of which moment its data are, and the gate refuses data that are too old. The moment of
a delivery is, in this order,

1. what `--as-of` says, such as `2026-03-31T06:00Z` (UTC without a zone),
2. of UCI Online Retail, the midnight after the last day of its data,
3. when the stock file was last written; without a stock file, when the newest of the files was.

It is never later than the clock. Copy files so that they keep their time (`cp -p`, `rsync -t`), or say `--as-of`. The
column `counted_at` of `stock` is kept with its row and makes no delivery younger.

## What becomes of a delivery
All of it or nothing is written. **Refused as a whole**, naming file and row: a file that cannot be read, is not UTF-8,
was changed while it was read, or is a pipe, a device or a link to outside of its folder; a missing file or column, a
column twice; a second currency; no rows at all, or stock without a row, which would take all of it away; or a file in
which more than {LARGEST_SHARE:.0%} of the rows (and more than {A_HANDFUL} of them) are wrong, which most likely is the
wrong file. Orders without a row are taken as they are: none is open.

A file has at most {LARGEST_FILE >> 30} GiB (unpacked as well), {LARGEST_COLUMNS} columns and {MILLIONS} million cells.
Demand may come in several deliveries.

**Put into quarantine, row by row**, with file, row number, reason and the row as it was read: a malformed number, day
or code, NaN or infinity, a negative quantity, a reference to something unknown, a unit that is not one of the item's,
an end before its start, a day after the day that the data describe, a key that came before in the same file.
`quartermaster quarantine list` shows them, `quarantine replay` loads them after all, corrected where you say so. A
replayed row never overwrites what its own delivery or a later one loaded. Of a cell longer than {LONGEST_KEPT:,}
characters the start is kept.

**Row numbers** are those that a spreadsheet shows: the header is row 1, the first row after it is row 2, a blank line
counts. Parquet files count alike, as if they had a header.

**The same content again**, of the same moment and with nothing imported in between, writes nothing, says so, and gives
the first report. Of a later moment it is news: it was counted again and is the same, so the data are as young as that.
**Other content**: master data, promotions and demand replace what has the same key. Stock is replaced as a whole, of
orders the open ones, and each table from [supplier_calendars](#supplier_calendars) on as a whole (a file without a row:
there are none any more); what a row in quarantine is about (its SKU and site, its order, its supplier) stays as it was
known before, rather than seeming to be gone. An older delivery imported again brings its content back, with its own,
older moment.

Every row knows its batch and its row in the file; the batch knows the hash of each file.
"""
UCI = """## UCI Online Retail

`quartermaster import` also reads the public [UCI Online Retail](https://archive.ics.uci.edu/dataset/352/online+retail)
data (D. Chen, CC BY 4.0): the original lines (`.xlsx`, CSV or Parquet with InvoiceNo, StockCode, Description, Quantity,
InvoiceDate, UnitPrice, CustomerID, Country), recognised by the header, or a daily cut (sku, location, date, units,
lines, price, beside a list of sku and description). Demand is what the file says: lines are added up by day, SKU and
location, cancellations (InvoiceNo with C) are returns on their own day. Left out, and counted in the report: codes that
are no product, stock adjustments, lines without a price. The clock stands at the midnight after the last day.

Stock, lead times, costs, suppliers and lanes are not in these data. They are **derived** by this rule, without chance,
so that everybody gets the same; rows say provenance `derived`, and the batch keeps the rule:

"""
SIMULATED = """
## The simulated network

`quartermaster demo` makes its own network from a seed, as files of this contract. Its rows say `simulated`, so does its
tenant's origin, and nothing in it was ever measured.
"""


def page() -> str:
    """The whole page."""
    tables = "\n".join("\n".join(_table(name, model)) for name, model in CONTRACTS.items())
    rules = "\n".join(f"- {rule[0].upper()}{rule[1:]}." for rule in RULES)
    return f"{INTRODUCTION}\n{tables}\n{UCI}{rules}\n{SIMULATED}"


def _table(name: TableName, model: type[Row]) -> Iterator[str]:
    key = ", ".join(f"`{column}`" for column in model.key)
    yield f"## {name}\n"
    yield f"{model.__doc__} Key: {key}.\n"
    yield "| column | type | unit | required | example | |"
    yield "|---|---|---|---|---|---|"
    for column, info in model.model_fields.items():
        extra = info.json_schema_extra
        unit = extra.get("unit", "") if isinstance(extra, dict) else ""
        example = (info.examples or [""])[0]
        yield f"| `{column}` | {kind(info)} | {unit} | {_required(info)} | `{example}` | {info.description} |"
    yield ""


def kind(info: FieldInfo) -> str:
    """The type of a column in plain words."""
    annotation = info.annotation
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(part for part in get_args(annotation) if part is not types.NoneType)
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in get_args(annotation))
    metadata = [*info.metadata, *(get_args(annotation)[1:] if get_origin(annotation) is Annotated else ())]
    cells = [each.func for each in metadata if isinstance(each, BeforeValidator) and isinstance(each.func, Cell)]
    return KINDS.get(cells[0].kind, "text") if cells else "text"


def _required(info: FieldInfo) -> str:
    if info.is_required():
        return "yes"
    return "no" if info.default in (None, "") else f"no: {str(info.default).lower()}"


def main() -> None:
    """Writes the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} written\n")


if __name__ == "__main__":
    main()
