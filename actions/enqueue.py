"""From permitted to enqueued: outbox row, audit event and job, in the transaction of what permits the write."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from actions.jobs import defer_write
from actions.model import Proposal
from actions.port import Precondition, TransferOrder, WriteRequest
from actions.states import advance
from audit.append import append
from audit.events import Action
from db import outbox
from db.outbox import NewOutbox
from domain.context import Context


def enqueue(
    connection: Connection[DictRow],
    context: Context,
    proposal: Proposal,
    judged: Mapping[str, Any],
    *,
    target: str,
    cause: Action,
    data: Mapping[str, object],
) -> UUID:
    """Moves the proposal to approved (recorded as `cause`) and enqueues its write; returns the outbox id.

    `judged` are the facts that the gate decided on. The database refuses the row without decision and approvals.
    """
    advance(connection, context, proposal.proposal_id, "approved", action=cause, data=data)
    request = WriteRequest(
        idempotency_key=proposal.idempotency_key,
        fingerprint=proposal.fingerprint,
        tenant=context.tenant,
        order=proposal.order,
        precondition=Precondition(expected_available=expected_available(proposal, judged)),
    )
    payload = request.model_dump(mode="json")
    outbox_id = outbox.insert(connection, NewOutbox(proposal.proposal_id, target, proposal.idempotency_key, payload))
    append(
        connection,
        context,
        Action.WRITE_ENQUEUED,
        subject=f"proposal:{proposal.proposal_id}",
        data={"outbox_id": outbox_id, "target": target, "request": request.model_dump()},
    )
    defer_write(connection, context.tenant, outbox_id)
    return outbox_id


def expected_available(proposal: Proposal, judged: Mapping[str, Any]) -> Decimal | None:
    """What the source must still have free at the target: the quantity, and of its safety stock what the gate saw left.

    More would fail with every sale at the source, less would let the target break what the gate relied on.
    """
    order = proposal.order
    if not isinstance(order, TransferOrder):
        return None
    left = Decimal(judged["order"]["source_after"])
    safety = Decimal(judged["order"]["source_safety_stock"] or 0)
    return order.quantity + max(Decimal(0), min(left, safety))
