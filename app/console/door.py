"""The door in front of Chainlit: what is not on its list is not there, and who comes in is who our session says.

Chainlit has an identity of its own, a signed cookie that outlives a session. It is never given to a browser: each
request carries one made for it alone, from the person whom `app.api.identity` found, and one that came is taken off.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.console import parts
from app.console.page import Page
from app.console.person import Visitor, enter
from app.signin.model import SignedIn
from db import tenants
from db.tenants import Tenant

IDENTITY_COOKIE = "quartermaster_console"
LARGEST_BODY = 100_000
ALLOWED = tuple(
    (method, re.compile(pattern))
    for method, pattern in (
        ("GET", r"/(public|assets)/(?!.*\.\.)[\w./-]+(?<!\.map)"),
        ("GET", r"/(favicon|logo|user|auth/config)"),
        ("GET", r"/avatars/[\w. -]+"),
        ("GET", r"/project/(translations|settings)"),
        ("GET", r"/project/thread/[\w-]+"),
        ("GET", r"/project/thread/[\w-]+/element/[\w-]+"),
        ("POST", r"/project/(threads|action)"),
        ("PUT", r"/project/thread"),
        ("DELETE", r"/project/thread"),
    )
)
SOCKET = "/ws/socket.io/"
PAGES = re.compile(r"/(|thread/[\w-]+)")
# The library's page to sign in. Ours is another, and whoever comes here is signed in already.
SIGN_IN_PAGES = ("/login", "/login/callback")

MakeIdentity = Callable[[Visitor], str]


class Door:
    """Wraps Chainlit's application; `make_identity` gives its cookie's value for a person."""

    def __init__(self, inner: ASGIApp, page: Page, make_identity: MakeIdentity) -> None:
        self.inner, self.page, self.make_identity = inner, page, make_identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket below /console; whoever comes here is identified already."""
        visitor = _visitor(scope)
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", ""))) or "/"
        if scope["type"] == "websocket":
            if visitor is None or path != SOCKET:
                return await send({"type": "websocket.close", "code": 1008})
            return await self._inside(scope, receive, send, visitor)
        answer = await self._answer(scope, path, visitor)
        if answer is not None:
            return await answer(scope, receive, send)
        assert visitor is not None
        return await self._inside(scope, receive, send, visitor)

    async def _answer(self, scope: Scope, path: str, visitor: Visitor | None) -> Response | None:
        """What is answered here; None for what is Chainlit's to answer."""
        method = scope["method"]
        if visitor is None:
            return JSONResponse({"detail": "The console is for signed-in people."}, 403)
        if method == "GET" and PAGES.fullmatch(path):
            return await self._page(visitor)
        if method == "GET" and path in SIGN_IN_PAGES:
            return RedirectResponse(f"{scope['root_path']}/", 303)
        if (method, path) == ("POST", "/logout"):
            return await _sign_out(visitor)
        if (method, path) == ("POST", "/set-session-cookie"):
            return JSONResponse({"message": "One process serves all; no cookie is needed."})
        if not any(method == wanted and pattern.fullmatch(path) for wanted, pattern in ALLOWED):
            return JSONResponse({"detail": "There is nothing here."}, 404)
        headers = Headers(scope=scope)
        said = headers.get("content-length", "" if "transfer-encoding" in headers else "0")
        if method != "GET" and not (said.isdecimal() and int(said) <= LARGEST_BODY):
            return JSONResponse({"detail": f"Send at most {LARGEST_BODY:,} bytes, and say how many."}, 413)
        return None

    async def _page(self, visitor: Visitor) -> Response:
        tenant = await run_in_threadpool(_tenant, visitor.who)
        headers = {"Content-Security-Policy": self.page.policy, "Cache-Control": "no-store"}
        return Response(self.page.of(tenant), media_type="text/html", headers=headers)

    async def _inside(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        enter(visitor)
        kept = [
            (name, value) for name, value in scope["headers"] if name not in (b"cookie", b"authorization")
        ]  # whatever else was sent as an identity stays outside
        session = f"{IDENTITY_COOKIE}={self.make_identity(visitor)}"
        await self.inner({**scope, "headers": [*kept, (b"cookie", session.encode())]}, receive, send)


def _visitor(scope: Scope) -> Visitor | None:
    """The person with the session they came with; None for a program's key, which has no business here."""
    state: dict[str, Any] = scope["state"]
    token = parts.here().signin.token_in(Headers(scope=scope).get("cookie", ""))
    who = state.get("caller")
    return Visitor(who, token, str(state["trace_id"])) if isinstance(who, SignedIn) and token else None


def _tenant(who: SignedIn) -> Tenant:
    with parts.here().operator.transaction(who.tenant) as connection:
        return tenants.read_tenant(connection)


async def _sign_out(visitor: Visitor) -> Response:
    signin = parts.here().signin
    await run_in_threadpool(signin.sign_out, visitor.token, visitor.trace_id)
    answer = JSONResponse({"success": True})
    answer.delete_cookie(signin.cookie, path="/", secure=signin.secure, httponly=True, samesite="strict")
    return answer
