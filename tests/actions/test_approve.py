"""Who may say yes, to what, and how often."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from actions.approve import Answer, approve
from actions.errors import ApprovalRefused, NotInThisState, ProposalExpired
from domain.context import Actor, Context
from domain.errors import BadInput, Conflict, QuartermasterError
from tests.actions.conftest import World


def test_an_approval_enqueues_and_the_write_is_confirmed(world: World) -> None:
    proposal = world.waiting()
    answer = world.approve(proposal, "sven")
    assert (answer.state, answer.role, answer.outstanding) == ("approved", "supervisor", ())
    assert world.write(proposal) == "confirmed"
    assert world.actions(proposal)[2] == "approval.granted"


def test_two_roles_need_two_persons(world: World) -> None:
    proposal = world.proposed(world.purchase(quantity=2600))
    first = world.approve(proposal, "both", role="procurement_manager")
    assert (first.state, first.outstanding, first.outbox_id) == ("waiting", ("supervisor",), None)
    with pytest.raises(ApprovalRefused) as refused:
        world.approve(proposal, "both")
    assert "two-persons" in refused.value.policies
    assert world.approve(proposal, "susi").state == "approved"
    assert world.write(proposal) == "confirmed"


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("not-active", "gone", {}),
    ("not-in-role", "plan", {}),
    ("not-in-role", "paul", {"role": "supervisor"}),
    ("role-not-asked", "paul", {"role": "procurement_manager"}),
    ("not-in-role", "nobody", {}),
]


def test_who_may_not_is_refused_and_recorded(world: World) -> None:
    proposal = world.waiting()
    for number, (policy, person, more) in enumerate(REFUSED, start=1):
        with pytest.raises(ApprovalRefused) as refused:
            world.approve(proposal, person, **more)
        assert policy in refused.value.policies
        assert world.state(proposal) == "waiting"
        assert world.outbox(proposal) is None
        assert world.actions(proposal)[2:] == ["access.refused"] * number


def test_nobody_approves_above_the_own_limit(world: World) -> None:
    proposal = world.proposed(world.transfer(quantity=1001))
    with pytest.raises(ApprovalRefused) as refused:
        world.approve(proposal, "sven")
    assert "over-limit" in refused.value.policies
    assert world.approve(proposal, "susi").state == "approved"


def test_nobody_approves_the_own_idea(world: World) -> None:
    mine = world.waiting(on_behalf_of="sven")
    with pytest.raises(ApprovalRefused) as refused:
        world.approve(mine, "sven")
    assert "own-proposal" in refused.value.policies
    typed = world.proposed(world.transfer(quantity=500, destination="S2"), by=world.person("sven"))
    with pytest.raises(ApprovalRefused):
        world.approve(typed, "sven")


def test_what_is_no_person_never_approves_even_under_a_persons_name(world: World) -> None:
    proposal = world.waiting()
    for kind in ("agent", "service"):
        context = Context(world.tenant, Actor(kind, "sven", frozenset({"supervisor"})))
        with pytest.raises(ApprovalRefused) as refused:
            approve(world.operator, world.gate, context, proposal.proposal_id, fingerprint=proposal.fingerprint)
        assert "agents-never-approve" in refused.value.policies


def test_roles_come_from_master_data_not_from_sign_in(world: World) -> None:
    proposal = world.waiting()
    context = Context(world.tenant, Actor("person", "plan", frozenset({"supervisor"})))
    with pytest.raises(ApprovalRefused):
        approve(world.operator, world.gate, context, proposal.proposal_id, fingerprint=proposal.fingerprint)


def test_a_proposal_that_changed_since_it_was_seen_is_not_approved(world: World) -> None:
    proposal = world.waiting()
    with pytest.raises(Conflict, match="not what you saw"):
        world.approve(proposal, "sven", fingerprint="0" * 64)
    world.run("UPDATE proposal SET payload = jsonb_set(payload, '{quantity}', '\"900\"')")
    with pytest.raises(Conflict, match="not what you saw"):
        world.approve(proposal, "sven")
    assert world.outbox(proposal) is None


def test_an_approval_is_used_once(world: World) -> None:
    proposal = world.waiting()
    world.approve(proposal, "sven")
    for person in ("sven", "susi"):
        with pytest.raises(NotInThisState):
            world.approve(proposal, person)
    assert world.value("SELECT count(*) FROM outbox") == 1


def test_time_over_is_over(world: World) -> None:
    proposal = world.waiting(valid_for=timedelta(seconds=30))
    world.run("UPDATE proposal SET expires_at = clock_timestamp()")
    with pytest.raises(ProposalExpired):
        world.approve(proposal, "sven")
    assert world.state(proposal) == "expired"
    assert world.actions(proposal)[-2:] == ["approval.expired", "access.refused"]


@pytest.mark.parametrize("hostile", ["\x1b[2Jgone", "\x9b31m", "a\x00b", "a\u202eb", "a\u2066b", "a\rb"])
def test_a_reason_cannot_steer_the_terminal_of_whoever_reads_it(world: World, hostile: str) -> None:
    proposal = world.waiting()
    with pytest.raises(BadInput, match=r"control character U\+"):
        world.reject(proposal, "sven", reason=hostile)
    assert world.state(proposal) == "waiting"
    assert world.reject(proposal, "sven", reason="Two lines\n\tof *words*: größer, <b>.").state == "rejected"


def test_a_rejection_is_final_and_has_its_reason(world: World) -> None:
    proposal = world.waiting()
    for person, reason in (("sven", " "), ("plan", "No."), ("gone", "No.")):
        with pytest.raises(ApprovalRefused):
            world.reject(proposal, person, reason=reason)
    assert world.reject(proposal, "sven", reason="Promotion ends.").state == "rejected"
    assert world.value("SELECT reason FROM approval") == "Promotion ends."
    with pytest.raises(NotInThisState):
        world.approve(proposal, "susi")
    assert world.outbox(proposal) is None


@pytest.mark.parametrize("state", ["denied", "approved"])
def test_only_what_waits_can_be_approved(world: World, state: str) -> None:
    order = world.transfer(sku="MILK") if state == "denied" else world.transfer()
    proposal = world.proposed(order)
    assert world.state(proposal) == state
    with pytest.raises(NotInThisState):
        world.approve(proposal, "susi")


def _at_once(*calls: Callable[[], Answer]) -> list[Answer | QuartermasterError]:
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer | QuartermasterError:
        barrier.wait()
        try:
            return call()
        except QuartermasterError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_approvals_at_once_make_one_write(world: World) -> None:
    for _ in range(5):
        proposal = world.waiting()
        results = _at_once(lambda: world.approve(proposal, "sven"), lambda: world.approve(proposal, "susi"))  # noqa: B023
        assert sum(isinstance(result, Answer) for result in results) == 1
        assert sum(isinstance(result, NotInThisState) for result in results) == 1
        assert world.value("SELECT count(*) FROM outbox WHERE proposal_id = %s", proposal.proposal_id) == 1
        world.run("UPDATE proposal_state SET state = 'conflict'")


def test_an_approval_and_a_rejection_at_once_leave_one_of_them(world: World) -> None:
    proposal = world.waiting()
    results = _at_once(lambda: world.approve(proposal, "sven"), lambda: world.reject(proposal, "susi"))
    assert sum(isinstance(result, Answer) for result in results) == 1
    written = world.value("SELECT count(*) FROM outbox")
    assert written == (1 if world.state(proposal) == "approved" else 0)


def test_another_tenants_proposal_is_not_there(world: World, second_tenant: str) -> None:
    proposal = world.waiting()
    with pytest.raises(QuartermasterError, match="no proposal"):
        approve(
            world.operator, world.gate, Context(second_tenant, Actor("person", "sven")), proposal.proposal_id,
            fingerprint=proposal.fingerprint,
        )  # fmt: skip
