"""The bytes of one event that a leaf of the tree commits to. `docs/audit.md` describes them for other languages.

Part of the stand-alone verifier: standard library only, no database, nothing of the rest of the program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

MAGIC = "quartermaster-audit-event-1"


class Event(NamedTuple):
    """One stored event, every field as the text that is hashed; a tuple because a million of them are read at once.

    `at` is UTC with six digits of a second and a trailing Z, set by the database; `writer` is the database role that
    inserted the row, set by the database too. `body` is the stored RFC 8785 bytes.
    """

    tenant: str
    event_id: str
    at: str
    action: str
    actor_kind: str
    actor_id: str
    actor_version: str
    actor_roles: str
    subject: str
    trace_id: str
    writer: str
    body: bytes


TEXT_FIELDS = Event._fields[:-1]


def entry_bytes(event: Event) -> bytes:
    """The leaf input: magic, the text fields in order and the body's SHA-256 in hex, joined by U+0000, in UTF-8.

    PostgreSQL text cannot hold U+0000, so the join is unambiguous; an event that holds one (an edited export) raises
    `ValueError`.
    """
    text = "\0".join((MAGIC, *event[:-1], hashlib.sha256(event.body).hexdigest()))
    if text.count("\0") != len(Event._fields):
        raise ValueError("a field holds U+0000")
    return text.encode()


def leaf_of(event: Event) -> bytes:
    """RFC 6962 leaf hash of the event, 32 bytes: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\0" + entry_bytes(event)).digest()


def event_to_json(event: Event) -> dict[str, str]:
    """The event as an export shows it.

    Bytes that are no UTF-8 cannot be canonical JSON; they come out altered, and the verifier then reports the event.
    """
    fields = dict(zip(TEXT_FIELDS, event[:-1], strict=True))
    return {**fields, "body": event.body.decode("utf-8", "replace")}


def event_from_json(fields: Mapping[str, object]) -> Event:
    """The event of one line of an export; raises `ValueError` when a field is missing or is no text."""
    values = [fields.get(name) for name in Event._fields]
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(values):
        raise ValueError("a field is missing or is not text")
    return Event._make([*texts[:-1], texts[-1].encode("utf-8", "surrogatepass")])
