"""What a taken-over agent login could make of a proposal, on a network whose figures can be worked out by hand.

Every forgery is inserted with the agent's real database role, past our own code, with a fingerprint that fits. None may
end automatic. The mutant believes what the proposal says, as the gate once did, and lets the forged benefit through.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import DictRow

from actions.appraisal import Appraiser, overstatement
from actions.decide import decide
from actions.model import Benefit, Proposal
from actions.proposals import load
from actions.testing import DocumentServer, HttpTarget
from actions.write import write_one
from cases.appraisal import appraise
from db import actions as rows
from db.actions import DecisionRow
from db.evidence import Evidence, content_fingerprint, insert_once
from db.session import Database
from domain.context import Actor, Context
from policies.gate import Gate
from tests.actions.conftest import believing
from tests.fix_network import NOW, Network
from tests.fix_tools import Asker

GATE = Gate()
FORGED = {"expected_benefit": Decimal(900), "benefit_lower": Decimal(500), "tail_loss": Decimal(300)}
# One day in ten half of it or less, one in ten half as much again or more: scenarios differ.
UNSURE = """UPDATE forecast SET quantiles = (
    SELECT array_agg(ARRAY[day * 0.5, day, day * 1.5] ORDER BY place)
      FROM unnest(mean) WITH ORDINALITY AS each(day, place))"""
REFUSED = (psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)


@dataclass
class Attack:
    """An honest proposal of the network's late order, and what its rows can be turned into."""

    tenant: str
    agent: Database
    owner: Database
    executor: Database
    honest: Proposal
    evidence: UUID

    def forge(self, **changes: Any) -> Proposal:
        """Another proposal with these fields, hashed anew, put into the table by the agent's own login."""
        proposal_id = uuid4()
        key = f"{self.tenant}:{proposal_id}:1"
        forged = self.honest.model_copy(update={"proposal_id": proposal_id, "idempotency_key": key} | changes)
        forged = Proposal.model_validate(forged.model_dump())
        forged = forged.model_copy(update={"fingerprint": forged.content_fingerprint()})
        with self.agent.transaction(self.tenant) as connection:
            rows.insert_proposal(connection, forged.row())
        return forged

    def owner_run(self, statement: str) -> None:
        """What somebody entitled changed meanwhile."""
        with self.owner.transaction(self.tenant) as connection:
            connection.execute(statement.encode())

    def order(self, **changes: Any) -> Any:
        return self.honest.order.model_copy(update=changes)

    def decide(self, proposal: Proposal, appraiser: Appraiser = appraise) -> DecisionRow:
        context = Context(self.tenant, Actor("service", "executor", version="test"))
        return decide(self.executor, GATE, appraiser, context, proposal.proposal_id, target="testing")


@pytest.fixture
def attack(
    asker: Asker,
    late_case: str,
    network: Network,
    agent_database: Database,
    owner_database: Database,
    executor_database: Database,
) -> Attack:
    _sure_of_its_safety(owner_database, network.tenant)
    compared = asker.ask("compare_options", case_id=late_case)
    made = asker.answer("propose_transfer", case=late_case, evidence_id=str(compared.evidence_id))
    with agent_database.transaction(network.tenant) as connection:
        honest = load(connection, made.proposal_id)
    assert compared.evidence_id is not None
    return Attack(
        network.tenant, agent_database, owner_database, executor_database, honest, compared.evidence_id
    )  # fmt: skip


def _sure_of_its_safety(owner: Database, tenant: str) -> None:
    with owner.transaction(tenant) as connection:
        connection.execute("UPDATE item_site SET safety_stock = 10 WHERE sku = 'OAT-1L' AND site = 'ERF'")


def policies(decision: DecisionRow) -> set[str]:
    return {str(reason["policy"]) for reason in decision.reasons}


def test_an_honest_proposal_is_worked_out_to_the_very_figures_it_carries(attack: Attack) -> None:
    """The same scenarios and seed: to the cent, which is all that a proposal carries, nothing differs."""
    with attack.executor.transaction(attack.tenant) as connection:
        found = appraise(connection, attack.honest)
    claimed = attack.honest.benefit
    assert found.expected_benefit.quantize(Decimal("0.01")) == claimed.expected_benefit
    assert Decimal(0) <= found.benefit_lower - claimed.benefit_lower < Decimal("0.01")
    assert Decimal(0) <= found.tail_loss - claimed.tail_loss < Decimal("0.01")
    assert found.probability_better.quantize(Decimal("0.0001")) == claimed.probability_better
    decision = attack.decide(attack.honest)
    assert decision.outcome == "automatic"
    assert Decimal(decision.input["overstated"]) <= Decimal("0.005")  # half a cent, from rounding to cents


def test_every_option_of_a_comparison_is_worked_out_to_its_own_figures(
    asker: Asker, late_case: str, attack: Attack
) -> None:
    attack.owner_run(UNSURE)
    attack.owner_run("UPDATE item_supplier SET lead_time_sd_days = 2")
    options = asker.answer("compare_options", case_id=late_case).options
    placed = [option for option in options if option.order is not None]
    assert {option.option for option in placed} == {"transfer", "buy"}
    assert all(option.tail_loss < option.benefit_lower < option.expected_benefit for option in placed)
    for option in placed:
        proposal = attack.honest.model_copy(update={"order": option.order})
        with attack.executor.transaction(attack.tenant) as connection:
            found = appraise(connection, proposal)
        assert abs(found.expected_benefit - option.expected_benefit) <= Decimal("0.005")
        assert Decimal(0) <= found.benefit_lower - option.benefit_lower < Decimal("0.01")


def test_a_forged_benefit_is_denied_and_stays_visible(attack: Attack) -> None:
    decision = attack.decide(attack.forge(**FORGED))
    assert (decision.outcome, policies(decision)) == ("denied", {"benefit-not-confirmed"})
    assert decision.input["claimed"]["benefit_lower"] == "500"
    assert Decimal(decision.input["benefit_lower"]) < 21


def test_the_mutant_that_believes_the_proposal_lets_a_forged_benefit_through(attack: Attack) -> None:
    forged = attack.forge(order=attack.order(quantity=Decimal(400)), **FORGED)
    assert attack.decide(forged, believing).outcome == "automatic"


def test_a_harmful_order_under_a_forged_benefit_is_never_automatic(attack: Attack) -> None:
    """400 units to where 30 are missing: the truth is a loss, and neither the lie nor the truth may pass alone."""
    harmful = attack.order(quantity=Decimal(400))
    assert attack.decide(attack.forge(order=harmful, **FORGED)).outcome == "denied"
    honest = {"expected_benefit": Decimal(-90), "benefit_lower": Decimal(-90), "tail_loss": Decimal(-90)}
    attack.owner_run("UPDATE item SET unit_price = unit_cost")
    decision = attack.decide(attack.forge(order=harmful, **honest))
    assert (decision.outcome, policies(decision)) == ("approval", {"transfer-benefit"})


def test_forged_evidence_helps_no_forged_benefit(attack: Attack) -> None:
    result = {"output": {"options": [{"order": attack.honest.order.model_dump(mode="json"), **FORGED}]}}
    kept = Evidence(
        evidence_id=uuid4(), case_id=attack.honest.case_id, tool="compare_options", arguments={}, status="success",
        result=_plain(result), as_of=NOW, versions={}, actor="agent:agent", trace_id="t", duration_ms=1.0,
        fingerprint=content_fingerprint("compare_options", {}, "success", _plain(result), NOW, {}),
    )  # fmt: skip
    with attack.agent.transaction(attack.tenant) as connection:
        assert insert_once(connection, attack.tenant, kept)
    assert attack.decide(attack.forge(evidence_id=kept.evidence_id, **FORGED)).outcome == "denied"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"lot": "L1"}, "benefit-unknown"),
    ({"unit": "CS"}, "order-unfit"),
    ({"quantity": Decimal("29.5")}, "order-unfit"),
    ({"quantity": Decimal(2000)}, "benefit-unknown"),
    ({"source": "HAL"}, "benefit-unknown"),
    ({"sku": "NEW"}, "benefit-unknown"),
    ({"ship_on": NOW.date() + timedelta(days=30)}, "benefit-unknown"),
    ({"arrive_on": NOW.date() - timedelta(days=30)}, "benefit-unknown"),
]


def test_an_order_that_could_not_have_been_computed_is_denied(attack: Attack) -> None:
    """A small value is claimed with it: in another unit than the item's that claim once counted."""
    for changes, policy in ORDERS:
        decision = attack.decide(attack.forge(order=attack.order(**changes), value=Decimal(1)))
        assert (decision.outcome, policies(decision)) == ("denied", {policy}), changes


def test_what_is_said_about_going_back_does_not_count(attack: Attack) -> None:
    attack.owner_run("UPDATE item SET storage_class = 'chilled' WHERE sku = 'OAT-1L'")
    decision = attack.decide(attack.forge(reversible=True))
    assert decision.input["reversible"] is False
    assert decision.input["claimed"]["reversible"] is True


def test_what_is_said_about_the_age_of_data_does_not_count(attack: Attack) -> None:
    attack.owner_run("UPDATE import_batch SET as_of = as_of - interval '3 days'")
    decision = attack.decide(attack.forge(data_as_of=NOW + timedelta(days=9)))
    assert decision.outcome == "denied"
    assert "data-age" in policies(decision)


def test_a_proposal_cannot_outlive_its_day(attack: Attack) -> None:
    for more in (timedelta(minutes=5), timedelta(days=3650)):
        with pytest.raises(REFUSED):
            attack.forge(expires_at=attack.honest.expires_at + more)


def test_a_proposal_cannot_be_dated_by_who_makes_it(attack: Attack) -> None:
    copied = "INSERT INTO proposal (proposal_id, created_at) VALUES (gen_random_uuid(), now() + interval '1 year')"
    with pytest.raises(REFUSED), attack.agent.transaction(attack.tenant) as connection:
        connection.execute(copied)


def test_a_proposal_cannot_take_anothers_key(attack: Attack) -> None:
    with pytest.raises(REFUSED):
        attack.forge(idempotency_key=f"globex:{uuid4()}:1")


def test_small_claims_do_not_widen_the_budget(attack: Attack) -> None:
    """What was let through counts with the value that the gate found, not with what the proposal said."""
    first = attack.forge(value=Decimal(0))
    assert attack.decide(first).outcome == "automatic"
    with attack.executor.transaction(attack.tenant) as connection:
        spent = rows.automatic_total(connection, timedelta(hours=24), but=uuid4())
    assert spent == Decimal("30.06")


def test_what_the_benefit_is_worked_out_from_is_not_the_agents_to_write(attack: Attack) -> None:
    tables = ("forecast", "model_version", "demand", "stock", "item", "lane", "item_supplier", "import_batch", "tenant")
    for table in tables:
        for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), _as_agent(attack) as connection:
                connection.execute(statement.encode())


def _as_agent(attack: Attack) -> AbstractContextManager[Connection[DictRow]]:
    return attack.agent.transaction(attack.tenant)


def test_the_benefit_is_worked_out_again_before_the_write(attack: Attack) -> None:
    """Between decision and write another forecast says that nothing will be missing."""
    assert attack.decide(attack.honest).outcome == "automatic"
    attack.owner_run("UPDATE forecast SET mean = (SELECT array_agg(0.1) FROM unnest(mean)), "
                     "quantiles = (SELECT array_agg(0.1) FROM unnest(quantiles)) WHERE site = 'LEJ'")  # fmt: skip
    attack.owner_run("DELETE FROM customer_order_line")
    with DocumentServer() as server:
        context = Context(attack.tenant, Actor("service", "executor", version="test"))
        with attack.executor.transaction(attack.tenant) as connection:
            row = connection.execute("SELECT outbox_id FROM outbox").fetchone()
        assert row is not None
        target = HttpTarget(server.url)
        assert write_one(attack.executor, GATE, appraise, target, context, row["outbox_id"]) == "failed"
        assert server.documents == {}


@pytest.mark.parametrize("name", ["value", "expected_benefit", "quantity"])
def test_a_figure_with_more_digits_than_can_be_counted_with_is_denied_and_not_asked_about_for_ever(
    attack: Attack, name: str
) -> None:
    huge = Decimal(10) ** 40
    changes = {"order": attack.order(quantity=huge)} if name == "quantity" else {name: huge}
    forged = attack.forge(**changes)
    decision = attack.decide(forged)
    assert (decision.outcome, policies(decision)) == ("denied", {"order-unfit"})
    assert decision == attack.decide(forged)


def test_a_defect_in_the_mathematics_denies(attack: Attack) -> None:
    def broken(connection: object, proposal: Proposal) -> Benefit:
        raise ZeroDivisionError

    decision = attack.decide(attack.honest, broken)
    assert (decision.outcome, policies(decision)) == ("denied", {"benefit-unknown"})


def test_a_lost_database_decides_nothing(attack: Attack) -> None:
    def lost(connection: object, proposal: Proposal) -> Benefit:
        raise psycopg.errors.DeadlockDetected("lost")

    with pytest.raises(psycopg.errors.DeadlockDetected):
        attack.decide(attack.honest, lost)
    assert attack.decide(attack.honest).outcome == "automatic"


def test_overstating_counts_the_worst_figure_against_what_was_found() -> None:
    found = Benefit(expected_benefit=Decimal(40), benefit_lower=Decimal(10), tail_loss=Decimal(-80),
                    probability_better=Decimal(1))  # fmt: skip
    modest = found.model_copy(update={"expected_benefit": Decimal(30)})
    assert (overstatement(modest, found).money, overstatement(found, found).money) == (0, 0)
    bold = found.model_copy(update={"tail_loss": Decimal(-60)})
    assert (overstatement(bold, found).money, overstatement(bold, found).share) == (20, Decimal("0.25"))
    endless = found.model_copy(update={"expected_benefit": Decimal(10**14)})
    assert overstatement(endless, found).share == 9999


def test_working_it_out_takes_a_moment(attack: Attack) -> None:
    with attack.executor.transaction(attack.tenant) as connection:
        appraise(connection, attack.honest)
        began = time.perf_counter()
        for _ in range(10):
            appraise(connection, attack.honest)
    assert (time.perf_counter() - began) / 10 < 0.5
