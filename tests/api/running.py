"""The API on a real socket of this machine, in a thread, stopped at the end."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from fastapi import FastAPI

from app.serving import Server, listen


@contextmanager
def running(app: FastAPI) -> Generator[str]:
    """The address of `app` while the block runs."""
    up = threading.Event()
    with listen("127.0.0.1", 0) as listening:
        server = Server(app, f"http://127.0.0.1:{listening.getsockname()[1]}", False, lambda _: up.set())
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert up.wait(30), "the server did not start"
            yield server.address
        finally:
            server.should_exit = True
            thread.join()
