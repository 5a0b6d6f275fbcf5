"""Rows of API keys and passwords. Hashes only: no secret ever reaches the database.

It judges nothing: whether a key is expired or a password right is decided in `app.signin`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

KEYS: LiteralString = """
SELECT key_id, name, scopes, secret_hash, made_by, made_at, expires_at, revoked_at, last_used_at FROM api_key"""
ONE_KEY: LiteralString = KEYS + " WHERE key_id = %(key_id)s"
ALL_KEYS: LiteralString = KEYS + " ORDER BY made_at, key_id"
INSERT_KEY: LiteralString = """
INSERT INTO api_key (tenant, key_id, name, scopes, secret_hash, made_by, expires_at)
VALUES (%(tenant)s, %(key_id)s, %(name)s, %(scopes)s, %(secret_hash)s, %(made_by)s, %(expires_at)s)"""
REVOKE_KEY: LiteralString = """
UPDATE api_key SET revoked_at = clock_timestamp() WHERE key_id = %(key_id)s AND revoked_at IS NULL RETURNING key_id"""
TOUCH_KEY: LiteralString = """
UPDATE api_key SET last_used_at = now()
 WHERE key_id = %(key_id)s AND coalesce(last_used_at, 'epoch') < now() - interval '1 minute'"""

PASSWORD: LiteralString = "SELECT hash FROM person_password WHERE person = %(person)s"
SET_PASSWORD: LiteralString = """
INSERT INTO person_password (tenant, person, hash) VALUES (%(tenant)s, %(person)s, %(hash)s)
ON CONFLICT (tenant, person) DO UPDATE SET hash = EXCLUDED.hash, set_at = clock_timestamp()"""


@dataclass(frozen=True)
class KeyRow:
    """An API key as it is kept; `secret_hash` is over the whole key."""

    key_id: str
    name: str
    scopes: list[str]
    secret_hash: bytes
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


def key(connection: Connection[DictRow], key_id: str) -> KeyRow | None:
    """The key of that id."""
    with connection.cursor(row_factory=class_row(KeyRow)) as cursor:
        return cursor.execute(ONE_KEY, {"key_id": key_id}).fetchone()


def keys(connection: Connection[DictRow]) -> list[KeyRow]:
    """All keys of the tenant, oldest first, revoked ones too."""
    with connection.cursor(row_factory=class_row(KeyRow)) as cursor:
        return cursor.execute(ALL_KEYS).fetchall()


def insert_key(
    connection: Connection[DictRow],
    tenant: str,
    *,
    key_id: str,
    name: str,
    scopes: Sequence[str],
    secret_hash: bytes,
    made_by: str,
    expires_at: datetime,
) -> None:
    """Keep a new key."""
    values = {"tenant": tenant, "key_id": key_id, "name": name, "scopes": list(scopes), "secret_hash": secret_hash,
              "made_by": made_by, "expires_at": expires_at}  # fmt: skip
    connection.execute(INSERT_KEY, values)


def revoke_key(connection: Connection[DictRow], key_id: str) -> bool:
    """False when there is no such key or it is revoked already."""
    return connection.execute(REVOKE_KEY, {"key_id": key_id}).fetchone() is not None


def touch_key(connection: Connection[DictRow], key_id: str) -> None:
    """Note that it is in use, at most once a minute."""
    connection.execute(TOUCH_KEY, {"key_id": key_id})


def password_hash(connection: Connection[DictRow], person: str) -> str | None:
    """The argon2id hash of the person's password, if one is set."""
    row = connection.execute(PASSWORD, {"person": person}).fetchone()
    return None if row is None else str(row["hash"])


def set_password(connection: Connection[DictRow], tenant: str, person: str, hashed: str) -> None:
    """Set or replace a password's hash."""
    connection.execute(SET_PASSWORD, {"tenant": tenant, "person": person, "hash": hashed})
