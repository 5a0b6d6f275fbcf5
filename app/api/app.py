"""The application: layers from the outside in (trace and errors, identity, body), then the routes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from app.api import cases, health, openapi, problems, proposals, signing
from app.api.body import Body
from app.api.identity import Identify
from app.api.outer import Outer
from app.api.parts import OpenParts, open_parts
from app.api.tools import tool_router
from app.wiring import program_version
from tools.catalogue import registry

ABOUT = "What is at risk in a warehouse network, why, and what to do about it. Every route under /v1 needs an identity."


def create_app(
    *, secure: bool = False, open_with: OpenParts = open_parts, faces: Sequence[str] = (), home: str = "/sign-in"
) -> FastAPI:
    """The API.

    `secure`: people reach it by TLS, so the session's cookie is bound to TLS. `faces`: paths of mounted surfaces with
    pages of their own (`/console`): they need a signed-in person, their bodies and scripts are theirs. `home`: where
    signing in leads. The database is opened when the server starts and closed when it stops.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        parts = await run_in_threadpool(open_with, secure)
        app.state.parts = parts
        try:
            yield
        finally:
            await run_in_threadpool(parts.close)

    app = FastAPI(
        title="Quartermaster", version=program_version(), description=ABOUT, lifespan=lifespan,
        docs_url=None, redoc_url=None, swagger_ui_oauth2_redirect_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.home = home
    app.state.prober = health.Prober()
    problems.handle(app)
    # Added last is outermost.
    for layer in (Body, Identify, Outer):
        app.add_middleware(layer, faces=tuple(faces))
    _route(app, home)
    openapi.describe(app)
    return app


def _route(app: FastAPI, home: str) -> None:
    for router in (health.router, signing.router, cases.router, proposals.router, tool_router(tuple(registry()))):
        app.include_router(router)

    @app.get("/", include_in_schema=False)
    def start() -> RedirectResponse:
        return RedirectResponse(home, 303)
