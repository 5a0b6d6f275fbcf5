"""Chainlit's data layer over our own tables: a person's threads, kept, listed, resumed, renamed, deleted by them alone.

Chainlit calls it; who asks comes from the door and never from what Chainlit was sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from chainlit.data.base import BaseDataLayer
from chainlit.data.utils import queue_until_user_message
from chainlit.element import Element, ElementDict
from chainlit.step import StepDict
from chainlit.types import Feedback, PageInfo, PaginatedResponse, Pagination, ThreadDict, ThreadFilter
from chainlit.user import PersistedUser, User
from psycopg import Connection
from psycopg.rows import DictRow

from app.console import parts
from app.console.person import Visitor, visitor
from db import console
from db.console import Place, ThreadRow
from domain.errors import NotFound

T = TypeVar("T")
MOST = 50
# Chainlit would call a thread after the button that was pressed first in it.
BUTTON_NAMES = frozenset({"open", "approve", "reject", "evidence"})
NOT_YOURS = "This thread is another person's."


class History(BaseDataLayer):
    """Threads, steps and elements of whoever is asking. Nothing of files, feedback or favourites is kept."""

    async def get_user(self, identifier: str) -> PersistedUser | None:
        """The person at the door, and nobody else."""
        who = visitor()
        if identifier != who.identifier:
            return None
        return PersistedUser(
            id=identifier, identifier=identifier, createdAt=_text(datetime.now(UTC)), display_name=who.who.name
        )

    async def create_user(self, user: User) -> PersistedUser | None:
        """Nobody is made here."""
        return await self.get_user(user.identifier)

    async def get_thread_author(self, thread_id: str) -> str:
        """Whose thread it is; a refusal that follows from it is recorded."""
        wanted = _uuid_or_none(thread_id)
        found = await _inside(lambda connection, _: console.find_thread(connection, wanted)) if wanted else None
        return _identifier(found) if found else ""

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """A thread with all that was shown; of another's thread only whose it is, by which Chainlit refuses."""
        asking, wanted = visitor(), _uuid_or_none(thread_id)

        def read(connection: Connection[DictRow], _: Place) -> ThreadDict | None:
            row = console.find_thread(connection, wanted) if wanted else None
            if row is None:
                return None
            mine = row.person == asking.who.person
            steps = console.steps(connection, row.thread_id) if mine else []
            elements = console.elements(connection, row.thread_id) if mine else []
            return _thread(row, steps, elements)

        found = await _inside(read)
        if found and found["userIdentifier"] != asking.identifier:
            await _record_refusal(asking, thread_id)
        return found

    async def list_threads(self, pagination: Pagination, filters: ThreadFilter) -> PaginatedResponse[ThreadDict]:
        """The asking person's threads, whatever the filter says about users."""
        wanted = max(1, min(pagination.first, MOST))
        after = _uuid_or_none(pagination.cursor or "")

        def read(connection: Connection[DictRow], place: Place) -> list[ThreadRow]:
            search = filters.search or ""
            return console.threads_of(connection, place.person, search=search, after=after, limit=wanted + 1)

        rows = await _inside(read)
        shown = [_thread(row, [], []) for row in rows[:wanted]]
        last = shown[-1]["id"] if shown else None
        first = shown[0]["id"] if shown else None
        return PaginatedResponse(PageInfo(len(rows) > wanted, first, last), shown)

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Make or change a thread of the asking person's."""

        def change(connection: Connection[DictRow], place: Place) -> None:
            console.begin_thread(connection, place)
            console.change_thread(connection, place, name=None if name in BUTTON_NAMES else name, metadata=metadata)

        await _inside(change, thread_id)

    async def delete_thread(self, thread_id: str) -> None:
        """Remove the asking person's thread."""
        await _inside(console.delete_thread, thread_id)

    @queue_until_user_message()
    async def create_step(self, step_dict: StepDict) -> None:
        """Keep a step."""
        await keep_step(step_dict)

    @queue_until_user_message()
    async def update_step(self, step_dict: StepDict) -> None:
        """Keep what has become of a step."""
        await keep_step(step_dict)

    @queue_until_user_message()
    async def delete_step(self, step_id: str) -> None:
        """Remove a step of the asking person's."""
        await _inside(lambda connection, place: console.delete_step(connection, place.person, _uuid(step_id)))

    @queue_until_user_message()
    async def create_element(self, element: Element) -> None:
        """Keep an element: what it shows stands in it, there are no files."""
        body = dict(element.to_dict())
        if element.thread_id:
            await keep_element(element.thread_id, body)

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        """One element of the asking person's thread."""
        thread = await self.get_thread(thread_id)
        found = (one for one in (thread or {}).get("elements") or [] if one.get("id") == element_id)
        return next(found, None)

    @queue_until_user_message()
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        """Remove an element of the asking person's."""
        await _inside(lambda connection, place: console.delete_element(connection, place.person, _uuid(element_id)))

    async def delete_feedback(self, feedback_id: str) -> bool:
        """There is no feedback to delete."""
        return False

    async def upsert_feedback(self, feedback: Feedback) -> str:
        """Feedback on answers is not taken here."""
        raise NotFound("Feedback is not taken here.")

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        """There are no favourites."""
        return []

    async def build_debug_url(self) -> str:
        """There is no debugger."""
        return ""

    async def close(self) -> None:
        """The databases are the API's to close."""


async def keep_step(step: StepDict) -> None:
    """Keep a step of the asking person's thread now, whether or not anything was said in the thread yet."""

    def keep(connection: Connection[DictRow], place: Place) -> None:
        console.begin_thread(connection, place)
        at = step.get("createdAt")
        shown_at = datetime.fromisoformat(at) if at else datetime.now(UTC)
        console.put_step(connection, place, _uuid(step.get("id", "")), shown_at, _plain(dict(step)))

    thread_id = step.get("threadId")
    if thread_id:
        await _inside(keep, thread_id)


async def keep_element(thread_id: str, body: dict[str, Any]) -> None:
    """Keep an element of the asking person's thread."""

    def keep(connection: Connection[DictRow], place: Place) -> None:
        console.begin_thread(connection, place)
        console.put_element(connection, place, _uuid(body["id"]), _plain(body))

    await _inside(keep, thread_id)


async def _inside(work: Callable[[Connection[DictRow], Place], T], thread_id: str = "") -> T:
    """Run `work` for the asking person in a transaction, in a thread of its own."""
    who = visitor().who
    place = Place(who.tenant, who.person, _uuid(thread_id) if thread_id else UUID(int=0))

    def run() -> T:
        with parts.here().operator.transaction(who.tenant) as connection:
            return work(connection, place)

    return await asyncio.to_thread(run)


async def _record_refusal(asking: Visitor, thread_id: str) -> None:
    refused = NotFound(NOT_YOURS)
    record = parts.here().signin.refusals.of_caller
    await asyncio.to_thread(record, asking.context, f"thread:{thread_id}", "console thread", refused)


def _thread(row: ThreadRow, steps: list[dict[str, Any]], elements: list[dict[str, Any]]) -> ThreadDict:
    thread: Any = {
        "id": str(row.thread_id),
        "createdAt": _text(row.created_at),
        "name": row.name,
        "userId": _identifier(row),
        "userIdentifier": _identifier(row),
        "tags": [],
        "metadata": row.metadata,
        "steps": steps,
        "elements": elements,
    }
    return thread


def _identifier(row: ThreadRow) -> str:
    return f"{visitor().who.tenant}/{row.person}"


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """What can be kept as JSON: no NUL, which PostgreSQL refuses in text."""
    return json.loads(json.dumps(body, default=str).replace("\\u0000", ""))


def _uuid(value: str) -> UUID:
    found = _uuid_or_none(value)
    if found is None:
        raise NotFound("There is no such thread or message.")
    return found


def _uuid_or_none(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
