"""What each case that is not closed was last worked on, and whether its finding stands. It decides nothing.

As in `db.cases`, whoever moves a case appends the audit event in the same transaction (`cases.open`, `cases.life`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.sweeps import Facts

# A proposal in one of these states may still become a write, or has been sent.
UNDER_WAY = ("pending", "waiting", "approved", "sent", "unknown")


@dataclass(frozen=True)
class Life:
    """Where a case is in its life.

    `worked_*` is the end of its last round and what that stood on, None before the first. `reported_at` is when an
    event from outside opened it, None when a sweep did. `under_way` are the states of proposals that are not over.
    """

    case_id: str
    worked_at: datetime | None
    worked_batch: UUID | None
    worked_model: UUID | None
    worked_money: Decimal | None
    worked_severity: str | None
    gone_since: datetime | None
    reported_at: datetime | None
    under_way: list[str]


@dataclass(frozen=True)
class Ending:
    """The newest proposal of a case's present round: its order, where it stands and since when."""

    case_id: str
    proposal_id: UUID
    payload: Mapping[str, object]
    state: str
    changed_at: datetime
    now: datetime


# Locked before anything is judged: a proposal that is being made holds the row as well (`SHARE`), and is seen after.
LOCK: LiteralString = """
SELECT case_id FROM case_file WHERE status <> 'closed' ORDER BY case_id FOR NO KEY UPDATE"""

LIVES: LiteralString = """
SELECT c.case_id, c.worked_at, c.worked_batch, c.worked_model, c.worked_money, c.worked_severity, c.gone_since,
       e.received_at AS reported_at,
       ARRAY(SELECT s.state FROM proposal p JOIN proposal_state s USING (tenant, proposal_id)
              WHERE p.case_id = c.case_id AND s.state = ANY (%(under_way)s) ORDER BY p.created_at) AS under_way
  FROM case_file c
  LEFT JOIN event e ON e.tenant = c.tenant AND e.source = c.event_source AND e.event_id = c.event_id
                   AND e.type <> 'sweep'
 WHERE c.status <> 'closed'"""

ENDINGS: LiteralString = """
SELECT DISTINCT ON (p.case_id) p.case_id, p.proposal_id, p.payload, s.state, s.changed_at, clock_timestamp() AS now
  FROM proposal p JOIN proposal_state s USING (tenant, proposal_id) JOIN case_file c USING (tenant, case_id)
 WHERE c.status = 'triaged' AND p.created_at >= coalesce(c.reopened_at, c.opened_at)
 ORDER BY p.case_id, p.created_at DESC"""

PROPOSED: LiteralString = """
SELECT EXISTS (SELECT FROM proposal p JOIN case_file c USING (tenant, case_id)
                WHERE c.case_id = %(case_id)s AND p.created_at >= coalesce(c.reopened_at, c.opened_at)) AS made"""

WORKED: LiteralString = """
UPDATE case_file SET status = 'triaged', note = %(note)s, worked_at = clock_timestamp(), worked_batch = %(batch_id)s,
       worked_model = %(model_id)s, worked_money = money_at_risk, worked_severity = severity
 WHERE case_id = %(case_id)s AND status = 'open' RETURNING case_id"""

GONE: LiteralString = """
UPDATE case_file SET gone_since = now(), note = %(note)s WHERE case_id = %(case_id)s AND gone_since IS NULL"""

BACK: LiteralString = "UPDATE case_file SET gone_since = NULL, note = %(note)s WHERE case_id = %(case_id)s"

POINTLESS: LiteralString = """
SELECT p.proposal_id FROM proposal p JOIN proposal_state s USING (tenant, proposal_id)
  JOIN case_file c USING (tenant, case_id)
 WHERE s.state = 'waiting' AND (c.gone_since IS NOT NULL OR c.status = 'closed') ORDER BY p.created_at"""

HOLD: LiteralString = "SELECT status FROM case_file WHERE case_id = %(case_id)s FOR SHARE"

QUEUED: LiteralString = """
SELECT DISTINCT j.args ->> 'case_id' AS case_id
  FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
 WHERE j.args ->> 'tenant' = %(tenant)s AND j.args ->> 'case_id' IS NOT NULL
   AND (j.status = 'todo' OR (j.status = 'doing' AND w.last_heartbeat > now() - interval '30 s'))"""


def lock_lives(connection: Connection[DictRow]) -> dict[str, Life]:
    """Every case that is not closed, by id; nobody else moves one until the transaction ends."""
    connection.execute(LOCK)
    with connection.cursor(row_factory=class_row(Life)) as cursor:
        return {life.case_id: life for life in cursor.execute(LIVES, {"under_way": list(UNDER_WAY)})}


def endings(connection: Connection[DictRow]) -> dict[str, Ending]:
    """Where the last round of each triaged case ended; without a proposal in that round it is left out."""
    with connection.cursor(row_factory=class_row(Ending)) as cursor:
        return {one.case_id: one for one in cursor.execute(ENDINGS)}


def has_proposal(connection: Connection[DictRow], case_id: str) -> bool:
    """Whether the case's present round has made a proposal."""
    row = connection.execute(PROPOSED, {"case_id": case_id}).fetchone()
    return row is not None and bool(row["made"])


def worked(connection: Connection[DictRow], case_id: str, facts: Facts, note: str) -> bool:
    """Ends a round on `facts`; False when the case is not open any more."""
    values = {"case_id": case_id, "note": note, "batch_id": facts.batch_id, "model_id": facts.model_id}
    return connection.execute(WORKED, values).fetchone() is not None


def mark_gone(connection: Connection[DictRow], case_id: str, note: str) -> None:
    """Since now the finding is gone."""
    connection.execute(GONE, {"case_id": case_id, "note": note})


def mark_back(connection: Connection[DictRow], case_id: str, note: str) -> None:
    """The finding stands again."""
    connection.execute(BACK, {"case_id": case_id, "note": note})


def pointless(connection: Connection[DictRow]) -> list[UUID]:
    """Proposals that wait for an answer although what their case was about is gone."""
    return [row["proposal_id"] for row in connection.execute(POINTLESS)]


def hold_open(connection: Connection[DictRow], case_id: str) -> bool:
    """Keeps the case from being closed until the transaction ends; False when it is closed or not there."""
    row = connection.execute(HOLD, {"case_id": case_id}).fetchone()
    return row is not None and row["status"] != "closed"


def queued(connection: Connection[DictRow], tenant: str) -> frozenset[str]:
    """Cases with a job that waits or is being done by a worker that lives."""
    return frozenset(str(row["case_id"]) for row in connection.execute(QUEUED, {"tenant": tenant}))
