"""Signing in and out: a form for people, JSON for programs, one-time links. The session travels in one cookie."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.api import page
from app.api.body import FORM
from app.api.identity import AnyCaller
from app.api.parts import Parts
from app.api.problems import Malformed
from app.signin.door import SignIn, Started
from app.signin.errors import NotIdentified, TooManyAttempts
from app.signin.model import Caller, SignedIn
from domain.errors import BadInput, QuartermasterError

router = APIRouter(tags=["sign-in"])


class Credentials(BaseModel):
    """A name and a password; `tenant` only where the program serves several networks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str = Field(max_length=120)
    password: str = Field(max_length=1024)
    tenant: str = Field(default="", max_length=63)
    next: str = Field(default="", max_length=500, description="Where the page goes on to; a path of this server.")


class Identity(BaseModel):
    """Who you are here, until when, and what you may ask for."""

    kind: str
    tenant: str
    id: str
    name: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    expires_at: datetime


def parts_of(request: Request) -> Parts:
    """The process's parts, for routes that need no identity."""
    return request.app.state.parts


OpenParts = Annotated[Parts, Depends(parts_of)]


@router.get("/sign-in", include_in_schema=False)
def show(request: Request, parts: OpenParts, next: str = "") -> Response:
    """The form, or who is signed in."""
    known = parts.signin.person_of(request.headers.get("cookie", ""))
    if known is not None:
        return page.already_in(known.name, _onward(next, request))
    return page.sign_in_form(ask_tenant=_ask_tenant(parts), onward=next)


@router.post("/sign-in", include_in_schema=False)
async def sign_in(request: Request, parts: OpenParts) -> Response:
    """A session for a name and a password."""
    given, is_form = await _credentials(request)
    address = request.client.host if request.client else "unknown"

    def start() -> Started:
        return parts.signin.sign_in(
            given.person, given.password, tenant=given.tenant, address=address, trace_id=request.state.trace_id
        )

    try:
        started = await run_in_threadpool(start)
    except (NotIdentified, TooManyAttempts) as error:
        if not is_form:
            raise
        asks = await run_in_threadpool(_ask_tenant, parts)
        answer = page.sign_in_form(ask_tenant=asks, onward=given.next, problem=str(error), status=error.status)
        if isinstance(error, TooManyAttempts):
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    return _signed_in(request, parts.signin, started, given.next, is_form=is_form)


@router.get("/sign-in/{token}", include_in_schema=False)
def show_link(token: str, parts: OpenParts, next: str = "") -> Response:
    """The button behind a one-time link."""
    try:
        return page.link_form(token, parts.signin.link_holder(token).name, next)
    except QuartermasterError as error:
        return page.refused(str(error), error.status)


@router.post("/sign-in/{token}", include_in_schema=False)
async def follow_link(token: str, request: Request, parts: OpenParts) -> Response:
    """Use a link up."""
    address = request.client.host if request.client else "unknown"
    form = _is_form(request)
    onward = _form(await request.body()).get("next", "") if form else ""

    def start() -> Started:
        return parts.signin.use_link(token, address=address, trace_id=request.state.trace_id)

    try:
        started = await run_in_threadpool(start)
    except (NotIdentified, TooManyAttempts) as error:
        if not form:
            raise
        return page.refused(str(error), error.status)
    return _signed_in(request, parts.signin, started, onward, is_form=form)


@router.post("/sign-out", include_in_schema=False)
def sign_out(request: Request, parts: OpenParts) -> Response:
    """End the session; the cookie goes with it."""
    token = parts.signin.token_in(request.headers.get("cookie", ""))
    if token is not None:
        parts.signin.sign_out(token, request.state.trace_id)
    answer = RedirectResponse("/sign-in", 303) if _is_form(request) else Response(status_code=204)
    answer.delete_cookie(parts.signin.cookie, path="/", secure=parts.signin.secure, httponly=True, samesite="strict")
    return answer


@router.get("/v1/me", summary="Who am I")
def me(asked: AnyCaller) -> Identity:
    """The identity that this request was made with."""
    return _identity(asked.caller)


def _identity(caller: Caller) -> Identity:
    roles = tuple(sorted(caller.roles)) if isinstance(caller, SignedIn) else ()
    return Identity(
        kind="person" if isinstance(caller, SignedIn) else "service",
        tenant=caller.tenant,
        id=caller.person if isinstance(caller, SignedIn) else caller.key_id,
        name=caller.name,
        roles=roles,
        scopes=tuple(sorted(caller.scopes)),
        expires_at=caller.expires_at,
    )


def _signed_in(request: Request, signin: SignIn, started: Started, onward: str, *, is_form: bool) -> Response:
    if is_form:
        answer: Response = RedirectResponse(_onward(onward, request), 303)
    else:
        answer = JSONResponse(_identity(started.who).model_dump(mode="json"))
    longest = int(signin.times.longest.total_seconds())
    answer.set_cookie(
        signin.cookie, started.token, max_age=longest, path="/", secure=signin.secure, httponly=True, samesite="strict"
    )
    return answer


async def _credentials(request: Request) -> tuple[Credentials, bool]:
    is_form = _is_form(request)
    try:
        if is_form:
            return Credentials.model_validate(_form(await request.body())), True
        return Credentials.model_validate_json(await request.body()), False
    except ValidationError as error:
        # Never what was sent: it may hold a password.
        names = sorted({str(fault["loc"][0]) if fault["loc"] else "body" for fault in error.errors()})
        raise BadInput(f"Not usable: {', '.join(names)}.", remedy="Send person and password.") from None


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError:
        raise Malformed("The form cannot be read.", remedy="Send it as UTF-8.") from None
    if any(len(values) != 1 for values in fields.values()):
        raise Malformed("A field of the form stands twice.")
    return {name: values[0] for name, values in fields.items()}


def _onward(wanted: str, request: Request) -> str:
    """A path of this server; two slashes, or a slash and a backslash, are another server to a browser."""
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if plain and "\\" not in wanted else request.app.state.home


def _ask_tenant(parts: Parts) -> bool:
    return len(parts.operator.tenant_names()) != 1
