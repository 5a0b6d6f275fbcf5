"""Tenants apart, for every table there is: a table added without isolation fails here, not in production."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.rows import DictRow, dict_row

from db.embedded import Embedded
from db.roles import LIBRARY_TABLES, TENANTLESS_TABLES, USERS
from db.session import Database
from db.settings import ROLES, Role

# The sealer seals all tenants' events: that role alone reads and writes across tenants, in the audit schema alone.
ACROSS_TENANTS = {("sealer", "audit")}

TABLES = """
SELECT n.nspname AS schema, c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
       EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND a.attnotnull) AS has_tenant,
       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND n.nspname NOT LIKE 'pg_%%'
 ORDER BY 1, 2
"""
VIEWS = """
SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('quartermaster', 'audit')
   AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false))
"""


def ours(connection: Connection[DictRow]) -> list[DictRow]:
    rows = connection.execute(TABLES).fetchall()
    return [
        row
        for row in rows
        if row["name"] not in LIBRARY_TABLES and f"{row['schema']}.{row['name']}" not in TENANTLESS_TABLES
    ]


def test_every_table_of_ours_forces_row_level_security(owner_database: Database) -> None:
    with owner_database.transaction("acme") as connection:
        tables = ours(connection)
    assert len(tables) > 0
    bare = [f"{t['schema']}.{t['name']}" for t in tables if not (t["forced"] and t["has_tenant"] and t["policies"])]
    assert bare == [], "call isolate_tenant() for these tables in their migration"


def test_no_view_shows_what_its_tables_hide(owner_database: Database) -> None:
    with owner_database.transaction("acme") as connection:
        views = connection.execute(VIEWS).fetchall()
    assert views == [], "create views WITH (security_invoker = true), and no materialised ones"


def test_the_exempted_names_all_exist(owner_database: Database) -> None:
    with owner_database.transaction("acme") as connection:
        rows = connection.execute(TABLES).fetchall()
    assert {row["name"] for row in rows} >= LIBRARY_TABLES
    assert {f"{row['schema']}.{row['name']}" for row in rows} >= TENANTLESS_TABLES


@pytest.fixture
def bare_database(cluster: Embedded, database_name: str) -> Iterator[Connection[DictRow]]:
    """This test's database without constraints and triggers, with one row of each of two tenants in every table."""
    conninfo = cluster.admin_conninfo(database_name)
    with Connection[DictRow].connect(conninfo, row_factory=dict_row, autocommit=True) as connection:
        for table in ours(connection):
            strip_and_fill(connection, sql.Identifier(table["schema"], table["name"]))
        yield connection


def strip_and_fill(connection: Connection[DictRow], table: sql.Identifier) -> None:
    text = table.as_string(connection)
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(table))
    constraints = """SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass
                      ORDER BY contype IN ('n'), contype IN ('p', 'u')"""
    generated = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attidentity <> ''"
    for row in connection.execute(generated, [text]).fetchall():
        drop = sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY")
        connection.execute(drop.format(table, sql.Identifier(row["attname"])))
    for row in connection.execute(constraints, [text]).fetchall():
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {} CASCADE")
        connection.execute(drop.format(table, sql.Identifier(row["conname"])))
    connection.execute(sql.SQL("INSERT INTO {} (tenant) VALUES ('acme'), ('globex')").format(table))


def test_no_role_sees_or_changes_another_tenants_rows_in_any_table(
    bare_database: Connection[DictRow], database_factory: Callable[..., Database]
) -> None:
    tables = ours(bare_database)
    seen = 0
    for role in ROLES:
        database = database_factory(role, max_size=1)
        for table in tables:
            if (role, table["schema"]) not in ACROSS_TENANTS:
                seen += check_table(database, role, sql.Identifier(table["schema"], table["name"]))
    assert seen > len(tables), "the roles see their own tenant's rows, so what is hidden is hidden by the policy"


def check_table(database: Database, role: Role, table: sql.Identifier) -> int:
    """How many rows of its own tenant the role saw, after checking that it reaches none of another's."""
    for tenant, expected in (("acme", {"acme"}), ("nobody", set[str]())):
        found = read_tenants(database, tenant, table)
        assert found is None or found <= expected, f"{role} sees {found} of {table} as {tenant}"
    assert not writes_for_another(database, table), f"{role} writes into another tenant's {table}"
    assert changes_another(database, table) == 0, f"{role} changes another tenant's {table}"
    return len(read_tenants(database, "acme", table) or ())


def read_tenants(database: Database, tenant: str, table: sql.Identifier) -> set[str] | None:
    try:
        with database.transaction(tenant) as connection:
            return {row["tenant"] for row in connection.execute(sql.SQL("SELECT tenant FROM {}").format(table))}
    except psycopg.errors.InsufficientPrivilege:
        return None


def writes_for_another(database: Database, table: sql.Identifier) -> bool:
    try:
        with database.transaction("acme") as connection:
            connection.execute(sql.SQL("INSERT INTO {} (tenant) VALUES ('globex')").format(table))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def changes_another(database: Database, table: sql.Identifier) -> int:
    try:
        with database.transaction("acme") as connection:
            return connection.execute(sql.SQL("DELETE FROM {} WHERE tenant = 'globex'").format(table)).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0


def test_without_the_setting_no_role_sees_a_tenant(
    cluster: Embedded, database_name: str, tenant: str, second_tenant: str
) -> None:
    for user in USERS.values():
        with psycopg.connect(cluster.conninfo(user, database_name)) as connection:
            assert connection.execute("SELECT * FROM quartermaster.tenant").fetchall() == []


def test_the_setting_ends_with_its_transaction(agent_database: Database, tenant: str) -> None:
    with agent_database.transaction(tenant) as connection:
        assert connection.execute("SELECT tenant FROM tenant").fetchall() == [{"tenant": tenant}]
    assert agent_database.tenant_names() == (tenant,)
    with agent_database.transaction("globex") as connection:
        assert connection.execute("SELECT tenant FROM tenant").fetchall() == []


def test_listing_tenants_does_not_open_the_table_for_the_rest_of_the_transaction(
    owner_database: Database, tenant: str, second_tenant: str
) -> None:
    with owner_database.transaction(tenant) as connection:
        assert len(connection.execute("SELECT tenant_names()").fetchall()) == 2
        assert connection.execute("SELECT tenant FROM tenant").fetchall() == [{"tenant": tenant}]
