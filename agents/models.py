"""The one interface behind which language models stand. Triage runs without one; a model only ever adds words.

A model sees text and tool schemas, and answers with text or tool calls. It holds no connection and no credentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class Message:
    """One turn; `tool_call_id` is set on a tool's answer."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_call_id: str = ""


@dataclass(frozen=True)
class ToolCall:
    """A model's wish to call a tool. Arguments are unvalidated until the tool executor has seen them."""

    id: str
    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class Reply:
    """What a model answered and what it cost, tokens in and out together."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    tokens: int


class LanguageModel(Protocol):
    """Any OpenAI-compatible endpoint, or the embedded planner."""

    name: str

    def complete(self, messages: Sequence[Message], tools: Sequence[Mapping[str, object]]) -> Reply:
        """Answer `messages`; raises `domain.errors.Unavailable` when the model does not answer in time."""
        ...
