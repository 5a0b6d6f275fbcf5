"""A browser window's socket without a browser: what Chainlit's page sends and hears, and nothing that it would not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import socketio

PATH = "/console/ws/socket.io"
PATIENCE = 20.0


class Window:
    """One open console: everything that was shown, by the event it came with."""

    def __init__(self, address: str, cookie: str, thread_id: str | None) -> None:
        self.address, self.session_id, self.thread_id = address, str(uuid4()), thread_id
        self.headers = {"Cookie": cookie}
        self.heard: list[tuple[str, Any]] = []
        self.socket = socketio.AsyncClient(reconnection=False)
        self.socket.on("*", self._hear)

    async def _hear(self, event: str, data: Any = None) -> None:
        self.heard.append((event, data))

    async def open(self, **headers: str) -> None:
        auth = {"sessionId": self.session_id, "clientType": "webapp", "threadId": self.thread_id or "", "userEnv": "{}",
                "chatProfile": ""}  # fmt: skip
        try:
            await self.socket.connect(
                self.address, headers=self.headers | headers, auth=auth, transports=["websocket"], socketio_path=PATH,
                wait_timeout=10,
            )  # fmt: skip
        except BaseException:
            if self.socket.eio.http is not None:  # the library leaves it open when it is refused
                await self.socket.eio.http.close()
            raise
        await self.socket.emit("connection_successful")

    async def say(self, text: str, **more: object) -> None:
        message = {"id": str(uuid4()), "type": "user_message", "name": "x", "output": text} | more
        await self.socket.emit("client_message", {"message": message, "fileReferences": []})

    async def press(self, name: str, **payload: object) -> httpx.Response:
        body = {"sessionId": self.session_id, "action": {"name": name, "payload": payload}}
        async with httpx.AsyncClient(base_url=self.address, headers=self.headers, timeout=30) as client:
            return await client.post("/console/project/action", json=body)

    async def until(self, found: Callable[[], Any]) -> Any:
        """The first true answer of `found`; fails with what was heard."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while loop.time() < end:
            if seen := found():
                return seen
            await asyncio.sleep(0.05)
        raise AssertionError(f"not heard; last were {[str(one)[:300] for one in self.heard[-6:]]}")

    def texts(self) -> list[str]:
        return [data["output"] for event, data in self.heard if event in ("new_message", "update_message")]

    def text(self, part: str) -> str | None:
        return next((one for one in self.texts() if part in one), None)

    def elements(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.heard if event == "element" and data["name"] == name]

    def card(self) -> dict[str, Any] | None:
        """What the newest card shows."""
        cards = self.elements("CaseCard")
        return cards[-1]["props"] if cards else None

    async def open_case(self, case_id: str) -> dict[str, Any]:
        pressed = await self.press("open", case=case_id)
        assert pressed.json()["response"] == {"done": True}, self.texts()
        return await self.until(self.card)

    async def thread(self) -> str:
        """The thread's id, once something was done in it."""
        found = await self.until(lambda: [data for event, data in self.heard if event == "first_interaction"])
        return str(found[-1]["thread_id"])


@asynccontextmanager
async def window(address: str, cookie: str, thread_id: str | None = None) -> AsyncGenerator[Window]:
    """An open window, closed at the end."""
    made = Window(address, cookie, thread_id)
    await made.open()
    try:
        yield made
    finally:
        await made.socket.disconnect()
