"""The embedded planner: the same question with the same results always leads to the same next step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agents.conversation.answers import talk
from agents.conversation.embedded.context import understood
from agents.conversation.embedded.naming import named
from agents.conversation.embedded.reading import Reading
from agents.conversation.embedded.skills import SKILLS
from agents.conversation.embedded.task import Failed, Missing, Stop, Task
from agents.conversation.plan import Saying
from agents.conversation.state import ConversationState, Planned
from domain.canonical import Json
from tools.registry import Registry


@dataclass(frozen=True)
class EmbeddedStep:
    """What comes next, and the reading to go on with."""

    reading: dict[str, Json]
    next: Planned | Saying


class EmbeddedPlanner:
    """Reads, resolves names, runs the skill of the kind of question."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def step(self, state: ConversationState, case_id: str) -> EmbeddedStep:
        """The next call, or the answer."""
        kept = state["reading"]
        reading = Reading.from_json(kept) if kept else understood(state["question"], state["focus"], case_id)
        earlier = [call for turn in state["history"] for call in turn["results"] if call["name"] == "compare_options"]
        task = Task(reading, state["focus"], [*state["results"], *earlier[-1:]], self._registry)
        return EmbeddedStep(reading.as_json(), self._next(task, state))

    def _next(self, task: Task, state: ConversationState) -> Planned | Saying:
        skill = SKILLS.get(task.reading.intent) if task.reading.intent else None
        if skill is None:
            return Saying(talk.NOT_UNDERSTOOD)
        try:
            said = skill(named(task))
        except Missing as missing:
            return missing.call
        except Failed as failed:
            return Saying(talk.failed(failed.call) + talk.footer(state["results"]))
        except Stop as stop:
            said = stop.saying
        if said.asked_back:
            return said
        return replace(said, text=said.text + talk.footer(state["results"]))
