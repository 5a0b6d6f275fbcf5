"""A write whose answer is missing, and the gate says no by now: nothing half-made stays behind unseen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.errors import OutcomeUnknown, TargetRejected, TargetUnavailable
from actions.model import Proposal
from actions.port import Document, Standing, WriteRequest
from actions.reconcile import reconcile
from actions.testing import HttpTarget
from tests.actions.conftest import World

DENIED = "UPDATE stock SET quantity = 10 WHERE sku = 'OAT'"


class Half(HttpTarget):
    """What it holds is half-made, until it is written again or withdrawn."""

    standing: Standing = "incomplete"
    after: Standing | Exception = "cancelled"
    withdrawn = 0

    def find_by_key(self, key: str) -> Document | None:
        found = super().find_by_key(key)
        return found and found.model_copy(update={"standing": self.standing, "state": "draft"})

    def withdraw(self, key: str) -> Document | None:
        self.withdrawn += 1
        if isinstance(self.after, Exception):
            raise self.after
        self.standing = self.after
        return self.find_by_key(key)


def half_made(world: World) -> tuple[Proposal, Half]:
    """Sent, begun at the target, answer lost."""
    proposal = world.proposed()
    world.server.faults.drop_answers = 1
    assert world.write(proposal) == "unknown"
    target = Half(world.server.url)
    world.target = target
    return proposal, target


def clear_up(world: World) -> list[str]:
    states = reconcile(
        world.executor, world.gate, world.appraise, world.target, world.deciding, older_than=timedelta(0)
    )
    return list(states.values())


def kept(world: World, proposal: Proposal) -> tuple[str, str, dict[str, Any], str]:
    row = world.outbox(proposal)
    assert row is not None
    return row.state, world.state(proposal), dict(row.document or {}), row.last_error


def test_what_is_denied_by_now_is_taken_back(world: World) -> None:
    proposal, target = half_made(world)
    world.run(DENIED)
    assert clear_up(world) == ["failed"]
    write, state, document, error = kept(world, proposal)
    assert (write, state, document["standing"], target.withdrawn) == ("failed", "denied", "cancelled", 1)
    assert "free stock" in error
    assert "transfer D1 was cancelled" in error
    assert world.actions(proposal)[-2:] == ["gate.decided", "write.withdrawn"]
    assert clear_up(world) == []


@pytest.mark.parametrize("standing", ["incomplete", "confirmed"])
def test_what_the_target_does_not_let_go_is_a_conflict_that_names_it(world: World, standing: Standing) -> None:
    proposal, target = half_made(world)
    target.after = standing
    world.run(DENIED)
    assert clear_up(world) == ["conflict"]
    write, state, document, error = kept(world, proposal)
    assert (write, state, document["number"]) == ("conflict", "conflict", "D1")
    assert "D1 stands in testing as draft" in error


def test_a_document_that_stands_after_a_conflict_still_counts_as_under_way(world: World) -> None:
    proposal, target = half_made(world)
    target.after = "incomplete"
    world.run(DENIED)
    clear_up(world)
    world.run("UPDATE stock SET quantity = 10000 WHERE sku = 'OAT'")
    again = world.decide(world.propose())
    assert [reason["policy"] for reason in again.reasons] == ["conflict"]
    assert again.input["conflicts"] == [str(proposal.proposal_id)]


@pytest.mark.parametrize("error", [TargetUnavailable("Away."), OutcomeUnknown("Lost."), KeyError("number")])
def test_while_the_target_cannot_say_it_stays_unknown_and_is_asked_again(world: World, error: Exception) -> None:
    proposal, target = half_made(world)
    target.after = error
    world.run(DENIED)
    assert clear_up(world) == ["unknown"]
    assert kept(world, proposal)[:2] == ("unknown", "unknown")
    target.after = "cancelled"
    assert clear_up(world) == ["failed"]
    assert world.state(proposal) == "denied"


def test_a_refusal_to_withdraw_is_a_conflict(world: World) -> None:
    proposal, target = half_made(world)
    target.after = TargetRejected("Not one of ours.", reason="changed")
    world.run(DENIED)
    assert clear_up(world) == ["conflict"]
    assert proposal.idempotency_key in kept(world, proposal)[3]


def test_nothing_there_is_denied_without_a_document(world: World) -> None:
    proposal = world.proposed()
    world.server.faults.silent = True
    assert world.write(proposal) == "unknown"
    world.server.faults.silent = False
    world.run(DENIED)
    assert clear_up(world) == ["failed"]
    write, state, document, error = kept(world, proposal)
    assert (write, state, document) == ("failed", "denied", {})
    assert "testing holds nothing of it" in error


def test_what_somebody_changed_at_the_target_is_a_conflict_and_stops_nothing_else(world: World) -> None:
    """Reading it by key is refused; the next write in the list must still be cleared up."""
    first, second = world.proposed(), world.proposed(world.transfer(destination="S2"))
    world.server.faults.drop_answers = 2
    assert [world.write(first), world.write(second)] == ["unknown", "unknown"]

    class Changed(HttpTarget):
        def find_by_key(self, key: str) -> Document | None:
            if key == first.idempotency_key:
                raise TargetRejected("Two lines by now.", reason="changed")
            return super().find_by_key(key)

    world.target = Changed(world.server.url)
    assert sorted(clear_up(world)) == ["confirmed", "conflict"]
    assert (world.state(first), world.state(second)) == ("conflict", "confirmed")


def test_a_target_that_goes_away_before_the_second_sending_leaves_it_unknown(world: World) -> None:
    """Pending would mean that nothing was ever sent: the next refusal would then not look at the target."""
    proposal, _ = half_made(world)

    class Gone(Half):
        def write(self, request: WriteRequest) -> Document:
            raise TargetUnavailable("Away.")

    world.target = Gone(world.server.url)
    assert clear_up(world) == ["unknown"]
    assert world.state(proposal) == "unknown"
    assert world.value("SELECT attempts FROM outbox") == 2
    assert world.actions(proposal)[-2:] == ["write.sent", "write.unknown"]
