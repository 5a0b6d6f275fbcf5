"""Where errors become exit codes: what nobody foresaw gives one line that asks for a report, never a stack trace."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import pytest

from tests.home import expect_clear

# The package's name `main` is the function; this is its module.
program = import_module("app.cli.main")


def run(monkeypatch: pytest.MonkeyPatch, error: BaseException, *arguments: str) -> int:
    def fail() -> None:
        raise error

    monkeypatch.setattr(program, "cli", fail)
    monkeypatch.setattr(sys, "argv", ["quartermaster", "doctor", *arguments])
    with pytest.raises(SystemExit) as ended:
        program.main()
    return int(str(ended.value.code))


def test_what_nobody_foresaw_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, ZeroDivisionError("division by\nzero")) == 70
    error = capsys.readouterr().err
    expect_clear(error, "Unexpected", "ZeroDivisionError: division by", "report it", program.TRACEBACK)
    assert len(error.splitlines()) == 2


def test_what_nobody_foresaw_is_json_where_json_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, KeyError("batch"), "--json") == 70
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["kind"] == "Unexpected"
    assert shown.err == ""


def test_the_switch_shows_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(program.TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        run(monkeypatch, ZeroDivisionError())


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, KeyboardInterrupt()) == 130
