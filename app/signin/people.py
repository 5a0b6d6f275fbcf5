"""Setting a person's password at the command line. All of that person's sessions end with the old one."""

from __future__ import annotations

from dataclasses import dataclass

from app.signin.passwords import hash_password
from audit.append import append
from audit.events import Action
from db import credentials, people, sessions
from db.session import Database
from domain.context import Context
from domain.errors import NotFound


@dataclass(frozen=True)
class PasswordSet:
    """Whose password it is, and how many sessions ended."""

    person: str
    sessions_ended: int


def set_password(database: Database, context: Context, person: str, password: str) -> PasswordSet:
    """Set or replace it; raises `NotFound` for an unknown person, `BadInput` for a password that is too short."""
    hashed = hash_password(person, password)
    with database.transaction(context.tenant) as connection:
        if people.find(connection, person) is None:
            raise NotFound(f"There is nobody called {person!r} in tenant {context.tenant}.", remedy="Check --tenant.")
        credentials.set_password(connection, context.tenant, person, hashed)
        ended = sessions.end_all(connection, person)
        data = {"sessions_ended": ended}
        append(connection, context, Action.PASSWORD_SET, subject=f"person:{person}", data=data)
    return PasswordSet(person, ended)
