"""What one turn brings to the graph: who asks, the tools bound to that person, both planners, and what may be spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from agents.budget import Budget, Meter
from agents.conversation.embedded.planner import EmbeddedPlanner
from agents.conversation.model.planner import ModelPlanner
from agents.toolbox import Toolbox
from domain.context import Context
from tools.contract import ToolResult
from tools.executor import ToolExecutor

EMBEDDED_BUDGET = Budget(steps=14, seconds=60.0, tokens=0)


@dataclass(frozen=True)
class Turn:
    """Tenant, person and case are fixed here; neither a planner nor a model can choose them."""

    toolbox: Toolbox
    case_id: str
    embedded: EmbeddedPlanner
    model: ModelPlanner | None
    embedded_meter: Meter

    @classmethod
    def of(cls, executor: ToolExecutor, context: Context, case_id: str, model: ModelPlanner | None) -> Turn:
        """A turn with full budgets."""
        meter = Meter(model.budget if model else EMBEDDED_BUDGET)
        own = Meter(EMBEDDED_BUDGET)
        return cls(Toolbox(executor, context, None, meter), case_id, EmbeddedPlanner(executor.registry), model, own)

    def call(
        self, planner: Literal["embedded", "model"], name: str, arguments: Mapping[str, object], case_id: str
    ) -> ToolResult[Any]:
        """Call a tool out of the planner's own budget: what a model wasted is not taken from the embedded planner's."""
        meter = self.embedded_meter if planner == "embedded" else self.toolbox.meter
        return replace(self.toolbox, case_id=case_id or None, meter=meter).call(name, arguments)
