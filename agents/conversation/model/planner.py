"""One step of a model: it wants tools, or it answers, and its answer is judged sentence by sentence as it arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.budget import Budget, Meter
from agents.conversation.model.dialogue import messages, of_turn, schemas
from agents.conversation.model.grounding import Given, judge, sentences
from agents.conversation.model.wishes import permitted
from agents.conversation.plan import Saying, planned, same_call
from agents.conversation.state import CallRecord, ConversationState, Planned
from agents.models import Finished, LanguageModel, ModelFailed, TextPiece, ToolCall
from domain.canonical import Json
from prompts import Prompt
from tools.registry import Registry

MOST_FAULTS = 3  # calls that cannot be made, in one turn
MOST_CALLS = 8  # asked for at once
LONGEST_SENTENCE = 4_000  # characters; looking for its end in each piece anew would take time without bound

Say = Callable[[str], None]


@dataclass
class Checked:
    """Lets sentences through that may be said, and counts the others."""

    given: Given
    say: Say
    waiting: str = ""
    told: list[str] = field(default_factory=list[str])
    withheld: list[str] = field(default_factory=list[str])

    def take(self, text: str) -> None:
        """More of the answer; a sentence is judged once the next one has begun. Raises when one does not end."""
        self.waiting += text
        *done, self.waiting = list(sentences(self.waiting)) or [""]
        if len(self.waiting) > LONGEST_SENTENCE:
            raise ModelFailed(f"The model's answer has a sentence of more than {LONGEST_SENTENCE:,} characters.")
        for sentence in done:
            self._judge(sentence)

    def end(self) -> None:
        """What is left is a sentence as well; says at last what was withheld."""
        if self.waiting.strip():
            self._judge(self.waiting)
        self.waiting = ""

    def _judge(self, sentence: str) -> None:
        verdict = judge(sentence, self.given)
        if verdict.allowed:
            self.told.append(sentence)
            self.say(sentence)
        else:
            self.withheld.append(verdict.reason)


@dataclass(frozen=True)
class ModelPlanner:
    """A model with its rules and what it may spend."""

    model: LanguageModel
    prompt: Prompt
    registry: Registry
    budget: Budget

    def step(self, state: ConversationState, case_id: str, meter: Meter, say: Say) -> Saying | list[Planned]:
        """What comes next; raises `ModelFailed` when it cannot be used, `BudgetExceeded` when it had its share."""
        checked = Checked(_given(state), say)
        finished = self._answer(state, case_id, meter, checked)
        meter.spend_tokens(finished.tokens)
        checked.end()
        if finished.tool_calls:
            return self._calls(state, finished.tool_calls)
        return _saying(state, checked)

    def _answer(self, state: ConversationState, case_id: str, meter: Meter, checked: Checked) -> Finished:
        asked = messages(state, self.prompt.text, case_id, of_turn(state))
        left = self.budget.seconds - meter.seconds
        for piece in self.model.stream(asked, schemas(self.registry, permitted(state)), seconds=left):
            if isinstance(piece, TextPiece):
                checked.take(piece.text)
            else:
                return piece
        raise ModelFailed("The model's answer broke off.")

    def _calls(self, state: ConversationState, wished: tuple[ToolCall, ...]) -> list[Planned]:
        """What it wants called; raises `ModelFailed` for what nobody asked for, or too often for what leads nowhere."""
        fault = self._fault(state, wished)
        if fault:
            raise ModelFailed(f"The model {self.model.name} could not use the tools: it {fault}.")
        return [{**planned(call.name, {} if call.problem else call.arguments), "id": call.id} for call in wished]

    def _fault(self, state: ConversationState, wished: tuple[ToolCall, ...]) -> str:
        """What goes wrong with this turn's wishes so far, or ''."""
        done = state["results"]
        if len(wished) > MOST_CALLS:
            return "asked for too much at once"
        if any(self._is_unasked(state, call) for call in wished):
            return "wanted to propose, which nobody asked for"
        faults = [call for call in wished if call.problem or call.name not in self.registry.names]
        if faults and len(faults) + sum(call["status"] == "error" for call in done) >= MOST_FAULTS:
            return faults[0].problem or f"asked for {faults[0].name[:40]!a}, which is no tool"
        again = [call for call in wished if any(same_call(one, call.name, _kept(call)) for one in done)]
        if len(again) + len(done) - len({call["evidence_id"] for call in done}) >= MOST_FAULTS:
            return "asked the same again and again"
        return ""

    def _is_unasked(self, state: ConversationState, call: ToolCall) -> bool:
        """A tool that there is, and that this turn may not call: it was not offered, and is not called all the same."""
        return call.name in self.registry.names and self.registry.get(call.name).permission not in permitted(state)


def _kept(call: ToolCall) -> dict[str, Json]:
    """The arguments as they are kept."""
    return planned(call.name, call.arguments)["arguments"]


def _given(state: ConversationState) -> Given:
    earlier: list[CallRecord] = [call for turn in state["history"] for call in turn["results"]]
    asked = [*(turn["question"] for turn in state["history"]), state["question"]]
    return Given.of([*earlier, *state["results"]], asked)


def _saying(state: ConversationState, checked: Checked) -> Saying:
    told = "".join(checked.told).strip()
    if not told:
        why = f": {checked.withheld[0]}" if checked.withheld else ""
        raise ModelFailed(f"The model gave no answer that can be passed on{why}.")
    if checked.withheld:
        count = "One sentence was" if len(checked.withheld) == 1 else f"{len(checked.withheld)} sentences were"
        note = f"\n\n*{count} withheld: {'; '.join(dict.fromkeys(checked.withheld))}.*"
        checked.say(note)
        told += note
    unclear = any(_is_unclear(call) for call in state["results"])
    return Saying(told, asked_back=unclear and "?" in told, citations=_citations(state, told))


def _is_unclear(call: CallRecord) -> bool:
    output = call["output"]
    return call["name"] == "resolve_identity" and isinstance(output, dict) and output.get("match") is None


def _citations(state: ConversationState, told: str) -> tuple[str, ...]:
    """Those of the sections found in this turn that the answer names."""
    found = [call["output"] for call in state["results"] if call["name"] == "search_sops"]
    sections = [one for output in found if isinstance(output, dict) for one in _list(output.get("sections"))]
    named = [str(one["citation"]) for one in sections if isinstance(one, dict) and "citation" in one]
    return tuple(dict.fromkeys(one for one in named if one.casefold() in told.casefold()))


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
