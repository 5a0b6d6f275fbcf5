"""A turn from its question to its reply: whose thread it is, one turn at a time, recorded whatever comes of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from langchain_core.runnables import RunnableConfig

from agents.conversation.graph import ConversationGraph, conversation_graph
from agents.conversation.memory import TenantSaver
from agents.conversation.model.planner import ModelPlanner
from agents.conversation.port import CalledTool, Notice, Part, Reply, TextDelta, ToolFinished, ToolStarted
from agents.conversation.state import ConversationState, no_focus, turn_input
from agents.conversation.turn import Turn
from agents.untraced import untraced
from audit.append import append
from audit.events import Action
from db import cases, people, threads
from db.session import Database
from db.threads import Thread
from domain.canonical import sha256_hex
from domain.context import Actor, Context
from domain.errors import BadInput, Conflict, Forbidden, NotFound, QuartermasterError
from tools.executor import ToolExecutor

log = logging.getLogger(__name__)

MOST_CHARACTERS = 4000
BUSY_SECONDS = 180.0  # after this, and what a model may take, a turn counts as killed
MOST_STEPS = 120  # of the graph; the budgets end a turn long before
OURS = "Something failed inside while answering; it was logged. Ask again, or in other words."


@dataclass
class _Turned:
    """What a turn has come to so far, as its parts went by."""

    started: float = field(default_factory=time.monotonic)
    answer: str = ""
    calls: list[CalledTool] = field(default_factory=list[CalledTool])
    evidence: list[UUID] = field(default_factory=list[UUID])
    proposals: list[UUID] = field(default_factory=list[UUID])
    breaks: bool = False
    state: ConversationState | None = None

    def take(self, part: Part) -> Part:
        """Note the part; a text after tools or a notice begins a paragraph of its own."""
        match part:
            case ToolStarted():
                self.calls.append(CalledTool(part.name, part.arguments))
                self.breaks = True
            case ToolFinished():
                self.evidence.append(part.evidence_id)
                made = getattr(part.output, "proposal_id", None) if part.name.startswith("propose_") else None
                self.proposals += [made] if isinstance(made, UUID) else []
            case TextDelta():
                part = TextDelta(f"\n\n{part.text}") if self.breaks and self.answer else part
                self.answer += part.text
                self.breaks = False
            case Notice():
                self.breaks = True
            case Reply():
                pass
        return part


class GraphConversation:
    """The conversation of `agents.conversation.port`, over the graph and the agent's database role."""

    def __init__(self, database: Database, executor: ToolExecutor, *, version: str, model: ModelPlanner | None) -> None:
        self._database = database
        self._executor = executor
        self._version = version
        self._model = model

    def stream(self, context: Context, thread_id: str, text: str, *, case_id: str | None = None) -> Generator[Part]:
        """See `agents.conversation.port.Conversation`."""
        question = _checked(text)
        acting = self._acting(context)
        thread = self._claimed(acting, thread_id, case_id)
        turned = _Turned()
        try:
            yield from self._parts(acting, thread, question, turned)
        finally:
            reply = self._ended(acting, thread, question, turned)
        yield reply

    def _parts(self, acting: Context, thread: Thread, question: str, turned: _Turned) -> Generator[Part]:
        """The graph's parts as they come; what fails inside is said."""
        turn = Turn.of(self._executor, acting, thread.case_id or "", self._model)
        graph = conversation_graph(TenantSaver(self._database, acting.tenant))
        config = RunnableConfig(configurable={"thread_id": str(thread.memory)}, recursion_limit=MOST_STEPS)
        try:
            for mode, item in _steps(graph, config, turn, question):
                if mode == "custom":
                    yield turned.take(cast("Part", item))
                else:
                    turned.state = cast("ConversationState", item)
        except QuartermasterError as error:
            yield turned.take(TextDelta(str(error)))
        except Exception:
            log.exception("a turn failed")
            yield turned.take(TextDelta(OURS))

    def _acting(self, context: Context) -> Context:
        """The agent on behalf of the person, with the person's roles as the database has them."""
        if context.actor.kind != "person":
            raise Forbidden("A conversation is with a person.", remedy="Sign in.")
        with self._database.transaction(context.tenant) as connection:
            person = people.find(connection, context.actor.id)
            if person is None or not person.active:
                data = {"what": "conversation", "error": "Forbidden"}
                append(connection, context, Action.ACCESS_REFUSED, subject=f"person:{context.actor.id}", data=data)
        if person is None or not person.active:
            raise Forbidden(
                f"There is nobody active called {context.actor.id!r} here.",
                remedy="Sign in as a person of this tenant.",
            )
        asker = Actor("person", person.person, frozenset(person.roles))
        agent = Actor("agent", "conversation", frozenset({"agent"}), self._version, on_behalf_of=asker)
        return Context(context.tenant, agent, context.trace_id)

    def _claimed(self, acting: Context, thread_id: str, case_id: str | None) -> Thread:
        """The thread, made when it is new; raises for another's, and while another turn has it."""
        person = acting.actor.asker.id
        with self._database.transaction(acting.tenant) as connection:
            if case_id is not None and cases.find(connection, case_id) is None:
                raise NotFound(f"There is no case {case_id[:40]!a}.", remedy="Ask what is at risk for a list.")
            threads.begin(connection, _thread_name(thread_id), person, case_id)
            claimed = threads.claim(connection, thread_id, person, case_id=case_id, seconds=self._longest())
            if claimed is not None:
                return claimed
            own = threads.find(connection, thread_id, person)
            if own is None:
                data = {"what": "conversation", "error": "NotFound"}
                append(connection, acting, Action.ACCESS_REFUSED, subject=f"thread:{thread_id}", data=data)
        if own is None:
            raise NotFound(f"You have no thread {thread_id!r}.", remedy="Begin one under another name.")
        raise Conflict("I am still answering on this thread.", remedy="Wait for that answer, or use another thread.")

    def _longest(self) -> float:
        """How long a turn may hold its thread: the seconds of a model are set by whoever runs it."""
        return BUSY_SECONDS + (self._model.budget.seconds if self._model else 0.0)

    def _ended(self, acting: Context, thread: Thread, question: str, turned: _Turned) -> Reply:
        """Let go of the thread and record the turn, in one transaction."""
        state = turned.state
        model = self._model.model.name if self._model else ""
        failure = state["model_failure"] if state else ""
        by_model = bool(model and state and state["planner"] == "model" and not state["refused"])
        reply = Reply(
            answer=turned.answer,
            tool_calls=tuple(turned.calls),
            asked_back=bool(state and state["asked_back"]),
            refused=bool(state and state["refused"]),
            evidence=tuple(dict.fromkeys(turned.evidence)),
            proposals=tuple(turned.proposals),
            citations=tuple(state["citations"]) if state else (),
            seconds=round(time.monotonic() - turned.started, 3),
            planner=model if by_model else "embedded",
        )
        with self._database.transaction(acting.tenant) as connection:
            threads.release(connection, thread)
            if failure:
                data = {"model": model, "reason": failure}
                append(connection, acting, Action.MODEL_FAILED, subject=f"thread:{thread.thread_id}", data=data)
            data = self._record(question, reply)
            append(connection, acting, Action.QUESTION_ANSWERED, subject=f"thread:{thread.thread_id}", data=data)
        return reply

    def _record(self, question: str, reply: Reply) -> dict[str, object]:
        """What is kept of a turn: by what it was answered and on which evidence; its words only as their hash."""
        prompt = self._model.prompt if self._model and reply.planner != "embedded" else None
        return {
            "question_sha256": sha256_hex(question.encode()),
            "answer_sha256": sha256_hex(reply.answer.encode()),
            "planner": reply.planner,
            "prompt": prompt.id if prompt else "",
            "prompt_sha256": prompt.sha256 if prompt else "",
            "tools": [call.name for call in reply.tool_calls],
            "evidence": [str(one) for one in reply.evidence],
            "proposals": [str(one) for one in reply.proposals],
            "citations": list(reply.citations),
            "asked_back": reply.asked_back,
            "refused": reply.refused,
        }


def _steps(graph: ConversationGraph, config: RunnableConfig, turn: Turn, question: str) -> Iterator[tuple[str, object]]:
    """Parts as they come and the state after each step; what the thread remembers is kept at the end alone."""
    known = cast("dict[str, object]", graph.get_state(config).values)
    fresh = {} if known else {"history": [], "focus": no_focus()}
    begins = {**fresh, **turn_input(question, "model" if turn.model else "embedded")}
    steps = graph.stream(
        cast("ConversationState", begins), config, context=turn, stream_mode=["custom", "values"], durability="exit"
    )
    yield from untraced(cast("Iterator[tuple[str, object]]", steps))


def _checked(text: str) -> str:
    """The question without what no keyboard makes."""
    question = " ".join(part for part in "".join(c if c.isprintable() else " " for c in text).split())
    if not question:
        raise BadInput("There is no question.", remedy="Ask something, for example: what is at risk?")
    if len(question) > MOST_CHARACTERS:
        raise BadInput(f"A question has at most {MOST_CHARACTERS:,} characters.", remedy="Ask in fewer words.")
    return question


def _thread_name(thread_id: str) -> str:
    if not thread_id or len(thread_id) > 120 or not thread_id.isprintable():
        raise BadInput("A thread's name has 1 to 120 printable characters.", remedy="Use another name.")
    return thread_id
