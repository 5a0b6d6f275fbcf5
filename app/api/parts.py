"""What the API's process holds: two database roles, the tools, the gate that approvals ask, and the sign-in.

The agent's role reads and proposes; the operator's carries persons' answers and identities. The executor's is not here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.signin.door import SignIn
from app.wiring import agent_database, operator_database
from db.session import Database
from policies.gate import Gate
from tools.catalogue import registry
from tools.executor import ToolExecutor

CONNECTIONS = 8


@dataclass(frozen=True)
class Parts:
    """One a process."""

    agent: Database
    operator: Database
    tools: ToolExecutor
    signin: SignIn

    def gate(self) -> Gate:
        """The policies as they are at this moment: a correction counts without a restart."""
        return Gate()

    def close(self) -> None:
        """Give the connections back."""
        self.agent.close()
        self.operator.close()


OpenParts = Callable[[bool], Parts]


def open_parts(secure: bool) -> Parts:
    """From the process's settings; raises when the database does not answer."""
    agent = agent_database(CONNECTIONS)
    try:
        return make_parts(agent, operator_database(), secure=secure)
    except BaseException:
        agent.close()
        raise


def make_parts(agent: Database, operator: Database, *, secure: bool) -> Parts:
    """From databases that are open."""
    return Parts(agent, operator, ToolExecutor(agent, registry()), SignIn(operator, secure=secure))
