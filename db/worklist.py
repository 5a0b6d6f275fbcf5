"""What waits for people's answers, and what they have answered before. Who may answer is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb

SHORTEST = 12  # characters of a fingerprint by which a person names a proposal; the whole one is compared


@dataclass(frozen=True)
class Waiting:
    """One proposal that waits: what it would do, what it is worth, and which roles are still asked.

    Value and benefit are what the gate found when it decided, not what the proposal says of itself.
    """

    proposal: str
    case: str
    kind: str
    summary: str
    payload: Mapping[str, object]
    value: Decimal
    currency: str
    expected_benefit: Decimal
    benefit_lower: Decimal
    tail_loss: Decimal
    expires_at: datetime
    fingerprint: str
    asked: list[str]
    reasons: list[dict[str, str]]


@dataclass(frozen=True)
class Rejection:
    """Who said no to an order, and why."""

    person: str
    reason: str


WAITING: LiteralString = """
SELECT p.proposal_id::text AS proposal, p.case_id AS case, p.kind, c.summary, p.payload,
       greatest(p.value, (d.input ->> 'value')::numeric) AS value, p.currency,
       coalesce((d.input ->> 'expected_benefit')::numeric, p.expected_benefit) AS expected_benefit,
       coalesce((d.input ->> 'benefit_lower')::numeric, p.benefit_lower) AS benefit_lower,
       coalesce((d.input ->> 'tail_loss')::numeric, p.tail_loss) AS tail_loss, p.expires_at, p.fingerprint,
       ARRAY(SELECT unnest(d.approver_roles) EXCEPT SELECT role FROM approval a WHERE a.proposal_id = p.proposal_id)
           AS asked,
       d.reasons
  FROM proposal p
  JOIN proposal_state s USING (tenant, proposal_id)
  JOIN case_file c USING (tenant, case_id)
  JOIN decision d USING (tenant, proposal_id)
 WHERE s.state = 'waiting' AND d.stage = 'proposal'
 ORDER BY c.money_at_risk DESC, p.created_at"""

NEWEST_OF_CASE: LiteralString = """
SELECT proposal_id FROM proposal WHERE case_id = %(case_id)s ORDER BY created_at DESC LIMIT 1"""

# The same order whoever proposed it and for whichever case; on which days it would be carried out does not make it new.
REJECTED: LiteralString = """
SELECT a.person, a.reason
  FROM proposal p
  JOIN proposal_state s USING (tenant, proposal_id)
  JOIN approval a USING (tenant, proposal_id)
  JOIN evidence e USING (tenant, evidence_id)
 WHERE p.sku = %(sku)s AND s.state = 'rejected' AND a.verdict = 'rejected'
   AND p.payload - %(days)s::text[] = %(payload)s::jsonb - %(days)s::text[]
   AND e.versions ->> 'data_batch' = %(batch)s AND e.versions ->> 'model' = %(model)s
 ORDER BY a.at DESC LIMIT 1"""
DAYS = ("ship_on", "arrive_on", "deliver_on")


def waiting(connection: Connection[DictRow]) -> list[Waiting]:
    """Proposals that wait, most money at risk first."""
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(WAITING).fetchall()


def newest_of_case(connection: Connection[DictRow], case_id: str) -> UUID | None:
    """The case's newest proposal, whatever became of it."""
    row = connection.execute(NEWEST_OF_CASE, {"case_id": case_id}).fetchone()
    return None if row is None else row["proposal_id"]


def rejected_before(
    connection: Connection[DictRow], payload: Mapping[str, object], *, batch: str, model: str
) -> Rejection | None:
    """The newest no of a person to this very order, on the same data batch and demand model."""
    values = {"sku": payload["sku"], "payload": Jsonb(payload), "days": list(DAYS), "batch": batch, "model": model}
    with connection.cursor(row_factory=class_row(Rejection)) as cursor:
        return cursor.execute(REJECTED, values).fetchone()
