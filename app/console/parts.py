"""What the console works with, for Chainlit's callbacks, which are called without a request of ours.

The databases, the tools and the sign-in are the API's; the conversation is made at its first use and kept.
"""

from __future__ import annotations

import logging
import threading

from fastapi import FastAPI

from agents.conversation.port import Conversation
from app.api.parts import Parts
from domain.errors import Unavailable

log = logging.getLogger(__name__)

_lock = threading.Lock()
_host: list[FastAPI] = []
_talking: list[tuple[Parts, Conversation]] = []


def use(host: FastAPI) -> None:
    """The application that the console is mounted in; its parts are there while the server runs."""
    _host[:] = [host]


def here() -> Parts:
    """The parts; raises `Unavailable` before the server has started."""
    parts: Parts | None = getattr(_host[0].state, "parts", None) if _host else None
    if parts is None:
        raise Unavailable("The server is starting.", remedy="Try again in a moment.")
    return parts


def conversation() -> Conversation:
    """The conversation over the agent's database."""
    from app.asking import conversation as make

    parts = here()
    with _lock:
        if not _talking or _talking[0][0] is not parts:
            _talking[:] = [(parts, make(parts.agent))]
        return _talking[0][1]


def warm() -> None:
    """Make the conversation before the first question: its libraries take seconds to load."""
    try:
        conversation()
    except Exception:
        log.exception("the conversation could not be made; it is tried again with the first question")
