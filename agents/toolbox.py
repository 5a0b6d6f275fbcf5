"""The only way in which the agent touches the world: one bound caller of typed tools, metered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.budget import Meter
from domain.context import Context
from tools.contract import ToolResult
from tools.executor import ToolExecutor


@dataclass(frozen=True)
class Toolbox:
    """Tools for one run: tenant, actor and case are fixed here and cannot be chosen by a caller or a model."""

    executor: ToolExecutor
    context: Context
    case_id: str | None
    meter: Meter

    def call(self, name: str, arguments: Mapping[str, object]) -> ToolResult[Any]:
        """Call one tool; spends a step first. Raises `BudgetExceeded`; a failing tool is a result, not an exception."""
        self.meter.spend_step()
        return self.executor.call(self.context, name, arguments, case_id=self.case_id)
