"""The sealer: every committed event exactly once, whatever dies; and nothing signed on a past that does not fit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit.anchor import AnchorFile
from audit.append import append
from audit.errors import KeyUnusable, SealRefused
from audit.events import Action
from audit.keys import signing_key
from audit.sealer import SealReport, seal_all, seal_forever, seal_once
from audit.settings import AuditSettings
from audit.stored import LOCK
from audit.verify_database import verify_tenant
from db.session import Database
from domain.context import Actor, Context
from domain.errors import BadInput

CONTEXT = Context("acme", Actor("agent", "copilot"), "trace")
ROOT = Path(__file__).parents[2]
OUT_OF_ORDER = """
SELECT count(*) AS n FROM audit.leaf a JOIN audit.leaf b ON b.leaf_index = a.leaf_index + 1 AND b.position < a.position
"""
UNSEALED = "SELECT count(*) AS n FROM audit.event WHERE position NOT IN (SELECT position FROM audit.leaf)"


@pytest.mark.slow
def test_every_committed_event_is_sealed_once_while_writers_run_and_die(
    database_factory: Callable[..., Database], superuser: psycopg.Connection[Any], settings: AuditSettings, tenant: str
) -> None:
    sealer, conninfo = database_factory("sealer"), database_factory("agent").conninfo
    writers = [_start_writer(conninfo, seed) for seed in range(1, 9)]
    try:
        passes = _seal_while_they_write(sealer, settings, writers[0], superuser)
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    _wait_for_idle(superuser)
    seal_all(sealer, settings)
    assert passes > 3
    assert superuser.execute(UNSEALED.encode()).fetchone() == {"n": 0}
    report = verify_tenant(sealer, settings, "acme")
    total = superuser.execute("SELECT count(*) AS n FROM audit.event").fetchone()
    assert (report.ok, {"n": report.sealed}) == (True, total)
    # The trap that this design avoids really was there: positions came out of the order in which they were sealed.
    assert superuser.execute(OUT_OF_ORDER.encode()).fetchone() != {"n": 0}


def _start_writer(conninfo: str, seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("writer_process.py")), str(seed)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, cwd=ROOT, text=True)
    if process.stdin is not None:
        process.stdin.write(conninfo + "\n")
        process.stdin.flush()
    return process


def _seal_while_they_write(
    sealer: Database, settings: AuditSettings, victim: subprocess.Popen[str], superuser: psycopg.Connection[Any]
) -> int:
    """Passes that sealed something, until two events were sealed out of order; half-way one writer is killed."""
    passes, deadline = 0, time.monotonic() + 90
    while time.monotonic() < deadline:
        if passes >= 6 and superuser.execute(OUT_OF_ORDER.encode()).fetchone() != {"n": 0}:
            break
        passes += seal_once(sealer, settings).sealed > 0
        if passes == 2 and victim.poll() is None:
            victim.kill()
    return passes


def _wait_for_idle(superuser: psycopg.Connection[Any]) -> None:
    busy = "SELECT count(*) AS n FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND datname = current_database()"
    while superuser.execute(busy.encode()).fetchone() != {"n": 0}:
        time.sleep(0.05)


def test_an_open_transaction_holds_back_what_came_later(
    agent_database: Database,
    sealer_database: Database,
    writer: Any,
    sealed: Callable[..., list[str]],
    settings: AuditSettings,
    tenant: str,
) -> None:
    sealed(1)
    with agent_database.transaction(tenant) as connection:
        append(connection, CONTEXT, Action.TOOL_CALLED, subject="case:C-1", data={})
        writer.record(3)
        held = seal_once(sealer_database, settings)
    assert (held.sealed, held.waiting) == (0, 3)
    assert held.lag_seconds > 0
    assert seal_all(sealer_database, settings).sealed == 4
    assert seal_once(sealer_database, settings) == SealReport()


def test_each_tenant_has_a_tree_of_its_own(
    sealed: Callable[..., list[str]],
    sealer_database: Database,
    operator_database: Database,
    settings: AuditSettings,
    writer: Any,
    tenant: str,
    second_tenant: str,
) -> None:
    writer.record(3, tenant=tenant)
    writer.record(2, tenant=second_tenant)
    report = seal_all(sealer_database, settings)
    assert {(seal.tenant, seal.size) for seal in report.tenants} == {(tenant, 3), (second_tenant, 2)}
    assert verify_tenant(operator_database, settings, tenant).sealed == 3
    assert verify_tenant(operator_database, settings, second_tenant).sealed == 2


def test_a_crash_between_database_and_file_is_made_good(
    sealed: Callable[..., list[str]],
    sealer_database: Database,
    writer: Any,
    settings: AuditSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed(3)
    writer.record(2, start=3)
    with monkeypatch.context() as crash:
        crash.setattr(AnchorFile, "_write", _die_in_mid_line)
        with pytest.raises(SystemExit):
            seal_all(sealer_database, settings)
    assert not settings.checkpoints.read_bytes().endswith(b"\n")
    behind = verify_tenant(sealer_database, settings, "acme")
    assert behind.first_problem
    assert behind.first_problem.kind == "not_outside"
    writer.record(1, start=5)
    assert seal_all(sealer_database, settings).sealed == 1
    report = verify_tenant(sealer_database, settings, "acme")
    assert (report.ok, report.sealed, report.anchored) == (True, 6, 3)


def _die_in_mid_line(file: AnchorFile, data: bytes) -> None:
    if data:
        with file.path.open("ab") as opened:
            opened.write(data[: len(data) // 2])
        raise SystemExit("killed")


def test_a_crash_before_the_commit_leaves_no_trace(
    sealed: Callable[..., list[str]],
    sealer_database: Database,
    writer: Any,
    settings: AuditSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed(3)
    before = settings.checkpoints.read_bytes()
    writer.record(2, start=3)
    with monkeypatch.context() as crash:
        crash.setattr("audit.sealer.add_checkpoint", lambda *_: exec("raise SystemExit"))
        with pytest.raises(SystemExit):
            seal_all(sealer_database, settings)
    assert settings.checkpoints.read_bytes() == before
    assert seal_all(sealer_database, settings).sealed == 2
    assert verify_tenant(sealer_database, settings, "acme").ok


@pytest.mark.parametrize("change", ["cut", "cut twice", "emptied", "foreign tail"])
def test_nothing_is_signed_on_a_file_that_does_not_fit(
    sealed: Callable[..., list[str]], sealer_database: Database, writer: Any, settings: AuditSettings, change: str
) -> None:
    sealed(3, 2, 4)
    lines = settings.checkpoints.read_bytes().splitlines(keepends=True)
    kept = {"cut": lines[:1], "cut twice": lines[:1], "emptied": [], "foreign tail": [*lines, b'{"at":']}
    settings.checkpoints.write_bytes(b"".join(kept[change]))
    writer.record(1, start=9)
    with pytest.raises(SealRefused):
        seal_all(sealer_database, settings)


def test_nothing_is_signed_on_a_database_older_than_the_file(
    sealed: Callable[..., list[str]],
    sealer_database: Database,
    superuser: psycopg.Connection[Any],
    writer: Any,
    settings: AuditSettings,
) -> None:
    sealed(3, 2)
    for table in ("leaf", "checkpoint"):
        superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only".encode())
    superuser.execute("DELETE FROM audit.checkpoint WHERE size > 3")
    superuser.execute("DELETE FROM audit.leaf WHERE leaf_index >= 3")
    writer.record(1, start=5)
    with pytest.raises(SealRefused, match="not the same"):
        seal_all(sealer_database, settings)


def test_nothing_is_signed_on_an_altered_tree(
    sealed: Callable[..., list[str]],
    sealer_database: Database,
    superuser: psycopg.Connection[Any],
    writer: Any,
    settings: AuditSettings,
) -> None:
    sealed(3)
    superuser.execute("ALTER TABLE audit.checkpoint DISABLE TRIGGER append_only")
    superuser.execute("UPDATE audit.checkpoint SET frontier = sha256('x') || sha256('y')")
    writer.record(1, start=3)
    with pytest.raises(SealRefused, match="not the one that was signed"):
        seal_all(sealer_database, settings)


def test_a_lost_or_open_key_stops_the_sealer(
    sealed: Callable[..., list[str]], sealer_database: Database, writer: Any, settings: AuditSettings
) -> None:
    sealed(3)
    writer.record(1, start=3)
    key = settings.private_key.read_bytes()
    assert settings.private_key.stat().st_mode & 0o777 == 0o600
    settings.private_key.chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod"):
        seal_all(sealer_database, settings)
    settings.private_key.unlink()
    with pytest.raises(KeyUnusable, match="backup"):
        seal_all(sealer_database, settings)
    settings.private_key.write_bytes(key)
    settings.private_key.chmod(0o600)
    assert seal_all(sealer_database, settings).sealed == 1


def test_verifying_needs_a_key(sealer_database: Database, settings: AuditSettings, tenant: str) -> None:
    with pytest.raises(KeyUnusable, match="first sealing"):
        verify_tenant(sealer_database, settings, tenant)
    with pytest.raises(BadInput, match="verifier key"):
        verify_tenant(sealer_database, settings, tenant, key="none")


def test_another_key_is_not_accepted(
    sealed: Callable[..., list[str]], sealer_database: Database, writer: Any, settings: AuditSettings, tmp_path: Path
) -> None:
    sealed(3)
    other = AuditSettings.below(tmp_path / "other")
    signing_key(other, create=True)
    settings.private_key.write_bytes(other.private_key.read_bytes())
    writer.record(1, start=3)
    with pytest.raises(SealRefused, match="not signed by"):
        seal_all(sealer_database, settings)


def test_one_sealer_at_a_time(
    sealer_database: Database, superuser: psycopg.Connection[Any], writer: Any, settings: AuditSettings, tenant: str
) -> None:
    writer.record(1)
    with superuser.transaction():
        superuser.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": LOCK})
        assert seal_once(sealer_database, settings) == SealReport(busy=True)
    assert seal_all(sealer_database, settings).sealed == 1


def test_seal_forever_stops_when_told(
    sealer_database: Database, writer: Any, settings: AuditSettings, tenant: str
) -> None:
    writer.record(4)
    stop, reports = threading.Event(), list[SealReport]()
    thread = threading.Thread(
        target=seal_forever,
        args=(sealer_database, settings, stop),
        kwargs={"interval": 0.01, "on_report": reports.append},
    )
    thread.start()
    while len(reports) < 3:
        time.sleep(0.01)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    reports.append(seal_all(sealer_database, settings))
    assert sum(report.sealed for report in reports) == 4
