"""One triage run: a case in, a result out, inside a budget."""

from __future__ import annotations

from dataclasses import dataclass

from agents.budget import Budget, BudgetExceeded, Meter
from agents.toolbox import Toolbox
from agents.triage.graph import triage_graph
from agents.triage.state import Outcome, TriageState
from domain.context import Context
from tools.executor import ToolExecutor


@dataclass(frozen=True)
class TriageResult:
    """What a run came to; `stopped` says which budget ran out, and then there is no outcome and the case stays open."""

    case_id: str
    outcome: Outcome | None
    stopped: str
    proposal_id: str
    decision: str
    summary: str
    evidence: tuple[str, ...]
    steps: int
    seconds: float


def triage_case(
    executor: ToolExecutor, context: Context, case_id: str, budget: Budget | None = None
) -> TriageResult:
    """Work one case into a proposal or a reason; raises only when a call could not be recorded."""
    meter = Meter(budget or Budget())
    toolbox = Toolbox(executor, context, case_id, meter)
    state: TriageState = {"case_id": case_id}
    try:
        # Streaming the values keeps what was found until then when the budget ends the run in the middle.
        for update in triage_graph().stream(state, context=toolbox, stream_mode="values"):
            state = update
    except BudgetExceeded as stop:
        return _result(state, meter, stopped=str(stop))
    return _result(state, meter, stopped="")


def _result(state: TriageState, meter: Meter, *, stopped: str) -> TriageResult:
    return TriageResult(
        case_id=state["case_id"],
        outcome=None if stopped else state.get("outcome"),
        stopped=stopped,
        proposal_id=state.get("proposal_id", ""),
        decision=state.get("decision", ""),
        summary=f"Stopped: {stopped}" if stopped else state.get("summary", ""),
        evidence=tuple(state.get("evidence", ())),
        steps=meter.steps,
        seconds=round(meter.seconds, 3),
    )
