"""Migrations: one line of revisions, two processes at once, the queue's schema as its library ships it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager

from db.embedded import Embedded
from db.errors import DatabaseUnavailable
from db.migrate import current_revision, expected_revision, migrate

MIGRATIONS = Path(__file__).resolve().parents[2] / "db" / "migrations"


@pytest.fixture
def empty_database(cluster: Embedded, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"empty_{abs(hash(request.node.nodeid))}"
    with psycopg.connect(cluster.admin_conninfo("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield cluster.admin_conninfo(name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_two_processes_migrate_at_once(empty_database: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(migrate, [empty_database] * 2)) == {expected_revision()}
    with psycopg.connect(empty_database) as connection:
        assert current_revision(connection) == expected_revision()


def test_an_empty_database_has_no_revision(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        assert current_revision(connection) is None


def test_everything_of_ours_belongs_to_the_owner_role(cluster: Embedded, database_name: str) -> None:
    query = """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('quartermaster', 'audit') AND c.relowner <> 'quartermaster_owner'::regrole"""
    with psycopg.connect(cluster.admin_conninfo(database_name)) as connection:
        assert connection.execute(query).fetchall() == []


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match="QUARTERMASTER_DATABASE_URL") as caught:
        migrate("postgresql://somebody:hidden@127.0.0.1:1/quartermaster")
    assert "hidden" not in str(caught.value)


def test_the_revisions_form_one_line_of_numbers() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [expected_revision()]
    numbers = [script.revision for script in scripts.walk_revisions()][::-1]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_every_sql_file_is_run_by_its_migration() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in MIGRATIONS.glob("versions/0*.py"))
    assert [path.name for path in MIGRATIONS.glob("sql/*.sql") if f'"{path.name}"' not in scripts] == []


def test_the_queues_schema_is_still_that_of_the_installed_library() -> None:
    ours = (resources.files("db.migrations.sql") / "0001_procrastinate.sql").read_text(encoding="utf-8")
    assert ours.endswith(SchemaManager.get_schema()), "procrastinate's schema moved: add a migration that follows it"
