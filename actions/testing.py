"""A small real target system over HTTP on loopback, with faults that can be switched on. For tests and benchmarks only.

`DocumentServer` keeps documents in memory, one a key; `HttpTarget` implements the port against it. The server runs in
a thread, so that a writer in another process can be killed while it is being served.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from actions.errors import OutcomeUnknown, PreconditionFailed, TargetRejected, TargetUnavailable
from actions.port import ActionKind, Capabilities, Document, WriteRequest
from domain.errors import NotFound

HELD = 30.0  # seconds after which a held request is let go, so that a forgotten fault cannot hang a test run


@dataclass
class Faults:
    """What the server does wrong. A gate is an event: while it is cleared, requests wait there.

    `before_commit` holds a write that was received, `before_read` a read-back; `drop_answers` commits this many writes
    and hangs up, `refuse` answers 422 with this reason, `silent` hangs up on everything, `alter` changes the quantity.
    """

    before_commit: threading.Event = field(default_factory=threading.Event)
    before_read: threading.Event = field(default_factory=threading.Event)
    drop_answers: int = 0
    refuse: str = ""
    silent: bool = False
    alter: bool = False

    def __post_init__(self) -> None:
        self.before_commit.set()
        self.before_read.set()


class DocumentServer:
    """Documents by key; `available` limits stock by (sku, site) where it is given. A context manager."""

    def __init__(self, *, keyed: bool = True) -> None:
        """Without `keyed` the same key makes a second document, as a system without idempotency would."""
        self.faults, self.keyed = Faults(), keyed
        self.documents: dict[str, dict[str, Any]] = {}
        self.available: dict[tuple[str, str], Decimal] = {}
        self.received, self.read = threading.Event(), threading.Event()  # a write, a read-back has come in
        self._lock = threading.Lock()
        self._server = _Listener(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> DocumentServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.faults.before_commit.set()
        self.faults.before_read.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def of_key(self, key: str) -> list[dict[str, Any]]:
        """All documents that carry a key; more than one is a double write."""
        return [document for document in self.documents.values() if document["key"] == key]

    def commit(self, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body; the check of stock and the document are one step, as in a database transaction."""
        with self._lock:
            if self.keyed and (known := self.of_key(request["idempotency_key"])):
                return 200, known[0]
            if self.faults.refuse:
                return 422, {"reason": self.faults.refuse}
            order = dict(request["order"])
            short = self._take(order, request["precondition"]["expected_available"])
            if short is not None:
                return 409, {"available": str(short)}
            if self.faults.alter:
                order["quantity"] = str(Decimal(order["quantity"]) + 1)
            number = str(len(self.documents) + 1)
            document = {"id": number, "number": f"D{number}", "key": request["idempotency_key"], "order": order}
            self.documents[number] = document
            return 201, document

    def _take(self, order: Mapping[str, Any], expected: str | None) -> Decimal | None:
        """Reserves stock; what there is instead, when it is less than expected."""
        place = (str(order["sku"]), str(order.get("source", "")))
        if expected is None or place not in self.available:
            return None
        if self.available[place] < Decimal(expected):
            return self.available[place]
        self.available[place] -= Decimal(str(order["quantity"]))
        return None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, documents: DocumentServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.documents = documents


class _Handler(BaseHTTPRequestHandler):
    @property
    def _documents(self) -> DocumentServer:
        assert isinstance(self.server, _Listener)
        return self.server.documents

    def do_POST(self) -> None:
        server = self._documents
        if server.faults.silent:
            return self._hang_up()
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.received.set()
        server.faults.before_commit.wait(HELD)
        status, body = server.commit(request)
        if status < 300 and server.faults.drop_answers > 0:
            server.faults.drop_answers -= 1
            return self._hang_up()
        return self._answer(status, body)

    def do_GET(self) -> None:
        server = self._documents
        if server.faults.silent:
            return self._hang_up()
        parts = urlsplit(self.path)
        if parts.path == "/by-key":
            return self._answer(200, {"documents": server.of_key(parse_qs(parts.query)["key"][0])})
        server.read.set()
        server.faults.before_read.wait(HELD)
        document = server.documents.get(parts.path.rpartition("/")[2])
        return self._answer(404 if document is None else 200, document or {})

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""

    def handle(self) -> None:
        """A client that was killed leaves a broken connection; that is the point, not an error."""
        try:
            super().handle()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (ConnectionError, ValueError):
            self.close_connection = True


class HttpTarget:
    """The port against a `DocumentServer`; a new connection a call, so that every call can fail on its own."""

    name = "testing"

    def __init__(self, url: str, *, timeout: float = 5.0, keyed: bool = True) -> None:
        """`timeout` in seconds: after it, a call that was sent is unknown."""
        self._url, self._timeout = url, timeout
        self.capabilities = Capabilities(optimistic_lock=True, idempotency_key=keyed, lookup_by_key=True)

    def ready(self) -> None:
        """Raises `TargetUnavailable` when the server does not answer."""
        self.find_by_key("probe")

    def find_by_key(self, key: str) -> Document | None:
        """The document under the key."""
        answer = self._call(lambda client: client.get("/by-key", params={"key": key}), sent=False)
        found = answer.json()["documents"]
        return _document(found[0]) if found else None

    def write(self, request: WriteRequest) -> Document:
        """One POST; an answer that does not come after it was sent is `OutcomeUnknown`."""
        payload = request.model_dump(mode="json")
        answer = self._call(lambda client: client.post("/documents", json=payload), sent=True)
        if answer.status_code == 409:
            raise PreconditionFailed("The source's stock has moved.", available=Decimal(answer.json()["available"]))
        if answer.status_code == 422:
            raise TargetRejected("The target refused the document.", reason=answer.json()["reason"])
        return _document(answer.json())

    def withdraw(self, key: str) -> Document | None:
        """Nothing here is ever half-made: what stands, stands."""
        return self.find_by_key(key)

    def read_back(self, document_id: str, kind: ActionKind) -> Document:
        """What the server holds now."""
        answer = self._call(lambda client: client.get(f"/documents/{document_id}"), sent=False)
        if answer.status_code == 404:
            raise NotFound(f"The target holds no {kind} {document_id}.")
        return _document(answer.json())

    def _call(self, ask: Callable[[httpx.Client], httpx.Response], *, sent: bool) -> httpx.Response:
        try:
            with httpx.Client(base_url=self._url, timeout=self._timeout, trust_env=False) as client:
                return ask(client)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise TargetUnavailable(f"The target does not answer: {error}.", remedy="Start it.") from error
        except httpx.TransportError as error:
            if sent:
                raise OutcomeUnknown(f"The answer to the write was lost: {error!r}.") from error
            raise TargetUnavailable(f"The target broke off: {error!r}.", remedy="Start it.") from error


def _document(stored: Mapping[str, Any]) -> Document:
    return Document(
        system="testing",
        kind=stored["order"]["kind"],
        number=stored["number"],
        id=stored["id"],
        state="done",
        order=stored["order"],
        key=stored["key"],
    )
