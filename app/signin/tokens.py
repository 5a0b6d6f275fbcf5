"""Tokens: made from the operating system's randomness, shown once, kept as SHA-256.

A token names its tenant, so that it is looked up inside that tenant under row-level security. Changing that name gives
another token, which nobody has issued: the hash is over the whole. 256 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

_TENANT = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_SECRET = r"[A-Za-z0-9_-]{43}"
SESSION = re.compile(rf"({_TENANT})\.{_SECRET}")
KEY = re.compile(rf"qm_(({_TENANT})-[a-z0-9]{{8}})_{_SECRET}")
LONGEST = 160  # characters; nothing longer is looked at
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class KeyName:
    """The readable part of an API key."""

    tenant: str
    key_id: str


def new_token(tenant: str) -> str:
    """For a session or a link."""
    return f"{tenant}.{secrets.token_urlsafe(32)}"


def token_tenant(token: str) -> str | None:
    """The tenant that a session's or link's token names; None for what is no token."""
    found = SESSION.fullmatch(token) if len(token) <= LONGEST else None
    return None if found is None else found[1]


def new_key(tenant: str) -> tuple[str, str]:
    """An API key's id and the key itself, `qm_<id>_<secret>`."""
    key_id = f"{tenant}-{''.join(secrets.choice(ALPHABET) for _ in range(8))}"
    return key_id, f"qm_{key_id}_{secrets.token_urlsafe(32)}"


def key_name(key: str) -> KeyName | None:
    """Which key this claims to be; None for what is no key."""
    found = KEY.fullmatch(key) if len(key) <= LONGEST else None
    return None if found is None else KeyName(found[2], found[1])


def hashed(token: str) -> bytes:
    """SHA-256 of the whole token."""
    return hashlib.sha256(token.encode()).digest()
