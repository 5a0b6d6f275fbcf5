"""A proposal stands on evidence: of this case, of these data, fresh; an edit is computed anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from db import evidence
from db.session import Database
from tests.fix_network import Network, insert
from tests.fix_tools import Asker
from tools import proposals


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "WAITING", proposals.Waiting(seconds=0.2, every=0.02))


@pytest.fixture
def comparison(asker: Asker, late_case: str) -> str:
    return str(asker.ask("compare_options", case_id=late_case).evidence_id)


def count(database: Database, tenant: str) -> int:
    with database.transaction(tenant) as connection:
        return len(connection.execute("SELECT 1 FROM proposal").fetchall())


def test_a_transfer_is_proposed_as_it_was_computed(asker: Asker, late_case: str, comparison: str) -> None:
    proposed = asker.answer("propose_transfer", case=late_case, evidence_id=comparison)
    assert proposed.order.quantity == 30
    assert (proposed.expected_benefit, proposed.currency) == (Decimal("20.15"), "EUR")
    # 30 units at cost 1, and their 0.03 m³ of a truck of 5 m³ for 10.
    assert proposed.value == Decimal("30.06")
    assert proposed.outcome == "pending"
    assert str(proposed.evidence_id) == comparison


def test_an_edit_is_computed_anew_and_kept_as_evidence(
    asker: Asker, late_case: str, comparison: str, agent_database: Database, network: Network
) -> None:
    proposed = asker.answer("propose_transfer", case=late_case, evidence_id=comparison, quantity="12")
    # 12 of the 30 short units are saved: less than the truck's 10 plus what the other 18 would have brought.
    assert (proposed.order.quantity, proposed.value) == (12, Decimal("12.024"))
    assert Decimal(2) < proposed.expected_benefit < Decimal("2.10")
    assert str(proposed.evidence_id) != comparison
    with agent_database.transaction(network.tenant) as connection:
        kept = evidence.find(connection, proposed.evidence_id)
    assert kept is not None
    assert kept.arguments["edited_quantity"] == "12"
    again = evidence.content_fingerprint(kept.tool, kept.arguments, kept.status, kept.result, kept.as_of, kept.versions)
    assert again == kept.fingerprint


def test_a_purchase_can_be_had_from_the_runner_up(asker: Asker, late_case: str, comparison: str) -> None:
    proposed = asker.answer("propose_purchase", case=late_case, evidence_id=comparison, source="S-08", quantity=36)
    assert (proposed.order.supplier, proposed.order.quantity, proposed.value) == ("S-08", 36, 72)
    assert proposed.expected_benefit < 0


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("propose_transfer", {"quantity": 2000}, "is free to leave"),
        ("propose_transfer", {"quantity": -3}, "quantity"),
        ("propose_transfer", {"source": "HAL"}, "It offers: transfer from ERF"),
        ("propose_purchase", {"quantity": 12}, "the minimum order is 24"),
        ("propose_purchase", {"quantity": 30}, "multiples of 12"),
        ("propose_purchase", {"value": 1}, "Extra inputs"),
    ],
)
def test_an_impossible_edit_proposes_nothing(
    asker: Asker, late_case: str, comparison: str, name: str, more: dict[str, object], says: str
) -> None:
    result = asker.ask(name, case=late_case, evidence_id=comparison, **more)
    assert result.status == "error"
    assert says in result.error
    assert count(asker.database, asker.network.tenant) == 0


def test_evidence_must_be_a_comparison_of_this_case(asker: Asker, late_case: str, comparison: str) -> None:
    unbound = str(asker.ask("compare_options", sku="OAT-1L", site="LEJ").evidence_id)
    failed = str(asker.ask("compare_options", case=late_case, sku="OAT-1L", site="HAL").evidence_id)
    other_tool = str(asker.ask("get_open_orders", case=late_case).evidence_id)
    other_case = next(c.case_id for c in asker.answer("list_exceptions").cases if c.case_id != late_case)
    for evidence_id, case in (
        (unbound, late_case),
        (failed, late_case),
        (other_tool, late_case),
        (comparison, other_case),
        (comparison, None),
        (str(uuid4()), late_case),
    ):
        result = asker.ask("propose_transfer", case=case, evidence_id=evidence_id)
        assert result.status == "error"
    assert count(asker.database, asker.network.tenant) == 0


def test_another_tenants_evidence_does_not_exist(
    asker: Asker, comparison: str, other_network: Network, agent_database: Database
) -> None:
    stranger = Asker(agent_database, other_network)
    result = stranger.ask("propose_transfer", evidence_id=comparison)
    assert result.status == "error"
    assert count(agent_database, other_network.tenant) == 0


def test_new_data_make_evidence_old(
    asker: Asker, late_case: str, comparison: str, owner_database: Database, network: Network
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        insert(connection, "import_batch", tenant=network.tenant, batch_id=UUID(int=2), source="contract",
               content_hash="2" * 64, as_of="2026-03-02T07:00Z", files="[]", provenance="simulated",
               imported_by="test")  # fmt: skip
    result = asker.ask("propose_transfer", case=late_case, evidence_id=comparison)
    assert "New data have come in" in result.error


def test_old_evidence_is_refused(
    asker: Asker, late_case: str, comparison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr(proposals, "WAITING", proposals.Waiting(evidence_age=timedelta(0)))
    assert "older than" in asker.ask("propose_transfer", case=late_case, evidence_id=comparison).error


@pytest.fixture
def decider(executor_database: Database, network: Network) -> Iterator[None]:
    """A second process that decides whatever is proposed."""
    over = threading.Event()

    def decide() -> None:
        while not over.wait(0.02):
            with executor_database.transaction(network.tenant) as connection:
                connection.execute(
                    "INSERT INTO decision (proposal_id, stage, outcome, reasons, approver_roles, policy_hash, engine,"
                    " input) SELECT proposal_id, 'proposal', 'approval', %s, '{supervisor}', 'h', 'test', '{}'"
                    " FROM proposal ON CONFLICT DO NOTHING",
                    ['[{"policy": "p1", "reason": "It is much."}]'],
                )

    thread = threading.Thread(target=decide)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.usefixtures("decider")
def test_the_decision_is_returned_when_it_comes_in_time(
    asker: Asker, late_case: str, comparison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "WAITING", proposals.Waiting(seconds=10.0))
    proposed = asker.answer("propose_transfer", case=late_case, evidence_id=comparison)
    assert (proposed.outcome, proposed.approver_roles) == ("approval", ("supervisor",))
    assert [(one.policy, one.reason) for one in proposed.reasons] == [("p1", "It is much.")]
