"""What became of each case, in the words that the database uses. One query, the same shape for every surface."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

SETTLED = frozenset({"observed", "denied", "waiting", "rejected", "expired", "confirmed", "conflict", "failed", "none"})

OUTCOMES: LiteralString = """
SELECT c.case_id AS id, c.kind, c.sku, c.site, c.status, c.summary, c.money_at_risk, c.currency, c.severity,
       p.proposal_id::text AS proposal, p.fingerprint, p.kind AS action, p.payload,
       greatest(p.value, (d.input ->> 'value')::numeric) AS value, p.expected_benefit, p.benefit_lower,
       p.tail_loss, coalesce(d.outcome, 'none') AS outcome,
       coalesce(s.state, CASE WHEN c.status = 'open' THEN 'open' ELSE 'none' END) AS state,
       coalesce(d.reasons, '[]') AS reasons, coalesce(d.approver_roles, '{}') AS approvers,
       o.document ->> 'number' AS document,
       coalesce(nullif(o.last_error, ''), CASE WHEN c.status = 'open' THEN e.error END) AS problem,
       coalesce(n.note, '') AS note,
       EXISTS (SELECT FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
                WHERE j.args ->> 'case_id' = c.case_id AND j.args ->> 'tenant' = c.tenant
                  AND (j.status = 'todo' OR (j.status = 'doing' AND w.last_heartbeat > now() - interval '30 s')))
           AS queued
  FROM case_file c
  LEFT JOIN LATERAL (SELECT * FROM proposal p WHERE p.case_id = c.case_id ORDER BY p.created_at DESC LIMIT 1) p ON true
  LEFT JOIN decision d ON d.proposal_id = p.proposal_id AND d.stage = 'proposal'
  LEFT JOIN proposal_state s ON s.proposal_id = p.proposal_id
  LEFT JOIN outbox o ON o.proposal_id = p.proposal_id
  LEFT JOIN LATERAL (SELECT e.result ->> 'error' AS error FROM evidence e WHERE e.case_id = c.case_id
                        AND e.status = 'error' ORDER BY e.created_at DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT convert_from(a.body, 'UTF8')::jsonb ->> 'note' AS note FROM audit.event a
                      WHERE a.subject = 'case:' || c.case_id AND a.action = 'case.changed'
                        AND convert_from(a.body, 'UTF8')::jsonb ? 'note' ORDER BY a.position DESC LIMIT 1) n ON true
 WHERE c.case_id = ANY (%(cases)s)
 ORDER BY c.money_at_risk DESC, c.case_id"""


@dataclass(frozen=True)
class CaseOutcome:
    """One case as `triage --json` prints it: `outcome` is the gate's word, `state` the proposal's, `note` ours."""

    id: str
    kind: str
    sku: str | None
    site: str | None
    status: str
    summary: str
    money_at_risk: Decimal
    currency: str
    severity: str
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
    def settled(self) -> bool:
        """True when nothing of ours is still under way: an approved write with a problem waits for the ERP."""
        waits_for_others = (self.state == "open" and not self.queued) or (self.state == "approved" and self.problem)
        return self.state in SETTLED or bool(waits_for_others)


def outcomes_of(connection: Connection[DictRow], case_ids: list[str]) -> list[CaseOutcome]:
    """The cases' outcomes, most money at risk first."""
    with connection.cursor(row_factory=class_row(CaseOutcome)) as cursor:
        return cursor.execute(OUTCOMES, {"cases": case_ids}).fetchall()
