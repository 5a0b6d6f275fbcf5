"""Who is asking, settled before anything else of a request is looked at; and what a route demands of them.

Every path needs an identity but those that are listed as open. A cookie counts only for requests of our own pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.outer import within
from app.api.parts import Parts
from app.signin import keys
from app.signin.errors import CrossSite, MissingScope, NotIdentified
from app.signin.model import Caller, SignedIn
from app.signin.model import Scope as Right
from domain.context import Context

OPEN = frozenset({"/", "/healthz", "/readyz", "/openapi.json", "/sign-in", "/sign-out"})
OPEN_BELOW = ("/sign-in",)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HOW = "Send `Authorization: Bearer qm_…`, or sign in at /sign-in."


@dataclass(frozen=True)
class Asked:
    """A request as a route sees it: who asks, as which actor, and with what parts it is answered."""

    caller: Caller
    context: Context
    parts: Parts


class Identify:
    """Lets nobody pass who is not known; sends people who open a face to the sign-in page."""

    def __init__(self, app: ASGIApp, faces: Sequence[str]) -> None:
        self.app = app
        self.faces = tuple(faces)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        headers, path = Headers(scope=scope), str(scope["path"])
        parts: Parts = scope["app"].state.parts
        try:
            if not (path in OPEN or within(path, OPEN_BELOW)):
                caller = await run_in_threadpool(_caller, parts, headers, scope["state"]["trace_id"])
                scope["state"]["caller"] = caller
            if (scope["type"] == "websocket" or scope["method"] not in SAFE) and _is_cross_site(headers):
                await run_in_threadpool(_refuse_cross_site, parts, scope["state"])
        except (NotIdentified, CrossSite):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 1008})
            if within(path, self.faces) and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
                return await RedirectResponse(f"/sign-in?next={quote(path)}", 303)(scope, receive, send)
            raise
        return await self.app(scope, receive, send)


def needs(right: Right) -> Callable[[Request], Asked]:
    """A dependency: the caller, who must have this right; a refusal is recorded."""

    def asked(request: Request) -> Asked:
        made = who(request)
        if right not in made.caller.scopes:
            raise _refused(made, right, request)
        return made

    return asked


def who(request: Request) -> Asked:
    """A dependency: the caller, whatever they may do."""
    caller: Caller = request.state.caller
    return Asked(caller, caller.context(request.state.trace_id), request.app.state.parts)


AnyCaller = Annotated[Asked, Depends(who)]
Reader = Annotated[Asked, Depends(needs("cases:read"))]
Analyst = Annotated[Asked, Depends(needs("tools:analyse"))]
Reporter = Annotated[Asked, Depends(needs("events:write"))]
Proposer = Annotated[Asked, Depends(needs("proposals:write"))]
Approver = Annotated[Asked, Depends(needs("approvals:write"))]


def _caller(parts: Parts, headers: Headers, trace_id: str) -> Caller:
    """A key where one is sent, else a session; a key that is refused is not made good by a cookie."""
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotIdentified(remedy=HOW)
        return keys.identify(parts.operator, parts.signin.refusals, credential.strip(), trace_id)
    token = parts.signin.token_in(headers.get("cookie", ""))
    if token is None:
        raise NotIdentified(remedy=HOW)
    return parts.signin.session(token, trace_id)


def _is_cross_site(headers: Headers) -> bool:
    """Whether a browser says that another site's page made this request; programs say neither and are let through."""
    if "authorization" in headers:
        return False  # no browser adds it by itself
    fetched = headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _refuse_cross_site(parts: Parts, state: dict[str, object]) -> None:
    refused = CrossSite(remedy="Open the page itself and do it there.")
    caller = state.get("caller")
    if isinstance(caller, SignedIn):
        context = caller.context(str(state["trace_id"]))
        parts.signin.refusals.of_caller(context, f"person:{caller.person}", "cross-site request", refused)
    raise refused


def _refused(asked: Asked, right: Right, request: Request) -> MissingScope:
    mine = ", ".join(sorted(asked.caller.scopes)) or "nothing"
    refused = MissingScope(f"This needs {right}; you may {mine}.", remedy="Ask somebody whose role includes it.")
    subject = f"{asked.context.actor.kind}:{asked.context.actor.id}"
    asked.parts.signin.refusals.of_caller(
        asked.context, subject, f"{request.method} {request.scope['route'].path}", refused
    )
    return refused
