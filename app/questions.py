"""Questions that the command line answers with the very tools the agent uses, audited in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.wiring import agent_database, operator_context
from domain.errors import NotFound, QuartermasterError
from tools.catalogue import registry
from tools.executor import ToolExecutor


def get_case(tenant: str, case_id: str) -> Any:
    """Where a case stands."""
    return ask(tenant, "get_case", {"case_id": case_id})


def explain(tenant: str, case_id: str) -> Any:
    """Recommended what, on what data, executed by whom."""
    return ask(tenant, "explain_decision", {"case_id": case_id})


def ask(tenant: str, tool: str, arguments: Mapping[str, object], *, person: str = "local") -> Any:
    """Call one tool and return its output; raises with the tool's own words when there is none."""
    with agent_database() as database:
        result = ToolExecutor(database, registry()).call(operator_context(tenant, person), tool, arguments)
    if result.output is not None:
        return result.output
    raise (NotFound if result.status == "no_data" else QuartermasterError)(result.error)
