"""Any OpenAI-compatible endpoint as a model: streamed, limited in time, retried only before the first piece.

The endpoint is believed in nothing: what is no stream, breaks off, or cannot be read is `ModelFailed`, in words that
say what it was. Its text is never logged; the key is in no message.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import openai
from openai import OpenAI
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from agents.model_settings import ModelSettings
from agents.models import Finished, Message, ModelFailed, TextPiece, ToolCall

ATTEMPTS = 3
RETRIED_STATUS = frozenset({408, 409, 429, 500, 502, 503, 504})
MOST_CHARACTERS = 200_000  # of one answer, whatever the endpoint sends
END = object()


class OpenAIEndpoint:
    """One model at one endpoint; may be used by several threads."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._client = OpenAI(
            base_url=settings.url,
            api_key=settings.key.get_secret_value() or "none",
            timeout=settings.first_seconds,
            max_retries=0,
        )

    @property
    def name(self) -> str:
        """As the endpoint knows it."""
        return self._settings.name

    def stream(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, object]], *, seconds: float
    ) -> Iterator[TextPiece | Finished]:
        """Pieces of the answer as they come, then all of it; raises `ModelFailed`."""
        deadline = time.monotonic() + seconds
        pieces = _Pieces()
        asked = sum(len(one.content) for one in messages) + len(json.dumps([dict(tool) for tool in tools]))
        worker = threading.Thread(target=self._read, args=(messages, tools, deadline, pieces), daemon=True)
        worker.start()
        try:
            yield from self._arriving(pieces, deadline, asked)
        finally:
            pieces.stop()

    def _arriving(self, pieces: _Pieces, deadline: float, asked: int) -> Iterator[TextPiece | Finished]:
        """What the reader puts in, within both limits; a server that sends nothing but comments is late as well."""
        answer = _Answer(asked)
        first = time.monotonic() + self._settings.first_seconds
        while True:
            until = deadline if answer.begun else min(first, deadline)
            chunk = pieces.next(until - time.monotonic(), self.name)
            if chunk is END:
                yield answer.finished(self.name)
                return
            text = answer.take(cast("Any", chunk))
            if text:
                yield TextPiece(text)

    def _read(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, object]], deadline: float, pieces: _Pieces
    ) -> None:
        """In a thread of its own: the client can wait longer than we do."""
        try:
            for attempt in self._retrying(deadline, pieces):
                with attempt:
                    pieces.read(self._client.chat.completions.create(**self._request(messages, tools)))
            pieces.put(END)
        except Exception as error:
            pieces.put(_failure(self.name, error))

    def _retrying(self, deadline: float, pieces: _Pieces) -> Retrying:
        def may_retry(error: BaseException) -> bool:
            too_late = pieces.begun or pieces.stopped or time.monotonic() >= deadline
            return _is_retried(error) and not too_late

        wait = wait_random_exponential(multiplier=0.1, max=1.0)
        return Retrying(retry=retry_if_exception(may_retry), stop=stop_after_attempt(ATTEMPTS), wait=wait, reraise=True)

    def _request(self, messages: Sequence[Message], tools: Sequence[Mapping[str, object]]) -> dict[str, Any]:
        return {
            "model": self.name,
            "messages": [_message(one) for one in messages],
            "tools": list(tools),
            "max_tokens": self._settings.max_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }


class _Pieces:
    """Between the reading thread and the answering one; stopping closes the connection."""

    def __init__(self) -> None:
        self._queue: queue.Queue[object] = queue.Queue(maxsize=1000)
        self._stream: Any = None
        self._stopped = threading.Event()
        self.begun = False

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def read(self, stream: Any) -> None:
        self._stream = stream
        if not hasattr(stream, "__iter__") or isinstance(stream, str):
            raise _NoStreamError
        try:
            # It may have been stopped before there was a stream to close: a server that sends nothing but comments
            # would hold this thread and its connection for good.
            for chunk in () if self.stopped else stream:
                if self.stopped:
                    return
                self.begun = True
                self.put(chunk)
        finally:
            self.close()

    def put(self, item: object) -> None:
        while not self.stopped:
            with suppress(queue.Full):
                self._queue.put(item, timeout=0.2)
                return

    def next(self, seconds: float, name: str) -> object:
        # Also late when more is waiting: a reader slower than the model would go on for as long as the model does.
        late = ModelFailed(f"The model {name} did not answer in time.")
        if seconds <= 0:
            raise late
        try:
            item = self._queue.get(timeout=seconds)
        except queue.Empty:
            raise late from None
        if isinstance(item, ModelFailed):
            raise item
        return item

    def stop(self) -> None:
        self._stopped.set()
        self.close()

    def close(self) -> None:
        if self._stream is not None:
            with suppress(Exception):
                self._stream.close()


class _NoStreamError(Exception):
    """The endpoint answered at once, with something that is no stream."""


@dataclass
class _Answer:
    """What has come so far; `asked` are the characters that were sent."""

    asked: int
    begun: bool = False
    text: list[str] = field(default_factory=list[str])
    calls: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    reason: str = ""
    tokens: int = 0
    size: int = 0

    def take(self, chunk: Any) -> str:
        """The text of one chunk; its calls, end and cost are noted."""
        usage = getattr(chunk, "usage", None)
        self.tokens = int(getattr(usage, "total_tokens", 0) or self.tokens)
        choices = getattr(chunk, "choices", None) or []
        if not choices:
            return ""
        self.reason = choices[0].finish_reason or self.reason
        delta = choices[0].delta
        for part in getattr(delta, "tool_calls", None) or []:
            self._take_call(part)
        text = str(getattr(delta, "content", None) or "").encode(errors="replace").decode()
        self.begun = self.begun or bool(text or self.calls)
        self.size += len(text)
        if self.size > MOST_CHARACTERS:
            raise ModelFailed("The model's answer does not end.")
        self.text.append(text)
        return text

    def _take_call(self, part: Any) -> None:
        call = self.calls.setdefault(int(part.index or 0), {"id": "", "name": "", "arguments": ""})
        call["id"] = call["id"] or str(part.id or "")
        function = part.function
        for field_name in ("name", "arguments"):
            more = str(getattr(function, field_name, "") or "")
            call[field_name] += more
            self.size += len(more)
        if self.size > MOST_CHARACTERS:
            raise ModelFailed("The model's answer does not end.")

    def finished(self, name: str) -> Finished:
        """All of it; raises when it ends without an end."""
        if not self.reason:
            raise ModelFailed(f"The answer of the model {name} broke off.")
        text = "".join(self.text)
        calls = tuple(_call(place, call) for place, call in sorted(self.calls.items()))
        # An endpoint that does not say what it used is taken to use a token every three characters.
        return Finished(text, calls, self.tokens or (self.asked + self.size) // 3)


def _call(place: int, call: Mapping[str, str]) -> ToolCall:
    identity, name = call["id"] or f"call-{place}", call["name"]
    try:
        arguments = json.loads(call["arguments"] or "{}", parse_constant=_refuse)
        json.dumps(arguments, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return ToolCall(identity, name, {}, "gave arguments that are not JSON")
    if not isinstance(arguments, dict):
        return ToolCall(identity, name, {}, "gave arguments that are no object")
    return ToolCall(identity, name, cast("dict[str, object]", arguments))


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _message(one: Message) -> dict[str, Any]:
    if one.role == "tool":
        return {"role": "tool", "tool_call_id": one.tool_call_id, "content": one.content}
    if not one.tool_calls:
        return {"role": one.role, "content": one.content}
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
        }
        for call in one.tool_calls
    ]
    return {"role": one.role, "content": one.content or None, "tool_calls": calls}


def _is_retried(error: BaseException) -> bool:
    if isinstance(error, openai.APITimeoutError):
        return False
    if isinstance(error, openai.APIStatusError):
        return error.status_code in RETRIED_STATUS
    return isinstance(error, openai.APIConnectionError)


def _failure(name: str, error: Exception) -> ModelFailed:
    """What happened, in words of ours: the endpoint's own may hold anything."""
    if isinstance(error, ModelFailed):
        return error
    if isinstance(error, openai.APITimeoutError):
        return ModelFailed(f"The model {name} did not answer in time.")
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ModelFailed(f"The model {name} does not take our key (HTTP {error.status_code}).")
    if isinstance(error, openai.APIStatusError):
        return ModelFailed(f"The model {name} answers with HTTP {error.status_code}.")
    if isinstance(error, openai.APIConnectionError):
        return ModelFailed(f"The model {name} cannot be reached.")
    return ModelFailed(f"The model {name} answers with something that cannot be read.")
