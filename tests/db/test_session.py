"""The session under its promises: one tenant a transaction, errors with a remedy."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import sleep

import procrastinate
import psycopg
import pytest

from db.embedded import Embedded
from db.errors import CommitUnknown
from db.session import Database, tenant_clock
from domain.errors import BadInput, NotFound


def test_a_transaction_commits(operator_database: Database, tenant: str) -> None:
    with operator_database.transaction(tenant) as connection:
        connection.execute("UPDATE tenant SET name = 'Changed'")
    with operator_database.transaction(tenant) as connection:
        assert connection.execute("SELECT name FROM tenant").fetchone() == {"name": "Changed"}


def test_an_error_rolls_back(operator_database: Database, tenant: str) -> None:
    def fail_half_way() -> None:
        with operator_database.transaction(tenant) as connection:
            connection.execute("UPDATE tenant SET name = 'Changed'")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with operator_database.transaction(tenant) as connection:
        assert connection.execute("SELECT name FROM tenant").fetchone() == {"name": "Acme"}


def test_without_a_tenant_there_is_no_transaction(agent_database: Database) -> None:
    with pytest.raises(BadInput, match="No tenant"), agent_database.transaction(""):
        pass


def test_the_clock_is_frozen_or_real(operator_database: Database, tenant: str) -> None:
    moment = datetime(2011, 12, 9, 18, tzinfo=UTC)
    with operator_database.transaction(tenant) as connection:
        assert abs((tenant_clock(connection) - datetime.now(UTC)).total_seconds()) < 60
        connection.execute("UPDATE tenant SET clock_at = %(moment)s", {"moment": moment})
        assert tenant_clock(connection) == moment


def test_an_unknown_tenant_has_no_clock(agent_database: Database) -> None:
    with pytest.raises(NotFound), agent_database.transaction("nobody") as connection:
        tenant_clock(connection)


def test_a_worker_learns_all_tenants_and_nothing_else(
    agent_database: Database, tenant: str, second_tenant: str
) -> None:
    assert agent_database.tenant_names() == (tenant, second_tenant)


# A commit that kills its own connection: what happened to the row cannot be known from the answer.
BREAK_COMMIT = """
CREATE FUNCTION public.break_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER break_commit AFTER UPDATE ON quartermaster.tenant DEFERRABLE INITIALLY DEFERRED
   FOR EACH ROW EXECUTE FUNCTION public.break_commit();
"""


def test_a_connection_lost_in_the_commit_is_unknown_not_failed(
    cluster: Embedded, database_name: str, operator_database: Database, tenant: str
) -> None:
    with psycopg.connect(cluster.admin_conninfo(database_name)) as admin:
        admin.execute(BREAK_COMMIT)

    def change() -> None:
        with operator_database.transaction(tenant) as connection:
            connection.execute("UPDATE tenant SET name = 'Changed'")

    with pytest.raises(CommitUnknown, match="Look whether it is there"):
        change()


def test_an_error_of_a_statement_stays_what_it_is(agent_database: Database) -> None:
    def time_out() -> None:
        with agent_database.transaction("acme") as connection:
            connection.execute("SET LOCAL statement_timeout = 10")
            connection.execute("SELECT pg_sleep(5)")

    with pytest.raises(psycopg.errors.QueryCanceled):
        time_out()


def test_more_threads_than_connections_wait_for_their_turn(agent_database: Database) -> None:
    def hold(_: int) -> int:
        with agent_database.transaction("acme") as connection:
            sleep(0.2)
            row = connection.execute("SELECT 1 AS one").fetchone()
            return row["one"] if row else 0

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(hold, range(40))) == 40


def test_the_queues_worker_runs_under_the_executors_connection(executor_database: Database) -> None:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=executor_database.conninfo))
    seen: list[str] = []

    @app.task(name="note", queue="execute")
    def note(id: str) -> None:
        seen.append(id)

    async def run() -> None:
        async with app.open_async():
            await note.defer_async(id="C-00001")
            await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(run())
    assert seen == ["C-00001"]
