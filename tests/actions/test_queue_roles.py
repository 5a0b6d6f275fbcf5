"""What each login may do to the queue: ask for work, and change only what its own process works."""

from __future__ import annotations

import psycopg
import pytest

from actions import jobs
from db.session import Database
from tests.actions.conftest import World

DEFER = """SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%(queue)s, %(task)s, 0, NULL, NULL, '{}', NULL)
             ::procrastinate_job_to_defer_v1])"""
CHANGES = (
    "DELETE FROM procrastinate_jobs WHERE queue_name = %(queue)s",
    "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE queue_name = %(queue)s",
    "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 year' WHERE queue_name = %(queue)s",
    "UPDATE procrastinate_jobs SET queue_name = 'elsewhere' WHERE queue_name = %(queue)s",
    """UPDATE procrastinate_jobs SET args = '{"tenant": "acme"}' WHERE queue_name = %(queue)s""",
)


def allowed(database: Database, statement: str, **values: str) -> bool:
    """Whether the login may; undone in any case."""
    try:
        with database.transaction("acme") as connection:
            connection.execute(statement.encode(), values)
            raise psycopg.Rollback
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Rollback:
        return True


@pytest.fixture
def queued(world: World) -> World:
    """A job in each queue."""
    world.propose()
    with world.agent.transaction(world.tenant) as connection:
        jobs.defer_triage(connection, world.tenant, "C-00001")
    assert world.value("SELECT count(DISTINCT queue_name) FROM procrastinate_jobs") == 2
    return world


def test_the_agent_cannot_touch_the_executors_jobs(queued: World) -> None:
    for change in CHANGES:
        assert not allowed(queued.agent, change, queue=jobs.EXECUTE), change
        assert not allowed(queued.executor, change, queue=jobs.TRIAGE), change
    for change in CHANGES[:3]:
        assert allowed(queued.agent, change, queue=jobs.TRIAGE), change
        assert allowed(queued.executor, change, queue=jobs.EXECUTE), change


def test_no_job_becomes_another_while_it_waits(queued: World) -> None:
    for change in CHANGES[3:]:
        assert not allowed(queued.agent, change, queue=jobs.TRIAGE), change
        assert not allowed(queued.executor, change, queue=jobs.EXECUTE), change


def test_the_operators_processes_only_ask_for_work(queued: World) -> None:
    for queue in (jobs.TRIAGE, jobs.EXECUTE):
        for change in CHANGES:
            assert not allowed(queued.operator, change, queue=queue), change
    for task in (jobs.WRITE_TASK, jobs.DECIDE_TASK):
        assert allowed(queued.operator, DEFER, queue=jobs.EXECUTE, task=task)
    assert allowed(queued.operator, DEFER, queue=jobs.TRIAGE, task=jobs.TRIAGE_TASK)


def test_the_agent_asks_the_executor_for_decisions_and_nothing_else(queued: World) -> None:
    assert allowed(queued.agent, DEFER, queue=jobs.EXECUTE, task=jobs.DECIDE_TASK)
    for task in (jobs.WRITE_TASK, jobs.RECONCILE_TASK, "anything"):
        assert not allowed(queued.agent, DEFER, queue=jobs.EXECUTE, task=task)


def test_what_happened_to_a_job_is_not_rewritten(queued: World) -> None:
    for database in (queued.agent, queued.operator, queued.executor):
        for change in ("DELETE FROM procrastinate_events", "UPDATE procrastinate_events SET at = now()"):
            assert not allowed(database, change)


def test_a_forgotten_worker_frees_its_jobs_whoever_forgets_it(queued: World) -> None:
    """Every worker prunes dead ones; the foreign key then changes jobs of another's queue as the owner."""
    queued.run("WITH worker AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id) "
               "UPDATE procrastinate_jobs SET worker_id = worker.id, status = 'doing' FROM worker "
               "WHERE queue_name = 'execute'")  # fmt: skip
    with queued.agent.transaction("acme") as connection:
        connection.execute("DELETE FROM procrastinate_workers")
    assert queued.value("SELECT count(*) FROM procrastinate_jobs WHERE worker_id IS NOT NULL") == 0


def test_a_login_can_change_its_own_password_and_nobody_elses(queued: World) -> None:
    """PostgreSQL cannot take this away: a taken-over login can lock its own process out."""
    own = "ALTER ROLE CURRENT_USER PASSWORD 'another'"
    assert allowed(queued.agent, own)
    for role in ("operator", "executor", "sealer", "owner"):
        assert not allowed(queued.agent, f"ALTER ROLE quartermaster_{role} PASSWORD 'mine'")
        assert not allowed(queued.agent, f"SET ROLE quartermaster_{role}")


def test_a_job_that_cannot_be_kept_is_the_databases_own_error(world: World) -> None:
    """Whoever holds the transaction tells a lost connection, a deadlock or a refusal by psycopg's class."""
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"actions\.reconcile"),
        world.agent.transaction(world.tenant) as connection,
    ):
        jobs.defer_reconcile(connection, world.tenant)
