"""What a planner answers to "what next": tools to call, or something to say. Both planners answer in these terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from agents.conversation.state import CallRecord, Choice, Planned
from domain.canonical import Json, to_json


@dataclass(frozen=True)
class Saying:
    """The answer of a turn; a question back leaves the reading that waits, and what was offered for its name."""

    text: str
    asked_back: bool = False
    refused: bool = False
    citations: tuple[str, ...] = ()
    pending: Mapping[str, Json] = field(default_factory=dict[str, Json])
    offered: tuple[Choice, ...] = ()


def planned(name: str, arguments: Mapping[str, object], *, case_id: str = "") -> Planned:
    """A call to make next; arguments that are None are left out."""
    given = {key: to_json(value) for key, value in arguments.items() if value is not None}
    return Planned(id=uuid4().hex, name=name, arguments=given, case_id=case_id)


def same_call(call: CallRecord, name: str, arguments: Mapping[str, Json]) -> bool:
    """Whether this very question was asked already."""
    return call["name"] == name and call["arguments"] == dict(arguments)
