"""The API's process: one socket, one uvicorn server, a clean stop when told to. It has no ERP credentials.

Plain HTTP is for this machine only. For others TLS must end in front of it, and whoever starts it has to say so.
"""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.api.app import create_app
from domain.errors import BadInput, Unavailable

STOP_WITHIN_SECONDS = 10
Announce = Callable[[str], None]


def run(host: str, port: int, *, behind_proxy: bool, announce: Announce, fd: int | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; `announce` is told the address once requests are answered.

    `fd` is a listening socket of this machine's own address that whoever started us holds; host and port are its.

    Raises:
        BadInput: other machines could reach it and nobody said that TLS is in front.
        Unavailable: the address is taken or not ours; the database does not answer.
    """
    if not (behind_proxy or is_loopback(host)):
        raise BadInput(
            f"{host} can be reached by other machines, and this speaks plain HTTP.",
            remedy="Put a proxy with TLS in front and say --behind-proxy, or serve on 127.0.0.1.",
        )
    with listen(host, port) if fd is None else socket.socket(fileno=fd) as listening:
        where = listening.getsockname()
        shown = f"[{host}]" if ":" in host else host
        server = Server(application(secure=behind_proxy), f"http://{shown}:{where[1]}", behind_proxy, announce)
        server.run_until_told(listening)


def application(*, secure: bool) -> FastAPI:
    """The API with its faces; where the console's extra is not installed, without that one.

    One process serves: the console keeps its sessions in memory.
    """
    if find_spec("chainlit") is None:
        return create_app(secure=secure)
    from app.console.mount import PATH, mount_console

    app = create_app(secure=secure, faces=(PATH,), home=f"{PATH}/")
    mount_console(app)
    return app


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it; a name that is no address counts as reachable, but for localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; raises `Unavailable` that says what is in the way."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with ExitStack() as unless_bound:
            made = unless_bound.enter_context(socket.socket(family))
            # A port of a server that has just stopped may be taken again at once.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            unless_bound.pop_all()
            return made
    except OSError as error:
        raise Unavailable(
            f"Cannot serve on {host} port {port}: {error.strerror or error}.", remedy="Take another with --port."
        ) from error


class Server(uvicorn.Server):
    """Says when it is up; ends with 0 when told to stop."""

    def __init__(self, app: FastAPI, address: str, behind_proxy: bool, announce: Announce) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                # Only a proxy may say from where a request came; its address is uvicorn's FORWARDED_ALLOW_IPS.
                proxy_headers=behind_proxy,
                timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
            )
        )
        self.address, self.announce = address, announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it, then the word."""
        await super().startup(sockets)
        if not self.should_exit:
            self.announce(self.address)

    def run_until_told(self, listening: socket.socket) -> None:
        """Serve; uvicorn raises the signal that stopped it again at its end, which must not end us with an error."""

        def told(number: int, frame: FrameType | None) -> None:
            del number, frame

        before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.run([listening])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if not self.started:
            raise Unavailable("The API did not start; what stands above says why.", remedy="quartermaster doctor")
