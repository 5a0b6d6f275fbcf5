"""Who may call which class of tools. The gate decides about actions; this only says who may ask for one."""

from __future__ import annotations

from domain.context import Context
from domain.errors import Forbidden
from tools.contract import Permission

# A person proposes in one of these roles. The agent and our services may propose when they act by themselves, which
# the gate answers; the agent that acts for a person may propose what that person may.
PROPOSING_ROLES = frozenset({"planner", "supervisor", "procurement_manager"})


def check(context: Context, permission: Permission) -> None:
    """Raises `Forbidden` when this actor may not call a tool of that class."""
    actor = context.actor.asker
    if permission != "propose" or actor.kind != "person" or actor.roles & PROPOSING_ROLES:
        return
    roles = ", ".join(sorted(PROPOSING_ROLES))
    raise Forbidden("This person may read and analyse, not propose.", remedy=f"Ask somebody who is one of: {roles}.")
