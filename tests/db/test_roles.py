"""What each database role must not be able to do, asked of PostgreSQL itself; and setting up on a given server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from db.conninfo import session_conninfo
from db.embedded import Embedded
from db.errors import PrivilegeMissing, SchemaBehind, ServerTooOld, UnsafeRole
from db.migrate import current_revision, expected_revision, migrate
from db.roles import OWNER, USERS, ensure_roles
from db.session import Database, open_database
from db.settings import ROLES, DatabaseSettings, Role, load_settings

NOT_OWNER: tuple[Role, ...] = tuple(role for role in ROLES if role != "owner")
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.mark.parametrize("role", ROLES)
def test_no_role_is_privileged_or_member_of_another(owner_database: Database, role: Role) -> None:
    query = """SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin,
                      (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) AS memberships
                 FROM pg_roles r WHERE rolname = %(name)s"""
    with owner_database.transaction("acme") as connection:
        row = connection.execute(query, {"name": USERS[role]}).fetchone()
    assert row is not None
    assert tuple(row.values()) == (False, False, False, False, False, True, 0)


ESCAPES = (
    "CREATE TABLE mine (x int)",
    "CREATE TABLE public.mine (x int)",
    "CREATE TABLE audit.mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE tenant NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY tenant_isolation ON tenant",
    "DROP TABLE tenant",
    "TRUNCATE tenant",
    "DELETE FROM tenant",
    "UPDATE tenant SET tenant = 'other'",
    "UPDATE tenant SET currency = 'USD'",
    "UPDATE alembic_version SET version_num = '0000'",
    "SELECT isolate_tenant('tenant')",
    "SET ROLE quartermaster_owner",
    "SET session_replication_role = replica",
    "COPY tenant TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT rolpassword FROM pg_authid",
    "CREATE ROLE mine",
)
TENANT_WRITES = (
    "INSERT INTO tenant (tenant, name, currency, origin) VALUES ('acme', 'A', 'EUR', 'imported')",
    "UPDATE tenant SET name = 'Other'",
    "UPDATE tenant SET clock_at = NULL",
)


def permitted(database: Database, statements: tuple[str, ...]) -> list[str]:
    """Those of the statements that PostgreSQL did not refuse for want of a right."""
    done: list[str] = []
    for statement in statements:
        try:
            with database.transaction("acme") as connection:
                connection.execute(statement.encode())
        except DENIED:
            continue
        done.append(statement)
    return done


@pytest.mark.parametrize("role", NOT_OWNER)
def test_a_process_cannot_widen_its_own_rights(database_factory: Callable[..., Database], role: Role) -> None:
    assert permitted(database_factory(role), ESCAPES) == []


@pytest.mark.parametrize("role", ["agent", "executor", "sealer"])
def test_only_the_operator_makes_a_tenant_and_moves_its_clock(
    database_factory: Callable[..., Database], role: Role
) -> None:
    assert permitted(database_factory(role), TENANT_WRITES) == []
    assert permitted(database_factory("operator"), TENANT_WRITES) == list(TENANT_WRITES)


def test_only_the_agent_moves_a_case(database_factory: Callable[..., Database]) -> None:
    columns = ("status", "closed_at", "summary", "note", "reopened_at", "gone_since")
    moves = tuple(f"UPDATE case_file SET {name} = {name}" for name in columns)
    assert permitted(database_factory("agent"), moves) == list(moves)
    for role in ("operator", "executor", "sealer"):
        assert permitted(database_factory(role), moves) == []


@pytest.mark.parametrize("role", ["agent", "operator", "executor"])
def test_a_job_is_deferred_inside_the_callers_transaction(
    database_factory: Callable[..., Database], tenant: str, role: Role
) -> None:
    database: Database = database_factory(role)
    defer = """SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW('q', 'task', 0, NULL, NULL, '{}', NULL)
                 ::procrastinate_job_to_defer_v1])) AS id"""
    with database.transaction(tenant) as connection:
        assert connection.execute(defer).fetchone() is not None
    with database.transaction(tenant) as connection:
        assert connection.execute("SELECT count(*) AS n FROM procrastinate_jobs").fetchone() == {"n": 1}


def test_the_sealer_has_nothing_to_do_with_the_queue(sealer_database: Database) -> None:
    with pytest.raises(DENIED), sealer_database.transaction("acme") as connection:
        connection.execute("SELECT * FROM procrastinate_jobs")


# A PostgreSQL that somebody else runs: here the session's server, seen through URLs only.


@pytest.fixture
def given(cluster: Embedded, request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """`given("CREATEROLE")` → the URL of an empty database owned by a fresh user with these attributes."""
    name = f"given_{abs(hash(request.node.nodeid))}"
    with psycopg.connect(cluster.admin_conninfo("postgres"), autocommit=True) as admin:

        def make(attributes: str) -> str:
            admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'given' {attributes}".encode())
            admin.execute(f"CREATE DATABASE {name} OWNER {name}".encode())
            host = conninfo_to_dict(cluster.admin_conninfo())["host"]
            return f"postgresql://{name}:given@:5432/{name}?host={host}"

        yield make
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        admin.execute(f"DROP ROLE IF EXISTS {name}".encode())


def settings_of(url: str) -> DatabaseSettings:
    return load_settings({"QUARTERMASTER_DATABASE_URL": url})


def test_a_superusers_url_is_enough_for_every_role(given: Callable[[str], str]) -> None:
    url = given("SUPERUSER")
    with pytest.raises(SchemaBehind, match="quartermaster migrate"):
        open_database("agent", settings_of(url))
    assert migrate(url) == expected_revision()
    assert migrate(url) == expected_revision(), "a second time does nothing"
    for role in ROLES:
        with open_database(role, settings_of(url)) as database, database.transaction("acme") as connection:
            assert connection.execute("SELECT current_user AS name").fetchone() == {"name": USERS[role]}


def test_a_database_owner_who_may_not_use_our_roles_is_told_so(given: Callable[[str], str]) -> None:
    with pytest.raises(PrivilegeMissing, match="CREATEROLE"):
        migrate(given("CREATEROLE"))


def test_a_database_owner_who_was_given_the_owner_role_can_migrate(
    given: Callable[[str], str], cluster: Embedded
) -> None:
    url = given("NOSUPERUSER")
    user = str(conninfo_to_dict(url)["user"])
    with psycopg.connect(cluster.admin_conninfo(user), autocommit=True) as admin:
        admin.execute(f"GRANT {OWNER} TO {user} WITH SET TRUE".encode())
        admin.execute("CREATE EXTENSION vector")
    assert migrate(url) == expected_revision()


def test_a_missing_role_without_createrole_names_what_to_run(cluster: Embedded, given: Callable[[str], str]) -> None:
    url = given("NOSUPERUSER")
    missing = {"agent": "quartermaster_absent"}
    with (
        psycopg.connect(session_conninfo(url, "test"), autocommit=True) as connection,
        pytest.MonkeyPatch.context() as m,
    ):
        m.setattr("db.roles.USERS", missing)
        with pytest.raises(PrivilegeMissing, match="CREATEROLE") as caught:
            ensure_roles(connection)
    assert "quartermaster_absent" in str(caught.value)


def test_an_old_server_is_named(given: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.roles.MINIMUM_VERSION", 990000)
    with pytest.raises(ServerTooOld, match="16 or newer"):
        migrate(given("SUPERUSER"))


def test_a_superusers_url_in_place_of_the_agents_is_refused(given: Callable[[str], str]) -> None:
    url = given("SUPERUSER")
    migrate(url)
    with pytest.raises(UnsafeRole, match="quartermaster_agent"):
        open_database("agent", load_settings({"QUARTERMASTER_DATABASE_URL_AGENT": url}))


def test_a_newer_schema_asks_for_a_newer_program(given: Callable[[str], str]) -> None:
    url = given("SUPERUSER")
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE quartermaster.alembic_version SET version_num = '9999'")
        assert current_revision(connection) == "9999"
    with pytest.raises(SchemaBehind, match="newer than this program"):
        open_database("agent", settings_of(url))
