"""Guards the events of Chainlit's socket: the session is looked up again with each message; what we do not use is gone.

A socket outlives the sign-in it was opened with, so being connected proves nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from chainlit.context import init_ws_context
from chainlit.message import Message
from chainlit.server import sio
from chainlit.session import WebsocketSession

from app.console import parts
from app.console.person import visitor
from app.signin.errors import NotIdentified

log = logging.getLogger(__name__)

UNUSED = (
    "edit_message", "message_favorite", "fetch_favorites", "window_message",
    "audio_start", "audio_chunk", "audio_end",
)  # fmt: skip
LONGEST = 4_000
OVER = "Your session is over, so nothing was done. [Sign in again](/sign-in?next=/console)"
TOO_LONG = f"That is longer than {LONGEST:,} characters, so nothing was done. Ask in fewer words."

Handler = Callable[..., Awaitable[Any]]


def guard() -> None:
    """Wrap the handlers, once a process."""
    handlers: dict[str, Handler] = sio.handlers["/"]
    for event in UNUSED:
        handlers.pop(event, None)
    if not hasattr(handlers["client_message"], "guarded"):
        handlers["client_message"] = _guarded(handlers["client_message"])


async def signed_in() -> bool:
    """Whether the session that this socket came with still lives; a refusal is recorded where it is found."""
    asking = visitor()
    try:
        await asyncio.to_thread(parts.here().signin.session, asking.token, asking.trace_id)
    except NotIdentified:
        return False
    return True


async def tell(text: str) -> None:
    """Say something in the thread that is not kept."""
    message = Message(content=text)
    await message_only(message)


async def message_only(message: Message) -> None:
    """Show a message in this browser and keep it nowhere."""
    from chainlit.context import context

    await context.emitter.send_step(message.to_dict())


def _guarded(handler: Handler) -> Handler:
    async def client_message(sid: str, payload: Any) -> None:
        session = WebsocketSession.get(sid)
        text = _text(payload)
        if session is None or text is None:
            return log.warning("a socket message without a session or a text was dropped")
        context = init_ws_context(session)
        if len(text) > LONGEST:
            await tell(TOO_LONG)
        elif not await signed_in():
            await tell(OVER)
        else:
            return await handler(sid, {"message": _own(payload["message"], text, session), "fileReferences": None})
        return await context.emitter.task_end()

    client_message.guarded = True  # pyright: ignore[reportFunctionMemberAccess]
    return client_message


def _text(payload: Any) -> str | None:
    message = payload.get("message") if isinstance(payload, dict) else None
    text = message.get("output") if isinstance(message, dict) else None
    return text if isinstance(text, str) and isinstance(message, dict) and isinstance(message.get("id"), str) else None


def _own(message: dict[str, Any], text: str, session: WebsocketSession) -> dict[str, Any]:
    """Only what a person may say of their own message: its id and its text. Not its author, place or kind."""
    return {
        "id": message["id"],
        "threadId": session.thread_id,
        "name": visitor().who.name,
        "type": "user_message",
        "output": text,
        "createdAt": None,
        "metadata": {},
    }
