"""What the endpoint leaves behind when nobody waits for its answer any more."""

from __future__ import annotations

import threading
import time

import pytest

from agents.models import Message, ModelFailed
from agents.openai_endpoint import OpenAIEndpoint
from tests.model_endpoint import Scripted, model_server


def reading() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if "_read" in one.name]


def test_a_stream_that_begins_after_we_gave_up_holds_no_thread() -> None:
    """It sends comments for ever, and its first byte comes only when nobody is waiting."""
    with model_server(Scripted(wait=0.4, drip=True)) as server:
        endpoint = OpenAIEndpoint(server.settings())
        with pytest.raises(ModelFailed, match="in time"):
            list(endpoint.stream([Message("user", "hello")], [], seconds=0.1))
        assert reading()
        until = time.monotonic() + 4.0
        while reading() and time.monotonic() < until:
            time.sleep(0.05)
        assert not reading()
