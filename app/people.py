"""A tenant's people: who may do what, and up to which value. Set with the owner's rights, and audited.

Roles and limits are what the gate reads, so no process that serves people may set them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import DictRow

from app.wiring import operator_context, operator_database, settings
from audit.append import append
from audit.events import Action
from db import people, sessions
from db.people import Person
from db.session import open_database
from db.tenants import read_tenant
from domain.context import Context
from domain.errors import BadInput, Conflict, NotFound

SIGN_IN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
LARGEST_LIMIT = Decimal(10) ** 12


def add(tenant: str, by: str, new: Person) -> Person:
    """Add a person.

    Raises:
        BadInput: a name, role or limit that cannot be.
        Conflict: somebody has this name already.
        NotFound: there is no such tenant.
    """
    _check(new)
    with open_database("owner", settings()) as database, database.transaction(tenant) as connection:
        read_tenant(connection)
        if not people.insert(connection, new):
            raise Conflict(
                f"There is somebody called {new.person!r} already.", remedy="See: person list, person change."
            )
        _record(connection, operator_context(tenant, by), Action.PERSON_ADDED, new)
    return new


def change(
    tenant: str,
    by: str,
    person: str,
    *,
    name: str | None = None,
    roles: Sequence[str] = (),
    limit: Decimal | None = None,
    active: bool | None = None,
) -> Person:
    """Give a person what is not None or empty; who is no longer active is signed out everywhere.

    Raises `NotFound` for an unknown person, `BadInput` for a role or limit that cannot be.
    """
    with open_database("owner", settings()) as database, database.transaction(tenant) as connection:
        found = people.find(connection, person, lock=True)
        if found is None:
            read_tenant(connection)
            raise NotFound(f"There is nobody called {person!r} in tenant {tenant}.", remedy="See: person list.")
        changed = replace(
            found,
            name=found.name if name is None else name,
            roles=list(roles) or found.roles,
            approval_limit=found.approval_limit if limit is None else limit,
            active=found.active if active is None else active,
        )
        if changed == found:
            return found
        _check(changed)
        people.update(connection, changed)
        if not changed.active:
            sessions.end_all(connection, person)
        ended = found.active and not changed.active
        action = Action.PERSON_DEACTIVATED if ended else Action.PERSON_CHANGED
        _record(connection, operator_context(tenant, by), action, changed)
    return changed


def everybody(tenant: str) -> list[Person]:
    """All people of the tenant, those who are no longer active as well."""
    with operator_database() as database, database.transaction(tenant) as connection:
        read_tenant(connection)
        return people.everybody(connection)


def _check(person: Person) -> None:
    from policies.loading import ROLES

    if not SIGN_IN_NAME.fullmatch(person.person):
        remedy = "Use up to 64 letters, digits and . _ @ + -, such as j.weber."
        raise BadInput(f"{person.person[:64]!r} is no name to sign in with.", remedy=remedy)
    if not person.name.strip() or len(person.name) > 200 or not person.name.isprintable():
        raise BadInput("The name has to be one line of 1 to 200 characters.", remedy='Such as --name "Julia Weber".')
    unknown = sorted(set(person.roles) - ROLES)
    if unknown or not person.roles:
        what = f"There is no role {unknown[0][:64]!r}." if unknown else "A person without a role may do nothing."
        raise BadInput(what, remedy=f"The roles are {', '.join(sorted(ROLES))}.")
    if not person.approval_limit.is_finite() or not 0 <= person.approval_limit < LARGEST_LIMIT:
        raise BadInput(
            f"{person.approval_limit} is no limit.", remedy="Give an amount from 0 on, such as --limit 5000."
        )


def _record(connection: Connection[DictRow], context: Context, action: Action, person: Person) -> None:
    """Without the name: what is recorded cannot be erased."""
    data = {"roles": sorted(person.roles), "approval_limit": person.approval_limit, "active": person.active}
    append(connection, context, action, subject=f"person:{person.person}", data=data)
