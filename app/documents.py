"""Documents for people at the command line: imported as an operator, listed, and searched by the agent's own tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from app.wiring import agent_database, operator_context, operator_database
from db import documents
from db.documents import DocumentKind, VersionRow
from db.session import tenant_clock
from domain.errors import NotFound, QuartermasterError
from retrieval.importer import DocumentsReport, import_folder
from tools.catalogue import registry
from tools.executor import ToolExecutor

State = Literal["in force", "superseded", "ended", "to come"]


@dataclass(frozen=True)
class Listed:
    """One version of a document; `effective_to` is its last day, empty `sites` and `product_classes` mean all."""

    code: str
    version: int
    title: str
    kind: DocumentKind
    state: State
    effective_from: date
    effective_to: date | None
    owner: str
    sites: tuple[str, ...]
    product_classes: tuple[str, ...]
    sections: int


def import_documents(path: Path, *, tenant: str, person: str) -> DocumentsReport:
    """Import a folder; raises `DocumentsRefused` with every fault by file and line."""
    with operator_database() as database:
        return import_folder(database, operator_context(tenant, person), path)


def list_documents(tenant: str, day: date | None = None) -> list[Listed]:
    """Every version with its state on `day` (None: the tenant's today); raises `NotFound` for an unknown tenant."""
    with agent_database() as database, database.transaction(tenant) as connection:
        on = day or tenant_clock(connection).date()
        current = set(documents.in_force(connection, on))
        return [_listed(row, row.version_id in current, on) for row in documents.versions(connection)]


def search_documents(tenant: str, arguments: Mapping[str, object]) -> Any:
    """The output of `search_sops`; raises with the tool's own words when it has none, `NotFound` for no data."""
    with agent_database() as database:
        with database.transaction(tenant) as connection:
            tenant_clock(connection)  # a tenant that is not there is said before a call that could not be recorded
        result = ToolExecutor(database, registry()).call(operator_context(tenant, "local"), "search_sops", arguments)
    if result.output is not None:
        return result.output
    raise (NotFound if result.status == "no_data" else QuartermasterError)(result.error)


def _listed(row: VersionRow, is_current: bool, day: date) -> Listed:
    return Listed(
        code=row.code,
        version=row.version,
        title=row.title,
        kind=row.kind,
        state=_state(row, is_current, day),
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        owner=row.owner,
        sites=tuple(row.sites),
        product_classes=tuple(row.product_classes),
        sections=row.sections,
    )


def _state(row: VersionRow, is_current: bool, day: date) -> State:
    if is_current:
        return "in force"
    if row.effective_from > day:
        return "to come"
    return "ended" if row.effective_to is not None and row.effective_to < day else "superseded"
