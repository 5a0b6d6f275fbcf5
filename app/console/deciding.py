"""A person's yes or no from a card: what is answered is what that card showed to that person, found by its id.

The browser sends the id and, for a no, the reason. Who may is judged by the gate, in the transaction of the answer.
"""

from __future__ import annotations

from uuid import UUID

from app import approving
from app.api.parts import Parts
from app.console.person import Visitor
from db import console
from db.console import CardRow
from domain.errors import NotFound

LONGEST_REASON = 1_000
NOT_HERE = "This button does not belong to anything that you were shown."


def approve(parts: Parts, asking: Visitor, card_id: str) -> str:
    """Approve what the card shows; what to say. Raises with the rule when this person may not."""
    row, proposal_id = _shown(parts, asking, card_id)
    made = approving.approve_seen(parts.operator, asking.context, proposal_id, fingerprint=row.fingerprint, role=None)
    if made.outstanding:
        return f"Your approval is kept. It still asks: {', '.join(made.outstanding).replace('_', ' ')}."
    return ""


def reject(parts: Parts, asking: Visitor, card_id: str, reason: str) -> str:
    """Reject what the card shows, with the reason."""
    row, proposal_id = _shown(parts, asking, card_id)
    approving.reject_seen(
        parts.operator,
        asking.context,
        proposal_id,
        fingerprint=row.fingerprint,
        role=None,
        reason=reason[:LONGEST_REASON],
    )
    return ""


def card_of(parts: Parts, asking: Visitor, card_id: str) -> CardRow:
    """The card, when it was shown to this person; else `NotFound`, and the refusal is recorded."""
    try:
        wanted = UUID(card_id)
    except ValueError:
        wanted = None
    with parts.operator.transaction(asking.who.tenant) as connection:
        row = console.find_card(connection, asking.who.person, wanted) if wanted else None
    if row is None:
        refused = NotFound(NOT_HERE, remedy="Open the case again and use its own buttons.")
        subject = f"person:{asking.who.person}"
        parts.signin.refusals.of_caller(asking.context, subject, "console button", refused)
        raise refused
    return row


def _shown(parts: Parts, asking: Visitor, card_id: str) -> tuple[CardRow, UUID]:
    row = card_of(parts, asking, card_id)
    if row.proposal_id is None:
        raise NotFound("Nothing was proposed when this card was shown.", remedy="Open the case again.")
    return row, row.proposal_id
