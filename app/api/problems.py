"""Errors as RFC 9457 problem documents: what happened, what to do next, and the trace id; never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from app.signin.errors import TooManyAttempts
from domain.canonical import to_json
from domain.errors import Ambiguous, BadInput, QuartermasterError, Unavailable
from tools.errors import NoData

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
FAULTS = 20
REPORT = "This is a mistake of ours: please report it with the trace id."


class Malformed(BadInput):
    """The request cannot be read."""

    status = 400


class TooLarge(BadInput):
    """The request's body is too large."""

    status = 413


class WrongMediaType(BadInput):
    """The request's body is of a type that is not read here."""

    status = 415


class TooSlow(BadInput):
    """The request's body did not arrive in time."""

    status = 408


class Fault(BaseModel):
    """One thing that is wrong: a JSON pointer into the body, or the name of a parameter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pointer: str = Field(description="RFC 6901 pointer into the body, or `query`, `path` and a name.")
    detail: str


class Problem(BaseModel):
    """RFC 9457. `kind` names the error, `remedy` says what to do next; `trace_id` is what the log and audit carry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    kind: str
    remedy: str = ""
    trace_id: str
    candidates: tuple[str, ...] | None = None
    errors: tuple[Fault, ...] | None = None
    searched: dict[str, Any] | None = None


def problem_of(error: Exception, trace_id: str) -> tuple[Problem, dict[str, str]]:
    """The problem document for an error and the headers that go with it."""
    match error:
        case HTTPException():
            return _problem(error.status_code, _KINDS.get(error.status_code, "Refused"), str(error.detail), trace_id), {
                **(error.headers or {})
            }
        case RequestValidationError():
            return _invalid(error, trace_id), {}
        case NoData():
            problem = _problem(404, "NoData", str(error.args[0]), trace_id, remedy=error.remedy)
            return problem.model_copy(update={"searched": to_json(dict(error.searched))}), {}
        case QuartermasterError():
            return _ours(error, trace_id), _headers(error)
        case psycopg.OperationalError():
            lost = Unavailable("The database did not carry this out; nothing was written.", remedy="Try again.")
            return _ours(lost, trace_id), _headers(lost)
        case _:
            return _problem(500, "Unexpected", "Something went wrong inside.", trace_id, remedy=REPORT), {}


def respond(error: Exception, trace_id: str) -> Response:
    """The response for an error; what nobody foresaw goes to the log with its stack."""
    problem, headers = problem_of(error, trace_id)
    if problem.status >= 500:
        log.error("trace %s: %s", trace_id, problem.kind, exc_info=error)
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, problem.status, headers=headers, media_type=MEDIA_TYPE)


def handle(app: FastAPI) -> None:
    """Answer the errors that the routes raise."""

    async def answer(request: Request, error: Exception) -> Response:
        return respond(error, request.state.trace_id)

    for kind in (HTTPException, RequestValidationError, QuartermasterError):
        app.add_exception_handler(kind, answer)


_KINDS = {404: "NoSuchRoute", 405: "NoSuchMethod", 400: "Malformed"}


def _problem(status: int, kind: str, detail: str, trace_id: str, *, remedy: str = "") -> Problem:
    title = HTTPStatus(status).phrase
    if kind in ("NoSuchRoute", "NoSuchMethod"):
        remedy = "See /openapi.json for the routes there are."
    return Problem(title=title, status=status, detail=detail, kind=kind, remedy=remedy, trace_id=trace_id)


def _ours(error: QuartermasterError, trace_id: str) -> Problem:
    problem = _problem(error.status, type(error).__name__, str(error.args[0]), trace_id, remedy=error.remedy)
    return problem.model_copy(update={"candidates": error.candidates}) if isinstance(error, Ambiguous) else problem


def _headers(error: QuartermasterError) -> dict[str, str]:
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.retry_after)}
    if error.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="quartermaster"'}
    return {"Retry-After": str(RETRY_SECONDS)} if error.status == 503 else {}


def _invalid(error: RequestValidationError, trace_id: str) -> Problem:
    faults: Sequence[Mapping[str, Any]] = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return _problem(400, "Malformed", "The body is not JSON.", trace_id)
    problem = _problem(422, "BadInput", "The request cannot be used as it is.", trace_id, remedy="Correct it.")
    found = tuple(_fault(fault) for fault in faults[:FAULTS])
    return problem.model_copy(update={"errors": found})


def _fault(fault: Mapping[str, Any]) -> Fault:
    """Where and what, without the value that was sent."""
    where, *path = fault["loc"]
    # Names of union branches and validators stand in the path as well; a field of ours is a plain name.
    steps = [str(step) for step in path if isinstance(step, int) or str(step).isidentifier()]
    pointer = "".join(f"/{step}" for step in steps) if where == "body" else f"{where} {'.'.join(steps)}"
    return Fault(pointer=pointer[:200], detail=str(fault["msg"]).removeprefix("Value error, ")[:300])
