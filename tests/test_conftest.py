"""The hard switch of the test run: no test reaches anything but this machine."""

from __future__ import annotations

import os
import socket

import pytest

from tests.guard import NetworkForbiddenError


def test_a_connection_to_another_machine_is_forbidden() -> None:
    with socket.socket() as plain, pytest.raises(NetworkForbiddenError, match=r"may not connect to 192\.0\.2\.1"):
        plain.connect(("192.0.2.1", 80))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkForbiddenError, match=r"may not look up example\.org"):
        socket.getaddrinfo("example.org", 443)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address, timeout=5) as client:
            assert client.getpeername() == address


def test_no_setting_of_the_machine_is_seen() -> None:
    assert [name for name in os.environ if name.startswith(("QUARTERMASTER_", "OPENAI_"))] == []
