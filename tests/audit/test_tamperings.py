"""What an administrator can do to sealed events is found, in the database and in an export made afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from psycopg import Connection

from audit.checks import VerifyReport
from audit.export import export_tenant
from audit.keys import public_key
from audit.settings import AuditSettings
from audit.verify import verify_export
from audit.verify_database import verify_database
from benchmarks.tamperings import SIZES, TAMPERINGS, Tampering, unlock
from db.session import Database

REFUSED = psycopg.errors.InsufficientPrivilege


@dataclass(frozen=True)
class OneTransaction:
    """A `Database` that is one open transaction, so that a tampering can be looked at and then rolled back."""

    connection: Connection[Any]

    @contextmanager
    def transaction(self, tenant: str) -> Iterator[Connection[Any]]:
        yield self.connection


@dataclass(frozen=True)
class Reports:
    database: VerifyReport
    export: VerifyReport


def reports_after(
    connection: Connection[Any],
    settings: AuditSettings,
    folder: Path,
    apply: Callable[[Connection[Any], AuditSettings], None],
) -> Reports:
    """Tampers, verifies, exports and verifies that, and takes it all back."""
    trusted = settings.key_of("acme", public_key(settings))
    copy = replace(settings, folder=folder / "audit")
    shutil.copytree(settings.folder, copy.folder)
    with connection.transaction(force_rollback=True):
        unlock(connection)
        apply(connection, copy)
        database = verify_database(connection, "acme", trusted, copy.checkpoints)
        export_tenant(cast(Database, OneTransaction(connection)), copy, "acme", folder / "export")
    return Reports(database, verify_export(folder / "export", key=str(trusted)))


def test_all_tamperings_are_found(
    superuser: psycopg.Connection[Any], sealed: Callable[..., list[str]], settings: AuditSettings, tmp_path: Path
) -> None:
    sealed(SIZES[0], SIZES[1] - SIZES[0], SIZES[2] - SIZES[1])
    untouched = reports_after(superuser, settings, tmp_path / "untouched", lambda connection, copy: None)
    assert untouched.database.ok
    assert untouched.export.ok
    assert untouched.export.anchored == len(SIZES)
    found = [_missed(superuser, settings, tmp_path / str(n), each) for n, each in enumerate(TAMPERINGS)]
    assert "\n".join(filter(None, found)) == ""


def _missed(connection: Connection[Any], settings: AuditSettings, folder: Path, tampering: Tampering) -> str:
    reports = reports_after(connection, settings, folder, tampering.apply)
    in_export = tampering.first_index if tampering.first_in_export is None else tampering.first_in_export
    wrong = [] if _points_at(reports.database, tampering.first_index) else [reports.database.first_problem]
    if tampering.in_export and not _points_at(reports.export, in_export):
        wrong.append(reports.export.first_problem)
    return f"{tampering.name}: {wrong}" if wrong else ""


def _points_at(report: VerifyReport, index: int) -> bool:
    return not report.ok and report.first_problem is not None and report.first_problem.index == index


def test_a_cut_tail_is_not_seen_without_the_file_outside(
    superuser: psycopg.Connection[Any], sealed: Callable[..., list[str]], settings: AuditSettings
) -> None:
    """Said in docs/audit.md: this is what the file outside is for."""
    sealed(7, 5)
    trusted = settings.key_of("acme", public_key(settings))
    with superuser.transaction(force_rollback=True):
        unlock(superuser)
        superuser.execute(
            "DELETE FROM audit.event WHERE position IN (SELECT position FROM audit.leaf WHERE leaf_index > 6)"
        )
        superuser.execute("DELETE FROM audit.leaf WHERE leaf_index > 6")
        superuser.execute("DELETE FROM audit.checkpoint WHERE size > 7")
        blind = verify_database(superuser, "acme", trusted, None)
        seeing = verify_database(superuser, "acme", trusted, settings.checkpoints)
    assert blind.ok
    assert blind.anchored is None
    assert not seeing.ok


def test_the_unsealed_window_is_counted_and_not_vouched_for(
    superuser: psycopg.Connection[Any], sealed: Callable[..., list[str]], writer: Any, settings: AuditSettings
) -> None:
    sealed(3)
    writer.record(2)
    trusted = settings.key_of("acme", public_key(settings))
    superuser.execute("ALTER TABLE audit.event DISABLE TRIGGER append_only")
    superuser.execute(
        "UPDATE audit.event SET actor_id = 'mallory' WHERE position NOT IN (SELECT position FROM audit.leaf)"
    )
    report = verify_database(superuser, "acme", trusted, settings.checkpoints)
    assert (report.ok, report.sealed, report.unsealed) == (True, 3, 2)


def test_triggers_stop_everybody_who_does_not_disable_them(
    superuser: psycopg.Connection[Any], owner_database: Database, sealed: Callable[..., list[str]]
) -> None:
    sealed(3)
    for table in ("event", "leaf", "checkpoint", "sealing"):
        column = "leaf_index = 1" if table == "leaf" else "at = now()"
        for text in (
            f"UPDATE audit.{table} SET {column}",
            f"DELETE FROM audit.{table}",
            f"TRUNCATE audit.{table} CASCADE",
        ):
            with pytest.raises(REFUSED, match="append-only"), owner_database.transaction("acme") as owner:
                owner.execute(text.encode())
            with superuser.transaction(force_rollback=True):
                superuser.execute("SET LOCAL session_replication_role = replica")
                with pytest.raises(REFUSED, match="append-only"):
                    superuser.execute(text.encode())
