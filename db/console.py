"""Rows of the console: threads, what was shown in them, and which proposal a card showed to whom.

Display history and nothing more: no decision is read from here. Every statement that writes names the person whose
thread it is; whoever reads a thread's steps and elements has asked first whose it is (`find_thread`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb

ONE_THREAD: LiteralString = """
SELECT thread_id, person, name, case_id, metadata, created_at FROM console_thread WHERE thread_id = %(thread_id)s"""
MY_THREADS: LiteralString = """
SELECT thread_id, person, name, case_id, metadata, created_at FROM console_thread
 WHERE person = %(person)s AND (%(search)s = '' OR strpos(lower(name), lower(%(search)s)) > 0)
   AND (%(after)s::uuid IS NULL OR (changed_at, thread_id) <
        (SELECT changed_at, thread_id FROM console_thread WHERE thread_id = %(after)s AND person = %(person)s))
 ORDER BY changed_at DESC, thread_id DESC LIMIT %(limit)s"""
BEGIN_THREAD: LiteralString = """
INSERT INTO console_thread (tenant, thread_id, person) VALUES (%(tenant)s, %(thread_id)s, %(person)s)
ON CONFLICT DO NOTHING"""
CHANGE_THREAD: LiteralString = """
UPDATE console_thread SET name = coalesce(%(name)s, name), case_id = coalesce(%(case_id)s, case_id),
       metadata = coalesce(%(metadata)s, metadata), changed_at = clock_timestamp()
 WHERE thread_id = %(thread_id)s AND person = %(person)s"""
DELETE_THREAD: LiteralString = """
DELETE FROM console_thread WHERE thread_id = %(thread_id)s AND person = %(person)s RETURNING thread_id"""

# Whose thread it is, is asked again with every write: an id that a browser sends opens nobody else's.
MINE: LiteralString = """
SELECT FROM console_thread WHERE thread_id = %(thread_id)s AND person = %(person)s"""
PUT_STEP: LiteralString = (
    """
INSERT INTO console_step (tenant, step_id, thread_id, shown_at, body)
SELECT %(tenant)s, %(id)s, %(thread_id)s, %(shown_at)s, %(body)s WHERE EXISTS ("""
    + MINE
    + """)
ON CONFLICT (tenant, step_id) DO UPDATE SET body = EXCLUDED.body WHERE console_step.thread_id = EXCLUDED.thread_id"""
)
DELETE_STEP: LiteralString = """
DELETE FROM console_step s USING console_thread t
 WHERE t.thread_id = s.thread_id AND s.step_id = %(id)s AND t.person = %(person)s"""
STEPS: LiteralString = "SELECT body FROM console_step WHERE thread_id = %(thread_id)s ORDER BY shown_at, step_id"
PUT_ELEMENT: LiteralString = (
    """
INSERT INTO console_element (tenant, element_id, thread_id, body)
SELECT %(tenant)s, %(id)s, %(thread_id)s, %(body)s WHERE EXISTS ("""
    + MINE
    + """)
ON CONFLICT (tenant, element_id) DO UPDATE SET body = EXCLUDED.body
 WHERE console_element.thread_id = EXCLUDED.thread_id"""
)
DELETE_ELEMENT: LiteralString = """
DELETE FROM console_element e USING console_thread t
 WHERE t.thread_id = e.thread_id AND e.element_id = %(id)s AND t.person = %(person)s"""
ELEMENTS: LiteralString = "SELECT body FROM console_element WHERE thread_id = %(thread_id)s ORDER BY element_id"

INSERT_CARD: LiteralString = """
INSERT INTO console_card (tenant, card_id, thread_id, person, case_id, proposal_id, fingerprint, told)
VALUES (%(tenant)s, %(card_id)s, %(thread_id)s, %(person)s, %(case_id)s, %(proposal_id)s, %(fingerprint)s, %(told)s)"""
CARD: LiteralString = """
SELECT card_id, thread_id, person, case_id, proposal_id, fingerprint, told, shown_at FROM console_card"""
ONE_CARD: LiteralString = CARD + " WHERE card_id = %(card_id)s AND person = %(person)s"
CARDS: LiteralString = CARD + " WHERE thread_id = %(thread_id)s AND person = %(person)s ORDER BY shown_at, card_id"
TOLD: LiteralString = """
UPDATE console_card SET told = %(told)s WHERE card_id = %(card_id)s AND person = %(person)s"""

MOMENTS: LiteralString = """
SELECT 'approval:' || a.role AS key, a.at, a.verdict AS what, coalesce(p.name, a.person) AS who, a.role, a.reason,
       '' AS document
  FROM approval a LEFT JOIN person p ON p.person = a.person WHERE a.proposal_id = %(proposal_id)s
UNION ALL
SELECT 'sent', e.at, 'sent', '', '', '', ''
  FROM audit.event e WHERE e.subject = 'proposal:' || %(proposal_id)s::text AND e.action = 'write.sent'
UNION ALL
SELECT 'state:' || s.state, s.changed_at, s.state, '', '', coalesce(o.last_error, ''),
       coalesce(o.document ->> 'number', '')
  FROM proposal_state s LEFT JOIN outbox o ON o.proposal_id = s.proposal_id
 WHERE s.proposal_id = %(proposal_id)s
   AND s.state IN ('confirmed', 'denied', 'expired', 'conflict', 'failed', 'unknown')
ORDER BY at, key"""

NEEDING: LiteralString = """
SELECT case_id FROM case_file WHERE status <> 'closed' OR closed_at > now() - interval '1 day'
 ORDER BY money_at_risk DESC, case_id LIMIT %(limit)s"""
ASKED: LiteralString = """
SELECT p.proposal_id::text AS proposal, coalesce(p.on_behalf_of, '') AS on_behalf_of,
       ARRAY(SELECT unnest(d.approver_roles) EXCEPT SELECT role FROM approval a WHERE a.proposal_id = p.proposal_id)
           AS roles
  FROM proposal p JOIN proposal_state s USING (tenant, proposal_id) JOIN decision d USING (tenant, proposal_id)
 WHERE s.state = 'waiting' AND d.stage = 'proposal'"""


@dataclass(frozen=True)
class ThreadRow:
    """A thread of one person."""

    thread_id: UUID
    person: str
    name: str
    case_id: str | None
    metadata: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class CardRow:
    """A case as shown: the proposal with the fingerprint that was on the screen, and what was told of it since."""

    card_id: UUID
    thread_id: UUID
    person: str
    case_id: str
    proposal_id: UUID | None
    fingerprint: str
    told: list[str]
    shown_at: datetime


@dataclass(frozen=True)
class MomentRow:
    """Something that came of a proposal after it was made; `what` is a verdict or a state, `reason` its words."""

    key: str
    at: datetime
    what: str
    who: str
    role: str
    reason: str
    document: str


@dataclass(frozen=True)
class AskedRow:
    """A proposal that waits: on whose behalf it was made, and the roles that have not answered."""

    proposal: str
    on_behalf_of: str
    roles: list[str]


@dataclass(frozen=True)
class Place:
    """Where something is shown: a thread, and the person whose it must be."""

    tenant: str
    person: str
    thread_id: UUID


def find_thread(connection: Connection[DictRow], thread_id: UUID) -> ThreadRow | None:
    """The thread, whosever it is."""
    with connection.cursor(row_factory=class_row(ThreadRow)) as cursor:
        return cursor.execute(ONE_THREAD, {"thread_id": thread_id}).fetchone()


def threads_of(
    connection: Connection[DictRow], person: str, *, search: str, after: UUID | None, limit: int
) -> list[ThreadRow]:
    """A person's threads, changed last first, from behind `after`."""
    values = {"person": person, "search": search, "after": after, "limit": limit}
    with connection.cursor(row_factory=class_row(ThreadRow)) as cursor:
        return cursor.execute(MY_THREADS, values).fetchall()


def begin_thread(connection: Connection[DictRow], place: Place) -> None:
    """Make the thread where it is not there yet; another's stays another's."""
    connection.execute(BEGIN_THREAD, vars(place))


def change_thread(
    connection: Connection[DictRow],
    place: Place,
    *,
    name: str | None = None,
    case_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Change what is given; None leaves it."""
    values = {"name": None if name is None else name[:200], "case_id": case_id}
    kept = None if metadata is None else Jsonb(dict(metadata))
    connection.execute(CHANGE_THREAD, {**vars(place), **values, "metadata": kept})


def delete_thread(connection: Connection[DictRow], place: Place) -> bool:
    """Remove the thread and all that was shown in it; False where it is not this person's."""
    return connection.execute(DELETE_THREAD, vars(place)).fetchone() is not None


def put_step(
    connection: Connection[DictRow], place: Place, step_id: UUID, shown_at: datetime, body: Mapping[str, Any]
) -> None:
    """Keep a step, or what has become of it."""
    values = {"id": step_id, "shown_at": shown_at, "body": Jsonb(dict(body))}
    connection.execute(PUT_STEP, {**vars(place), **values})


def delete_step(connection: Connection[DictRow], person: str, step_id: UUID) -> None:
    """Remove a step of this person's."""
    connection.execute(DELETE_STEP, {"id": step_id, "person": person})


def steps(connection: Connection[DictRow], thread_id: UUID) -> list[dict[str, Any]]:
    """The steps of a thread in the order in which they were shown."""
    return [row["body"] for row in connection.execute(STEPS, {"thread_id": thread_id})]


def put_element(connection: Connection[DictRow], place: Place, element_id: UUID, body: Mapping[str, Any]) -> None:
    """Keep an element, or what has become of it."""
    connection.execute(PUT_ELEMENT, {**vars(place), "id": element_id, "body": Jsonb(dict(body))})


def delete_element(connection: Connection[DictRow], person: str, element_id: UUID) -> None:
    """Remove an element of this person's."""
    connection.execute(DELETE_ELEMENT, {"id": element_id, "person": person})


def elements(connection: Connection[DictRow], thread_id: UUID) -> list[dict[str, Any]]:
    """The elements of a thread."""
    return [row["body"] for row in connection.execute(ELEMENTS, {"thread_id": thread_id})]


def insert_card(
    connection: Connection[DictRow],
    place: Place,
    card_id: UUID,
    *,
    case_id: str,
    proposal_id: UUID | None,
    fingerprint: str,
    told: Sequence[str],
) -> None:
    """Keep what a card shows; its thread is there."""
    values = {"case_id": case_id, "proposal_id": proposal_id, "fingerprint": fingerprint, "told": list(told)}
    connection.execute(INSERT_CARD, {**vars(place), "card_id": card_id, **values})


def find_card(connection: Connection[DictRow], person: str, card_id: UUID) -> CardRow | None:
    """The card, when it was shown to this person."""
    with connection.cursor(row_factory=class_row(CardRow)) as cursor:
        return cursor.execute(ONE_CARD, {"card_id": card_id, "person": person}).fetchone()


def cards(connection: Connection[DictRow], person: str, thread_id: UUID) -> list[CardRow]:
    """The cards that were shown to this person in a thread, oldest first."""
    with connection.cursor(row_factory=class_row(CardRow)) as cursor:
        return cursor.execute(CARDS, {"thread_id": thread_id, "person": person}).fetchall()


def keep_told(connection: Connection[DictRow], person: str, card_id: UUID, told: Sequence[str]) -> None:
    """Remember what has been said of a card's proposal."""
    connection.execute(TOLD, {"card_id": card_id, "person": person, "told": list(told)})


def moments(connection: Connection[DictRow], proposal_id: UUID) -> list[MomentRow]:
    """What people and the ERP have said to a proposal so far, oldest first."""
    with connection.cursor(row_factory=class_row(MomentRow)) as cursor:
        return cursor.execute(MOMENTS, {"proposal_id": proposal_id}).fetchall()


def needing_attention(connection: Connection[DictRow], limit: int) -> list[str]:
    """Cases that are open or were closed within a day, most money at risk first."""
    return [row["case_id"] for row in connection.execute(NEEDING, {"limit": limit})]


def asked(connection: Connection[DictRow]) -> dict[str, AskedRow]:
    """Proposals that wait, by id."""
    with connection.cursor(row_factory=class_row(AskedRow)) as cursor:
        return {row.proposal: row for row in cursor.execute(ASKED).fetchall()}
