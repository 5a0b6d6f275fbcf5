"""Ending proposals that nobody should have to answer any more, because what they were to help against is gone.

Runs under the executor's role, which alone may; that the finding is gone was noted by a sweep (`cases.life`).
"""

from __future__ import annotations

from uuid import UUID

from actions.states import advance, locked_state
from audit.events import Action
from db import case_life
from db.session import Database
from domain.context import Context

WHY = "What the proposal was made against is gone from the data."


def withdraw_pointless(database: Database, context: Context) -> tuple[UUID, ...]:
    """Ends the waiting proposals of cases whose finding is gone; returns them."""
    with database.transaction(context.tenant) as connection:
        withdrawn = [one for one in case_life.pointless(connection) if locked_state(connection, one) == "waiting"]
        for proposal_id in withdrawn:
            data = {"because": WHY}
            advance(connection, context, proposal_id, "expired", action=Action.APPROVAL_EXPIRED, data=data)
    return tuple(withdrawn)
