"""API keys of programs: made and revoked at the command line with an audit event, identified by the API."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.signin.errors import KeyRefused
from app.signin.model import KEY_SCOPES, Scope, Service
from app.signin.refusals import Refusals
from app.signin.tokens import KeyName, hashed, key_name, new_key
from audit.append import append
from audit.events import Action
from db import credentials, tenants
from db.credentials import KeyRow
from db.session import Database
from domain.context import Context
from domain.errors import BadInput, NotFound

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class NewKey:
    """A key that was just made: the only time that `key` is seen."""

    key_id: str
    key: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True)
class KeyListed:
    """A key as it is listed; `state` is valid, expired or revoked."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    state: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


def create(database: Database, context: Context, name: str, scopes: Sequence[str], lasts: timedelta) -> NewKey:
    """Make a key; raises `BadInput` for an unknown scope or a time that is too long, `NotFound` without the tenant."""
    unknown = sorted(set(scopes) - set(KEY_SCOPES))
    if unknown or not scopes:
        raise BadInput(f"{', '.join(unknown) or 'None'} is no scope of a key.", remedy=f"Use: {', '.join(KEY_SCOPES)}.")
    if not timedelta(0) < lasts <= LONGEST:
        raise BadInput(f"A key lasts at most {LONGEST.days} days.", remedy="Make another before it expires.")
    if not name.strip() or not name.isprintable():
        raise BadInput("A key needs a name.", remedy="Say what will use it.")
    key_id, key = new_key(context.tenant)
    ends = datetime.now(UTC) + lasts
    made = NewKey(key_id, key, name.strip(), tuple(sorted(set(scopes))), ends)
    with database.transaction(context.tenant) as connection:
        tenants.read_tenant(connection)
        credentials.insert_key(
            connection, context.tenant, key_id=key_id, name=made.name, scopes=made.scopes, secret_hash=hashed(key),
            made_by=f"{context.actor.kind}:{context.actor.id}", expires_at=ends,
        )  # fmt: skip
        data = {"name": made.name, "scopes": list(made.scopes), "expires_at": ends}
        append(connection, context, Action.KEY_CREATED, subject=f"key:{key_id}", data=data)
    return made


def listed(database: Database, tenant: str) -> list[KeyListed]:
    """All keys, oldest first."""
    now = datetime.now(UTC)
    with database.transaction(tenant) as connection:
        rows = credentials.keys(connection)
    return [
        KeyListed(row.key_id, row.name, tuple(row.scopes), _problem(row, now) or "valid", row.made_by, row.made_at,
                  row.expires_at, row.last_used_at)
        for row in rows
    ]  # fmt: skip


def revoke(database: Database, context: Context, key_id: str) -> None:
    """From now on the key is refused; raises `NotFound` when there is no such key or it is revoked already."""
    with database.transaction(context.tenant) as connection:
        if not credentials.revoke_key(connection, key_id):
            raise NotFound(f"There is no key {key_id!r} to revoke.", remedy="See: quartermaster key list.")
        append(connection, context, Action.KEY_REVOKED, subject=f"key:{key_id}", data={})


def identify(database: Database, refusals: Refusals, key: str, trace_id: str) -> Service:
    """The program that holds this key; raises `KeyRefused`, which does not tell why."""
    claimed = key_name(key)
    if claimed is None:
        raise KeyRefused(remedy="Have one made: quartermaster key create.")
    with database.transaction(claimed.tenant) as connection:
        row = credentials.key(connection, claimed.key_id)
        problem = "unknown" if row is None else _problem(row, datetime.now(UTC))
        if row is not None and not hmac.compare_digest(row.secret_hash, hashed(key)):
            problem = "wrong secret"
        if row is not None and not problem:
            credentials.touch_key(connection, claimed.key_id)
            scopes = frozenset[Scope](one for one in KEY_SCOPES if one in row.scopes)
            kind, _, maker = row.made_by.partition(":")
            made_by = maker if kind == "person" else None
            return Service(claimed.tenant, row.key_id, row.name, scopes, row.expires_at, made_by)
    raise _refused(database, refusals, claimed, problem, trace_id)


def _refused(database: Database, refusals: Refusals, claimed: KeyName, problem: str, trace_id: str) -> KeyRefused:
    refused = KeyRefused(remedy="Have another made: quartermaster key create.")
    if claimed.tenant in database.tenant_names():
        refusals.of_stranger(claimed.tenant, trace_id, f"key:{claimed.key_id}", f"key: {problem}", refused)
    return refused


def _problem(row: KeyRow, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at <= now else ""
