"""Is the process up, and can it work? `ready` means that a write was tried and undone, not that a port answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

import psycopg
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from app.api.parts import Parts
from app.api.signing import OpenParts
from app.doctoring import write_and_undo
from domain.errors import QuartermasterError

router = APIRouter(tags=["health"])

KEPT_SECONDS = 1.0  # strangers may ask as often as they like; the database is asked once a second
WAIT_SECONDS = 2.0  # more of them waiting for one that hangs would take the threads that answer everything else
RETRY_SECONDS = "5"


class Alive(BaseModel):
    """The process answers."""

    status: Literal["up"] = "up"


class PartState(BaseModel):
    """One part; `detail` says what is wrong, without naming hosts or users to strangers."""

    part: str
    ready: bool
    detail: str


class Readiness(BaseModel):
    """Ready only when every part is."""

    ready: bool
    parts: tuple[PartState, ...]


HANGING = Readiness(
    ready=False, parts=(PartState(part="probe", ready=False, detail="An earlier probe has not come back."),)
)


class Prober:
    """Probes the parts, at most once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at = -KEPT_SECONDS
        self._last: Readiness | None = None

    def probe(self, parts: Parts) -> Readiness:
        """The state as it is or was a second ago; while a probe hangs, that it is not known to be ready."""
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            return HANGING
        try:
            if self._last is None or time.monotonic() - self._at >= KEPT_SECONDS:
                self._last = _probe(parts)
                self._at = time.monotonic()
            return self._last
        finally:
            self._lock.release()


@router.get("/healthz", summary="The process is up")
async def healthz() -> Alive:
    """Answers without asking anything else, also while every thread is busy with other requests."""
    return Alive()


@router.get("/readyz", summary="Everything that answering needs is there", responses={503: {"model": Readiness}})
def readyz(request: Request, parts: OpenParts) -> Response:
    """Writes under both database roles, undoes it, and looks whether the policies can be used."""
    state: Readiness = request.app.state.prober.probe(parts)
    headers = {} if state.ready else {"Retry-After": RETRY_SECONDS}
    return JSONResponse(state.model_dump(mode="json"), 200 if state.ready else 503, headers)


def _probe(parts: Parts) -> Readiness:
    states = (
        _part("database, reading and proposing", lambda: write_and_undo(parts.agent)),
        _part("database, answers of people", lambda: write_and_undo(parts.operator)),
        _part("policies", lambda: parts.gate().ready()),
    )
    return Readiness(ready=all(one.ready for one in states), parts=states)


def _part(name: str, check: Callable[[], None]) -> PartState:
    try:
        check()
    except (QuartermasterError, psycopg.Error) as error:
        return PartState(part=name, ready=False, detail=f"{type(error).__name__}: see `quartermaster doctor`")
    return PartState(part=name, ready=True, detail="")
