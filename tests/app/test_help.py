"""Every command explains itself, takes --json where it prints, and the root's help is quick."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from app.cli.main import cli
from tests.home import PROGRAM, ROOT

# `worker` and `serve` run until they are told to stop; they have no result to give as JSON.
SILENT = {("worker",), ("serve",)}


def commands(group: object = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command with its path in the tree."""
    here = typer.main.get_command(cli) if group is None else group
    for name, command in getattr(here, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


TREE = dict(commands())


def test_the_contract_has_its_commands() -> None:
    names = {" ".join(path) for path in TREE}
    assert names >= {
        "demo", "worker", "import", "quarantine list", "quarantine replay", "doctor", "triage", "case", "why",
        "approvals", "approve", "reject", "policy check", "audit seal", "audit verify", "audit prove", "audit export",
        "forecast train", "forecast backtest", "forecast promote", "forecast rollback", "forecast status",
    }  # fmt: skip


@pytest.mark.parametrize("path", TREE, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*path, "--help"])
    assert shown.exit_code == 0, shown.output
    assert getattr(TREE[path], "help", "")
    options = {option for parameter in getattr(TREE[path], "params", []) for option in parameter.opts}
    assert ("--json" in options) != (path in SILENT)


def test_help_takes_less_than_a_second_of_processor_time() -> None:
    """Best of three: what others do on the machine is not ours."""
    assert min(_cpu_seconds(PROGRAM, "--help") for _ in range(3)) < 1.0


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, app.cli.main; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {
        "numpy",
        "pandas",
        "polars",
        "psycopg",
        "pydantic",
        "langgraph",
        "ortools",
        "mlforecast",
        "cedarpy",
        "httpx",
    }
    assert heavy & set(shown.stdout.split()) == set()


def _cpu_seconds(*command: str) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime
