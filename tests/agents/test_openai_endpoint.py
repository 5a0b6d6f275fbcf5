"""The limits of an endpoint's answer, and what it leaves behind when nobody waits for it any more."""

from __future__ import annotations

import json
import threading
import time

import pytest

from agents.models import Finished, Message, ModelFailed
from agents.openai_endpoint import OpenAIEndpoint
from tests.model_endpoint import Scripted, event, model_server


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


def test_time_is_up_also_while_more_is_waiting_than_we_have_read() -> None:
    """A reader slower than the model once went on past every limit, for as long as the model had sent."""
    with model_server(Scripted("word " * 400)) as server:
        pieces = OpenAIEndpoint(server.settings()).stream([Message("user", "hello")], [], seconds=0.5)
        next(pieces)
        time.sleep(0.6)
        with pytest.raises(ModelFailed, match="in time"):
            next(pieces)


@pytest.mark.parametrize(("characters", "is_taken"), [(3_000, True), (250_000, False)])
def test_arguments_count_once_however_finely_they_are_cut(characters: int, is_taken: bool) -> None:
    arguments = json.dumps({"text": "y" * characters})
    cut = 4 if is_taken else 5_000
    parts = [{"name": "get_case", "arguments": ""}]
    parts += [{"arguments": arguments[start : start + cut]} for start in range(0, len(arguments), cut)]
    deltas = [{"tool_calls": [{"index": 0, "id": "call_0", "type": "function", "function": part}]} for part in parts]
    raw = b"".join(event(delta) for delta in deltas) + event({}, "tool_calls") + b"data: [DONE]\n\n"
    with model_server(Scripted(raw=raw)) as server:
        answer = OpenAIEndpoint(server.settings()).stream([Message("user", "hello")], [], seconds=10.0)
        if not is_taken:
            with pytest.raises(ModelFailed, match="does not end"):
                list(answer)
            return
        (finished,) = answer
    assert isinstance(finished, Finished)
    assert [call.arguments for call in finished.tool_calls] == [json.loads(arguments)]
