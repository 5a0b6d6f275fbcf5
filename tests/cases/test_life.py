"""The life of a case as real transitions: found, worked, answered, worked anew or left alone, gone, closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from actions.approve import expire, reject
from actions.decide import decide
from actions.proposals import load
from actions.states import ProposalState, advance
from app.outcomes import outcomes_of
from app.worker.agent import triage_one
from audit.events import Action
from cases import sweep as sweeping
from cases.appraisal import appraise
from cases.events import receive
from cases.sweep import sweep_and_open
from cases.withdrawal import withdraw_pointless
from db import cases
from db.cases import CaseFile
from db.forecasts import save_forecasts
from db.session import Database
from db.worklist import newest_of_case
from domain.context import Actor, Context
from policies.gate import Gate
from tests.fix_network import NOW, TODAY, Network, certain, day, insert, serving
from tools.catalogue import registry
from tools.executor import ToolExecutor

PLACE = ("OAT-1L", "LEJ")
RISK = {
    "id": "1", "source": "wms", "type": "stock.risk", "time": "2026-03-02T06:00:00Z",
    "data": {"sku": "BOLT", "site": "ERF"},
}  # fmt: skip
ENDS: dict[ProposalState, tuple[ProposalState, ...]] = {
    "expired": ("waiting", "expired"),
    "denied": ("denied",),
    "conflict": ("approved", "sent", "conflict"),
    "failed": ("approved", "sent", "failed"),
    "confirmed": ("approved", "sent", "confirmed"),
}


@dataclass
class Road:
    """One tenant's cases, moved by those who move them in the product, each in its role."""

    network: Network
    owner: Database
    agent: Database
    operator: Database
    executor: Database
    service: Context = field(init=False)

    def __post_init__(self) -> None:
        self.service = Context(self.network.tenant, Actor("service", "executor", version="test"))
        with self.owner.transaction(self.network.tenant) as connection:
            insert(connection, "person", tenant=self.network.tenant, person="sven", name="Sven", roles=["supervisor"],
                   approval_limit=100_000)  # fmt: skip

    def sweep(self) -> dict[str, str]:
        """Kind and place of every case found, to its status."""
        with self.agent.transaction(self.network.tenant) as connection:
            _, opened = sweep_and_open(connection, self.network.context)
        return {f"{one.case.kind} {one.case.sku} {one.case.site}": one.case.status for one in opened}

    def short(self) -> CaseFile:
        """The case of the late oat drink at Leipzig, closed or not."""
        return self.case("late_supply:OAT-1L:LEJ")

    def case(self, subject: str) -> CaseFile:
        with self.agent.transaction(self.network.tenant) as connection:
            return cases.on_subject(connection, subject)[0]

    def triage(self, case_id: str) -> None:
        assert triage_one(self.agent, ToolExecutor(self.agent, registry()), self.network.tenant, case_id) is not None

    def worked(self) -> CaseFile:
        """The shortage, swept and triaged: its proposal is pending."""
        self.sweep()
        self.triage(self.short().case_id)
        assert self.short().status == "triaged"
        return self.short()

    def proposal(self) -> UUID:
        with self.agent.transaction(self.network.tenant) as connection:
            found = newest_of_case(connection, self.short().case_id)
        assert found is not None
        return found

    def end(self, state: ProposalState) -> None:
        """Moves the newest proposal to where it ends, along the table of states."""
        for step in ENDS[state]:
            with self.executor.transaction(self.network.tenant) as connection:
                if step == "expired":
                    expire(connection, self.service, self.proposal())
                else:
                    advance(connection, self.service, self.proposal(), step, action=Action.GATE_DECIDED, data={})

    def wait(self) -> None:
        """The gate asks for a supervisor."""
        made = decide(self.executor, Gate(), appraise, self.service, self.proposal())
        assert made.outcome == "approval", made.reasons

    def reject(self, reason: str = "Leipzig is closed that week.") -> None:
        self.wait()
        with self.operator.transaction(self.network.tenant) as connection:
            proposal = load(connection, self.proposal())
        context = Context(self.network.tenant, Actor("person", "sven"))
        reject(self.operator, Gate(), context, proposal.proposal_id, fingerprint=proposal.fingerprint, reason=reason)

    def new_batch(self, **changes: Any) -> None:
        """An import comes in; its data say the same unless more is changed."""
        values = {"tenant": self.network.tenant, "batch_id": uuid4(), "source": "contract", "content_hash": uuid4().hex,
                  "as_of": NOW, "files": "[]", "provenance": "simulated", "imported_by": "test"}  # fmt: skip
        with self.owner.transaction(self.network.tenant) as connection:
            insert(connection, "import_batch", **{**values, **changes})

    def run(self, query: str, *values: object) -> None:
        with self.owner.transaction(self.network.tenant) as connection:
            connection.execute(query.encode(), values)

    def fill_leipzig(self) -> None:
        """New stock comes in: nothing is short any more."""
        self.run("UPDATE stock SET quantity = 150 WHERE sku = %s AND site = %s AND state = 'available'", *PLACE)
        self.new_batch()

    def value(self, query: str, *values: object) -> Any:
        with self.owner.transaction(self.network.tenant) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        return None if row is None else next(iter(row.values()))

    def told(self, case_id: str) -> list[str]:
        """Notes of the case's audit events, oldest first."""
        return [str(body["note"]) for body in self.audited(f"case:{case_id}") if body.get("note")]

    def audited(self, subject: str) -> list[dict[str, Any]]:
        """What the audit events about a subject say, oldest first."""
        query = "SELECT convert_from(body, 'UTF8')::jsonb AS body FROM audit.event WHERE subject = %s ORDER BY position"
        with self.executor.transaction(self.network.tenant) as connection:
            return [row["body"] for row in connection.execute(query.encode(), [subject])]


@pytest.fixture
def road(network: Network, database: Callable[..., Database]) -> Road:
    return Road(network, *(database(role=role) for role in ("owner", "agent", "operator", "executor")))


def test_a_second_sweep_moves_nothing(road: Road) -> None:
    case = road.worked()
    proposals = "SELECT count(*) FROM proposal"
    events = road.value("SELECT count(*) FROM case_file")
    assert set(road.sweep().values()) == {"open", "triaged"}
    assert (road.short(), road.value(proposals)) == (case, 1)
    road.end("denied")
    road.sweep()
    assert road.short().status == "triaged"
    assert road.value("SELECT count(*) FROM case_file") == events


@pytest.mark.parametrize("state", ["denied", "conflict", "failed"])
def test_what_may_be_otherwise_tomorrow_is_tried_again_tomorrow(road: Road, state: ProposalState) -> None:
    road.worked()
    road.end(state)
    road.sweep()
    assert road.short().status == "triaged"
    road.run("UPDATE proposal_state SET changed_at = changed_at - interval '24 hours'")
    road.sweep()
    assert (road.short().status, "may be gone" in road.short().note) == ("open", True)


@pytest.mark.parametrize("state", ["denied", "conflict", "failed", "expired"])
def test_newer_data_bring_a_case_that_ended_badly_back(road: Road, state: ProposalState) -> None:
    case = road.worked()
    road.end(state)
    road.new_batch()
    assert road.sweep()["late_supply OAT-1L LEJ"] == "open"
    assert "worked anew" in road.told(case.case_id)[-1]
    road.triage(case.case_id)
    assert road.value("SELECT count(*) FROM proposal") == 2


def test_an_unanswered_proposal_is_made_again_once_its_time_is_over(road: Road) -> None:
    case = road.worked()
    road.end("expired")
    road.sweep()
    assert (road.short().status, "nobody answered" in road.short().note) == ("open", True)
    with road.agent.transaction(road.network.tenant) as connection:
        (one,) = outcomes_of(connection, [case.case_id])
    # What expired belongs to the round before; this one has proposed nothing yet.
    assert (one.state, one.proposal) == ("open", None)
    road.triage(case.case_id)
    road.sweep()
    assert road.short().status == "triaged"


def test_a_rejected_order_is_not_asked_for_again_on_the_same_data(road: Road) -> None:
    case = road.worked()
    road.reject()
    road.sweep()
    assert road.short().status == "triaged"
    # Somebody sends it back all the same, or the figures do.
    road.run("UPDATE case_file SET worked_money = worked_money * 2 WHERE case_id = %s", case.case_id)
    road.sweep()
    assert road.short().status == "open"
    road.triage(case.case_id)
    assert road.value("SELECT count(*) FROM proposal") == 1
    assert "sven rejected this very order on the same data: Leipzig is closed that week." in road.short().note
    road.sweep()
    assert road.short().status == "triaged"
    # On newer data it may be asked for again.
    road.new_batch()
    road.sweep()
    road.triage(case.case_id)
    assert road.value("SELECT count(*) FROM proposal") == 2


def test_a_newer_model_is_a_changed_fact(road: Road) -> None:
    road.worked()
    road.reject()
    with road.owner.transaction(road.network.tenant) as connection:
        model = serving(connection, road.network.tenant)
        paths = {PLACE: certain(10), ("OAT-1L", "ERF"): certain(5), ("BOLT", "ERF"): certain(1)}
        save_forecasts(connection, road.network.tenant, model.model_id, TODAY, paths.items())
    road.sweep()
    assert (road.short().status, road.short().note) == ("open", "To be worked anew: there is a newer demand model.")


def test_figures_that_moved_a_lot_are_a_changed_fact_and_a_little_are_none(road: Road) -> None:
    road.worked()
    road.reject()
    for stock, status in ((27, "triaged"), (10, "open")):
        road.run("UPDATE stock SET quantity = %s WHERE sku = %s AND site = %s AND state = 'available'", stock, *PLACE)
        road.sweep()
        assert road.short().status == status
    assert "are at risk now, 30.00 were" in road.short().note


def test_nothing_found_is_looked_at_again_with_newer_data_only(road: Road) -> None:
    road.sweep()
    case_id = road.case("overstock:BOLT:ERF").case_id
    road.triage(case_id)
    road.sweep()
    assert road.case("overstock:BOLT:ERF").status == "triaged"
    assert road.case("overstock:BOLT:ERF").note.startswith("No proposal.")
    road.new_batch()
    road.sweep()
    assert road.case("overstock:BOLT:ERF").status == "open"


@pytest.mark.parametrize("state", ["pending", "waiting", "approved", "sent", "unknown"])
def test_what_is_under_way_is_waited_for(road: Road, state: ProposalState) -> None:
    road.worked()
    steps: dict[str, tuple[ProposalState, ...]] = {
        "pending": (), "waiting": ("waiting",), "approved": ("approved",), "sent": ("approved", "sent"),
        "unknown": ("approved", "sent", "unknown"),
    }  # fmt: skip
    for step in steps[state]:
        with road.executor.transaction(road.network.tenant) as connection:
            advance(connection, road.service, road.proposal(), step, action=Action.GATE_DECIDED, data={})
    road.new_batch()
    road.sweep()
    assert road.short().status == "triaged"
    road.fill_leipzig()
    road.sweep()
    case = road.short()
    assert (case.status, state in case.note, "is gone" in case.note) == ("triaged", True, True)
    notes = road.told(case.case_id)
    road.sweep()
    assert road.told(case.case_id) == notes


def test_a_confirmed_write_is_waited_for_until_its_goods_should_be_there(road: Road) -> None:
    road.worked()
    road.end("confirmed")
    road.sweep()
    road.new_batch(as_of=NOW + timedelta(hours=8))
    road.sweep()
    assert road.short().status == "triaged"
    road.new_batch(as_of=NOW + timedelta(days=3))
    road.sweep()
    assert (road.short().status, "were due on 03 Mar 2026" in road.short().note) == ("open", True)


def test_what_is_no_longer_found_is_closed_and_says_so(road: Road) -> None:
    case = road.worked()
    road.end("confirmed")
    road.fill_leipzig()
    assert "late_supply OAT-1L LEJ" not in road.sweep()
    closed = road.short()
    assert (closed.case_id, closed.status, closed.closed_at is not None) == (case.case_id, "closed", True)
    assert "The late supply of OAT-1L at LEJ is gone: a look at everything on the data of 02 Mar 2026" in closed.note
    assert road.told(case.case_id)[-1] == closed.note
    swept = road.audited(f"sweep:{road.network.tenant}")
    assert [one["closed"] for one in swept] == [[], [case.case_id]]


def test_an_open_case_is_closed_without_ever_being_worked(road: Road) -> None:
    road.sweep()
    road.fill_leipzig()
    road.sweep()
    assert road.short().status == "closed"
    assert (
        triage_one(road.agent, ToolExecutor(road.agent, registry()), road.network.tenant, road.short().case_id) is None
    )


def test_a_waiting_proposal_ends_when_its_reason_is_gone(road: Road) -> None:
    road.worked()
    road.wait()
    assert withdraw_pointless(road.executor, road.service) == ()
    road.fill_leipzig()
    road.sweep()
    assert "Its proposal is withdrawn." in road.short().note
    assert withdraw_pointless(road.executor, road.service) == (road.proposal(),)
    assert road.value("SELECT state FROM proposal_state") == "expired"
    road.sweep()
    assert road.short().status == "closed"


def test_a_finding_that_comes_back_while_its_proposal_is_under_way_keeps_its_case(road: Road) -> None:
    road.worked()
    road.wait()
    road.fill_leipzig()
    road.sweep()
    road.run("UPDATE stock SET quantity = 30 WHERE sku = %s AND site = %s AND state = 'available'", *PLACE)
    road.sweep()
    assert road.value("SELECT gone_since FROM case_file WHERE case_id = %s", road.short().case_id) is None
    assert withdraw_pointless(road.executor, road.service) == ()


@pytest.mark.parametrize(
    "blind",
    [
        "DELETE FROM stock WHERE sku = 'OAT-1L' AND site = 'LEJ'",
        "DELETE FROM demand WHERE sku = 'OAT-1L'; DELETE FROM forecast WHERE sku = 'OAT-1L'",
        "DELETE FROM stock WHERE site = 'LEJ'; DELETE FROM item_site WHERE site = 'LEJ'",
    ],
    ids=["never counted", "no forecast", "not listed"],
)
def test_what_cannot_be_told_closes_nothing(road: Road, blind: str) -> None:
    road.sweep()
    for statement in blind.split("; "):
        road.run(statement)
    road.new_batch()
    road.sweep()
    assert road.short().status == "open"


def test_a_sweep_that_fails_moves_nothing(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.sweep()
    road.fill_leipzig()

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sweeping, "_record", fail)
    with pytest.raises(ZeroDivisionError):
        road.sweep()
    assert road.short().status == "open"


def test_an_import_in_the_middle_of_a_sweep_is_no_evidence(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.sweep()
    road.fill_leipzig()
    there = sweeping.load

    def interrupted(*arguments: Any, **more: Any) -> Any:
        road.new_batch()
        return there(*arguments, **more)

    monkeypatch.setattr(sweeping, "load", interrupted)
    road.sweep()
    assert road.short().status == "open"
    monkeypatch.undo()
    road.sweep()
    assert road.short().status == "closed"


def test_a_report_is_over_when_newer_data_say_so(road: Road) -> None:
    road.run("UPDATE stock SET quantity = 20 WHERE sku = 'BOLT'")
    with road.agent.transaction(road.network.tenant) as connection:
        (worry,) = receive(connection, road.network.context, RISK).cases
    road.sweep()
    assert road.case(worry.subject).status == "open"
    road.new_batch()
    road.sweep()
    assert road.case(worry.subject).status == "closed"


def test_a_case_that_is_closed_takes_no_proposal(road: Road) -> None:
    case = road.worked()
    evidence = road.value("SELECT evidence_id FROM proposal")
    road.run("UPDATE case_file SET status = 'closed', closed_at = now()")
    tool = ToolExecutor(road.agent, registry())
    result = tool.call(road.network.context, "propose_transfer", {"evidence_id": str(evidence)}, case_id=case.case_id)
    assert (result.status, "is closed" in result.error) == ("error", True)


def test_a_worker_that_died_after_proposing_does_not_propose_twice(road: Road) -> None:
    case = road.worked()
    road.run("UPDATE case_file SET status = 'open', worked_at = NULL WHERE case_id = %s", case.case_id)
    assert triage_one(road.agent, ToolExecutor(road.agent, registry()), road.network.tenant, case.case_id) is None
    assert (road.short().status, road.value("SELECT count(*) FROM proposal")) == ("triaged", 1)


def test_a_cold_room_is_closed_when_all_fits(road: Road) -> None:
    road.run("UPDATE stock SET quantity = 20000, expires_on = %s WHERE lot = 'L1'", day(40))
    assert road.sweep()["cold_chain None ERF"] == "open"
    road.run("UPDATE stock SET quantity = 60 WHERE lot = 'L1'")
    road.sweep()
    assert road.case("cold_chain:*:ERF").status == "closed"
    assert road.case("cold_chain:*:ERF").money_at_risk > Decimal(0)
