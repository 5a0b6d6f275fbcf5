"""What holds for every test: no setting of the machine, no network but loopback, no live model; all `fix_*.py` loaded."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

pytest_plugins = [f"tests.{file.stem}" for file in sorted(Path(__file__).parent.glob("fix_*.py"))]

# A developer's keys and addresses must not reach a test: neither to be used up nor to decide its outcome.
FOREIGN_SETTINGS = ("QUARTERMASTER_", "OPENAI_", "ANTHROPIC_", "LANGCHAIN_", "LANGSMITH_", "PGHOST", "PGSERVICE", "PGOPTIONS")
for _name in [name for name in os.environ if name.startswith(FOREIGN_SETTINGS)]:
    del os.environ[_name]


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


# An audit hook sits below every library and cannot be taken out again: a hard switch, not a mock.
sys.addaudithook(_guard)
