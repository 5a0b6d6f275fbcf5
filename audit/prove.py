"""A proof for one event, as a file that is checked without the log: this event is in the tree that was signed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Connection

from audit.checks import Line
from audit.entry import event_to_json
from audit.keys import public_key
from audit.merkle import Tree
from audit.settings import AuditSettings
from audit.stored import read_checkpoints, read_events, read_tree
from audit.verify import PROOF_FORMAT
from db.session import Database
from domain.errors import BadInput, Conflict, NotFound


@dataclass(frozen=True)
class EventProof:
    """The file at `path` proves that event `event_id` is leaf `index` of the signed tree of `size` leaves.

    With `since` it also proves that this tree extends the one of `since` leaves, so that whoever kept that older
    checkpoint sees that nothing before it was changed.
    """

    path: Path
    event_id: str
    index: int
    size: int
    since: int | None


def prove_event(
    database: Database, settings: AuditSettings, tenant: str, event_id: str, path: Path, *, since: int | None = None
) -> EventProof:
    """Writes the inclusion proof of one event, and with `since` the consistency proof from that checkpoint.

    Raises `NotFound` for an unknown event or checkpoint, `Conflict` for an event that is not sealed yet. The database
    may be opened as operator or sealer.
    """
    key = settings.key_of(tenant, public_key(settings))
    with database.transaction(tenant) as connection:
        lines, _ = read_checkpoints(connection, tenant, key.name, None)
        document, index, size = _document(connection, tenant, event_id, lines, since)
    proof: dict[str, Any] = {"format": PROOF_FORMAT, "key": str(key), **document}
    path.write_text(json.dumps(proof, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return EventProof(path, str(document["event"]["event_id"]), index, size, since)


def _document(
    connection: Connection[Any], tenant: str, event_id: str, lines: list[Line], since: int | None
) -> tuple[dict[str, Any], int, int]:
    found = read_events(connection, tenant, events=[_checked_id(event_id)])
    if not found:
        raise NotFound(f"There is no audit event {event_id}.")
    stored, size = found[0], claimed_size(lines[-1]) if lines else 0
    if stored.index is None or stored.index >= size:
        raise Conflict(f"Event {event_id} is not sealed yet.", remedy="Seal first, or wait for the sealer's next pass.")
    tree = read_tree(connection, tenant, size)
    document: dict[str, Any] = {
        "event": event_to_json(stored.event),
        "index": stored.index,
        "inclusion": [node.hex() for node in tree.inclusion(stored.index)],
        "checkpoint": lines[-1].note,
    }
    if since is not None:
        document["since"] = _since(tree, lines, since)
    return document, stored.index, size


def _since(tree: Tree, lines: list[Line], since: int) -> dict[str, Any]:
    older = [line.note for line in lines if claimed_size(line) == since]
    if not older:
        raise NotFound(f"There is no checkpoint of {since} events.")
    return {"checkpoint": older[0], "consistency": [node.hex() for node in tree.consistency(since)]}


def _checked_id(event_id: str) -> str:
    try:
        return str(UUID(event_id))
    except ValueError:
        raise BadInput(f"{event_id!r} is not the id of an audit event.") from None


def claimed_size(line: Line) -> int:
    """The size that a note of ours speaks of, without checking its signature."""
    return int(line.note.split("\n", 2)[1])
