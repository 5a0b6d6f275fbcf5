"""A request's body, bounded while it arrives and read strictly once, before any route sees it.

`Content-Length` is what a sender says; bytes are counted here as they come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.outer import within
from app.api.problems import Malformed, TooLarge, TooSlow, WrongMediaType
from domain.errors import BadInput
from domain.incoming_json import LARGEST_BYTES, read_object

SECONDS = 15.0
JSON = ("application/json", "application/cloudevents+json")
FORM = "application/x-www-form-urlencoded"
FORMS_AT = ("/sign-in", "/sign-out")
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Body:
    """Refuses what is too large, too slow, of another type or ambiguous; hands the rest on unchanged."""

    def __init__(self, app: ASGIApp, faces: Sequence[str]) -> None:
        self.app = app
        self.faces = tuple(faces)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] not in WITH_BODY or within(scope["path"], self.faces):
            return await self.app(scope, receive, send)
        body = await _read(scope, receive)
        if body:
            _check(scope, body)
        handed = False

        async def replay() -> Message:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self.app(scope, replay, send)


async def _read(scope: Scope, receive: Receive) -> bytes:
    said = Headers(scope=scope).get("content-length", "0")
    if said.isdecimal() and int(said) > LARGEST_BYTES:
        raise TooLarge(remedy=f"Send at most {LARGEST_BYTES:,} bytes.")
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Malformed("The request was cut off.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > LARGEST_BYTES:
                    raise TooLarge(remedy=f"Send at most {LARGEST_BYTES:,} bytes.")
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise TooSlow(remedy=f"Send it within {SECONDS:.0f} seconds.") from None


def _check(scope: Scope, body: bytes) -> None:
    kind, _, rest = Headers(scope=scope).get("content-type", "").partition(";")
    kind, charset = kind.strip().lower(), rest.lower().replace('"', "").replace(" ", "")
    if kind == FORM and within(scope["path"], FORMS_AT):
        return
    if kind not in JSON or (charset.startswith("charset=") and charset != "charset=utf-8"):
        raise WrongMediaType(f"A body of type {kind[:60]!a} is not read here.", remedy=f"Send {JSON[0]} in UTF-8.")
    try:
        read_object(body, name="The body", remedy="Send one JSON object.")
    except BadInput as error:
        raise Malformed(str(error.args[0]), remedy=error.remedy) from None
