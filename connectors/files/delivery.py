"""What is to be imported, before anything is checked: sheets of text cells, whatever layout they were read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import polars as pl

from connectors.files.contracts import TableName
from connectors.files.vectors import Fault

Progress = Callable[[str, int, int], None]
"""Called with the stage, what is done of it and its total."""

Source = Literal["contract", "uci-online-retail"]


@dataclass(frozen=True)
class Sheet:
    """Rows for one table: text columns (null where empty) and `vectors.ROW_NUMBER`.

    `derived`: made by a rule and not read, so that its rows carry the provenance 'derived'.
    """

    table: TableName
    frame: pl.DataFrame
    name: str
    sha256: str = ""
    derived: bool = False
    rows: int = 0  # of the file; more than the frame holds when rows were added up
    faults: tuple[Fault, ...] = ()  # found while reading, before a row of the contract could be made
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """Everything of one import; `content_hash` is over what was delivered, not over when or by whom."""

    source: Source
    name: str
    sheets: tuple[Sheet, ...]
    content_hash: str
    as_of: datetime | None = None
    currency: str | None = None
    rules: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def no_progress(stage: str, done: int, total: int) -> None:
    """For callers that do not watch."""
