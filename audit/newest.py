"""A look at a log's newest head: is it signed by our key, and the one outside? It verifies no event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from audit.anchor import read_anchors
from audit.errors import HeadNotIntact
from audit.note import BadNote, VerifierKey, open_checkpoint

NEWEST = "SELECT note FROM audit.checkpoint WHERE tenant = %(tenant)s ORDER BY size DESC LIMIT 2"
LOOK = "Run `quartermaster audit verify`, and look who had access to database and file before anything is sealed again."


def has_head(connection: Connection[Any], tenant: str) -> bool:
    """Whether anything of this tenant was ever sealed."""
    return connection.execute(NEWEST, {"tenant": tenant}).fetchone() is not None


def check_newest(connection: Connection[Any], tenant: str, key: VerifierKey, anchors: Path) -> int:
    """The number of events under the newest checkpoint of a sealed log.

    Raises:
        HeadNotIntact: its signature does not hold, or the file outside ends with another one. The file may be behind
            by one: the database commits first.
        SealRefused: the file outside is no longer one of checkpoints.
    """
    notes = [row[0] for row in connection.cursor(row_factory=tuple_row).execute(NEWEST, {"tenant": tenant})]
    try:
        head = open_checkpoint(notes[0], key)
    except BadNote as error:
        raise HeadNotIntact(f"The newest checkpoint of {tenant} does not hold: {error}.", remedy=LOOK) from error
    outside = [anchored.note for anchored in read_anchors(anchors) if anchored.origin == key.name]
    if (outside and outside[-1] not in notes) or (not outside and len(notes) > 1):
        raise HeadNotIntact(f"The newest checkpoint of {tenant} is not the one in {anchors.name}.", remedy=LOOK)
    return head.size
