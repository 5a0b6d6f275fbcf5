"""A purchase as Tryton's purchase in state `quotation`: it has a number; confirming it is the purchaser's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from actions.errors import TargetRejected
from actions.port import Document, PurchaseOrder, Standing, WriteRequest
from connectors.tryton.client import TrytonClient
from connectors.tryton.masters import Masters, nested, number, text
from connectors.tryton.wire import Record, quantity

MODEL = "purchase.purchase"
FIELDS = (
    "number", "state", "quartermaster_key", "party.code", "warehouse.code", "currency.code", "delivery_date", "lines",
    "_timestamp",
)  # fmt: skip
LINE_FIELDS = ("product.code", "unit.symbol", "quantity", "unit_price")
STANDING: dict[str, Standing] = {
    "draft": "incomplete",
    "quotation": "confirmed",
    "confirmed": "confirmed",
    "processing": "confirmed",
    "done": "confirmed",
    "cancelled": "cancelled",
}


class Purchases:
    """The steps of one purchase; which of them to take, and when, is `adapter.Tryton`'s."""

    model = MODEL
    fields = FIELDS

    def __init__(self, client: TrytonClient, masters: Masters) -> None:
        self._client = client
        self._masters = masters

    def create(self, request: WriteRequest, order: PurchaseOrder) -> None:
        """A draft that carries the key. Sent once; raises what `TrytonClient.write` raises."""
        product = self._masters.product(order.sku, order.unit)
        line = {
            "type": "line",
            "product": product.id,
            "unit": product.unit_id,
            "quantity": float(order.quantity),
            "unit_price": order.unit_cost,
        }
        purchase = {
            "quartermaster_key": request.idempotency_key,
            "party": self._masters.supplier(order.supplier),
            "warehouse": self._masters.site(order.site).warehouse,
            "currency": self._masters.currency(order.currency),
            "delivery_date": order.deliver_on,
            "lines": [("create", [line])],
        }
        self._client.write(f"model.{MODEL}.create", [purchase])

    def advance(self, record: Record, request: WriteRequest, order: PurchaseOrder) -> None:
        """From draft to quotation."""
        self._step("quote", record)

    def cancel(self, record: Record) -> None:
        """Cancelled."""
        self._step("cancel", record)

    def document(self, record: Record) -> Document:
        """What Tryton holds, in our types; raises `TargetRejected` when it is no longer one order of ours."""
        lines = self._client.records("purchase.line", [["id", "in", record["lines"]]], LINE_FIELDS)
        deliver_on = record["delivery_date"]
        if len(lines) != 1 or not isinstance(deliver_on, date) or not isinstance(lines[0]["unit_price"], Decimal):
            reason = f"Purchase {record['number']} was changed in Tryton and is no longer one order of one item."
            raise TargetRejected(reason, reason=reason, remedy="Look at it in Tryton and settle the case by hand.")
        (line,) = lines
        state = text(record, "state")
        return Document(
            system="tryton",
            kind="purchase",
            number=text(record, "number"),
            id=str(number(record, "id")),
            state=state,
            standing=STANDING.get(state, "incomplete"),
            key=text(record, "quartermaster_key"),
            order=PurchaseOrder(
                sku=text(nested(line, "product"), "code"),
                site=text(nested(record, "warehouse"), "code"),
                supplier=text(nested(record, "party"), "code"),
                quantity=quantity(line["quantity"]),
                unit=text(nested(line, "unit"), "symbol"),
                unit_cost=lines[0]["unit_price"],
                currency=text(nested(record, "currency"), "code"),
                deliver_on=deliver_on,
            ),
        )

    def _step(self, button: str, record: Record) -> None:
        """One transition under Tryton's optimistic lock."""
        identity = number(record, "id")
        lock = {"_timestamp": {f"{MODEL},{identity}": record["_timestamp"]}}
        self._client.write(f"model.{MODEL}.{button}", [identity], context=lock)
