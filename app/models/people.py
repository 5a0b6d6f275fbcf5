"""Who may say what of models and forecasts, and how a reason has to look. Roles come from the database."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from psycopg import Connection
from psycopg.rows import DictRow

from db import people
from db.people import Person
from domain.errors import BadInput, Forbidden
from domain.text import CONTROLS

LONGEST_REASON = 500


def require_role(connection: Connection[DictRow], person: str, roles: AbstractSet[str], what: str) -> Person:
    """The person; raises `Forbidden`, naming who could, unless active and in one of the roles."""
    found = people.find(connection, person)
    if found is not None and found.active and roles & set(found.roles):
        return found
    who = f"{person} is not" if found is not None and found.active else f"There is nobody active called {person!r}"
    raise Forbidden(
        f"{who}{' in a role that may ' + what if found is not None and found.active else ''}.",
        remedy=f"{who_could(connection, roles)} may {what}; say who you are with --as.",
    )


def who_could(connection: Connection[DictRow], roles: AbstractSet[str]) -> str:
    """The active people in one of the roles, else the roles."""
    names = [one.person for one in people.everybody(connection) if one.active and roles & set(one.roles)]
    return ", ".join(names) if names else f"Nobody yet, but a {' or '.join(sorted(roles))}"


def said(reason: str) -> str:
    """A reason in one line; raises `BadInput` for an empty or a long one, or one that could steer a terminal."""
    text = reason.strip()
    if not text or len(text) > LONGEST_REASON or re.search(f"[{CONTROLS}\n\t]", text):
        raise BadInput(
            f"A reason is one line of 1 to {LONGEST_REASON} characters.", remedy='Such as --reason "Trade fair in May".'
        )
    return text
