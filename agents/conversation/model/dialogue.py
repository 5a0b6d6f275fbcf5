"""The thread as a model sees it: rules, what was said before, and tool results as marked data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from agents.conversation.state import CallRecord, ConversationState
from agents.models import Message, ToolCall
from domain.canonical import Json
from tools.contract import Permission
from tools.registry import Registry

MOST_CHARACTERS = 12_000  # of one result; what is longer is cut, and says so
EARLIER_CHARACTERS = 2_000


def messages(state: ConversationState, system: str, case_id: str, dialogue: Sequence[Message]) -> list[Message]:
    """Rules, earlier turns, this question, and what this turn's calls gave."""
    about = f"\n\nThis conversation is about case {case_id}." if case_id else ""
    said = [Message("system", system + about)]
    for turn in state["history"]:
        said.append(Message("user", turn["question"]))
        looked = "\n".join(as_data(call, EARLIER_CHARACTERS) for call in turn["results"])
        said.append(Message("assistant", turn["answer"] + (f"\n\n{looked}" if looked else "")))
    said.append(Message("user", state["question"]))
    return [*said, *dialogue]


def as_data(call: CallRecord, most: int = MOST_CHARACTERS) -> str:
    """A result between markers that its own text cannot close, with the id of its evidence."""
    content = call["output"] if call["status"] == "success" else {"status": call["status"], "error": call["error"]}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    cut = f"{text[:most]} … cut, {len(text) - most} characters more" if len(text) > most else text
    return f'<tool_result tool="{call["name"]}" evidence_id="{call["evidence_id"]}">\n{cut}\n</tool_result>'


def of_turn(state: ConversationState) -> list[Message]:
    """This turn's calls and results, each call followed by what it gave."""
    said: list[Message] = []
    for call in state["results"]:
        wish = ToolCall(call["id"], call["name"], call["arguments"])
        said.append(Message("assistant", "", tool_calls=(wish,)))
        said.append(Message("tool", as_data(call), tool_call_id=call["id"]))
    return said


def schemas(registry: Registry, permitted: Sequence[Permission]) -> list[Mapping[str, Json]]:
    """The tools in the form that models expect; none of them can write or approve."""
    return [{"type": "function", "function": schema} for schema in registry.schemas(*permitted)]
