"""Migrations: one line of revisions, two processes at once, the queue's schema as its library ships it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager

from db.embedded import Embedded
from db.errors import DatabaseUnavailable, SchemaBehind
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


# What a tenant had when people first used the product: an import, people, a case with a proposal that waits.
FIRST_USERS = "0005"
FILLED = """
SET search_path = quartermaster;
SET quartermaster.tenant = 'acme';
INSERT INTO tenant (tenant, name, currency, origin) VALUES ('acme', 'A', 'EUR', 'imported');
INSERT INTO import_batch (tenant, batch_id, source, content_hash, as_of, files, provenance, imported_by)
VALUES ('acme', '00000000-0000-0000-0000-000000000001', 'contract', 'h', now(), '[]', 'measured', 'paula');
INSERT INTO quarantined_row (tenant, batch_id, file, row_number, reason, record)
VALUES ('acme', '00000000-0000-0000-0000-000000000001', 'stock.csv', 1, 'is negative', '{}');
INSERT INTO person (tenant, person, name, roles) VALUES ('acme', 'paula', 'Paula', '{planner}');
INSERT INTO case_file (tenant, case_id, kind, subject, status, severity, money_at_risk, currency, summary)
VALUES ('acme', 'C-00001', 'stockout_risk', 's', 'triaged', 'high', 100, 'EUR', 'Oat runs out.');
INSERT INTO evidence (tenant, evidence_id, case_id, tool, arguments, status, result, as_of, versions, fingerprint,
                      actor, trace_id, duration_ms)
VALUES ('acme', '00000000-0000-0000-0000-000000000002', 'C-00001', 'compare_options', '{}', 'success', '{}', now(),
        '{}', 'f', 'agent:quartermaster', 't', 1);
INSERT INTO proposal (tenant, proposal_id, case_id, kind, payload, evidence_id, value, currency, reversible,
                      expected_benefit, benefit_lower, tail_loss, probability_better, data_as_of, idempotency_key,
                      fingerprint, proposed_by, expires_at)
SELECT 'acme', id, 'C-00001', 'transfer', '{"sku": "OAT"}', '00000000-0000-0000-0000-000000000002', 1, 'EUR', true, 1,
       1, 1, 1, now(), 'acme:' || id || ':1', 'f', 'quartermaster', clock_timestamp() + interval '24 hours'
  FROM gen_random_uuid() AS id;
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('execute', 'actions.decide', 0, NULL, NULL, '{}', NULL)
         ::procrastinate_job_to_defer_v1])"""
STANDS = """
SELECT c.status, c.note, c.gone_since, s.state, b.content_hash, q.row_number, p.active
  FROM quartermaster.case_file c, quartermaster.proposal_state s, quartermaster.import_batch b,
       quartermaster.quarantined_row q, quartermaster.person p"""


def test_a_database_that_people_have_used_is_migrated_with_all_that_is_in_it(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _: real(config, FIRST_USERS))
        with pytest.raises(SchemaBehind, match=FIRST_USERS):
            migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(FILLED.encode())
    assert migrate(empty_database) == expected_revision()
    with psycopg.connect(empty_database) as connection:
        assert connection.execute(STANDS.encode()).fetchall() == [("triaged", "", None, "pending", "h", 1, True)]


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
