"""People who may sign in, with their roles and limits. Master data: read here, set by the owner alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

ONE: LiteralString = "SELECT person, name, roles, approval_limit, active FROM person WHERE person = %(person)s"
ALL: LiteralString = "SELECT person, name, roles, approval_limit, active FROM person ORDER BY person"


@dataclass(frozen=True)
class Person:
    """`approval_limit` is the highest value the person may approve, in the tenant's currency."""

    person: str
    name: str
    roles: list[str]
    approval_limit: Decimal
    active: bool


def find(connection: Connection[DictRow], person: str) -> Person | None:
    """The person, or None when this tenant has none of that name."""
    with connection.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(ONE, {"person": person}).fetchone()


def everybody(connection: Connection[DictRow]) -> list[Person]:
    """All people of the tenant, by name of sign-in."""
    with connection.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(ALL).fetchall()
