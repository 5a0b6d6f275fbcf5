"""Any order of steps by anybody, with any fault at the target: what must hold holds after each of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from actions.model import Proposal
from actions.reconcile import reconcile, sweep
from domain.errors import QuartermasterError
from tests.actions.conftest import PEOPLE, World

PERSONS = st.sampled_from([row[0] for row in PEOPLE])

CONFIRMED = "SELECT coalesce(array_agg(idempotency_key), '{}') FROM outbox WHERE state = 'confirmed'"
SENT = "SELECT coalesce(array_agg(idempotency_key), '{}') FROM outbox WHERE attempts > 0"
END_STATES = "UPDATE proposal_state SET state = 'conflict' WHERE state NOT IN ('confirmed', 'failed', 'denied')"
END_WRITES = "UPDATE outbox SET state = 'conflict' WHERE state IN ('pending', 'sending', 'unknown')"

# Documents at the target that no decision and no approval stands behind, by what our tables say.
UNGATED = """
SELECT count(*) FROM outbox o JOIN decision d ON d.proposal_id = o.proposal_id AND d.stage = 'proposal'
 WHERE o.attempts > 0 AND d.outcome <> 'automatic'
   AND (d.outcome <> 'approval' OR EXISTS (SELECT FROM unnest(d.approver_roles) AS role WHERE role NOT IN (
        SELECT a.role FROM approval a WHERE a.proposal_id = o.proposal_id AND a.verdict = 'approved')))"""
APART = """
SELECT count(*) FROM outbox o JOIN proposal_state s USING (tenant, proposal_id)
 WHERE (o.state, s.state) NOT IN (('pending', 'approved'), ('sending', 'sent'), ('unknown', 'unknown'),
        ('confirmed', 'confirmed'), ('conflict', 'conflict'), ('failed', 'failed'), ('failed', 'denied'))"""


class Road(RuleBasedStateMachine):
    world: ClassVar[World]
    proposals = Bundle("proposals")

    @initialize()
    def begin(self) -> None:
        """What an earlier example left is over and shows in the data."""
        self.world.run(END_WRITES)
        self.world.run(
            "UPDATE proposal_state SET state = 'conflict' WHERE state NOT IN ('confirmed', 'failed', 'denied')"
        )
        self.world.run("UPDATE import_batch SET imported_at = clock_timestamp()")

    @rule(target=proposals, quantity=st.sampled_from([10, 500, 3000]), site=st.sampled_from(["S1", "S2"]))
    def propose(self, quantity: int, site: str) -> Proposal:
        return self.world.propose(self.world.transfer(quantity=quantity, destination=site))

    @rule(proposal=proposals)
    def decide(self, proposal: Proposal) -> None:
        if self.world.state(proposal) == "pending":
            self.world.decide(proposal)

    @rule(proposal=proposals, person=PERSONS)
    def approve(self, proposal: Proposal, person: str) -> None:
        with suppress(QuartermasterError):
            self.world.approve(proposal, person)

    @rule(proposal=proposals, person=PERSONS)
    def reject(self, proposal: Proposal, person: str) -> None:
        with suppress(QuartermasterError):
            self.world.reject(proposal, person)

    @rule(proposal=proposals, fault=st.sampled_from(["", "", "drop", "silent", "refuse"]))
    def write(self, proposal: Proposal, fault: str) -> None:
        if self.world.outbox(proposal) is None:
            return
        faults = self.world.server.faults
        faults.drop_answers, faults.silent = int(fault == "drop"), fault == "silent"
        faults.refuse = "Not today." if fault == "refuse" else ""
        self.world.write(proposal)
        faults.drop_answers, faults.silent, faults.refuse = 0, False, ""

    @rule()
    def clear_up(self) -> None:
        world = self.world
        reconcile(world.executor, world.gate, world.appraise, world.target, world.deciding, older_than=timedelta(0))
        sweep(self.world.executor, self.world.deciding, older_than=timedelta(0))

    @invariant()
    def one_document_a_key(self) -> None:
        keys = [document["key"] for document in self.world.server.documents.values()]
        assert len(keys) == len(set(keys))

    @invariant()
    def nothing_past_the_gate(self) -> None:
        assert self.world.value(UNGATED) == 0
        sent = self.world.value(SENT)
        assert {document["key"] for document in self.world.server.documents.values()} <= set(sent)

    @invariant()
    def write_and_proposal_say_the_same(self) -> None:
        assert self.world.value(APART) == 0

    @invariant()
    def confirmed_means_there(self) -> None:
        keys = self.world.value(
            "SELECT coalesce(array_agg(idempotency_key), '{}') FROM outbox WHERE state = 'confirmed'"
        )
        assert set(keys) <= {document["key"] for document in self.world.server.documents.values()}


def test_no_order_of_steps_writes_twice_or_past_the_gate(world: World) -> None:
    Road.world = world
    every: list[HealthCheck] = list(HealthCheck)  # pyright: ignore[reportAssignmentType]
    quiet = settings(
        max_examples=12, stateful_step_count=16, deadline=None, suppress_health_check=every, database=None
    )  # fmt: skip
    run_state_machine_as_test(Road, settings=quiet)
