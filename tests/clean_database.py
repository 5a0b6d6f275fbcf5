"""Make a test's database as it was: rows out, sequences back. Cheaper by far than a new one, which is 700 files.

What cannot be put back (a table, a right, a function or a trigger that a test changed) is noticed, and the database is
thrown away.
"""

from __future__ import annotations

from typing import LiteralString

import psycopg
from psycopg import Connection, sql

LEAVE: LiteralString = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES: LiteralString = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_t%'
"""
# A new version of a catalogue's row has another xmin; counting rows and pages of a table changes none. Triggers go by
# what they say, because `empty` switches some off and on.
SHAPE: LiteralString = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT 'c' || oid || '.' || xmin AS part FROM pg_class WHERE relnamespace >= 2200 AND relpersistence = 'p'
    UNION ALL SELECT 'p' || oid || '.' || xmin FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 't' || oid || '.' || tgfoid || tgtype || tgenabled::text FROM pg_trigger
    UNION ALL SELECT 'o' || oid || '.' || xmin FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'r' || oid || '.' || xmin FROM pg_policy
    UNION ALL SELECT 'n' || oid || '.' || xmin FROM pg_namespace WHERE nspname NOT LIKE 'pg_t%'
    UNION ALL SELECT 's' || setdatabase || '.' || setrole FROM pg_db_role_setting
) AS parts
"""
RESTART: LiteralString = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
 WHERE last_value IS NOT NULL
"""

ALWAYS: LiteralString = """
SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND tgrelid = format('%%I.%%I', %s::text, %s::text)::regclass
"""

Names = list[tuple[str, str]]


def filled(connection: Connection) -> Names:
    """Tables that hold a row."""
    tables: Names = connection.execute(TABLES).fetchall()
    looks = [
        sql.SQL("(SELECT {}::text, {}::text FROM {} LIMIT 1)").format(schema, table, sql.Identifier(schema, table))
        for schema, table in tables
    ]
    return connection.execute(sql.SQL(" UNION ALL ").join(looks)).fetchall()


def shape(connection: Connection) -> str:
    """A fingerprint of everything but rows."""
    row = connection.execute(SHAPE).fetchone()
    assert row is not None
    return row[0]


def clean(conninfo: str, expected: str, kept: Names) -> bool:
    """Empty all tables but `kept`; False where the database is not of the `expected` shape any more."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(LEAVE)
        if shape(connection) != expected:
            return False
        # The superuser's way around foreign keys and most triggers.
        connection.execute("SET session_replication_role = replica")
        for schema, table in filled(connection):
            if (schema, table) not in kept:
                empty(connection, schema, table)
        connection.execute(RESTART)
    return True


def empty(connection: Connection, schema: str, table: str) -> None:
    """Delete all rows, past the triggers that even a superuser meets: those of the audit store."""
    name = sql.Identifier(schema, table)
    triggers = [sql.Identifier(row[0]) for row in connection.execute(ALWAYS, (schema, table)).fetchall()]
    with connection.transaction():
        for trigger in triggers:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(name, trigger))
        connection.execute(sql.SQL("DELETE FROM {}").format(name))
        for trigger in triggers:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(name, trigger))
