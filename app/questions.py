"""Questions that the command line answers with the very tools the agent uses, audited in the same way."""

from __future__ import annotations

from typing import Any

from app.wiring import agent_database, operator_context
from db import cases
from db.session import tenant_clock
from domain.errors import NotFound, QuartermasterError
from tools.catalogue import registry
from tools.executor import ToolExecutor


def get_case(tenant: str, case_id: str) -> Any:
    """Where a case stands."""
    return _ask_about(tenant, "get_case", case_id)


def explain(tenant: str, case_id: str) -> Any:
    """Recommended what, on what data, executed by whom."""
    return _ask_about(tenant, "explain_decision", case_id)


def model_status(tenant: str) -> Any:
    """Which model serves, how good it is, whether it drifts; raises `NotFound` when there is no tenant or no model."""
    with agent_database() as database:
        with database.transaction(tenant) as connection:
            tenant_clock(connection)
        result = ToolExecutor(database, registry()).call(operator_context(tenant, "local"), "get_model_status", {})
    if result.output is not None:
        return result.output
    raise (NotFound if result.status == "no_data" else QuartermasterError)(result.error)


def _ask_about(tenant: str, tool: str, case_id: str) -> Any:
    """Call one tool and return its output; raises `NotFound`, else with the tool's own words when there is none."""
    with agent_database() as database:
        with database.transaction(tenant) as connection:
            if cases.find(connection, case_id) is None:
                raise NotFound(
                    f"There is no case {case_id!r} in tenant {tenant}.",
                    remedy="Check --tenant; `quartermaster triage` lists cases with their ids.",
                )
        result = ToolExecutor(database, registry()).call(operator_context(tenant, "local"), tool, {"case_id": case_id})
    if result.output is not None:
        return result.output
    raise (NotFound if result.status == "no_data" else QuartermasterError)(result.error)
