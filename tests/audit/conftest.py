"""Audit tests: settings of their own, a superuser for tampering, and a quick way to record events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from audit.append import append
from audit.events import Action
from audit.sealer import seal_all
from audit.settings import AuditSettings
from db.embedded import Embedded
from db.session import Database
from domain.context import Actor, Context

AGENT = Actor("agent", "copilot", frozenset({"triage"}), "0.1.0")


@pytest.fixture
def settings(tmp_path: Path) -> AuditSettings:
    return AuditSettings.below(tmp_path)


@pytest.fixture
def superuser(cluster: Embedded, database_name: str) -> Iterator[psycopg.Connection[DictRow]]:
    """The database administrator, whom no trigger stops for good."""
    conninfo = cluster.admin_conninfo(database_name)
    with psycopg.Connection[DictRow].connect(conninfo, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@dataclass(frozen=True)
class Writer:
    """Records events as the agent."""

    database: Database

    def record(self, count: int, *, tenant: str = "acme", start: int = 0, subject: str = "case:C-{n}") -> list[str]:
        context = Context(tenant, AGENT)
        with self.database.transaction(tenant) as connection:
            return [
                append(connection, context, Action.TOOL_CALLED, subject=subject.format(n=n), data={"n": n, "tool": "x"})
                for n in range(start, start + count)
            ]


@pytest.fixture
def writer(agent_database: Database) -> Writer:
    return Writer(agent_database)


@pytest.fixture
def sealed(writer: Writer, sealer_database: Database, settings: AuditSettings, tenant: str) -> Callable[..., list[str]]:
    """`sealed(7, 5, 1)` records and seals that many events in three passes; the ids in order."""

    def make(*counts: int, tenant: str = tenant) -> list[str]:
        ids: list[str] = []
        for count in counts:
            ids += writer.record(count, tenant=tenant, start=len(ids))
            seal_all(sealer_database, settings)
        return ids

    return make
