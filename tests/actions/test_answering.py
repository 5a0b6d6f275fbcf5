"""`approve` and `reject` at the command line: a person answers to what they saw, and to nothing else."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from actions.errors import NotInThisState
from app import approving
from app.cli.main import cli
from domain.errors import BadInput, Conflict, NotFound, QuartermasterError
from tests.actions.conftest import World

OTHER = "0" * 64


@pytest.fixture(autouse=True)
def _as_operator(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approving, "operator_database", lambda: nullcontext(world.operator))


def run(*arguments: str) -> str:
    """What a command without a terminal prints; raises what the program would print as its error."""
    result = CliRunner().invoke(cli, [*arguments, "--tenant", "acme"])
    if isinstance(result.exception, QuartermasterError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_without_a_terminal_nothing_is_answered_blindly(world: World) -> None:
    proposal = world.waiting()
    for command in (("approve",), ("reject", "--reason", "No.")):
        for more in ((), ("--json",)):
            with pytest.raises(BadInput, match="fingerprint") as refused:
                run(*command, "C-00001", "--as", "sven", *more)
            assert "On a terminal" in refused.value.remedy
            assert "--fingerprint" in refused.value.remedy
    assert world.state(proposal) == "waiting"


def test_the_command_that_is_printed_works_as_it_is_printed(world: World) -> None:
    proposal = world.waiting()
    printed = run("approvals", "--as", "sven")
    line = next(line for line in printed.splitlines() if "quartermaster approve" in line)
    command = line.split("quartermaster ")[1].split()
    assert command[-1] == proposal.fingerprint[:12]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0, result.output
    assert world.state(proposal) == "approved"


def test_a_fingerprint_names_what_was_seen(world: World) -> None:
    proposal = world.waiting()
    for wrong, error in ((OTHER, Conflict), (proposal.fingerprint[:11], BadInput), (OTHER[:12], Conflict)):
        with pytest.raises(error):
            run("approve", "C-00001", "--as", "sven", "--fingerprint", wrong)
    assert world.state(proposal) == "waiting"
    listed = json.loads(run("approvals", "--json"))["approvals"][0]
    answered = run("reject", listed["case"], "--as", "sven", "--reason", "No.", "--json",
                   "--fingerprint", listed["fingerprint"])  # fmt: skip
    assert json.loads(answered)["state"] == "rejected"


def test_a_newer_proposal_of_the_case_is_not_what_was_seen(world: World) -> None:
    """Naming the case meant the newest proposal, whatever the person had looked at."""
    seen = world.waiting()
    newer = world.waiting_purchase()
    with pytest.raises(Conflict, match="not what you saw"):
        run("approve", "C-00001", "--as", "sven", "--fingerprint", seen.fingerprint[:12])
    assert (world.state(seen), world.state(newer)) == ("waiting", "waiting")


def test_the_list_shows_what_the_gate_found_not_what_the_proposal_says(world: World) -> None:
    proposal = world.propose(world.transfer(quantity=500))
    lowered = proposal.model_copy(update={"value": Decimal(1), "fingerprint": ""})
    forged = replace(lowered.row(), fingerprint=lowered.content_fingerprint())
    world.run("UPDATE proposal SET value = 1, fingerprint = %s", forged.fingerprint)
    world.decide(proposal)
    (row,) = json.loads(run("approvals", "--json"))["approvals"]
    assert float(row["value"]) == 1000


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Generator[int]:
    """The far end of a real terminal that is this process's input and output."""
    far, near = pty.openpty()
    with os.fdopen(near, "r") as typed, os.fdopen(os.dup(near), "w") as printed, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", typed)
        patch.setattr(sys, "stdout", printed)
        yield far
    os.close(far)


def everything_on(screen: int) -> str:
    """What was written: a terminal hands it over in pieces."""
    pieces: list[bytes] = []
    while select.select([screen], [], [], 0.2)[0]:
        pieces.append(os.read(screen, 10_000))
    return b"".join(pieces).decode()


@pytest.mark.parametrize(("typed", "state"), [(b"y\n", "approved"), (b"n\n", "waiting"), (b"\n", "waiting")])
def test_on_a_terminal_the_proposal_is_shown_and_confirmed(
    world: World, monkeypatch: pytest.MonkeyPatch, typed: bytes, state: str
) -> None:
    proposal = world.waiting()
    with terminal(monkeypatch) as screen:
        os.write(screen, typed)
        left = cli(["approve", "C-00001", "--as", "sven", "--tenant", "acme"], standalone_mode=False)
        sys.stdout.flush()
        shown = everything_on(screen)
    assert "move 500 EA of OAT DC" in shown
    assert proposal.fingerprint[:12] in shown
    assert "Approve exactly this as sven?" in shown
    assert (left or 0, world.state(proposal)) == (0 if state == "approved" else 1, state)


def test_what_does_not_wait_is_not_shown_for_an_answer(world: World) -> None:
    world.proposed()
    with pytest.raises(NotInThisState, match="does not wait"):
        approving.shown("acme", "C-00001")
    with pytest.raises(NotFound, match="C-00099"):
        approving.shown("acme", "C-00099")
