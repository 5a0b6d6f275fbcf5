"""What Chainlit calls: a chat begins or is resumed, a message, a button. Each leaves the work to others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import chainlit as cl
from chainlit.action import Action
from chainlit.config import config
from chainlit.context import context
from chainlit.types import ThreadDict

from app.console import answering, deciding, parts, showing, watching
from app.console.evidence_note import evidence_note
from app.console.history import History
from app.console.person import visitor
from app.console.socket import OVER, signed_in, tell
from domain.errors import QuartermasterError

log = logging.getLogger(__name__)

Done = dict[str, bool]
_warming: set[asyncio.Task[None]] = set()  # the loop itself would let go of them


def register() -> None:
    """Hand Chainlit our functions; can be called again."""
    cl.data_layer(History)
    cl.on_chat_start(begin)
    cl.on_chat_resume(resume)
    cl.on_message(message)
    for name, act in BUTTONS.items():
        config.code.action_callbacks[name] = _button(act)


async def begin() -> None:
    """A new thread: the start of the day."""
    await _guarded(showing.show_worklist)
    await watching.watch()
    # Not awaited: nothing can be typed while a chat is beginning.
    task = asyncio.create_task(asyncio.to_thread(parts.warm))
    _warming.add(task)
    task.add_done_callback(_warming.discard)


async def resume(thread: ThreadDict) -> None:
    """A thread again: its cards as things are now, so that what waits can be answered and nothing else."""
    await watching.brought_up_to_date(thread.get("elements") or [], thread["id"])
    await watching.watch()


async def message(asked: cl.Message) -> None:
    """A question; who asks was looked up again before it came here."""
    await answering.answer(asked.content)


async def open_case(action: Action) -> None:
    """Show a case in this thread."""
    await showing.show_case(str(action.payload.get("case", "")))
    await watching.watch()


async def approve(action: Action) -> None:
    """Yes to what the card shows."""
    said = await asyncio.to_thread(deciding.approve, parts.here(), visitor(), str(action.payload.get("card", "")))
    if said:
        await cl.Message(content=said, author=showing.AUTHOR).send()


async def reject(action: Action) -> None:
    """No, with the reason."""
    reason = str(action.payload.get("reason", ""))
    card = str(action.payload.get("card", ""))
    await asyncio.to_thread(deciding.reject, parts.here(), visitor(), card, reason)


async def show_evidence(action: Action) -> None:
    """What the card's case stands on."""
    here, asking = parts.here(), visitor()
    row = await asyncio.to_thread(deciding.card_of, here, asking, str(action.payload.get("card", "")))
    note = await asyncio.to_thread(evidence_note, here, asking, row.case_id)
    await cl.Message(content=note, author=showing.AUTHOR).send()


Act = Callable[[Action], Awaitable[None]]
BUTTONS: dict[str, Act] = {"open": open_case, "approve": approve, "reject": reject, "evidence": show_evidence}


def _button(act: Act) -> Callable[[Action], Awaitable[Done]]:
    async def pressed(action: Action) -> Done:
        if not await signed_in():
            await tell(OVER)
            return {"done": False}
        return {"done": await _guarded(lambda: act(action))}

    return pressed


async def _guarded(work: Callable[[], Awaitable[None]]) -> bool:
    """Whether it was done; what went wrong is said in the thread, without a stack trace."""
    try:
        await work()
    except QuartermasterError as error:
        await showing.say(error)
        return False
    except Exception:
        log.exception("a callback of the console failed in thread %s", context.session.thread_id)
        await cl.Message(content=answering.BROKEN, author=showing.AUTHOR).send()
        return False
    return True
