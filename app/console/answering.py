"""A question and its answer in the thread: tool steps a person can read, text as it comes, charts, rows to open.

The conversation's stream is synchronous; it runs in a thread of its own and never holds up the others' sockets.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import chainlit as cl
from chainlit.context import context
from chainlit.utils import utc_now

from agents.conversation.port import Notice, Part, Reply, TextDelta, ToolFinished, ToolStarted
from app.console import chart, forecast_chart, parts, showing
from app.console.person import Visitor, visitor
from app.console.showing import AUTHOR
from db import console
from domain.errors import QuartermasterError
from tools.case import CaseView
from tools.exceptions import Exceptions
from tools.forecast import Forecasts
from tools.forecast_explained import ForecastExplained

log = logging.getLogger(__name__)

# Threads of their own: turns that wait for a slow model must not stop buttons, history and what arrives by itself.
TURNS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="turn")
LONGEST_OUTPUT = 6_000
ROWS_SHOWN = 8
BROKEN = "Something went wrong here, so there is no answer. Nothing was changed; ask again in a moment."


@dataclass
class _Turn:
    """What is on the screen of one turn so far."""

    answer: cl.Message | None = None
    step: cl.Step | None = None
    elements: list[Any] = field(default_factory=list[Any])
    read: list[object] = field(default_factory=list[object])


async def answer(text: str) -> None:
    """Answer in this thread; failures end as a sentence."""
    asking, thread_id = visitor(), context.session.thread_id
    case_id = await asyncio.to_thread(_case_of, asking, thread_id)
    turn = _Turn()
    try:
        async for part in _stream(asking, thread_id, text, case_id):
            await _show(turn, part)
    except QuartermasterError as error:
        await showing.say(error)
        return
    except Exception:
        log.exception("a turn of the conversation failed")
        await cl.Message(content=BROKEN, author=AUTHOR).send()
        return
    if turn.answer is not None:
        turn.answer.elements = list(turn.elements)
        await turn.answer.send()
    match turn.read:
        case [CaseView() as case]:
            # Whoever asks for one case and nothing else wants to see and answer it, not only to read about it.
            await showing.show_case(case.case_id)
        case _:
            pass


async def _show(turn: _Turn, part: Part) -> None:
    match part:
        case ToolStarted():
            turn.step = _step(part.title)
            turn.step.input = dict(part.arguments)
            await turn.step.send()
        case ToolFinished():
            await _finish(turn, part)
        case TextDelta():
            await _answer_of(turn).stream_token(part.text)
        case Notice():
            await cl.Message(content=f"> {part.text}", author=AUTHOR).send()
        case Reply():
            # The deltas joined are the answer; a reply without any is still one.
            _answer_of(turn).content = part.answer


def _answer_of(turn: _Turn) -> cl.Message:
    """The answer's message, begun when its first words come: it stands after the steps that led to it."""
    if turn.answer is None:
        turn.answer = cl.Message(content="", author=AUTHOR, created_at=utc_now())
    return turn.answer


def _step(title: str) -> cl.Step:
    """Collapsed, under the question that it belongs to."""
    above = context.current_step
    parent_id = above.id if above else None
    return cl.Step(name=title, type="tool", show_input="json", auto_collapse=True, parent_id=parent_id)


async def _finish(turn: _Turn, part: ToolFinished) -> None:
    step = turn.step or _step(part.title)
    turn.step = None
    step.name = f"{part.title} · {part.summary}" if part.summary else part.title
    step.is_error = part.status == "error"
    body = {} if part.output is None else part.output.model_dump(mode="json")
    shown = json.dumps(body, indent=1, ensure_ascii=False)
    rest = "\n…" if len(shown) > LONGEST_OUTPUT else ""
    step.output = f"Evidence `{part.evidence_id}`, {part.seconds:.2f} s\n\n```json\n{shown[:LONGEST_OUTPUT]}{rest}\n```"
    await step.update()
    turn.elements += await _pictures(part)
    turn.read.append(part.output)


async def _pictures(part: ToolFinished) -> list[cl.Plotly | cl.CustomElement]:
    """What is better seen than read: a forecast as a chart, cases as rows that open."""
    match part.output:
        case ForecastExplained() as found:
            return [showing.plot(forecast_chart.figure(found), f"forecast {found.sku} {found.site}")]
        case Forecasts(series=(one,)) if len(one.periods) > 1:
            found = await asyncio.to_thread(showing.explained, visitor(), one)
            shown = chart.forecast(one) if found is None else forecast_chart.figure(found)
            return [showing.plot(shown, f"forecast {one.sku} {one.site}")]
        case Exceptions():
            rows = await showing.show_rows([one.case_id for one in part.output.cases[:ROWS_SHOWN]])
            return [rows] if rows else []
        case _:
            return []


async def _stream(asking: Visitor, thread_id: str, text: str, case_id: str | None) -> AsyncGenerator[Part]:
    """The conversation's parts as they come, from its thread to this loop; its error, when it ends with one.

    Where nobody listens any more (the person pressed stop, or left) the turn ends at its next part.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Part | BaseException | None] = asyncio.Queue()
    unheard = threading.Event()

    def run() -> None:
        try:
            with closing(parts.conversation().stream(asking.context, thread_id, text, case_id=case_id)) as stream:
                for part in stream:
                    if unheard.is_set():
                        break
                    loop.call_soon_threadsafe(queue.put_nowait, part)
            loop.call_soon_threadsafe(queue.put_nowait, None)
        except Exception as error:
            loop.call_soon_threadsafe(queue.put_nowait, error)

    working = loop.run_in_executor(TURNS, run)
    try:
        while (part := await queue.get()) is not None:
            if isinstance(part, BaseException):
                raise part
            yield part
        await working
    finally:
        unheard.set()


def _case_of(asking: Visitor, thread_id: str) -> str | None:
    """The case that was opened last in the thread: "this case" is that one."""
    with parts.here().operator.transaction(asking.who.tenant) as connection:
        found = console.find_thread(connection, UUID(thread_id))
    return found.case_id if found and found.person == asking.who.person else None
