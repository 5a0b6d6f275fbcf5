"""One triage run: a case in, a result out, inside a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from agents.budget import Budget, BudgetExceeded, Meter
from agents.toolbox import Toolbox
from agents.triage.graph import triage_graph
from agents.triage.state import Outcome, TriageState, started
from agents.untraced import untraced
from domain.context import Context
from tools.executor import ToolExecutor


@dataclass(frozen=True)
class TriageResult:
    """What a run came to. `stopped` says which budget ran out; then, or with outcome "failed", the case stays open."""

    case_id: str
    outcome: Outcome
    stopped: str
    proposal_id: str
    summary: str
    evidence: tuple[str, ...]
    steps: int
    seconds: float


def triage_case(executor: ToolExecutor, context: Context, case_id: str, budget: Budget | None = None) -> TriageResult:
    """Work one case into a proposal or a reason; raises only when a call could not be recorded."""
    meter = Meter(budget or Budget())
    state = started(case_id)
    try:
        # Streaming the values keeps what was found until then when the budget ends the run in the middle.
        toolbox = Toolbox(executor, context, case_id, meter)
        for step in untraced(triage_graph().stream(state, context=toolbox, stream_mode="values")):
            state = cast(TriageState, step)
    except BudgetExceeded as stop:
        return _result(state, meter, stopped=str(stop))
    return _result(state, meter, stopped="")


def _result(state: TriageState, meter: Meter, *, stopped: str) -> TriageResult:
    return TriageResult(
        case_id=state["case_id"],
        outcome=state["outcome"],
        stopped=stopped,
        proposal_id=state["proposal_id"],
        summary=f"Stopped: {stopped}" if stopped else state["summary"],
        evidence=tuple(state["evidence"]),
        steps=meter.steps,
        seconds=round(meter.seconds, 3),
    )
