"""Calls to Tryton over HTTP, and the one question that matters after each: was it sent, and was it answered?

Reads are tried again. A call that may write is sent once: refused connections are `TargetUnavailable`, anything lost
after that is `OutcomeUnknown`. Every call has a connection of its own, because an idle one that the server has closed
looks, on reuse, like an answer that was lost.
"""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from types import TracebackType
from typing import Self

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random

from actions.errors import OutcomeUnknown, TargetRejected, TargetUnavailable
from connectors.errors import StaleDocument
from connectors.tryton import deadline
from connectors.tryton.wire import Record, Value, decode, encode

REMEDY = "Start it with `quartermaster demo`, or `python -m connectors.tryton start HOME` for an existing home."
# Seconds. A write waits longer than SQLite's own wait for its lock, so that an answer is rarely given up on.
CONNECT_LIMIT = 3.0
ANSWER_LIMIT = 30.0


@dataclass(frozen=True)
class Endpoint:
    """Where Tryton is and who asks; the password stays out of any text."""

    url: str
    database: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Session:
    """A signed-in user; `context` names the company and goes with every call."""

    endpoint: Endpoint
    user_id: int
    token: str = field(repr=False)
    context: Mapping[str, Value] = field(default_factory=dict)

    @property
    def authorization(self) -> str:
        """The header's value."""
        name = f"{self.endpoint.user}:{self.user_id}:{self.token}"
        return "Session " + base64.b64encode(name.encode()).decode()


class _Expired(Exception):
    """The session is no longer known; the call was not carried out."""


again = retry(
    retry=retry_if_exception_type(TargetUnavailable),
    stop=stop_after_attempt(3),
    wait=wait_random(0.1, 0.4),
    reraise=True,
)


class TrytonClient:
    """One user's calls. `locate` is asked before each session, so that a server started anew is found."""

    def __init__(self, locate: Callable[[], Endpoint], *, answer_limit: float = ANSWER_LIMIT) -> None:
        self._locate = locate
        self._http = httpx.Client(
            timeout=httpx.Timeout(answer_limit, connect=CONNECT_LIMIT),
            transport=deadline.transport(_trust()),
            trust_env=False,
        )
        self._session: Session | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give the connections back."""
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    @again
    def read(self, method: str, *parameters: Value, context: Mapping[str, Value] | None = None) -> Value:
        """A call that changes nothing; raises `TargetUnavailable` when there is no answer."""
        try:
            return self._call(method, parameters, context or {})
        except OutcomeUnknown as error:
            raise TargetUnavailable(f"Tryton gave no answer to {method}.", remedy=REMEDY) from error

    def write(self, method: str, *parameters: Value, context: Mapping[str, Value] | None = None) -> Value:
        """A call that may change something, sent once.

        Raises `TargetUnavailable` (not sent), `OutcomeUnknown` (sent, no answer), `StaleDocument`, `TargetRejected`.
        """
        return self._call(method, parameters, context or {})

    def records(
        self, model: str, domain: Sequence[Value], fields: Sequence[str], *, context: Mapping[str, Value] | None = None
    ) -> list[Record]:
        """The records of `model` in `domain`; raises `TargetUnavailable`."""
        found = self.read(f"model.{model}.search_read", domain, 0, None, None, fields, context=context)
        return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []

    def today(self) -> date:
        """Tryton's own date, by which it counts stock."""
        found = self.read("model.ir.date.today")
        if not isinstance(found, date):
            raise TargetUnavailable(f"Tryton's date reads {found!r}.", remedy=REMEDY)
        return found

    def sign_in_anew(self) -> Session:
        """A fresh session. Signing in writes a row, so it fails where Tryton cannot write."""
        with self._signing_in():
            self._session = self._sign_in(self._locate())
            return self._session

    @contextmanager
    def _signing_in(self) -> Generator[None]:
        """One thread at a time; waiting for another's sign-in counts against this one's time."""
        left = deadline.remaining()
        if not self._lock.acquire(timeout=-1 if left == float("inf") else left):
            raise _too_late("the sign-in")
        try:
            yield
        finally:
            self._lock.release()

    def _call(self, method: str, parameters: Sequence[Value], more: Mapping[str, Value]) -> Value:
        session = self._current()
        try:
            return self._send(session, method, [*parameters, {**session.context, **more}])
        except _Expired:
            # Refused before it was looked at: asking again is safe.
            session = self.sign_in_anew()
            return self._send(session, method, [*parameters, {**session.context, **more}])

    def _current(self) -> Session:
        endpoint = self._locate()
        with self._signing_in():
            if self._session is None or self._session.endpoint != endpoint:
                self._session = self._sign_in(endpoint)
            return self._session

    def _sign_in(self, endpoint: Endpoint) -> Session:
        visitor = Session(endpoint, 0, "")
        try:
            secret = {"password": endpoint.password}
            match self._send(visitor, "common.db.login", [endpoint.user, secret, "en"]):
                case [int(user_id), str(token), *_]:
                    session = Session(endpoint, user_id, token)
                case answer:
                    raise OutcomeUnknown(f"Tryton answered the sign-in with {type(answer).__name__}.")
            preferences = self._send(session, "model.res.user.get_preferences", [True, {}])
        except OutcomeUnknown as error:
            raise TargetUnavailable("Tryton gave no answer to the sign-in.", remedy=REMEDY) from error
        except _Expired as error:
            raise TargetUnavailable(
                f"Tryton refuses the sign-in of {endpoint.user!r}.",
                remedy="Check QUARTERMASTER_TRYTON_USER and _PASSWORD, or set the home's Tryton up anew.",
            ) from error
        context = preferences if isinstance(preferences, dict) else {}
        return Session(
            endpoint, user_id, token, {key: context[key] for key in ("company", "language") if key in context}
        )

    def _send(self, session: Session, method: str, parameters: Sequence[Value]) -> Value:
        endpoint = session.endpoint
        if deadline.remaining() <= 0.0:
            raise _too_late(method)
        headers = {"Content-Type": "application/json"}
        if session.token:
            headers["Authorization"] = session.authorization
        body = encode({"id": 0, "method": method, "params": parameters})
        try:
            answer = self._http.post(f"{endpoint.url}/{endpoint.database}/rpc/", content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise TargetUnavailable(f"Tryton is not running at {endpoint.url}.", remedy=REMEDY) from error
        except httpx.TransportError as error:
            raise OutcomeUnknown(
                f"{method} was sent to Tryton and the answer was lost ({type(error).__name__}).",
                remedy="Ask Tryton for the document by its key.",
            ) from error
        return _result(method, answer)


def _too_late(method: str) -> TargetUnavailable:
    return TargetUnavailable(f"Tryton was too slow; {method} was not sent any more.", remedy="It is tried again later.")


@cache
def _trust() -> ssl.SSLContext:
    """The system's certificates, read once: reading them takes longer than a call."""
    return ssl.create_default_context()


def _result(method: str, answer: httpx.Response) -> Value:
    if answer.status_code in (401, 403):
        raise _Expired
    if answer.status_code == 429:
        raise TargetUnavailable("Tryton takes no more sign-ins for now.", remedy="Wait a minute and try again.")
    if answer.status_code in (404, 405):
        raise TargetUnavailable("What answers there is no Tryton with this database.", remedy=REMEDY)
    try:
        body = decode(answer.content)
    except ValueError:
        body = None
    match body:
        case {"error": [str(kind), *details]}:
            raise _refusal(method, kind, details)
        case {"result": result}:
            return result
        case _:
            raise OutcomeUnknown(f"Tryton answered {method} with status {answer.status_code} and no result.")


def _refusal(method: str, kind: str, details: Sequence[Value]) -> Exception:
    """Tryton's own errors roll back and are certain; anything else may have come after its commit."""
    if kind == "ConcurrencyException":
        return StaleDocument("The document was changed in Tryton after it was read.", remedy="Read it again.")
    if kind in ("UserError", "UserWarning"):
        parts = details[0] if details and isinstance(details[0], list) else details
        reason = " ".join(str(part) for part in parts if isinstance(part, str) and part)
        return TargetRejected(f"Tryton refused {method}: {reason}", reason=reason)
    return OutcomeUnknown(f"Tryton failed in {method}: {kind}", remedy="Its log says why; ask by key before sending.")
