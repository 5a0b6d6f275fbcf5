"""The one interface behind which language models stand. Nothing needs one; a model only ever adds words.

A model sees text and tool schemas, and answers with text or wishes for tool calls. It holds no connection, no
credentials, and neither tenant nor actor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from domain.errors import Unavailable


class ModelFailed(Unavailable):
    """The model gave no answer that can be used."""


@dataclass(frozen=True)
class ToolCall:
    """A model's wish to call a tool. Arguments are unvalidated until the tool executor has seen them.

    `problem` says why the arguments could not even be read; then `arguments` is empty and nothing may be called.
    """

    id: str
    name: str
    arguments: Mapping[str, object]
    problem: str = ""


@dataclass(frozen=True)
class Message:
    """One turn; `tool_call_id` is set on a tool's answer, `tool_calls` on the assistant's message that asked for it."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_call_id: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True)
class TextPiece:
    """Some more of the text, as it arrives."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The end of one answer: all of its text, the tools it wants, and what it cost, tokens in and out together."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    tokens: int


class LanguageModel(Protocol):
    """Any OpenAI-compatible endpoint, or a script in a test."""

    @property
    def name(self) -> str:
        """The name by which the endpoint knows the model."""
        ...

    def stream(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, object]], *, seconds: float
    ) -> Iterator[TextPiece | Finished]:
        """Answer `messages` within `seconds`; the last item is `Finished`.

        Raises `ModelFailed`, also in the middle, when the endpoint is down, slow, or answers what cannot be read.
        """
        ...
