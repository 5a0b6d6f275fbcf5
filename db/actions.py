"""Rows of proposals, decisions and approvals, and what else is under way. It moves rows and decides nothing.

Every function takes a connection inside a tenant's transaction. States move through `actions.states` only, which
knows what may follow what and records it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, LiteralString, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb

Kind = Literal["transfer", "purchase"]
Stage = Literal["proposal", "before_write"]
Outcome = Literal["automatic", "approval", "denied", "observed"]
Verdict = Literal["approved", "rejected"]
Row = TypeVar("Row")


@dataclass(frozen=True)
class ProposalRow:
    """A proposal as it was frozen; `payload` is the order, money is in `currency`."""

    proposal_id: UUID
    case_id: str
    kind: Kind
    payload: Mapping[str, Any]
    evidence_id: UUID
    value: Decimal
    currency: str
    reversible: bool
    expected_benefit: Decimal
    benefit_lower: Decimal
    tail_loss: Decimal
    probability_better: Decimal
    data_as_of: datetime
    idempotency_key: str
    fingerprint: str
    proposed_by: str
    on_behalf_of: str | None
    expires_at: datetime


@dataclass(frozen=True)
class NewDecision:
    """What the gate said about a proposal; `input` is all it saw."""

    proposal_id: UUID
    stage: Stage
    outcome: Outcome
    reasons: Sequence[Mapping[str, object]]
    approver_roles: list[str]
    policy_hash: str
    engine: str
    input: Mapping[str, Any]


@dataclass(frozen=True)
class DecisionRow(NewDecision):
    """A decision as it is kept."""

    decision_id: UUID
    decided_at: datetime


@dataclass(frozen=True)
class ApprovalRow:
    """A person's answer in one role, to the proposal with this fingerprint."""

    proposal_id: UUID
    role: str
    verdict: Verdict
    person: str
    reason: str
    fingerprint: str


@dataclass(frozen=True)
class OpenOrder:
    """Another order for the same item that is under way; `source` is None for a purchase."""

    proposal_id: UUID
    source: str | None
    destination: str
    quantity: Decimal


INSERT_PROPOSAL: LiteralString = """
INSERT INTO proposal (proposal_id, case_id, kind, payload, evidence_id, value, currency, reversible, expected_benefit,
        benefit_lower, tail_loss, probability_better, data_as_of, idempotency_key, fingerprint, proposed_by,
        on_behalf_of, expires_at)
VALUES (%(proposal_id)s, %(case_id)s, %(kind)s, %(payload)s, %(evidence_id)s, %(value)s, %(currency)s, %(reversible)s,
        %(expected_benefit)s, %(benefit_lower)s, %(tail_loss)s, %(probability_better)s, %(data_as_of)s,
        %(idempotency_key)s, %(fingerprint)s, %(proposed_by)s, %(on_behalf_of)s, %(expires_at)s)"""
ONE_PROPOSAL: LiteralString = """
SELECT proposal_id, case_id, kind, payload, evidence_id, value, currency, reversible, expected_benefit, benefit_lower,
       tail_loss, probability_better, data_as_of, idempotency_key, fingerprint, proposed_by, on_behalf_of, expires_at
  FROM proposal WHERE proposal_id = %(proposal_id)s"""
STATE: LiteralString = "SELECT state FROM proposal_state WHERE proposal_id = %(proposal_id)s"
LOCK_STATE: LiteralString = STATE + " FOR UPDATE"
SET_STATE: LiteralString = """
UPDATE proposal_state SET state = %(state)s, changed_at = clock_timestamp() WHERE proposal_id = %(proposal_id)s"""

# One decision of a tenant at a time: budget and conflicts are sums over what the others decided.
LOCK_DECISIONS: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('decision:' || %(tenant)s, 0))"
INSERT_DECISION: LiteralString = """
INSERT INTO decision (proposal_id, stage, outcome, reasons, approver_roles, policy_hash, engine, input)
VALUES (%(proposal_id)s, %(stage)s, %(outcome)s, %(reasons)s, %(approver_roles)s, %(policy_hash)s, %(engine)s,
        %(input)s)
RETURNING decision_id, decided_at, proposal_id, stage, outcome, reasons, approver_roles, policy_hash, engine, input"""
FIRST_DECISION: LiteralString = """
SELECT decision_id, decided_at, proposal_id, stage, outcome, reasons, approver_roles, policy_hash, engine, input
  FROM decision WHERE proposal_id = %(proposal_id)s AND stage = 'proposal'"""

CLAIM_APPROVAL: LiteralString = """
INSERT INTO approval (proposal_id, role, verdict, person, reason, fingerprint)
VALUES (%(proposal_id)s, %(role)s, %(verdict)s, %(person)s, %(reason)s, %(fingerprint)s)
ON CONFLICT DO NOTHING RETURNING role"""
APPROVALS: LiteralString = """
SELECT proposal_id, role, verdict, person, reason, fingerprint FROM approval
 WHERE proposal_id = %(proposal_id)s ORDER BY at"""

# Under way: waiting, on its way to the target, or confirmed there and not shown by the data yet, so that what they say
# about stock is not the whole truth. They show it once stock was counted after it and, where open orders are delivered
# too, those were. Where they never are, only a count on a day after the goods were due shows it: until then the goods
# are in no file. Where the clock is held (simulated or historical data) the moment of the import stands for that of the
# data. A write that ended badly and left a document standing counts too.
OPEN_ORDERS: LiteralString = """
WITH delivery AS (
    SELECT b.files, b.as_of,
           CASE WHEN t.clock_at IS NULL THEN least(b.as_of, b.imported_at) ELSE b.imported_at END AS at
      FROM import_batch b JOIN tenant t USING (tenant)
), newest AS (
    SELECT kind, max(at) FILTER (WHERE files @> counted) AS counted_at,
           (max(as_of) FILTER (WHERE files @> counted))::date AS counted_on,
           max(at) FILTER (WHERE files @> own) AS listed_at
      FROM delivery CROSS JOIN (VALUES ('transfer', '[{"table": "transfer_orders"}]'::jsonb),
                                       ('purchase', '[{"table": "purchase_orders"}]'::jsonb)) AS ours (kind, own),
           (VALUES ('[{"table": "stock"}]'::jsonb)) AS count (counted)
     GROUP BY kind
)
SELECT p.proposal_id, p.payload ->> 'source' AS source,
       coalesce(p.payload ->> 'destination', p.payload ->> 'site') AS destination,
       (p.payload ->> 'quantity')::numeric AS quantity
  FROM proposal p JOIN proposal_state s USING (tenant, proposal_id) LEFT JOIN newest n USING (kind)
 CROSS JOIN LATERAL (
    -- Of what was never written nothing is read: the agent alone has seen it.
    SELECT CASE WHEN s.state NOT IN ('confirmed', 'failed', 'conflict') THEN NULL
                WHEN n.listed_at IS NOT NULL THEN s.changed_at <= n.counted_at AND s.changed_at <= n.listed_at
                ELSE s.changed_at <= n.counted_at
                 AND coalesce(p.payload ->> 'arrive_on', p.payload ->> 'deliver_on')::date < n.counted_on
           END AS is_shown
 ) AS data
 WHERE p.sku = %(sku)s AND p.proposal_id <> %(proposal_id)s
   AND (s.state IN ('approved', 'sent', 'unknown') OR (s.state = 'waiting' AND p.expires_at > now())
        OR (data.is_shown IS NOT TRUE AND (s.state = 'confirmed'
            OR (s.state IN ('failed', 'conflict') AND p.proposal_id IN (
                 SELECT o.proposal_id FROM outbox o WHERE o.document ->> 'standing' <> 'cancelled')))))
 ORDER BY p.created_at"""
# What was let through without a person and was or may still be written, at the value that it was let through for: the
# proposal's own word for it is the agent's.
AUTOMATIC: LiteralString = """
SELECT coalesce(sum((d.input ->> 'value')::numeric), 0) AS total
  FROM decision d JOIN proposal p USING (tenant, proposal_id) JOIN proposal_state s USING (tenant, proposal_id)
 WHERE d.stage = 'proposal' AND d.outcome = 'automatic' AND d.decided_at > clock_timestamp() - %(period)s
   AND p.proposal_id <> %(proposal_id)s AND s.state NOT IN ('denied', 'expired', 'conflict')"""
# A place without a row may have sold out, or its data may have stopped coming: it is as old as the newest import.
STOCK_AS_OF: LiteralString = """
SELECT min(coalesce((SELECT min(b.as_of) FROM stock s JOIN import_batch b USING (tenant, batch_id)
                      WHERE s.sku = %(sku)s AND s.site = place.site),
                    (SELECT max(as_of) FROM import_batch))) AS as_of
  FROM unnest(%(sites)s::text[]) AS place (site)"""
NOW: LiteralString = "SELECT clock_timestamp() AS now"


def insert_proposal(connection: Connection[DictRow], proposal: ProposalRow) -> None:
    """Keeps the proposal; a trigger starts its state as pending."""
    connection.execute(INSERT_PROPOSAL, {**vars(proposal), "payload": Jsonb(proposal.payload)})


def proposal(connection: Connection[DictRow], proposal_id: UUID) -> ProposalRow | None:
    """The proposal, or None when this tenant has none of that id."""
    return _one(connection, ProposalRow, ONE_PROPOSAL, {"proposal_id": proposal_id})


def state_of(connection: Connection[DictRow], proposal_id: UUID, *, lock: bool = False) -> str | None:
    """The proposal's state; with `lock` nobody else moves it until this transaction ends."""
    row = connection.execute(LOCK_STATE if lock else STATE, {"proposal_id": proposal_id}).fetchone()
    return None if row is None else str(row["state"])


def set_state(connection: Connection[DictRow], proposal_id: UUID, state: str) -> None:
    """For `actions.states` alone."""
    connection.execute(SET_STATE, {"proposal_id": proposal_id, "state": state})


def lock_decisions(connection: Connection[DictRow], tenant: str) -> None:
    """Waits until no other decision of this tenant is being made; held to the end of the transaction."""
    connection.execute(LOCK_DECISIONS, {"tenant": tenant})


def insert_decision(connection: Connection[DictRow], decision: NewDecision) -> DecisionRow:
    """Keeps a decision. The database refuses a second one of stage 'proposal'."""
    values = {**vars(decision), "reasons": Jsonb(list(decision.reasons)), "input": Jsonb(decision.input)}
    row = _one(connection, DecisionRow, INSERT_DECISION, values)
    assert row is not None  # INSERT … RETURNING without ON CONFLICT gives a row or raises
    return row


def first_decision(connection: Connection[DictRow], proposal_id: UUID) -> DecisionRow | None:
    """The decision about the proposal itself."""
    return _one(connection, DecisionRow, FIRST_DECISION, {"proposal_id": proposal_id})


def claim_approval(connection: Connection[DictRow], approval: ApprovalRow) -> bool:
    """Keeps the answer; False when somebody has answered in this role before."""
    return connection.execute(CLAIM_APPROVAL, vars(approval)).fetchone() is not None


def approvals(connection: Connection[DictRow], proposal_id: UUID) -> list[ApprovalRow]:
    """The answers so far, oldest first."""
    return _all(connection, ApprovalRow, APPROVALS, {"proposal_id": proposal_id})


def open_orders(connection: Connection[DictRow], sku: str, *, but: UUID) -> list[OpenOrder]:
    """Other orders for the item that are under way and that our data do not show yet."""
    return _all(connection, OpenOrder, OPEN_ORDERS, {"sku": sku, "proposal_id": but})


def automatic_total(connection: Connection[DictRow], period: timedelta, *, but: UUID) -> Decimal:
    """Value that was let through without a person in the last `period`, in the tenant's currency."""
    row = connection.execute(AUTOMATIC, {"period": period, "proposal_id": but}).fetchone()
    return Decimal(0) if row is None else row["total"]


def stock_as_of(connection: Connection[DictRow], sku: str, sites: Sequence[str]) -> datetime | None:
    """The moment that the oldest stock row of the item at these sites describes; None when nothing was imported."""
    row = connection.execute(STOCK_AS_OF, {"sku": sku, "sites": list(sites)}).fetchone()
    return None if row is None else row["as_of"]


def now(connection: Connection[DictRow]) -> datetime:
    """The database's clock, by which proposals expire."""
    row = connection.execute(NOW).fetchone()
    assert row is not None
    return row["now"]


def _one(
    connection: Connection[DictRow], kind: type[Row], sql: LiteralString, values: Mapping[str, object]
) -> Row | None:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql, values).fetchone()


def _all(
    connection: Connection[DictRow], kind: type[Row], sql: LiteralString, values: Mapping[str, object]
) -> list[Row]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql, values).fetchall()
