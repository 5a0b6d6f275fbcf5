"""A developer's tracing switch must not upload a warehouse: with every variable set, nothing leaves the process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

RUN = """
from langgraph.graph import END, START, StateGraph
from langsmith import Client
from agents.untraced import untraced
graph = StateGraph(dict)
graph.add_node("look", lambda state: {"stock": "30 EA"})
graph.add_edge(START, "look")
graph.add_edge("look", END)
steps = graph.compile().stream({"question": "secret"})
print(list(GUARD(steps)))
from langchain_core.tracers.langchain import wait_for_all_tracers
wait_for_all_tracers()
"""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An address, and what was sent there."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self._answer()

        def _answer(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", sent
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize(("guard", "uploads"), [("untraced", False), ("iter", True)])
def test_no_step_is_uploaded(guard: str, uploads: bool, collector: tuple[str, list[bytes]]) -> None:
    """Without the guard it is, so the test would see it."""
    url, sent = collector
    tracing = {
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_API_KEY": "x",
        "LANGSMITH_ENDPOINT": url,
        "LANGSMITH_PROJECT": "t",
    }
    code = RUN.replace("GUARD", guard)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **tracing},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "30 EA" in done.stdout, done.stderr
    assert any(b"secret" in body for body in sent) is uploads
