"""The `trytond` process: its own session, loopback only, one per home; found again by its pid and start time.

It outlives us and is reused; a stale record (the machine or the process was killed) is recognised and replaced. Only a
process that we started is ever stopped.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from connectors.errors import SetupFailed
from connectors.tryton.files import locked, read_json, write_json
from connectors.tryton.runtime import Runtime, plain_environment, write_configuration

DATABASE = "quartermaster"
START_LIMIT = 90.0
STOP_LIMIT = 10.0

# Children of this process, kept so that an ended one is collected and not taken for a live one.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class TrytonServer:
    """A server that answered; `directory` is its home's `tryton/`."""

    url: str
    pid: int
    directory: Path

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        stop(self.directory)


def start(directory: Path, runtime: Runtime, databases: Path) -> TrytonServer:
    """Reuse the live server over `databases`, or start one; raises `SetupFailed` when it does not come up."""
    with locked(directory / "server.lock"):
        record = read_json(directory / "server.json")
        if record and _is_alive(record):
            if record.get("databases") == str(databases) and answers(str(record["url"])):
                return TrytonServer(str(record["url"]), int(str(record["pid"])), directory)
            _end(record)
        port = _free_port(record)
        url = f"http://127.0.0.1:{port}"
        pid = _launch(directory, runtime, databases, port)
        write_json(
            directory / "server.json",
            {"url": url, "pid": pid, "started": _started(pid), "port": port, "databases": str(databases)},
        )
        _wait(url, pid, directory / "trytond.log")
        return TrytonServer(url, pid, directory)


def stop(directory: Path) -> None:
    """Stop this home's server, if it lives, and forget it."""
    with locked(directory / "server.lock"):
        record = read_json(directory / "server.json")
        if record and _is_alive(record):
            _end(record)


def answers(url: str) -> bool:
    """Whether a Tryton answers at `url`."""
    # verify=False: loopback without TLS, and reading the certificates would cost more than the question.
    question = {"id": 0, "method": "common.server.version", "params": []}
    try:
        return "result" in httpx.post(f"{url}/rpc/", json=question, timeout=5.0, trust_env=False, verify=False).json()
    except (httpx.HTTPError, ValueError):
        return False


def _launch(directory: Path, runtime: Runtime, databases: Path, port: int) -> int:
    configuration = directory / "trytond.conf"
    write_configuration(configuration, databases, port=port)
    command = [*runtime.program("trytond"), "--config", str(configuration), "--database", DATABASE]
    with (directory / "trytond.log").open("ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=directory,
            env=plain_environment(),
        )
    _children[child.pid] = child
    return child.pid


def _wait(url: str, pid: int, log: Path) -> None:
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until:
        if answers(url):
            return
        if not _started(pid):
            break
        time.sleep(0.1)
    raise SetupFailed(f"Tryton did not start: {_last_line(log)}", remedy=f"Its log is {log}.")


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."


def _free_port(record: dict[str, object] | None) -> int:
    """The port of last time when it is free, so that a written-down address stays true; else any."""
    for wanted in (int(str(record["port"])), 0) if record else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SetupFailed("No free port on 127.0.0.1.", remedy="End a program that holds ports and start again.")


def _is_alive(record: dict[str, object]) -> bool:
    """Whether the recorded process lives and is the same one: pids are used again."""
    return bool(record.get("started")) and _started(int(str(record["pid"]))) == record["started"]


def _started(pid: int) -> str:
    """When the process started, in the system's own words; empty when it is gone."""
    if pid in _children and _children[pid].poll() is not None:
        del _children[pid]
        return ""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "" if Path("/proc/self").exists() else _asked(pid)
    if fields[0] != "Z":
        return fields[19]
    if pid in _children:
        _children.pop(pid).wait()
    return ""


def _asked(pid: int) -> str:
    """The same from `ps`, where there is no /proc."""
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _end(record: dict[str, object]) -> None:
    pid = int(str(record["pid"]))
    for number, patience in ((signal.SIGTERM, STOP_LIMIT), (signal.SIGKILL, STOP_LIMIT)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not _is_alive(record):
                return
            time.sleep(0.02)
