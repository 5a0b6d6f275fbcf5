"""The steps of a turn: hear, plan, call tools, answer. A node moves things on; what to do is a planner's to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from agents.budget import BudgetExceeded
from agents.conversation.embedded.refusals import refused
from agents.conversation.focus import focus_after
from agents.conversation.plan import Saying, same_call
from agents.conversation.port import Notice, Part, TextDelta, ToolFinished, ToolStarted
from agents.conversation.state import CallRecord, ConversationState, Planned, TurnRecord, remembered
from agents.conversation.titles import summary, title
from agents.conversation.turn import Turn
from agents.models import ModelFailed
from tools.contract import ToolResult

Step = dict[str, Any]
Run = Runtime[Turn]


def hear(state: ConversationState, runtime: Run) -> Step:
    """What is not the agent's to do is refused before any planner sees it."""
    refusal = refused(state["question"])
    return {} if refusal is None else _said(runtime, Saying(refusal.answer, refused=True))


def plan(state: ConversationState, runtime: Run) -> Step:
    """Ask the planner what comes next; a model that cannot be used hands over to the embedded planner."""
    turn = runtime.context
    if state["planner"] == "embedded" or turn.model is None:
        step = turn.embedded.step(state, turn.case_id)
        if isinstance(step.next, Saying):
            return {**_said(runtime, step.next), "reading": step.reading}
        return {"reading": step.reading, "calls": [step.next]}
    try:
        step = turn.model.step(state, turn.case_id, turn.toolbox.meter, lambda text: _emit(runtime, TextDelta(text)))
    except (ModelFailed, BudgetExceeded) as failure:
        return _handed_over(state, runtime, failure)
    if isinstance(step, Saying):
        return _noted(step)
    return {"calls": step}


def call_tools(state: ConversationState, runtime: Run) -> Step:
    """Make the planned calls, one after the other; the same call twice in a turn has one answer."""
    results = list(state["results"])
    for call in state["calls"]:
        known = next((one for one in results if same_call(one, call["name"], call["arguments"])), None)
        if known is not None:
            results.append({**known, "id": call["id"]})
            continue
        try:
            results.append(_call(state, runtime, call))
        except BudgetExceeded as failure:
            handed = state["planner"] == "model"
            step = _handed_over(state, runtime, failure) if handed else _said(runtime, Saying(f"I stopped: {failure}"))
            return {**step, "results": results}
    return {"results": results, "calls": []}


def answer(state: ConversationState, runtime: Run) -> Step:
    """Fold the turn into what the thread remembers."""
    del runtime
    record = TurnRecord(question=state["question"], answer=state["answer"], results=_once(state["results"]))
    return {"history": remembered(state["history"], record), "focus": focus_after(state), "calls": [], "results": []}


def after_hearing(state: ConversationState) -> str:
    """A refusal is an answer."""
    return "answer" if state["answer"] else "plan"


def after_plan(state: ConversationState) -> str:
    """Call, say, or ask the other planner."""
    if state["calls"]:
        return "call_tools"
    return "answer" if state["answer"] else "plan"


def after_calls(state: ConversationState) -> str:
    """Back to the planner, unless the budget ended the turn."""
    return "answer" if state["answer"] and state["planner"] == "embedded" else "plan"


def _call(state: ConversationState, runtime: Run, call: Planned) -> CallRecord:
    name, arguments = call["name"], call["arguments"]
    case_id = call["case_id"] or _case_of_evidence(state, arguments)
    _emit(runtime, ToolStarted(name, arguments, title(name, arguments)))
    result = runtime.context.call(state["planner"], name, arguments, case_id)
    _emit(runtime, _finished(result, title(name, arguments)))
    return CallRecord(
        id=call["id"],
        name=name,
        arguments=arguments,
        case_id=case_id,
        status=result.status,
        evidence_id=str(result.evidence_id),
        as_of=result.as_of.isoformat(),
        output=None if result.output is None else result.output.model_dump(mode="json"),
        error=result.error,
    )


def _case_of_evidence(state: ConversationState, arguments: dict[str, Any]) -> str:
    """A proposal belongs to the case for which its comparison was made in this thread."""
    wanted = arguments.get("evidence_id")
    earlier = [call for turn in state["history"] for call in turn["results"]]
    for call in [*state["results"], *earlier]:
        if wanted is not None and call["evidence_id"] == wanted:
            return call["case_id"] or str(call["arguments"].get("case_id") or "")
    return ""


def _finished(result: ToolResult[Any], told: str) -> ToolFinished:
    seconds = round(result.duration_ms / 1000.0, 3)
    return ToolFinished(
        result.tool, result.status, UUID(str(result.evidence_id)), told, summary(result), result.output, seconds
    )


def _said(runtime: Run, saying: Saying) -> Step:
    _emit(runtime, TextDelta(saying.text))
    return _noted(saying)


def _noted(saying: Saying) -> Step:
    return {
        "answer": saying.text,
        "asked_back": saying.asked_back,
        "refused": saying.refused,
        "citations": list(saying.citations),
        "pending": dict(saying.pending),
        "offered": list(saying.offered),
        "calls": [],
    }


def _handed_over(state: ConversationState, runtime: Run, failure: Exception) -> Step:
    """The model is given up for this turn; what its calls found is kept, and the embedded planner begins anew."""
    _emit(runtime, Notice(f"{failure} The embedded planner answers instead."))
    return {"planner": "embedded", "calls": [], "reading": {}, "model_failure": str(failure)}


def _once(results: Sequence[CallRecord]) -> list[CallRecord]:
    return list({call["evidence_id"]: call for call in results}.values())


def _emit(runtime: Run, part: Part) -> None:
    runtime.stream_writer(part)
