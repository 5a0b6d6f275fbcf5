"""What an administrator can do to sealed events is found, in the database and in an export made afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit.keys import public_key
from audit.settings import AuditSettings
from audit.verify_database import verify_database
from benchmarks.tamperings import SIZES, TAMPERINGS, missed, reports_after, unlock
from db.session import Database

REFUSED = psycopg.errors.InsufficientPrivilege


def test_all_tamperings_are_found(
    superuser: psycopg.Connection[Any], sealed: Callable[..., list[str]], settings: AuditSettings, tmp_path: Path
) -> None:
    sealed(SIZES[0], SIZES[1] - SIZES[0], SIZES[2] - SIZES[1])
    untouched = reports_after(superuser, settings, tmp_path / "untouched", lambda connection, copy: None)
    assert untouched.database.ok
    assert untouched.export.ok
    assert untouched.export.anchored == len(SIZES)
    found = [missed(superuser, settings, tmp_path / str(n), each) for n, each in enumerate(TAMPERINGS)]
    assert "\n".join(filter(None, found)) == ""


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
