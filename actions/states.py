"""What may follow what in the life of a proposal and of its write, as two tables. Every move goes through here.

A move of a proposal is an audit event in the same transaction; a write moves together with its proposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from actions.errors import NotInThisState
from audit.append import append
from audit.events import Action
from db import actions as rows
from db import outbox
from db.outbox import OutboxRow
from domain.context import Context
from domain.errors import NotFound

ProposalState: TypeAlias = Literal[
    "pending", "observed", "denied", "waiting", "approved", "rejected", "expired",
    "sent", "unknown", "confirmed", "conflict", "failed",
]  # fmt: skip
WriteState: TypeAlias = Literal["pending", "sending", "confirmed", "unknown", "conflict", "failed"]

PROPOSAL: Mapping[str, frozenset[ProposalState]] = {
    "pending": frozenset({"observed", "denied", "waiting", "approved"}),
    "waiting": frozenset({"approved", "rejected", "expired"}),
    # denied: the gate, asked again before the write, said no
    "approved": frozenset({"sent", "denied"}),
    # approved: nothing was written, so it may be sent; sent: once more under the same key, after asking by it;
    # denied: the gate, asked once more, said no, and nothing is left at the target
    "sent": frozenset({"confirmed", "unknown", "conflict", "failed", "approved", "sent", "denied"}),
    "unknown": frozenset({"confirmed", "conflict", "failed", "approved", "sent", "denied"}),
    "observed": frozenset(),
    "denied": frozenset(),
    "rejected": frozenset(),
    "expired": frozenset(),
    "confirmed": frozenset(),
    "conflict": frozenset(),
    "failed": frozenset(),
}
WRITE: Mapping[str, frozenset[WriteState]] = {
    "pending": frozenset({"sending", "failed"}),
    "sending": frozenset({"confirmed", "unknown", "conflict", "failed", "pending", "sending"}),
    "unknown": frozenset({"confirmed", "conflict", "failed", "pending", "sending"}),
    "confirmed": frozenset(),
    "conflict": frozenset(),
    "failed": frozenset(),
}


def locked_state(connection: Connection[DictRow], proposal_id: UUID) -> str:
    """The proposal's state, held until the transaction ends; raises `NotFound`."""
    state = rows.state_of(connection, proposal_id, lock=True)
    if state is None:
        raise NotFound(
            f"There is no proposal {proposal_id}.", remedy="`quartermaster approvals` lists those that wait."
        )
    return state


def advance(
    connection: Connection[DictRow],
    context: Context,
    proposal_id: UUID,
    to: ProposalState,
    *,
    action: Action,
    data: Mapping[str, object],
) -> None:
    """Moves a proposal and records it; raises `NotInThisState` when the table does not allow it."""
    state = locked_state(connection, proposal_id)
    if to not in PROPOSAL[state]:
        raise NotInThisState(f"Proposal {proposal_id} is {state} and cannot become {to}.")
    rows.set_state(connection, proposal_id, to)
    append(connection, context, action, subject=f"proposal:{proposal_id}", data={"from": state, "to": to, **data})


def move_write(
    connection: Connection[DictRow],
    row: OutboxRow,
    to: WriteState,
    *,
    attempt: int = 0,
    document: Mapping[str, Any] | None = None,
    error: str = "",
) -> None:
    """Moves a write whose row is locked; raises `NotInThisState` when the table does not allow it."""
    if to not in WRITE[row.state]:
        raise NotInThisState(f"Write {row.outbox_id} is {row.state} and cannot become {to}.")
    outbox.move(connection, row.outbox_id, to, attempt=attempt, document=document, error=error)
