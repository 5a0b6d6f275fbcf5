"""A planner, a supervisor and an auditor who talk with the agent over the small network of `fix_network`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cases.sweep import sweep_and_open
from db.session import Database
from domain.context import Actor, Context
from tools.catalogue import registry
from tools.executor import ToolExecutor
from tools.registry import Registry

if TYPE_CHECKING:
    from agents.conversation.model.planner import ModelPlanner
    from agents.conversation.port import Part, Reply
    from tests.fix_network import Network

ADD_PERSON = """
INSERT INTO person (tenant, person, name, roles, approval_limit, active)
VALUES (%(tenant)s, %(person)s, %(person)s, %(roles)s, %(limit)s, %(active)s)"""
PEOPLE = (
    ("paula", ["planner"], 0, True),
    ("sven", ["supervisor"], 10_000, True),
    ("anna", ["auditor"], 0, True),
    ("gone", ["planner"], 0, False),
)


def add_people(database: Database, tenant: str) -> None:
    with database.transaction(tenant) as connection:
        for person, roles, limit, active in PEOPLE:
            values = {"tenant": tenant, "person": person, "roles": roles, "limit": limit, "active": active}
            connection.execute(ADD_PERSON, values)


def quick_registry() -> Registry:
    """All tools, without the wait for a gate that does not run here."""
    return Registry(replace(tool, follow=None) for tool in registry())


class Talk:
    """Asks as people of one tenant; keeps the parts of the last answer."""

    def __init__(self, database: Database, tenant: str, model: ModelPlanner | None = None) -> None:
        from agents.conversation.run import GraphConversation

        self.database = database
        self.tenant = tenant
        executor = ToolExecutor(database, quick_registry())
        self.conversation = GraphConversation(database, executor, version="test", model=model)
        self.parts: list[Part] = []

    def ask(self, text: str, *, thread: str = "t", person: str = "paula", case: str | None = None) -> Reply:
        """The reply, after checking what holds of every stream."""
        from agents.conversation.port import Reply, TextDelta

        context = Context(self.tenant, Actor("person", person))
        self.parts = list(self.conversation.stream(context, thread, text, case_id=case))
        replies = [part for part in self.parts if isinstance(part, Reply)]
        assert replies == self.parts[-1:]
        assert "".join(part.text for part in self.parts if isinstance(part, TextDelta)) == replies[0].answer
        return replies[0]


@pytest.fixture
def people(owner_database: Database, network: Network) -> str:
    add_people(owner_database, network.tenant)
    return network.tenant


@pytest.fixture
def open_cases(agent_database: Database, network: Network) -> list[str]:
    """Everything that a sweep finds, as cases."""
    with agent_database.transaction(network.tenant) as connection:
        sweep_and_open(connection, network.context)
        rows = connection.execute("SELECT case_id FROM case_file ORDER BY case_id").fetchall()
    return [row["case_id"] for row in rows]


@pytest.fixture
def talk(agent_database: Database, people: str, open_cases: list[str]) -> Talk:
    """With the embedded planner."""
    return Talk(agent_database, people)


@pytest.fixture
def talk_with(agent_database: Database, people: str, open_cases: list[str]) -> Callable[[ModelPlanner], Talk]:
    """With a model."""
    return lambda model: Talk(agent_database, people, model)
