"""The plain road: proposed, decided, written, read back, confirmed; every step in the audit store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from actions.decide import decide
from actions.errors import EvidenceUnfit
from actions.proposals import load, make_proposal
from db import actions as rows
from db.errors import DatabaseUnavailable
from db.session import Database
from domain.errors import BadInput, NotFound
from policies.gate import Gate
from tests.actions.conftest import NOW, World


def test_a_small_transfer_goes_all_the_way(world: World) -> None:
    proposal = world.propose()
    assert world.state(proposal) == "pending"
    assert world.decide(proposal).outcome == "automatic"
    assert world.state(proposal) == "approved"
    assert world.write(proposal) == "confirmed"
    assert world.state(proposal) == "confirmed"
    (document,) = world.server.of_key(proposal.idempotency_key)
    assert document["order"]["quantity"] == "40"
    assert world.actions(proposal) == [
        "proposal.made", "gate.decided", "write.enqueued", "gate.decided", "write.sent", "write.confirmed",
    ]  # fmt: skip
    row = world.outbox(proposal)
    assert row is not None
    assert (row.state, row.attempts, (row.document or {})["number"]) == ("confirmed", 1, "D1")


def test_a_small_purchase_goes_all_the_way(world: World) -> None:
    proposal = world.proposed(world.purchase())
    assert world.write(proposal) == "confirmed"


def test_each_step_enqueues_its_job_with_ids_alone(world: World) -> None:
    proposal = world.proposed()
    row = world.outbox(proposal)
    assert row is not None
    with world.executor.transaction(world.tenant) as connection:
        jobs = connection.execute("SELECT task_name, queue_name, args FROM procrastinate_jobs ORDER BY id").fetchall()
    assert [(job["task_name"], job["queue_name"]) for job in jobs] == [
        ("actions.decide", "execute"), ("actions.write", "execute"),
    ]  # fmt: skip
    assert [job["args"] for job in jobs] == [
        {"tenant": world.tenant, "proposal_id": str(proposal.proposal_id)},
        {"tenant": world.tenant, "outbox_id": str(row.outbox_id)},
    ]


def test_what_is_rolled_back_leaves_no_job(world: World) -> None:
    evidence = world.evidence()
    with pytest.raises(ZeroDivisionError), world.agent.transaction(world.tenant) as connection:  # noqa: PT012
        order = world.transfer()
        make_proposal(
            connection, world.asking, case_id="C-00001", evidence_id=evidence, option="/options/1", order=order
        )
        raise ZeroDivisionError
    assert world.value("SELECT count(*) FROM procrastinate_jobs") == 0
    assert world.value("SELECT count(*) FROM proposal") == 0


def test_value_comes_from_master_data(world: World) -> None:
    assert world.propose().value == Decimal(80)
    cheap = world.purchase(unit_cost="0.01")
    assert world.propose(cheap).value == Decimal(100)
    dear = world.purchase(unit_cost="5")
    assert world.propose(dear).value == Decimal(250)


def test_a_proposal_read_again_is_the_same(world: World) -> None:
    proposal = world.propose(world.transfer(quantity="40.0"))
    with world.executor.transaction(world.tenant) as connection:
        again = load(connection, proposal.proposal_id)
    assert again == proposal
    assert again.content_fingerprint() == proposal.fingerprint


def test_a_value_that_the_agent_lowered_is_not_believed(world: World) -> None:
    """The agent's role may insert rows; the executor values the order again, and the fingerprint has to fit."""
    proposal = world.propose(world.transfer(quantity=500))
    lowered = proposal.model_copy(update={"value": Decimal(1), "fingerprint": ""})
    forged = lowered.model_copy(update={"fingerprint": lowered.content_fingerprint()})
    world.run("UPDATE proposal SET value = 1, fingerprint = %s", forged.fingerprint)
    decision = world.decide(proposal)
    assert (decision.outcome, decision.approver_roles) == ("approval", ["supervisor"])


def test_edited_content_is_denied(world: World) -> None:
    proposal = world.propose()
    world.run("UPDATE proposal SET payload = jsonb_set(payload, '{quantity}', '\"400\"')")
    decision = world.decide(proposal)
    assert decision.outcome == "denied"
    assert decision.reasons[0]["policy"] == "content-changed"


DENIED: list[tuple[str, dict[str, Any]]] = [
    ("cold-chain", {"sku": "MILK"}),
    ("lot-expiry", {"sku": "BREAD"}),
    ("lot-expiry", {"sku": "BREAD", "lot": "OLD"}),
    ("source-short", {"quantity": 10001}),
    ("entity-missing", {"source": "S2"}),
    ("entity-missing", {"destination": "NOWHERE"}),
]


def test_hard_rules_deny_with_their_reason(world: World) -> None:
    for policy, changes in DENIED:
        proposal = world.proposed(world.transfer(**changes))
        decision = world.decide(proposal)
        assert (decision.outcome, decision.approver_roles) == ("denied", [])
        assert policy in {reason["policy"] for reason in decision.reasons}
        assert world.state(proposal) == "denied"
        assert world.outbox(proposal) is None


def test_a_lot_that_lasts_may_go(world: World) -> None:
    assert world.decide(world.propose(world.transfer(sku="BREAD", lot="NEW"))).outcome == "automatic"
    assert world.decide(world.propose(world.transfer(sku="MILK", destination="S2"))).outcome == "automatic"


def test_a_supplier_that_is_not_listed_is_denied(world: World) -> None:
    decision = world.decide(world.propose(world.purchase(supplier="OTHER")))
    assert [reason["policy"] for reason in decision.reasons] == ["supplier-not-listed"]


def test_an_early_arrival_cannot_be_claimed(world: World) -> None:
    """MILK lasts 15 days; with a lane of 13 days nothing that the order says makes it arrive in time."""
    world.run("UPDATE lane SET lead_time_days = 13")
    order = world.transfer(sku="MILK", destination="S2", arrive_on=world.transfer().ship_on)
    assert "lot-expiry" in {reason["policy"] for reason in world.decide(world.propose(order)).reasons}


def test_old_data_are_denied(world: World) -> None:
    world.run("UPDATE import_batch SET as_of = %s", NOW - timedelta(hours=36, minutes=1))
    stale = world.propose(as_of=NOW)  # the evidence's own word for how fresh it is does not count
    assert [reason["policy"] for reason in world.decide(stale).reasons] == ["data-age"]


def test_stock_that_nobody_has_told_of_is_as_old_as_the_newest_import(world: World) -> None:
    """A place that sold out may have no row at all; fresh evidence must not make its data fresh."""
    world.run("DELETE FROM stock WHERE sku = 'OAT'")
    world.run("UPDATE import_batch SET as_of = %s", NOW - timedelta(hours=40))
    proposal = world.propose(world.purchase())
    assert [reason["policy"] for reason in world.decide(proposal).reasons] == ["data-age"]


def test_old_data_of_the_destination_are_denied(world: World) -> None:
    world.run(
        "INSERT INTO import_batch (tenant, batch_id, source, content_hash, as_of, files, provenance, imported_by, "
        "imported_at) SELECT tenant, gen_random_uuid(), source, 'older', %s, files, provenance, imported_by, "
        "imported_at - interval '2 days' FROM import_batch",
        NOW - timedelta(hours=40),
    )
    world.run(
        "INSERT INTO stock (tenant, sku, site, lot, state, quantity, counted_at, batch_id) "
        "SELECT tenant, 'OAT', 'S1', '', 'available', 3, as_of, batch_id FROM import_batch WHERE content_hash = 'older'"
    )
    assert [reason["policy"] for reason in world.decide(world.propose()).reasons] == ["data-age"]


def test_an_expired_proposal_is_denied(world: World) -> None:
    proposal = world.propose(valid_for=timedelta(0))
    assert [reason["policy"] for reason in world.decide(proposal).reasons] == ["expired"]


def test_a_second_supply_of_the_same_place_is_denied(world: World) -> None:
    world.proposed()
    again = world.decide(world.propose())
    assert [reason["policy"] for reason in again.reasons] == ["conflict"]
    elsewhere = world.decide(world.propose(world.transfer(destination="S2")))
    assert elsewhere.outcome == "automatic"
    back = world.decide(world.propose(world.transfer(source="S1", destination="DC")))
    assert "conflict" in {reason["policy"] for reason in back.reasons}
    assert world.decide(world.propose(world.purchase())).outcome == "automatic"
    assert [reason["policy"] for reason in world.decide(world.propose(world.purchase())).reasons] == ["conflict"]


LISTED = "UPDATE import_batch SET files = %s"


def test_a_confirmed_write_counts_until_new_data_show_it(world: World) -> None:
    world.write(world.proposed())
    assert [reason["policy"] for reason in world.decide(world.propose()).reasons] == ["conflict"]
    world.run("UPDATE import_batch SET imported_at = clock_timestamp()")
    world.run(LISTED, Jsonb([{"table": "stock"}, {"table": "transfer_orders"}]))
    assert world.decide(world.propose()).outcome == "automatic"


def test_where_open_orders_are_never_delivered_only_a_count_after_the_goods_were_due_shows_them(world: World) -> None:
    """The count of the next day finds neither the goods nor the order in any file: it would be placed twice."""
    for order, due in ((world.transfer(), 2), (world.purchase(), 7)):
        world.write(world.proposed(order))
        world.run("UPDATE import_batch SET imported_at = clock_timestamp()")
        for day, policies in ((due, ["conflict"]), (due + 1, [])):
            world.run("UPDATE import_batch SET as_of = %s", NOW + timedelta(days=day))
            world.run("UPDATE tenant SET clock_at = %s", NOW + timedelta(days=day))
            decision = world.decide(world.propose(order))
            found = [str(reason["policy"]) for reason in decision.reasons if reason["policy"] == "conflict"]
            assert found == policies, (order.kind, day)


def test_only_a_later_count_shows_a_confirmed_write(world: World) -> None:
    """Neither a delivery of something else nor stock that was counted before the write was confirmed."""
    world.run("UPDATE tenant SET clock_at = NULL")
    world.run("UPDATE import_batch SET as_of = clock_timestamp()")
    world.write(world.proposed())
    conflict = ["conflict"]

    def deliver(table: str, age: str) -> list[str]:
        world.run(
            "INSERT INTO import_batch (source, content_hash, as_of, files, provenance, imported_by) "
            "VALUES ('contract', %s, clock_timestamp() - %s::interval, %s, 'measured', 'test')",
            f"{table}, {age} old", age, Jsonb([{"table": table}]),
        )  # fmt: skip
        return [str(reason["policy"]) for reason in world.decide(world.propose()).reasons]

    assert deliver("promotions", "0") == conflict
    assert deliver("stock", "1 hour") == conflict
    assert deliver("stock", "0") != conflict
    assert world.decide(world.propose(world.transfer(destination="S2"))).outcome == "automatic"


def test_what_was_promised_is_taken_off_the_source(world: World) -> None:
    world.run("UPDATE stock SET quantity = 200 WHERE sku = 'OAT'")
    world.proposed(world.transfer(quantity=90))
    second = world.decide(world.propose(world.transfer(quantity=90, destination="S2")))
    assert [reason["policy"] for reason in second.reasons] == ["source-safety-stock"]


OWED = """
INSERT INTO customer_order_line (tenant, order_no, line_no, customer, sku, site, quantity, ordered_on, due_on, batch_id)
SELECT tenant, 'CO-1', 1, 'SHOP', 'OAT', 'DC', %s, '2026-11-01', '2026-11-30', batch_id FROM import_batch"""
LEAVING = """
INSERT INTO transfer_order_line (tenant, order_no, line_no, sku, source, destination, quantity, due_on, batch_id)
SELECT tenant, 'TO-1', 1, 'OAT', 'DC', 'S2', %s, '2026-11-30', batch_id FROM import_batch"""


@pytest.mark.parametrize("promise", [OWED, LEAVING], ids=["customers", "transfers"])
def test_what_the_source_owes_by_imported_orders_is_not_free(world: World, promise: str) -> None:
    """200 held and a safety stock of 100: with 90 owed, 40 more touch it; with 170 owed there are no 40."""
    world.run("UPDATE stock SET quantity = 200 WHERE sku = 'OAT'")
    world.run(promise, 90)
    assert [reason["policy"] for reason in world.decide(world.propose()).reasons] == ["source-safety-stock"]
    world.run(promise.replace("-1'", "-2'"), 80)
    denied = world.decide(world.propose(world.transfer(destination="S2")))
    assert denied.outcome == "denied"
    assert "source-short" in [reason["policy"] for reason in denied.reasons]


def test_split_orders_meet_the_budget(world: World) -> None:
    """Each below the limit of 800; the seventh passes 5,000 in 24 hours."""
    world.run("UPDATE stock SET quantity = 1000000 WHERE sku = 'OAT'")
    for number in range(7):
        world.run("INSERT INTO site SELECT tenant, %s, name, kind, country, timezone, NULL, NULL, batch_id, 1 "
                  "FROM site WHERE site = 'S1'", f"X{number}")  # fmt: skip
        world.run("INSERT INTO lane SELECT tenant, source, %s, lead_time_days, 0, 0, 5, false, currency, provenance, "
                  "batch_id, 1 FROM lane WHERE destination = 'S1'", f"X{number}")  # fmt: skip
    outcomes = [
        world.decide(world.propose(world.transfer(quantity=399, destination=f"X{number}"))).outcome
        for number in range(7)
    ]
    assert outcomes == ["automatic"] * 6 + ["approval"]


def test_deciding_twice_decides_once(world: World) -> None:
    proposal = world.propose()
    assert world.decide(proposal) == world.decide(proposal)
    assert world.value("SELECT count(*) FROM outbox") == 1
    assert world.actions(proposal).count("gate.decided") == 1


def test_a_stored_decision_is_made_again_from_its_input(world: World) -> None:
    for order in (world.transfer(), world.transfer(sku="MILK"), world.purchase(quantity=5000)):
        kept = world.decide(world.propose(order))
        again = Gate().decide(kept.input)
        assert (again.outcome, list(again.approver_roles)) == (kept.outcome, kept.approver_roles)
        assert [reason.model_dump() for reason in again.reasons] == list(kept.reasons)


def test_without_policies_nothing_is_let_through(world: World, tmp_path: Any) -> None:
    world.gate = Gate(tmp_path)
    proposal = world.proposed()
    assert world.state(proposal) == "denied"
    with world.executor.transaction(world.tenant) as connection:
        decision = rows.first_decision(connection, proposal.proposal_id)
    assert decision is not None
    assert (decision.reasons[0]["policy"], decision.policy_hash) == ("policies-unusable", "")


def test_a_wrong_unit_and_an_unknown_item_are_refused_at_once(world: World) -> None:
    with pytest.raises(BadInput, match="kept in EA"):
        world.propose(world.transfer(unit="CS"))
    with pytest.raises(NotFound, match="no item"):
        world.propose(world.transfer(sku="NOTHING"))
    assert world.value("SELECT count(*) FROM proposal") == 0


def test_numbers_come_from_the_evidence_or_not_at_all(world: World) -> None:
    evidence, order = world.evidence(), world.transfer()
    for option in ("/options/0", "/options/7", "/nothing", "", "/options/1/expected_benefit"):
        with pytest.raises(EvidenceUnfit), world.agent.transaction(world.tenant) as connection:
            make_proposal(connection, world.asking, case_id="C-00001", evidence_id=evidence, option=option, order=order)


def test_evidence_about_another_order_does_not_carry_this_one(world: World) -> None:
    with pytest.raises(EvidenceUnfit, match="quantity"):
        _with_quantity(world, 41.0)
    assert _with_quantity(world, 40.0).order.quantity == 40


def _with_quantity(world: World, quantity: float) -> Any:
    evidence = world.evidence(quantity=quantity)
    with world.agent.transaction(world.tenant) as connection:
        return make_proposal(
            connection,
            world.asking,
            case_id="C-00001",
            evidence_id=evidence,
            option="/options/1",
            order=world.transfer(),
        )


def test_without_the_database_nothing_is_decided_and_the_error_says_so(world: World) -> None:
    proposal = world.propose()
    stopped = Database("host=127.0.0.1 port=1 dbname=none user=none connect_timeout=1", "executor")
    try:
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            decide(stopped, world.gate, world.appraise, world.deciding, proposal.proposal_id)
    finally:
        stopped.close()
    assert world.state(proposal) == "pending"


def test_a_quantity_finer_than_its_unit_is_refused_before_it_is_proposed(world: World) -> None:
    """Pieces are whole; what is weighed goes to the gram, as far as any target can hold."""
    world.run("UPDATE item SET unit = 'KGM' WHERE sku = 'OAT'")
    weighed = world.proposed(world.transfer(quantity="40.125", unit="KGM"))
    assert world.state(weighed) == "approved"
    for order in (world.transfer(quantity="40.1255", unit="KGM"), world.transfer(sku="MILK", quantity="1.5")):
        with pytest.raises(BadInput, match="finer than"):
            world.propose(order)
    with pytest.raises(BadInput, match="kept in KGM"):
        world.propose(world.transfer())
