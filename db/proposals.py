"""Proposals as people look at them: what was frozen, where it stands, what was decided, answered and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.actions import Kind, Outcome, ProposalRow

State = Literal[
    "pending", "observed", "denied", "waiting", "approved", "rejected", "expired", "sent", "unknown", "confirmed",
    "conflict", "failed",
]  # fmt: skip


@dataclass(frozen=True)
class ProposalView(ProposalRow):
    """A proposal with what became of it; `outcome` is None until the gate has answered, `document` until it is written.

    `value` is the gate's where that is higher than the proposal's own. `reasons` are those of the gate's first answer;
    `approvals` the answers of people; `problem` the write's last error.
    """

    created_at: datetime
    state: State
    state_since: datetime
    outcome: Outcome | None
    reasons: Sequence[Mapping[str, Any]]
    approver_roles: list[str]
    approvals: Sequence[Mapping[str, Any]]
    target: str | None
    document: Mapping[str, Any] | None
    problem: str


VIEW: LiteralString = """
SELECT p.proposal_id, p.case_id, p.kind, p.payload, p.evidence_id,
       greatest(p.value, (d.input ->> 'value')::numeric) AS value, p.currency, p.reversible,
       p.expected_benefit, p.benefit_lower, p.tail_loss, p.probability_better, p.data_as_of, p.idempotency_key,
       p.fingerprint, p.proposed_by, p.on_behalf_of, p.expires_at, p.created_at, s.state, s.changed_at AS state_since,
       d.outcome, coalesce(d.reasons, '[]') AS reasons, coalesce(d.approver_roles, '{}') AS approver_roles,
       coalesce((SELECT jsonb_agg(jsonb_build_object('role', a.role, 'verdict', a.verdict, 'person', a.person,
                                                     'reason', a.reason, 'at', a.at) ORDER BY a.at)
                   FROM approval a WHERE a.proposal_id = p.proposal_id), '[]') AS approvals,
       o.target, o.document, coalesce(o.last_error, '') AS problem
  FROM proposal p
  JOIN proposal_state s USING (tenant, proposal_id)
  LEFT JOIN decision d ON d.tenant = p.tenant AND d.proposal_id = p.proposal_id AND d.stage = 'proposal'
  LEFT JOIN outbox o ON o.tenant = p.tenant AND o.proposal_id = p.proposal_id"""
ONE: LiteralString = VIEW + " WHERE p.proposal_id = %(proposal_id)s"
NEWEST: LiteralString = (
    VIEW
    + """
 WHERE (%(state)s::text IS NULL OR s.state = %(state)s) AND (%(kind)s::text IS NULL OR p.kind = %(kind)s)
   AND (%(case_id)s::text IS NULL OR p.case_id = %(case_id)s)
   AND (%(before)s::timestamptz IS NULL OR (p.created_at, p.proposal_id) < (%(before)s, %(before_id)s::uuid))
 ORDER BY p.created_at DESC, p.proposal_id DESC LIMIT %(limit)s"""
)


def view(connection: Connection[DictRow], proposal_id: UUID) -> ProposalView | None:
    """The proposal of that id."""
    with connection.cursor(row_factory=class_row(ProposalView)) as cursor:
        return cursor.execute(ONE, {"proposal_id": proposal_id}).fetchone()


def newest(
    connection: Connection[DictRow],
    *,
    state: State | None = None,
    kind: Kind | None = None,
    case_id: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[ProposalView]:
    """At most `limit` proposals, newest first; `before` is the moment and id of the last one seen."""
    at, before_id = before or (None, None)
    values = {"state": state, "kind": kind, "case_id": case_id, "before": at, "before_id": before_id, "limit": limit}
    with connection.cursor(row_factory=class_row(ProposalView)) as cursor:
        return cursor.execute(NEWEST, values).fetchall()
