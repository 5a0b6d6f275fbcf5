"""The outermost layer: a trace id on everything, safe headers, and no error that leaves as a stack trace."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import respond

TRACE_HEADER = "Trace-Id"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# What our own routes say beyond it; a mounted face has scripts and a policy of its own.
OWN_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


class Outer:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, faces: Sequence[str]) -> None:
        self.app = app
        self.faces = tuple(faces)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        trace_id = uuid4().hex
        scope.setdefault("state", {})["trace_id"] = trace_id
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._mark(MutableHeaders(scope=message), str(scope["path"]), trace_id)
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await respond(error, trace_id)(scope, receive, send_marked)
        return None

    def _mark(self, headers: MutableHeaders, path: str, trace_id: str) -> None:
        headers[TRACE_HEADER] = trace_id
        for name, value in (HEADERS if within(path, self.faces) else HEADERS | OWN_HEADERS).items():
            headers.setdefault(name, value)


def within(path: str, prefixes: Sequence[str]) -> bool:
    """Whether the path is one of these or below one."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)
