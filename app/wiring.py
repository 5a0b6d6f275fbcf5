"""Joins settings, database roles and actors: who a process is follows from here and from nothing it is sent."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from db.errors import SchemaBehind
from db.migrate import migrate
from db.session import Database, administrator_url, open_database
from db.settings import DatabaseSettings, Role, load_settings
from domain.context import Actor, Context


@cache
def settings() -> DatabaseSettings:
    """The process's settings, read once; raises `db.errors.SettingsInvalid`."""
    return load_settings()


def program_version() -> str:
    """The installed version, as actors and checkpoints carry it."""
    return version("quartermaster")


def agent_context(tenant: str) -> Context:
    """The agent at work for one tenant."""
    return Context(tenant, Actor("agent", "triage", frozenset({"agent"}), program_version()))


def service_context(tenant: str, name: str) -> Context:
    """One of our services: executor, sealer, trainer."""
    return Context(tenant, Actor("service", name, frozenset({"service"}), program_version()))


def operator_context(tenant: str, person: str) -> Context:
    """A person at the command line, who may say who they are as they hold the operator's credentials.

    Roles and limits are looked up in the database, never taken from here.
    """
    return Context(tenant, Actor("person", person))


def agent_database(max_size: int = 4) -> Database:
    """Reads, evidence and proposals."""
    return _open("agent", max_size)


def operator_database() -> Database:
    """A signed-in person's imports and approvals."""
    return _open("operator")


def executor_database(max_size: int = 4) -> Database:
    """Decisions, outbox, confirmations."""
    return _open("executor", max_size)


def sealer_database() -> Database:
    """The audit store's leaves and checkpoints."""
    return _open("sealer")


def _open(role: Role, max_size: int = 4) -> Database:
    """The database as `role`; one that the program runs itself is brought up to date first, a given one never."""
    try:
        return open_database(role, settings(), max_size=max_size)
    except SchemaBehind:
        if not settings().embedded:
            raise
        migrate(administrator_url(settings()))
        return open_database(role, settings(), max_size=max_size)
