"""The audit store's commands: which database role and which folder each needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.wiring import operator_database, sealer_database, settings
from audit.checks import VerifyReport
from audit.export import ExportReport, export_tenant
from audit.prove import EventProof, prove_event
from audit.sealer import seal_all
from audit.settings import AuditSettings
from audit.verify import verify_export
from audit.verify_database import verify_tenant
from db.tenants import read_tenant


@dataclass(frozen=True)
class Sealed:
    """One pass of the sealer over all tenants."""

    sealed: int
    tenants: int
    waiting: int


def seal() -> Sealed:
    """Seal what is committed; raises `SealRefused` when the past does not fit what was sealed."""
    with sealer_database() as database:
        report = seal_all(database, _where())
    return Sealed(report.sealed, len(report.tenants), report.waiting)


def verify(tenant: str) -> VerifyReport:
    """Check a tenant's log in the database against the file outside.

    Raises `UnknownTenant` for one without a row and without a single event: an empty log is intact, a wrong name not.
    """
    with operator_database() as database:
        report = verify_tenant(database, _where(), tenant)
        if not report.sealed and not report.unsealed and report.ok:
            with database.transaction(tenant) as connection:
                read_tenant(connection)
        return report


def verify_folder(folder: Path) -> VerifyReport:
    """Check an export, without any database."""
    return verify_export(folder)


def prove(tenant: str, event_id: str, output: Path) -> EventProof:
    """Write the proof that one event is in the sealed tree."""
    with operator_database() as database:
        return prove_event(database, _where(), tenant, event_id, output)


def export(tenant: str, folder: Path) -> ExportReport:
    """Write a tenant's log as a folder that verifies offline."""
    with operator_database() as database:
        return export_tenant(database, _where(), tenant, folder)


def describe(report: VerifyReport) -> str:
    """One sentence for people."""
    if report.first_problem is not None:
        return f"[bold red]Not intact[/]: {report.problems} problems, first {report.first_problem}"
    anchored = "no outside checkpoints to compare" if report.anchored is None else f"{report.anchored} anchored outside"
    return (
        f"[bold green]Intact[/]: {report.sealed} sealed events under {report.checkpoints} signed checkpoints "
        f"({anchored}); {report.unsealed} not sealed yet, for which nothing can be said."
    )


def _where() -> AuditSettings:
    return AuditSettings.below(settings().home)
