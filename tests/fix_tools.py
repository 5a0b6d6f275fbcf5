"""The agent's executor over all tools, on the small network of `fix_network`."""

from __future__ import annotations

from typing import Any

import pytest

from cases.sweep import sweep_and_open
from db.session import Database
from tests.fix_network import Network
from tools.catalogue import registry
from tools.contract import ToolResult
from tools.executor import ToolExecutor


class Asker:
    """Calls tools as the agent of one tenant."""

    def __init__(self, database: Database, network: Network) -> None:
        self.database = database
        self.network = network
        self.executor = ToolExecutor(database, registry())

    def ask(self, name: str, *, case: str | None = None, **arguments: object) -> ToolResult[Any]:
        return self.executor.call(self.network.context, name, arguments, case_id=case)

    def answer(self, name: str, *, case: str | None = None, **arguments: object) -> Any:
        """The output of a call that must succeed."""
        result = self.ask(name, case=case, **arguments)
        assert result.status == "success", result.error
        return result.output


@pytest.fixture
def asker(agent_database: Database, network: Network) -> Asker:
    return Asker(agent_database, network)


@pytest.fixture
def late_case(agent_database: Database, network: Network) -> str:
    """The case of the late order of OAT-1L at LEJ."""
    with agent_database.transaction(network.tenant) as connection:
        _, opened = sweep_and_open(connection, network.context)
    return next(one.case.case_id for one in opened if one.case.kind == "late_supply")
