"""One question being worked: skills read as if calls returned at once; the graph makes the calls.

`Task.call` gives a result that is there already, or raises `Missing`; the graph then makes the call and runs the skill
again from its start. Skills are therefore pure: the same results lead to the same next step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.conversation.embedded.reading import Reading
from agents.conversation.plan import Saying, planned, same_call
from agents.conversation.state import CallRecord, Focus, Planned
from tools.registry import Registry


class Missing(Exception):
    """A result that is not there yet."""

    def __init__(self, call: Planned) -> None:
        super().__init__(call["name"])
        self.call = call


class Failed(Exception):
    """A call that gave no output."""

    def __init__(self, call: CallRecord) -> None:
        super().__init__(call["error"])
        self.call = call


class Stop(Exception):
    """Something has to be said first, usually a question back."""

    def __init__(self, saying: Saying) -> None:
        super().__init__(saying.text)
        self.saying = saying


@dataclass(frozen=True)
class Task:
    """The reading with what is in focus, and the results of this turn so far."""

    reading: Reading
    focus: Focus
    results: Sequence[CallRecord]
    registry: Registry

    def call(self, name: str, *, about: str = "", **arguments: object) -> Any:
        """The tool's output, asked `about` a case; raises `Missing` before the call and `Failed` when it gave none."""
        record = self.record(name, about=about, **arguments)
        if record["status"] != "success":
            raise Failed(record)
        return self.registry.get(name).gives.model_validate(record["output"])

    def record(self, name: str, *, about: str = "", **arguments: object) -> CallRecord:
        """The call whatever became of it; raises `Missing` before it was made."""
        wanted = planned(name, arguments, case_id=about)
        for call in self.results:
            if same_call(call, name, wanted["arguments"]):
                return call
        raise Missing(wanted)

    def reading_as(self, **known: Any) -> Task:
        """The same task with more known."""
        return replace(self, reading=replace(self.reading, **known))
