"""The standing watch: when it looks, that one looks at a time, and how much it puts into the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from app.triage import enqueue, look
from app.worker import watch
from app.worker.watch import EVERY, look_if_due, look_where_due
from cases.life import finish_round
from db import sweeps
from db.session import Database
from tests.fix_database import add_tenant
from tests.fix_network import NOW, Network, insert


def jobs(database: Database, tenant: str) -> list[str]:
    with database.transaction(tenant) as connection:
        rows = connection.execute("SELECT args ->> 'case_id' AS case_id FROM procrastinate_jobs ORDER BY id")
        return [row["case_id"] for row in rows]


def new_batch(database: Database, tenant: str) -> None:
    with database.transaction(tenant) as connection:
        insert(connection, "import_batch", tenant=tenant, batch_id=uuid4(), source="contract", content_hash=uuid4().hex,
               as_of=NOW, files="[]", provenance="simulated", imported_by="test")  # fmt: skip


def test_it_looks_when_nobody_has_and_when_data_come_in(
    network: Network, agent_database: Database, owner_database: Database
) -> None:
    queued = look_if_due(agent_database, network.context)
    assert queued
    assert sorted(jobs(agent_database, network.tenant)) == sorted(queued)
    assert look_if_due(agent_database, network.context) is None
    new_batch(owner_database, network.tenant)
    # What is in the queue already is not queued twice.
    assert look_if_due(agent_database, network.context) == []
    assert look_if_due(agent_database, network.context, every=timedelta(0)) == []


def test_what_a_person_has_just_looked_at_is_left_alone(network: Network, agent_database: Database) -> None:
    found = look(agent_database, network.context, 1, lambda *_: None)
    enqueue(agent_database, network.context, found.case_ids)
    enqueue(agent_database, network.context, found.case_ids)
    assert look_if_due(agent_database, network.context) is None
    assert jobs(agent_database, network.tenant) == list(found.case_ids)


def test_it_takes_its_time(network: Network, agent_database: Database, owner_database: Database) -> None:
    look_if_due(agent_database, network.context)
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE last_sweep SET swept_at = swept_at - %s", [EVERY])
    assert look_if_due(agent_database, network.context) == []


def test_one_looks_at_a_time(network: Network, agent_database: Database, database: Callable[..., Database]) -> None:
    with agent_database.transaction(network.tenant) as connection:
        sweeps.wait_for_turn(connection, network.tenant)
        assert look_if_due(database(role="agent"), network.context) is None
    assert look_if_due(agent_database, network.context)


def test_many_workers_together_look_once(network: Network, agent_database: Database) -> None:
    looked: list[list[str] | None] = []
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        looked.append(look_if_due(agent_database, network.context))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one is None for one in looked].count(False) == 1


def test_no_more_than_so_many_wait_in_the_queue(
    network: Network, agent_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MOST_QUEUED", 2)
    first = look_if_due(agent_database, network.context)
    assert first is not None
    assert len(first) == 2
    assert look_if_due(agent_database, network.context, every=timedelta(0)) == []
    with agent_database.transaction(network.tenant) as connection:
        for case_id in first:
            assert finish_round(connection, network.context, case_id, sweeps.facts(connection), "Nothing to do.")
        connection.execute("DELETE FROM procrastinate_jobs")
    second = look_if_due(agent_database, network.context, every=timedelta(0))
    assert second
    assert not set(first) & set(second)


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected("lost"), KeyError("a defect of ours")])
def test_a_tenant_without_data_is_not_looked_at_and_a_broken_one_stops_no_other(
    error: Exception,
    network: Network,
    operator_database: Database,
    agent_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for empty in ("aardvark", "zebra"):
        add_tenant(operator_database, empty)
    real = watch.look_if_due

    def broken(database: Database, context: object, **more: object) -> object:
        if getattr(context, "tenant", "") == "aardvark":
            raise error
        return real(database, context, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(watch, "look_if_due", broken)
    look_where_due(agent_database)
    assert "aardvark could not be looked at" in caplog.text
    assert jobs(agent_database, network.tenant)
    with agent_database.transaction("zebra") as connection:
        assert connection.execute("SELECT 1 FROM last_sweep").fetchone() is None
