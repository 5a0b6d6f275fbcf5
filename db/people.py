"""People who may sign in, with their roles and limits. The database lets the owner's role alone set them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

ONE: LiteralString = "SELECT person, name, roles, approval_limit, active FROM person WHERE person = %(person)s"
LOCK: LiteralString = ONE + " FOR UPDATE"
INSERT: LiteralString = """
INSERT INTO person (person, name, roles, approval_limit, active)
VALUES (%(person)s, %(name)s, %(roles)s, %(approval_limit)s, %(active)s) ON CONFLICT DO NOTHING"""
UPDATE: LiteralString = """
UPDATE person SET name = %(name)s, roles = %(roles)s, approval_limit = %(approval_limit)s, active = %(active)s
 WHERE person = %(person)s"""
ALL: LiteralString = "SELECT person, name, roles, approval_limit, active FROM person ORDER BY person"


@dataclass(frozen=True)
class Person:
    """`approval_limit` is the highest value the person may approve, in the tenant's currency."""

    person: str
    name: str
    roles: list[str]
    approval_limit: Decimal
    active: bool = True


def find(connection: Connection[DictRow], person: str, *, lock: bool = False) -> Person | None:
    """The person, or None when this tenant has none of that name; with `lock` (owner) nobody else changes the row."""
    with connection.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(LOCK if lock else ONE, {"person": person}).fetchone()


def insert(connection: Connection[DictRow], person: Person) -> bool:
    """Adds the person (owner); False when somebody of this name is there. The caller appends the audit event."""
    return connection.execute(INSERT, vars(person)).rowcount == 1


def update(connection: Connection[DictRow], person: Person) -> None:
    """Sets everything but the name of sign-in (owner); the caller appends the audit event."""
    connection.execute(UPDATE, vars(person))


def everybody(connection: Connection[DictRow]) -> list[Person]:
    """All people of the tenant, by name of sign-in."""
    with connection.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(ALL).fetchall()
