"""Rows of cases and of the events that opened them, and everything that hangs on a case. It decides nothing.

Whoever changes a case appends the audit event in the same transaction (`cases.open`); this module only moves rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, LiteralString, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb

from db.network import Tier

CaseKind = Literal["stockout_risk", "overstock", "late_supply", "expiry_risk", "demand_anomaly", "cold_chain"]
Severity = Literal["low", "medium", "high"]
CaseStatus = Literal["open", "triaged", "closed"]
Row = TypeVar("Row")


@dataclass(frozen=True)
class NewCase:
    """What is known when a case is opened; at most one case that is not closed exists a `subject`."""

    kind: CaseKind
    sku: str | None
    site: str | None
    subject: str
    severity: Severity
    money_at_risk: Decimal
    currency: str
    tier: Tier | None
    at_risk_on: date | None
    summary: str


@dataclass(frozen=True)
class CaseFile(NewCase):
    """A case as it is kept; `event_source` and `event_id` name the event that opened it, `note` is the newest."""

    case_id: str
    status: CaseStatus
    opened_at: datetime
    closed_at: datetime | None
    event_source: str | None
    event_id: str | None
    note: str


@dataclass(frozen=True)
class Standing:
    """A case's newest proposal: its order, where it stands, and the roles whose approval is still missing."""

    case_id: str
    proposal_id: UUID
    payload: Mapping[str, object]
    value: Decimal
    currency: str
    state: str
    asked: list[str]


@dataclass(frozen=True)
class EventRow:
    """An event as it was received; `fingerprint` is over its type, time and payload."""

    source: str
    event_id: str
    type: str
    occurred_at: datetime
    payload: Mapping[str, object]
    fingerprint: str


@dataclass(frozen=True)
class CaseStep:
    """One thing that happened to a case: what kind of row, its id, when, by whom, and its fields."""

    at: datetime
    what: Literal["evidence", "proposal", "decision", "approval", "write", "audit"]
    id: str
    actor: str
    fields: Mapping[str, object]


CASES: LiteralString = """
SELECT kind, sku, site, subject, severity, money_at_risk, currency, tier, at_risk_on, summary, case_id, status,
       opened_at, closed_at, event_source, event_id, note
  FROM case_file"""

ONE: LiteralString = CASES + " WHERE case_id = %(case_id)s"

SOME: LiteralString = CASES + " WHERE case_id = ANY(%(case_ids)s) ORDER BY length(case_id), case_id"

OPEN_ON: LiteralString = CASES + " WHERE subject = ANY(%(subjects)s) AND status <> 'closed'"

OF_EVENT: LiteralString = (
    CASES
    + """
 WHERE event_source = %(source)s AND event_id = %(event_id)s ORDER BY length(case_id), case_id"""
)

ON_SUBJECT: LiteralString = CASES + " WHERE subject = %(subject)s ORDER BY opened_at DESC LIMIT 1"

SEARCH: LiteralString = (
    CASES
    + """
 WHERE status <> 'closed' AND (%(kind)s::text IS NULL OR kind = %(kind)s)
   AND (%(severity)s::text IS NULL OR severity = %(severity)s)
   AND (%(sku)s::text IS NULL OR sku = %(sku)s) AND (%(site)s::text IS NULL OR site = %(site)s)"""
)

# One writer a tenant counts at a time, so that two never take the same number; the lock ends with the transaction.
LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('case_file:' || %(tenant)s, 0))"

LAST_NUMBER: LiteralString = "SELECT coalesce(max(substring(case_id FROM 3)::integer), 0) AS number FROM case_file"

INSERT: LiteralString = """
INSERT INTO case_file (tenant, case_id, kind, sku, site, subject, status, severity, money_at_risk, currency, tier,
                       at_risk_on, summary, event_source, event_id)
VALUES (%(tenant)s, %(case_id)s, %(kind)s, %(sku)s, %(site)s, %(subject)s, 'open', %(severity)s, %(money_at_risk)s,
        %(currency)s, %(tier)s, %(at_risk_on)s, %(summary)s, %(event_source)s, %(event_id)s)
ON CONFLICT (tenant, subject) WHERE status <> 'closed' DO NOTHING RETURNING case_id"""

REFRESH: LiteralString = """
UPDATE case_file SET severity = %(severity)s, money_at_risk = %(money_at_risk)s, at_risk_on = %(at_risk_on)s,
       summary = %(summary)s
 WHERE case_id = %(case_id)s AND status <> 'closed' RETURNING case_id"""

SET_STATUS: LiteralString = """
UPDATE case_file SET status = %(status)s, closed_at = CASE WHEN %(status)s = 'closed' THEN now() END,
       note = %(note)s, reopened_at = CASE WHEN %(status)s = 'open' THEN now() ELSE reopened_at END
 WHERE case_id = %(case_id)s AND status <> 'closed' AND status <> %(status)s RETURNING case_id"""

INSERT_EVENT: LiteralString = """
INSERT INTO event (tenant, source, event_id, type, occurred_at, payload, fingerprint)
VALUES (%(tenant)s, %(source)s, %(event_id)s, %(type)s, %(occurred_at)s, %(payload)s, %(fingerprint)s)
ON CONFLICT DO NOTHING RETURNING event_id"""

ONE_EVENT: LiteralString = """
SELECT source, event_id, type, occurred_at, payload, fingerprint FROM event
 WHERE source = %(source)s AND event_id = %(event_id)s"""

STANDINGS: LiteralString = """
SELECT DISTINCT ON (p.case_id) p.case_id, p.proposal_id, p.payload, p.value, p.currency, s.state,
       CASE WHEN s.state = 'waiting' THEN ARRAY(
         SELECT unnest(d.approver_roles) EXCEPT
         SELECT role FROM approval a WHERE a.proposal_id = p.proposal_id ORDER BY 1)
       ELSE '{}' END AS asked
  FROM proposal p JOIN proposal_state s USING (tenant, proposal_id)
  LEFT JOIN decision d ON d.tenant = p.tenant AND d.proposal_id = p.proposal_id AND d.stage = 'proposal'
 WHERE p.case_id = ANY (%(case_ids)s)
 ORDER BY p.case_id, p.created_at DESC"""

STEPS: LiteralString = """
WITH mine AS (SELECT * FROM proposal WHERE case_id = %(case_id)s)
SELECT created_at AS at, 'evidence' AS what, evidence_id::text AS id, actor,
       jsonb_build_object('tool', tool, 'status', status, 'fingerprint', fingerprint, 'versions', versions) AS fields
  FROM evidence WHERE case_id = %(case_id)s
UNION ALL
SELECT created_at, 'proposal', proposal_id::text, proposed_by,
       jsonb_build_object('kind', kind, 'payload', payload, 'value', value, 'currency', currency,
         'expected_benefit', expected_benefit, 'benefit_lower', benefit_lower, 'tail_loss', tail_loss,
         'evidence_id', evidence_id, 'fingerprint', fingerprint, 'on_behalf_of', on_behalf_of, 'state',
         (SELECT state FROM proposal_state s WHERE s.tenant = mine.tenant AND s.proposal_id = mine.proposal_id))
  FROM mine
UNION ALL
SELECT d.decided_at, 'decision', d.decision_id::text, d.engine,
       jsonb_build_object('proposal_id', d.proposal_id, 'stage', d.stage, 'outcome', d.outcome, 'reasons', d.reasons,
         'approver_roles', d.approver_roles, 'policy_hash', d.policy_hash)
  FROM decision d JOIN mine USING (tenant, proposal_id)
UNION ALL
SELECT a.at, 'approval', a.proposal_id::text || ':' || a.role, a.person,
       jsonb_build_object('proposal_id', a.proposal_id, 'role', a.role, 'verdict', a.verdict, 'reason', a.reason)
  FROM approval a JOIN mine USING (tenant, proposal_id)
UNION ALL
SELECT o.changed_at, 'write', o.outbox_id::text, o.target,
       jsonb_build_object('proposal_id', o.proposal_id, 'target', o.target, 'state', o.state, 'attempts', o.attempts,
         'document', o.document, 'last_error', o.last_error, 'idempotency_key', o.idempotency_key)
  FROM outbox o JOIN mine USING (tenant, proposal_id)
UNION ALL
SELECT e.at, 'audit', e.event_id::text, e.actor_kind || ':' || e.actor_id,
       jsonb_build_object('action', e.action, 'subject', e.subject, 'data', convert_from(e.body, 'UTF8')::jsonb)
  FROM audit.event e
 WHERE e.subject = 'case:' || %(case_id)s OR e.subject IN (SELECT 'proposal:' || proposal_id FROM mine)
ORDER BY at, what, id"""


def find(connection: Connection[DictRow], case_id: str) -> CaseFile | None:
    """The case, or None when this tenant has none of that number."""
    return _one(connection, CaseFile, ONE, {"case_id": case_id})


def open_on(connection: Connection[DictRow], subjects: Sequence[str]) -> dict[str, CaseFile]:
    """Cases that are not closed, by subject."""
    return {case.subject: case for case in _all(connection, OPEN_ON, {"subjects": list(subjects)})}


def of_event(connection: Connection[DictRow], source: str, event_id: str) -> list[CaseFile]:
    """The cases that an event opened."""
    return _all(connection, OF_EVENT, {"source": source, "event_id": event_id})


def on_subject(connection: Connection[DictRow], subject: str) -> list[CaseFile]:
    """The newest case on a subject, closed or not; empty when there never was one."""
    return _all(connection, ON_SUBJECT, {"subject": subject})


def search(
    connection: Connection[DictRow],
    *,
    kind: CaseKind | None = None,
    severity: Severity | None = None,
    sku: str | None = None,
    site: str | None = None,
) -> list[CaseFile]:
    """Cases that are not closed, in no particular order (`cases.rank` has one)."""
    return _all(connection, SEARCH, {"kind": kind, "severity": severity, "sku": sku, "site": site})


def standings(connection: Connection[DictRow], case_ids: Sequence[str]) -> dict[str, Standing]:
    """Where the newest proposal of each case stands; a case without one is left out."""
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        return {one.case_id: one for one in cursor.execute(STANDINGS, {"case_ids": list(case_ids)})}


def insert(
    connection: Connection[DictRow], tenant: str, new: Sequence[NewCase], *, event: tuple[str, str] | None = None
) -> list[CaseFile]:
    """Inserts those whose subject has no case yet, numbered in order; a subject that was taken is left out."""
    connection.execute(LOCK, {"tenant": tenant})
    number = int((connection.execute(LAST_NUMBER).fetchone() or {"number": 0})["number"])
    source, event_id = event or (None, None)
    inserted: list[str] = []
    for case in new:
        case_id = f"C-{number + 1:05d}"
        values = {**vars(case), "tenant": tenant, "case_id": case_id, "event_source": source, "event_id": event_id}
        if connection.execute(INSERT, values).fetchone() is not None:
            inserted.append(case_id)
            number += 1
    return _all(connection, SOME, {"case_ids": inserted})


def refresh(connection: Connection[DictRow], case_id: str, new: NewCase) -> CaseFile | None:
    """Brings money, severity, date and summary up to date; None when the case has been closed meanwhile."""
    moved = connection.execute(REFRESH, {**vars(new), "case_id": case_id}).fetchone()
    return None if moved is None else find(connection, case_id)


def set_status(connection: Connection[DictRow], case_id: str, status: CaseStatus, note: str) -> CaseFile | None:
    """Moves the case, with a note; None when it is closed or already there."""
    values = {"case_id": case_id, "status": status, "note": note}
    moved = connection.execute(SET_STATUS, values).fetchone()
    return None if moved is None else find(connection, case_id)


def insert_event(connection: Connection[DictRow], tenant: str, event: EventRow) -> bool:
    """Keeps the event; False when one of that source and id is kept already."""
    values = {**vars(event), "tenant": tenant, "payload": Jsonb(event.payload)}
    return connection.execute(INSERT_EVENT, values).fetchone() is not None


def find_event(connection: Connection[DictRow], source: str, event_id: str) -> EventRow | None:
    """The event as it was first received."""
    return _one(connection, EventRow, ONE_EVENT, {"source": source, "event_id": event_id})


def steps(connection: Connection[DictRow], case_id: str) -> list[CaseStep]:
    """Everything that happened to a case, oldest first."""
    with connection.cursor(row_factory=class_row(CaseStep)) as cursor:
        return cursor.execute(STEPS, {"case_id": case_id}).fetchall()


def case_of_proposal(connection: Connection[DictRow], proposal_id: UUID) -> str | None:
    """The case that a proposal belongs to."""
    row = connection.execute("SELECT case_id FROM proposal WHERE proposal_id = %s", [proposal_id]).fetchone()
    return None if row is None else str(row["case_id"])


def _all(connection: Connection[DictRow], sql: LiteralString, values: Mapping[str, object]) -> list[CaseFile]:
    with connection.cursor(row_factory=class_row(CaseFile)) as cursor:
        return cursor.execute(sql, values).fetchall()


def _one(
    connection: Connection[DictRow], kind: type[Row], sql: LiteralString, values: Mapping[str, object]
) -> Row | None:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql, values).fetchone()
