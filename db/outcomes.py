"""What became of each case: its newest proposal, the gate's word on it, how far its write got. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.cases import Severity
from db.network import Tier

SETTLED = frozenset({"observed", "denied", "waiting", "rejected", "expired", "confirmed", "conflict", "failed", "none"})

OUTCOMES: LiteralString = """
SELECT c.case_id AS id, c.kind, c.sku, c.site, c.status, c.summary, c.money_at_risk, c.currency, c.severity,
       c.tier, c.at_risk_on,
       p.proposal_id::text AS proposal, p.fingerprint, p.kind AS action, p.payload,
       greatest(p.value, (d.input ->> 'value')::numeric) AS value, p.expected_benefit, p.benefit_lower,
       p.tail_loss, coalesce(d.outcome, 'none') AS outcome,
       coalesce(s.state, CASE WHEN c.status = 'open' THEN 'open' ELSE 'none' END) AS state,
       coalesce(d.reasons, '[]') AS reasons, coalesce(d.approver_roles, '{}') AS approvers,
       o.document ->> 'number' AS document,
       coalesce(nullif(o.last_error, ''), CASE WHEN c.status = 'open' THEN e.error END) AS problem,
       c.note,
       EXISTS (SELECT FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
                WHERE j.args ->> 'case_id' = c.case_id AND j.args ->> 'tenant' = c.tenant
                  AND (j.status = 'todo' OR (j.status = 'doing' AND w.last_heartbeat > now() - interval '30 s')))
           AS queued
  FROM case_file c
  LEFT JOIN LATERAL (SELECT * FROM proposal p
                      WHERE p.case_id = c.case_id AND p.created_at >= coalesce(c.reopened_at, c.opened_at)
                      ORDER BY p.created_at DESC LIMIT 1) p ON true
  LEFT JOIN decision d ON d.proposal_id = p.proposal_id AND d.stage = 'proposal'
  LEFT JOIN proposal_state s ON s.proposal_id = p.proposal_id
  LEFT JOIN outbox o ON o.proposal_id = p.proposal_id
  LEFT JOIN LATERAL (SELECT e.result ->> 'error' AS error FROM evidence e WHERE e.case_id = c.case_id
                        AND e.status = 'error' AND e.created_at >= coalesce(c.reopened_at, c.opened_at)
                      ORDER BY e.created_at DESC LIMIT 1) e ON true
 WHERE c.case_id = ANY (%(case_ids)s)"""


@dataclass(frozen=True)
class CaseOutcome:
    """One case: `outcome` is the gate's word, `state` the proposal's, `note` ours.

    Of proposals only the newest of the present round counts: what was proposed before a case was reopened is history.
    """

    id: str
    kind: str
    sku: str | None
    site: str | None
    status: str
    summary: str
    money_at_risk: Decimal
    currency: str
    severity: Severity
    tier: Tier | None
    at_risk_on: date | None
    proposal: str | None
    fingerprint: str | None
    action: str | None
    payload: dict[str, object] | None
    value: Decimal | None
    expected_benefit: Decimal | None
    benefit_lower: Decimal | None
    tail_loss: Decimal | None
    outcome: str
    state: str
    reasons: list[dict[str, str]]
    approvers: list[str]
    document: str | None
    problem: str | None
    note: str
    queued: bool

    @property
    def case_id(self) -> str:
        """The case's id, as a case file calls it."""
        return self.id

    @property
    def settled(self) -> bool:
        """True when nothing of ours is still under way: an approved write with a problem waits for the ERP."""
        waits_for_others = (self.state == "open" and not self.queued) or (self.state == "approved" and self.problem)
        return self.state in SETTLED or bool(waits_for_others)


def of_cases(connection: Connection[DictRow], case_ids: Sequence[str]) -> list[CaseOutcome]:
    """The outcomes of these cases, in no particular order."""
    with connection.cursor(row_factory=class_row(CaseOutcome)) as cursor:
        return cursor.execute(OUTCOMES, {"case_ids": list(case_ids)}).fetchall()
