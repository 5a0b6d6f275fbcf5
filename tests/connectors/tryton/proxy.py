"""A line between us and Tryton that can be cut where it hurts."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal

import httpx

# forward: as if the line were not there; lose: deliver the call and lose its answer; cut: lose the call itself.
Fate = Literal["forward", "lose", "cut"]
Rule = Callable[[str], Fate]


class _Line(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    upstream: str
    rule: Rule
    http: httpx.Client

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fate = type(self).rule(json.loads(body)["method"])
        if fate == "cut":
            return
        headers = {name: self.headers[name] for name in ("Content-Type", "Authorization") if name in self.headers}
        try:
            answer = self.http.post(self.upstream + self.path, content=body, headers=headers)
        except httpx.TransportError:
            return
        if fate == "lose":
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def line(upstream: str, rule: Rule) -> Generator[str]:
    """The address of a line to `upstream`, whose `rule` decides each call's fate by its method."""
    alone = httpx.Limits(max_keepalive_connections=0)
    client = httpx.Client(timeout=30, trust_env=False, verify=False, limits=alone)
    handler = type("Line", (_Line,), {"upstream": upstream, "rule": staticmethod(rule), "http": client})
    with client, http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
