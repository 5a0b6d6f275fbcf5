"""A user's files into a tenant: made when it is new, its clock frozen when the data are historical."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.progress import Progress, silent
from app.tenants import ensure_recorded_tenant
from app.wiring import operator_context, operator_database
from connectors.files.importer import import_path, recognise
from connectors.files.quarantine import list_quarantine
from connectors.files.quarantine import replay as replay_quarantine
from connectors.files.report import ImportReport, ReplayReport
from db.network_import import Quarantined
from domain.errors import BadInput


def import_network(
    path: Path,
    *,
    tenant: str,
    person: str,
    as_of: datetime | None = None,
    currency: str | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Import `path` for `tenant`, which is made when it does not exist; raises `ImportRefused` with what to do.

    `as_of` without a zone is UTC.
    """
    found = recognise(path, progress)
    if as_of is not None and as_of.tzinfo is None:
        as_of = as_of.replace(tzinfo=UTC)
    with operator_database() as database:
        context = operator_context(tenant, person)
        ensure_recorded_tenant(
            database,
            context,
            name=tenant,
            currency=currency or found.currency or "EUR",
            origin="imported",
            clock_at=(as_of or found.as_of) if found.source != "contract" else None,
        )
        return import_path(path, database=database, context=context, as_of=as_of, progress=progress)


def quarantined(tenant: str, limit: int) -> list[Quarantined]:
    """Rows that wait for a correction, oldest first."""
    with operator_database() as database:
        return list_quarantine(database, tenant, limit=limit)


def replay(tenant: str, person: str, rows: Sequence[int], corrections: Sequence[str]) -> ReplayReport:
    """Judge rows again, each with the same corrections; raises `BadInput` for one that is not COLUMN=VALUE."""
    given = dict(_correction(text) for text in corrections)
    with operator_database() as database:
        context = operator_context(tenant, person)
        return replay_quarantine(database, context, rows, {row: given for row in rows} if given else None)


def describe(
    report: ImportReport,
    say: Callable[[str], None],
    print_table: Callable[[str, Sequence[str], Sequence[Sequence[object]]], None],
) -> None:
    """What became of each file, for people."""
    if report.already_imported:
        say("Nothing is new: the newest batch has this content, of this moment. Nothing was written.")
        say("Counted again and the same? Say when: --as-of 2026-03-31T06:00Z")
    rows = [
        [file.name, file.table or "not read", file.rows, file.loaded, file.quarantined, sum(file.left_out.values())]
        for file in report.files
    ]
    print_table(
        f"Batch {report.batch_id}: as of {report.as_of:%Y-%m-%d %H:%M} UTC ({report.provenance})",
        ["file", "table", "rows", "loaded", "quarantined", "left out"],
        rows,
    )
    for rule in report.rules:
        say(f"  derived by rule: {rule}")


def _correction(text: str) -> tuple[str, str]:
    column, separator, value = text.partition("=")
    if not separator or not column:
        raise BadInput(f"{text!r} is not a correction.", remedy="Write --set COLUMN=VALUE.")
    return column, value
