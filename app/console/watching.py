"""What comes of a proposal arrives in the thread by itself: approved, sent, confirmed; or denied, expired, in conflict.

One look a second for each open session, only while its socket is connected and its sign-in lives. Each line has an id
that follows from what it says, so that two windows on one thread keep it once.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

import chainlit as cl
import psycopg
from chainlit.context import context, init_ws_context
from chainlit.element import ElementDict
from chainlit.server import sio
from chainlit.session import WebsocketSession, ws_sessions_id
from psycopg import Connection
from psycopg.rows import DictRow

from app.console import parts, words
from app.console.answerable import NOTHING_WAITS
from app.console.case_card import CaseCard, read_case
from app.console.person import Visitor, visitor
from app.console.showing import AUTHOR, card_element
from app.console.socket import signed_in
from db import console
from db.console import CardRow, MomentRow
from domain.errors import QuartermasterError

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
SESSION_EVERY = 30  # looks between two questions whether the sign-in still lives
NEWER = "There is a newer proposal for this case; open the case again to answer it."
Told = dict[UUID, set[str]]  # by card
_watching: dict[str, asyncio.Task[None]] = {}


@dataclass(frozen=True)
class News:
    """What is new about a card, and the card as it is now."""

    row: CardRow
    moments: tuple[MomentRow, ...]
    card: CaseCard


async def watch() -> None:
    """Watch the cards of this session's thread, from what was told of them by now; once a session."""
    session = context.session
    if not isinstance(session, WebsocketSession) or session.id in _watching:
        return
    asking = visitor()
    told = await asyncio.to_thread(_told, asking, UUID(session.thread_id))
    task = asyncio.create_task(_run(session, asking, told))
    _watching[session.id] = task
    task.add_done_callback(lambda _: _watching.pop(session.id, None))


async def brought_up_to_date(elements: list[ElementDict], thread_id: str) -> None:
    """Change the cards among a thread's elements to what holds now: a button never outlives its proposal's waiting."""
    asking = visitor()
    now = await asyncio.to_thread(_cards_now, asking, UUID(thread_id))
    for element in elements:
        card = now.get(str(element.get("id")))
        if card is not None:
            element["props"] = card.model_dump(mode="json")


async def _run(session: WebsocketSession, asking: Visitor, told: Told) -> None:
    init_ws_context(session)
    looks = 0
    while ws_sessions_id.get(session.id) is session:
        await asyncio.sleep(EVERY_SECONDS)
        looks += 1
        if not sio.manager.is_connected(session.socket_id, "/"):
            continue
        if looks % SESSION_EVERY == 0 and not await signed_in():
            return
        try:
            for news in await asyncio.to_thread(_news, asking, UUID(session.thread_id), told):
                await _tell(news)
        except (QuartermasterError, psycopg.Error):
            log.exception("the console could not look what came of its proposals; it will look again")


async def _tell(news: News) -> None:
    for moment in news.moments:
        made = str(uuid5(NAMESPACE_URL, f"{news.row.card_id}:{moment.key}"))
        await cl.Message(content=words.came(moment), author=AUTHOR, id=made).send()
    await _update(news)


async def _update(news: News) -> None:
    await card_element(news.card).update()


def _news(asking: Visitor, thread_id: UUID, told: Told) -> list[News]:
    """Cards about which something is new to this session; what is new is remembered, here and in the database."""
    found: list[News] = []
    with parts.here().operator.transaction(asking.who.tenant) as connection:
        for row in console.cards(connection, asking.who.person, thread_id):
            known = told.setdefault(row.card_id, set(row.told))
            moments = console.moments(connection, row.proposal_id) if row.proposal_id else []
            new = tuple(one for one in moments if one.key not in known)
            if not new:
                continue
            known.update(one.key for one in new)
            console.keep_told(connection, asking.who.person, row.card_id, sorted(known | set(row.told)))
            found.append(News(row, new, _card_now(connection, asking, row)))
    return found


def _told(asking: Visitor, thread_id: UUID) -> Told:
    with parts.here().operator.transaction(asking.who.tenant) as connection:
        return {row.card_id: set(row.told) for row in console.cards(connection, asking.who.person, thread_id)}


def _cards_now(asking: Visitor, thread_id: UUID) -> dict[str, CaseCard]:
    with parts.here().operator.transaction(asking.who.tenant) as connection:
        rows = console.cards(connection, asking.who.person, thread_id)
        return {str(row.card_id): _card_now(connection, asking, row) for row in rows}


def _card_now(connection: Connection[DictRow], asking: Visitor, row: CardRow) -> CaseCard:
    """The case as it is now on the same card; a newer proposal is not what this card's buttons stand for."""
    read = read_case(connection, parts.here().gate(), asking.context, row.case_id)
    same = (read.proposal.proposal_id if read.proposal else None) == row.proposal_id
    answer = read.card.answer if same else NOTHING_WAITS.model_copy(update={"why_not": NEWER})
    return read.card.model_copy(update={"card": str(row.card_id), "answer": answer})
