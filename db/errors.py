"""The database's own errors: each says what happened and what to do next, and never carries a password."""

from __future__ import annotations

from domain.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable


class SettingsInvalid(BadInput):
    """A QUARTERMASTER_ setting of the database cannot be used."""


class DatabaseUnavailable(Unavailable):
    """The database does not answer; nothing was written."""


class CommitUnknown(DatabaseUnavailable):
    """The connection broke while committing: whether it was written is unknown. Read it before repeating it."""


class EmbeddedFailed(Unavailable):
    """The embedded PostgreSQL could not be started."""


class UnknownTenant(NotFound):
    """There is no such tenant."""

    def __init__(self, tenant: str) -> None:
        remedy = f"Import its network first: quartermaster import PATH --tenant {tenant}"
        super().__init__(f"There is no tenant {tenant!r}.", remedy=remedy)


class SchemaBehind(Unavailable):
    """The database's schema does not fit this program."""


class ServerTooOld(Unavailable):
    """The PostgreSQL server is older than this program can use."""


class ExtensionMissing(Unavailable):
    """PostgreSQL lacks the extension `vector` (pgvector)."""


class PrivilegeMissing(Forbidden):
    """The given database user may not do what setting up the database needs."""


class UnsafeRole(Forbidden):
    """The connection's user could read across tenants or is not the user of this process's role."""


class MigrationOrder(Conflict):
    """The migration files do not form one line."""
