"""Reading what was sealed: checkpoints inside and outside the database, leaves, events with their place in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from audit.anchor import read_anchors
from audit.checks import Line
from audit.entry import Event
from audit.merkle import Tree
from audit.rows import event_of, select

LOCK = 7_241_530_911  # an advisory lock: a sealer holds it over database and file together

# Shared, for the moment of reading both, so that no sealer is between the two.
ENTER = "SELECT pg_advisory_xact_lock_shared(%(lock)s)"
CHECKPOINTS = """
SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, note
  FROM audit.checkpoint WHERE tenant = %(tenant)s ORDER BY size
"""
LEAF_HASHES = "SELECT leaf_hash FROM audit.leaf WHERE tenant = %(tenant)s AND leaf_index < %(size)s ORDER BY leaf_index"
CHOSEN_EVENTS = """
SELECT l.leaf_index, l.leaf_hash, {event}
  FROM audit.event e LEFT JOIN audit.leaf l ON l.position = e.position AND l.tenant = e.tenant
 WHERE e.tenant = %(tenant)s AND (e.event_id = ANY(%(events)s::uuid[]) OR e.subject = ANY(%(subjects)s))
 ORDER BY l.leaf_index, e.position
"""


@dataclass(frozen=True)
class Stored:
    """One event with its leaf; `index` and `leaf` are None while it is not sealed."""

    index: int | None
    leaf: bytes | None
    event: Event


def read_checkpoints(
    connection: Connection[Any], tenant: str, origin: str, anchors: Path | None
) -> tuple[list[Line], list[Line] | None]:
    """The checkpoints in the database and, unless `anchors` is None, those of the same log outside."""
    # Rolling back to the savepoint gives the lock back at once, whatever happens inside.
    with connection.transaction(force_rollback=True), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(ENTER, {"lock": LOCK})
        inside = [Line(row["at"], row["note"]) for row in cursor.execute(CHECKPOINTS, {"tenant": tenant})]
        if anchors is None:
            return inside, None
        return inside, [Line(line.at, line.note) for line in read_anchors(anchors) if line.origin == origin]


def read_tree(connection: Connection[Any], tenant: str, size: int) -> Tree:
    """The first `size` leaves as a tree; 64 bytes of memory a leaf."""
    with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        cursor.execute(LEAF_HASHES, {"tenant": tenant, "size": size})
        return Tree(row[0] for row in cursor)


def read_events(
    connection: Connection[Any], tenant: str, *, events: Sequence[str] = (), subjects: Sequence[str] = ()
) -> list[Stored]:
    """The events with one of these ids or subjects, in the order of the tree, what is not sealed last."""
    with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        cursor.execute(select(CHOSEN_EVENTS), {"tenant": tenant, "events": list(events), "subjects": list(subjects)})
        return [Stored(row[0], row[1], event_of(row, 2)) for row in cursor]
