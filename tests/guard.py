"""The switch that keeps a test run on this machine: below every library, and without a way to turn it off again."""

from __future__ import annotations

import ipaddress
import sys


class NetworkForbiddenError(BaseException):
    """A test reached for the network; not an Exception, so that no retry or fallback swallows it."""


def _is_loopback(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    if text is None or text in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(text).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise NetworkForbiddenError(f"A test may not connect to {address[0]}.")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _is_bindable(arguments[0]):
        raise NetworkForbiddenError(f"A test may not look up {arguments[0]}.")


def _is_bindable(host: object) -> bool:
    return _is_loopback(host) or host in ("0.0.0.0", "::", b"0.0.0.0", b"::")


def forbid_network() -> None:
    """From here on this process connects to loopback only. An audit hook cannot be taken out again."""
    sys.addaudithook(_guard)
