"""A total time for many calls together, kept on every read and write of the socket.

httpx limits each wait, not their sum: an answer that trickles in would never be too late. What may take how long is
`actions.port`'s; here it is only enforced. Looking up a host's name is the one wait that the system alone limits.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_ends: ContextVar[float] = ContextVar("_ends", default=float("inf"))


@contextmanager
def within(seconds: float) -> Generator[None]:
    """Everything in the block ends within `seconds`; an outer block that ends earlier wins."""
    token = _ends.set(min(_ends.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends.reset(token)


def remaining() -> float:
    """Seconds left; infinite outside of any block, never below 0."""
    return max(_ends.get() - time.monotonic(), 0.0)


def transport(trust: ssl.SSLContext) -> httpx.HTTPTransport:
    """A transport whose sockets keep the deadline; a connection of its own for every call."""
    return _Transport(trust)


class _Transport(httpx.HTTPTransport):
    def __init__(self, trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=trust, max_keepalive_connections=0, network_backend=_Backend())


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    left = remaining()
    if left <= 0.0:
        raise late("The time for all calls together is over.")
    if left == float("inf"):
        return timeout
    return left if timeout is None else min(timeout, left)
