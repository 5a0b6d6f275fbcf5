"""A model's endpoint on loopback that speaks the protocol and answers by script: real HTTP, real streams, no model."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agents.model_settings import ModelSettings

Chunk = Mapping[str, Any]


@dataclass(frozen=True)
class Scripted:
    """One answer. `ends` False breaks the stream off; `raw` is sent as it is, with `content_type`."""

    text: str = ""
    calls: Sequence[tuple[str, object]] = ()
    status: int = 200
    wait: float = 0.0
    ends: bool = True
    raw: bytes | None = None
    content_type: str = "text/event-stream"
    drip: bool = False


Script = Callable[[Mapping[str, Any]], Scripted]


@dataclass
class ModelServer:
    """Answers each request by the next of its script, or by a function of the request; keeps what it was sent."""

    script: list[Scripted | Script]
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    keys: list[str] = field(default_factory=list[str])
    url: str = ""

    def settings(self, **more: Any) -> ModelSettings:
        fields: dict[str, Any] = {"url": self.url, "name": "scripted", "key": "sk-test", "first_seconds": 5.0}
        return ModelSettings(**{**fields, **more})

    def answer(self, request: dict[str, Any], key: str) -> Scripted:
        self.requests.append(request)
        self.keys.append(key)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return step if isinstance(step, Scripted) else step(request)


def chunks(answer: Scripted) -> Iterator[Chunk]:
    """The text in pieces that cut through words and numbers, the calls' arguments in two."""
    for start in range(0, len(answer.text), 7):
        yield {"content": answer.text[start : start + 7]}
    for index, (name, arguments) in enumerate(answer.calls):
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        half = len(text) // 2
        yield {"tool_calls": [{"index": index, "id": f"call_{index}", "type": "function",
                               "function": {"name": name, "arguments": text[:half]}}]}  # fmt: skip
        yield {"tool_calls": [{"index": index, "function": {"arguments": text[half:]}}]}


def event(delta: Chunk, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n".encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ModelServer

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.model.answer(sent, self.headers.get("Authorization", ""))
        time.sleep(answer.wait)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type if answer.status == 200 else "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):
            self._body(answer)

    def _body(self, answer: Scripted) -> None:
        if answer.status != 200:
            self.wfile.write(b'{"error": {"message": "<b>secret detail</b>"}}')
            return
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            return
        while answer.drip:
            self.wfile.write(b": still thinking\n\n")
            self.wfile.flush()
            time.sleep(0.05)
        for delta in chunks(answer):
            self.wfile.write(event(delta))
            self.wfile.flush()
        if answer.ends:
            self.wfile.write(event({}, "tool_calls" if answer.calls else "stop"))
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextmanager
def model_server(*script: Scripted | Script) -> Generator[ModelServer]:
    """Serves until the end of the block."""
    model = ModelServer(list(script))
    handler = type("Handler", (_Handler,), {"model": model})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
