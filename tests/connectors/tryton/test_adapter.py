"""Orders become documents in a real Tryton, once, and what cannot be done leaves nothing behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from actions.errors import PreconditionFailed, TargetRejected
from actions.port import Document, PurchaseOrder, TransferOrder
from connectors.errors import StaleDocument
from connectors.tryton import Tryton, TrytonEnvironment, connect
from domain.errors import NotFound
from tests.connectors.tryton.orders import purchase, request, transfer
from tests.fix_tryton import Auditor

pytestmark = pytest.mark.tryton


def test_a_transfer_is_reserved_and_says_so_in_trytons_own_words(tryton_target: Tryton, auditor: Auditor) -> None:
    order = transfer("SKU-001")
    wanted = request(order, expected=Decimal(100))
    document = tryton_target.write(wanted)
    assert (document.standing, document.state, document.order) == ("confirmed", "assigned", wanted.order)
    assert document.number.startswith("INT-")
    (shipment,) = auditor.search(
        "stock.shipment.internal",
        [["quartermaster_key", "=", wanted.idempotency_key]],
        "number", "state", "warehouse.code", "to_warehouse.code", "planned_start_date", "planned_date",
    )  # fmt: skip
    assert shipment["number"] == document.number
    assert shipment["state"] == "assigned"
    assert (shipment["warehouse."]["code"], shipment["to_warehouse."]["code"]) == ("MAIN", "SOUTH")
    assert shipment["planned_start_date"]["day"] == order.ship_on.day
    assert shipment["planned_date"]["day"] == order.arrive_on.day
    moves = auditor.search(
        "stock.move", [["shipment", "=", f"stock.shipment.internal,{document.id}"]], "quantity", "product.code", "state"
    )
    assert {(move["quantity"], move["product."]["code"]) for move in moves} == {(40.0, "SKU-001")}
    assert auditor.free("SKU-001", "MAIN") == 60
    assert tryton_target.read_back(document.id, "transfer") == document
    assert tryton_target.find_by_key(wanted.idempotency_key) == document


def test_a_lot_is_moved_when_it_is_named(tryton_target: Tryton, auditor: Auditor) -> None:
    wanted = request(transfer("SKU-LOT", unit="KGM", lot="L-LATE", quantity=Decimal("12.125")))
    document = tryton_target.write(wanted)
    assert document.order == wanted.order
    moves = auditor.search("stock.move", [["product.code", "=", "SKU-LOT"], ["state", "=", "assigned"]], "lot.number")
    assert {move["lot."]["number"] for move in moves} == {"L-LATE"}


def test_only_the_named_lot_counts(tryton_target: Tryton) -> None:
    wanted = request(transfer("SKU-LOT", unit="KGM", lot="L-EARLY", quantity=Decimal(31)))
    with pytest.raises(PreconditionFailed) as caught:
        tryton_target.write(wanted)
    assert caught.value.available == 30


def test_a_purchase_gets_a_number(tryton_target: Tryton, auditor: Auditor) -> None:
    wanted = request(purchase("SKU-002"))
    document = tryton_target.write(wanted)
    assert (document.standing, document.state, document.order) == ("confirmed", "quotation", wanted.order)
    (held,) = auditor.search(
        "purchase.purchase", [["number", "=", document.number]], "party.code", "untaxed_amount", "warehouse.code"
    )
    assert (held["party."]["code"], held["warehouse."]["code"]) == ("ACME", "NORTH")
    assert Decimal(held["untaxed_amount"]["decimal"]) == Decimal("254.55")
    assert tryton_target.read_back(document.id, "purchase") == document


@pytest.mark.parametrize("order", [transfer("SKU-003"), purchase("SKU-003")], ids=["transfer", "purchase"])
def test_submitting_twice_gives_one_document(
    tryton_target: Tryton, auditor: Auditor, order: TransferOrder | PurchaseOrder
) -> None:
    wanted = request(order)
    first, second = tryton_target.write(wanted), tryton_target.write(wanted)
    assert first == second
    assert len(auditor.documents(wanted.idempotency_key)) == 1


@pytest.mark.parametrize(
    "other", [transfer("SKU-004", quantity=Decimal(41)), purchase("SKU-004")], ids=["more", "kind"]
)
def test_one_key_does_not_carry_two_orders(
    tryton_target: Tryton, auditor: Auditor, other: TransferOrder | PurchaseOrder
) -> None:
    wanted = request(transfer("SKU-004", quantity=Decimal(1)))
    tryton_target.write(wanted)
    with pytest.raises(TargetRejected, match="holds another order"):
        tryton_target.write(wanted.model_copy(update={"order": other}))
    assert len(auditor.documents(wanted.idempotency_key)) == 1


def test_trytons_own_database_refuses_the_key_twice(tryton_target: Tryton) -> None:
    order = purchase("SKU-004")
    wanted = request(order)
    tryton_target.write(wanted)
    with pytest.raises(TargetRejected, match="already carries this Quartermaster key"):
        tryton_target._purchases.create(wanted, order)


def test_stock_that_moved_before_we_came_is_a_failed_precondition(tryton_target: Tryton, auditor: Auditor) -> None:
    wanted = request(transfer("SKU-005", quantity=Decimal(10)), expected=Decimal("100.5"))
    with pytest.raises(PreconditionFailed) as caught:
        tryton_target.write(wanted)
    assert (caught.value.expected, caught.value.available) == (Decimal("100.5"), 100)
    assert auditor.documents(wanted.idempotency_key) == []


def test_short_stock_at_the_last_moment_leaves_nothing_reserved(
    tryton_target: Tryton, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = request(transfer("SKU-006", source="NORTH", quantity=Decimal(25)))
    # The look before the write sees nothing wrong: what follows is what Tryton does with 25 of 10.
    monkeypatch.setattr(tryton_target._shipments, "check", lambda *_: None)
    with pytest.raises(PreconditionFailed) as caught:
        tryton_target.write(wanted)
    assert caught.value.available == 10
    assert [document["state"] for document in auditor.documents(wanted.idempotency_key)] == ["cancelled"]
    assert auditor.reserved_moves("SKU-006") == 0
    assert auditor.free("SKU-006", "NORTH") == 10
    cancelled = tryton_target.find_by_key(wanted.idempotency_key)
    assert cancelled is not None
    assert cancelled.standing == "cancelled"
    with pytest.raises(PreconditionFailed, match="was cancelled"):
        tryton_target.write(wanted)


def test_somebody_elses_reservation_during_ours_is_noticed(
    tryton_target: Tryton, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tryton_target.write(request(transfer("SKU-007", quantity=Decimal(30))))
    wanted = request(transfer("SKU-007", quantity=Decimal(40)), expected=Decimal(100))
    monkeypatch.setattr(tryton_target._shipments, "check", lambda *_: None)
    with pytest.raises(PreconditionFailed) as caught:
        tryton_target.write(wanted)
    assert (caught.value.expected, caught.value.available) == (100, 70)
    assert auditor.free("SKU-007", "MAIN") == 70


def test_two_writers_with_one_key_make_one_document(tryton_environment: TrytonEnvironment, auditor: Auditor) -> None:
    wanted = request(transfer("SKU-008"))
    writers, gate = 3, threading.Barrier(3)

    def write(_: int) -> Document:
        target = connect(tryton_environment.home)
        target.ready()
        gate.wait()
        try:
            return target.write(wanted)
        finally:
            target.close()

    with ThreadPoolExecutor(writers) as pool:
        documents = list(pool.map(write, range(writers)))
    assert {document.id for document in documents} == {documents[0].id}
    assert {document.standing for document in documents} == {"confirmed"}
    assert len(auditor.documents(wanted.idempotency_key)) == 1
    assert auditor.free("SKU-008", "MAIN") == 60


def test_two_orders_never_get_the_same_stock(tryton_environment: TrytonEnvironment, auditor: Auditor) -> None:
    gate = threading.Barrier(2)

    def write(_: int) -> bool:
        target = connect(tryton_environment.home)
        target.ready()
        gate.wait()
        try:
            target.write(request(transfer("SKU-009", source="NORTH", quantity=Decimal(8))))
        except PreconditionFailed:
            return False
        finally:
            target.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = sum(pool.map(write, range(2)))
    assert done <= 1
    assert auditor.free("SKU-009", "NORTH") == 10 - 8 * done


def test_a_stale_step_writes_nothing(tryton_target: Tryton, auditor: Auditor) -> None:
    order = transfer("SKU-010")
    wanted = request(order)
    tryton_target._shipments.create(wanted, order)
    record = tryton_target._record(tryton_target._shipments, "quartermaster_key", wanted.idempotency_key)
    assert record is not None
    auditor.call("model.stock.shipment.internal.write", [record["id"]], {"effective_start_date": None}, {"company": 1})
    with pytest.raises(StaleDocument):
        tryton_target._shipments._step("wait", record)
    assert [document["state"] for document in auditor.documents(wanted.idempotency_key)] == ["draft"]
    # The whole write reads again and goes on.
    assert tryton_target.write(wanted).standing == "confirmed"


def test_a_document_that_somebody_made_into_another_is_not_ours(tryton_target: Tryton, auditor: Auditor) -> None:
    wanted = request(purchase("SKU-011"))
    document = tryton_target.write(wanted)
    lines = auditor.search("purchase.line", [["purchase", "=", int(document.id)]], "id")
    auditor.call("model.purchase.purchase.draft", [int(document.id)], {"company": 1})
    auditor.call("model.purchase.line.write", [lines[0]["id"]], {"quantity": 61.0}, {"company": 1})
    assert tryton_target.read_back(document.id, "purchase").order.quantity == 61
    with pytest.raises(TargetRejected, match="holds another order"):
        tryton_target.write(wanted)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (transfer("SKU-404"), "no SKU SKU-404"),
        (transfer("SKU-012", source="WEST"), "no site WEST"),
        (transfer("SKU-012", unit="BOX"), "kept in EA"),
        (transfer("SKU-012", lot="L-0"), "no lot L-0"),
        (purchase("SKU-012", supplier="NOBODY"), "no supplier NOBODY"),
        (purchase("SKU-012", currency="USD"), "no currency USD"),
        (purchase("SKU-012", quantity=Decimal("1.0001")), "digits"),
        (purchase("SKU-012", unit_cost=Decimal("1.000001")), "digits"),
    ],
)
def test_what_tryton_does_not_know_is_refused_with_the_reason(
    tryton_target: Tryton, auditor: Auditor, order: TransferOrder | PurchaseOrder, reason: str
) -> None:
    wanted = request(order)
    with pytest.raises(TargetRejected, match=reason):
        tryton_target.write(wanted)
    assert auditor.documents(wanted.idempotency_key) == []


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("product.template", {"name": "New", "default_uom": 1, "type": "goods"}),
        ("stock.location", {"name": "Elsewhere", "type": "storage"}),
        ("res.user", {"name": "friend", "login": "friend"}),
        ("account.invoice", {"type": "in"}),
    ],
)
def test_the_executors_user_may_do_nothing_else(tryton_target: Tryton, model: str, values: dict[str, object]) -> None:
    with pytest.raises(TargetRejected, match="not allowed to access"):
        tryton_target.client.write(f"model.{model}.create", [values])


def test_ready_probes_a_write_path(tryton_target: Tryton) -> None:
    tryton_target.ready()


def test_a_document_that_is_not_there_is_not_found(tryton_target: Tryton) -> None:
    assert tryton_target.find_by_key("nobody:has:this") is None
    with pytest.raises(NotFound):
        tryton_target.read_back("999999", "purchase")
