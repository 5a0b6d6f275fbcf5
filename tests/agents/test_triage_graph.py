"""The graph's shape, its budgets, and that it gives the agent nothing but typed tools."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from agents.budget import Budget, BudgetExceeded, Meter
from agents.triage.graph import triage_graph
from agents.triage.run import triage_case
from db.session import Database
from domain.context import Actor, Context
from tools.catalogue import registry
from tools.executor import ToolExecutor

AGENT = Actor("agent", "triage", frozenset({"agent"}), "test")


def test_the_drawing_is_as_it_was_agreed(snapshot: SnapshotAssertion) -> None:
    assert triage_graph().get_graph().draw_mermaid() == snapshot


def test_no_node_waits_inside_the_graph() -> None:
    """Approvals are rows, not interrupts: two resumes of one thread would both run its next node."""
    for path in Path("agents").rglob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
        assert "interrupt" not in names, path


@pytest.mark.parametrize(
    ("budget", "says"),
    [(Budget(steps=0), "0 permitted tool calls"), (Budget(seconds=0.0), "0 permitted seconds")],
)
def test_a_spent_budget_stops_before_the_next_tool_call(
    budget: Budget, says: str, agent_database: Database, tenant: str
) -> None:
    executor = ToolExecutor(agent_database, registry())
    result = triage_case(executor, Context(tenant, AGENT), "C-00001", budget)
    assert says in result.stopped
    assert result.outcome == ""
    assert result.steps == 0


def test_tokens_are_counted_over_the_whole_run() -> None:
    meter = Meter(Budget(tokens=100))
    meter.spend_tokens(100)
    with pytest.raises(BudgetExceeded, match="100 permitted tokens"):
        meter.spend_tokens(1)


def test_a_case_that_cannot_be_read_fails_and_says_why(agent_database: Database, tenant: str) -> None:
    result = triage_case(ToolExecutor(agent_database, registry()), Context(tenant, AGENT), "C-99999")
    assert result.outcome == "failed"
    assert "no case" in result.summary
    assert len(result.evidence) == 1


class Unreachable(ToolExecutor):
    """Answers every tool with an error, as a database without data would."""

    def __init__(self) -> None: ...

    def call(self, context: Context, name: str, arguments: Mapping[str, object], *, case_id: str | None = None) -> Any:
        raise BudgetExceeded(f"{name} for {case_id} in {context.tenant} with {sorted(arguments)}")


def test_tenant_and_case_are_bound_outside_the_graph() -> None:
    """What a node passes can name neither: both come with the toolbox."""
    result = triage_case(Unreachable(), Context("acme", AGENT), "C-00001")
    assert result.stopped == "get_case for C-00001 in acme with ['case_id']"
