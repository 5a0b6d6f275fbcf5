"""Threads of conversations: whose each is, whether a turn is under way, and tidying of what the graph's saver left.

A thread belongs to the person who began it. Whoever calls appends the audit event in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row


@dataclass(frozen=True)
class Thread:
    """`memory` is the key under which the graph's saver keeps what the thread remembers; `case_id` what it is about."""

    thread_id: str
    person: str
    memory: UUID
    case_id: str | None
    created_at: datetime
    used_at: datetime


BEGIN: LiteralString = """
INSERT INTO thread (thread_id, person, case_id) VALUES (%(thread_id)s, %(person)s, %(case_id)s)
ON CONFLICT DO NOTHING"""

FIND: LiteralString = """
SELECT thread_id, person, memory, case_id, created_at, used_at FROM thread
 WHERE thread_id = %(thread_id)s AND person = %(person)s"""

CLAIM: LiteralString = """
UPDATE thread SET busy_until = clock_timestamp() + %(seconds)s * interval '1 second', used_at = clock_timestamp(),
       case_id = coalesce(%(case_id)s, case_id)
 WHERE thread_id = %(thread_id)s AND person = %(person)s
   AND (busy_until IS NULL OR busy_until < clock_timestamp())
RETURNING thread_id, person, memory, case_id, created_at, used_at"""

# A turn that outlived its claim must not end the one that came after it.
RELEASE: LiteralString = "UPDATE thread SET busy_until = NULL WHERE memory = %(memory)s AND used_at = %(used_at)s"

# Only the newest checkpoint is ever read again; the values that it names are kept with it.
FORGET_OLDER: tuple[LiteralString, ...] = (
    """
DELETE FROM checkpoints c WHERE c.thread_id = %(memory)s
   AND c.checkpoint_id < (SELECT max(n.checkpoint_id) FROM checkpoints n WHERE n.thread_id = c.thread_id)""",
    """
DELETE FROM checkpoint_blobs b WHERE b.thread_id = %(memory)s
   AND NOT EXISTS (SELECT FROM checkpoints c WHERE c.thread_id = b.thread_id
                      AND c.checkpoint -> 'channel_versions' ->> b.channel = b.version)""",
    """
DELETE FROM checkpoint_writes w WHERE w.thread_id = %(memory)s
   AND NOT EXISTS (SELECT FROM checkpoints c WHERE c.thread_id = w.thread_id AND c.checkpoint_id = w.checkpoint_id)""",
)


def begin(connection: Connection[DictRow], thread_id: str, person: str, case_id: str | None) -> None:
    """Makes the thread unless there is one of that name in the tenant, whoever's it is."""
    connection.execute(BEGIN, {"thread_id": thread_id, "person": person, "case_id": case_id})


def find(connection: Connection[DictRow], thread_id: str, person: str) -> Thread | None:
    """The person's own thread of that name; another's is not found."""
    return _one(connection, FIND, {"thread_id": thread_id, "person": person})


def claim(
    connection: Connection[DictRow], thread_id: str, person: str, *, case_id: str | None, seconds: float
) -> Thread | None:
    """Takes the person's thread for a turn of at most `seconds`; None while another turn has it or there is none."""
    values = {"thread_id": thread_id, "person": person, "case_id": case_id, "seconds": seconds}
    return _one(connection, CLAIM, values)


def release(connection: Connection[DictRow], thread: Thread) -> None:
    """Ends the turn that claimed `thread` and forgets the checkpoints that a newer one replaced."""
    connection.execute(RELEASE, {"memory": thread.memory, "used_at": thread.used_at})
    for statement in FORGET_OLDER:
        connection.execute(statement, {"memory": str(thread.memory)})


def _one(connection: Connection[DictRow], sql: LiteralString, values: Mapping[str, object]) -> Thread | None:
    with connection.cursor(row_factory=class_row(Thread)) as cursor:
        return cursor.execute(sql, values).fetchone()
