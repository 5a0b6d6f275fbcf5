"""What a surface sees of a conversation: a stream of parts that ends with one reply. No surface is named here."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from db.evidence import Status
from domain.context import Context


@dataclass(frozen=True)
class CalledTool:
    """A tool that was called, with the arguments it was given."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class ToolStarted:
    """A call begins. `title` is what a person reads: "Looking at what is at risk"."""

    name: str
    arguments: Mapping[str, object]
    title: str


@dataclass(frozen=True)
class ToolFinished:
    """The call is kept as evidence. `summary` is one line for a person; `output` is None unless `status` is success."""

    name: str
    status: Status
    evidence_id: UUID
    title: str
    summary: str
    output: BaseModel | None
    seconds: float


@dataclass(frozen=True)
class TextDelta:
    """More of the answer, in Markdown; all deltas of a turn joined are the reply's answer."""

    text: str


@dataclass(frozen=True)
class Notice:
    """Something about the answering itself, not about the network: the model is down, the embedded planner answers."""

    text: str


@dataclass(frozen=True)
class Reply:
    """The end of a turn.

    `asked_back`: the answer is a question, because more than one thing was meant. `refused`: what was asked is not the
    agent's to do, and the answer says whose it is. `citations` name sections of SOPs as `search_sops` gave them.
    `planner` is "embedded" or the model's name.
    """

    answer: str
    tool_calls: tuple[CalledTool, ...]
    asked_back: bool
    refused: bool
    evidence: tuple[UUID, ...]
    proposals: tuple[UUID, ...]
    citations: tuple[str, ...]
    seconds: float
    planner: str


Part = ToolStarted | ToolFinished | TextDelta | Notice | Reply


class Conversation(Protocol):
    """Answers on one thread at a time; `app.asking.conversation` makes one."""

    def stream(self, context: Context, thread_id: str, text: str, *, case_id: str | None = None) -> Generator[Part]:
        """Answer `text` on the thread; the last part is the reply.

        `context` is the signed-in person's: tenant and person are taken from it, roles from the database. The thread
        is made on its first use and belongs to this person for good. With `case_id` "this case" is that case.

        Raises, before the first part: `Forbidden` for somebody who is not an active person of the tenant, `NotFound`
        for another's thread, `BadInput` for text that is empty or too long, `Conflict` while another turn of the
        thread is under way. Afterwards failures are parts and the reply, not exceptions.
        """
        ...
