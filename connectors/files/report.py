"""What an import or a replay did, in the form that commands print and `import_batch` keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from connectors.files.delivery import Source

Provenance = Literal["measured", "simulated"]


@dataclass(frozen=True)
class FileCount:
    """One file (or derived table): rows read, loaded, quarantined, and rows left out by a rule, by reason.

    `table` is empty for a file that was not read because no table is named like it.
    """

    table: str
    name: str
    sha256: str
    rows: int
    loaded: int
    quarantined: int
    derived: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    """One batch; `already_imported` when the same content was there and nothing was written this time."""

    batch_id: UUID
    source: Source
    content_hash: str
    as_of: datetime
    provenance: Provenance
    rules: tuple[str, ...]
    files: tuple[FileCount, ...]
    already_imported: bool = False

    @property
    def loaded(self) -> int:
        """Rows written."""
        return sum(file.loaded for file in self.files)

    @property
    def quarantined(self) -> int:
        """Rows kept aside with a reason."""
        return sum(file.quarantined for file in self.files)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Files that were not read."""
        return tuple(file.name for file in self.files if not file.table)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> ImportReport:
        """The first report again, from its row of `import_batch`."""
        return cls(
            row["batch_id"], row["source"], row["content_hash"], row["as_of"], row["provenance"], tuple(row["rules"]),
            tuple(_count(file) for file in row["files"]), already_imported=True,
        )  # fmt: skip


@dataclass(frozen=True)
class ReplayReport:
    """Ids of the rows that were loaded, and why each other one is still in quarantine."""

    loaded: tuple[int, ...]
    still: Mapping[int, str]


def _count(file: Mapping[str, Any]) -> FileCount:
    values: dict[str, Any] = {**file, "ignored_columns": tuple(file["ignored_columns"])}
    return FileCount(**values)
