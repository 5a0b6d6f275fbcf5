"""A transfer as Tryton's internal shipment: created with our key, reserved, read back.

`assign_try` answers the same whether or not it could reserve everything, and keeps what it got. So the state is read
after every step, and a shipment that is not wholly reserved is cancelled, which gives its stock back.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from actions.errors import PreconditionFailed, TargetRejected
from actions.port import Document, Standing, TransferOrder, WriteRequest
from connectors.tryton.client import TrytonClient
from connectors.tryton.masters import Masters, nested, number, text
from connectors.tryton.wire import Record, quantity

MODEL = "stock.shipment.internal"
FIELDS = (
    "number", "state", "quartermaster_key", "planned_start_date", "planned_date",
    "warehouse.code", "to_warehouse.code", "internal_transit_location", "_timestamp",
)  # fmt: skip
MOVE_FIELDS = ("product.code", "unit.symbol", "lot.number", "quantity")
STANDING: dict[str, Standing] = {
    "request": "incomplete",
    "draft": "incomplete",
    "waiting": "incomplete",
    "assigned": "confirmed",
    "packed": "confirmed",
    "shipped": "confirmed",
    "done": "confirmed",
    "cancelled": "cancelled",
}


class Shipments:
    """The steps of one internal shipment; which of them to take, and when, is `adapter.Tryton`'s."""

    model = MODEL
    fields = FIELDS

    def __init__(self, client: TrytonClient, masters: Masters) -> None:
        self._client = client
        self._masters = masters

    def check(self, request: WriteRequest, order: TransferOrder) -> None:
        """The source must still hold what was expected, and enough; raises `PreconditionFailed`."""
        available = self._available(order)
        wanted = _wanted(request, order)
        if available < wanted:
            raise _short(order, wanted, available)

    def create(self, request: WriteRequest, order: TransferOrder) -> None:
        """A draft that carries the key. Sent once; raises what `TrytonClient.write` raises."""
        product = self._masters.product(order.sku, order.unit)
        source, destination = self._masters.site(order.source), self._masters.site(order.destination)
        move = {
            "product": product.id,
            "unit": product.unit_id,
            "quantity": float(order.quantity),
            "lot": self._masters.lot(product, order.lot) if order.lot else None,
            "from_location": source.storage,
            "to_location": destination.storage,
            "planned_date": order.ship_on,
            # A move without a price has no currency; Tryton's form would say so, its API does not.
            "unit_price": None,
            "currency": None,
        }
        shipment = {
            "quartermaster_key": request.idempotency_key,
            "from_location": source.storage,
            "to_location": destination.storage,
            "planned_start_date": order.ship_on,
            "planned_date": order.arrive_on,
            "moves": [("create", [move])],
        }
        self._client.write(f"model.{MODEL}.create", [shipment])

    def advance(self, record: Record, request: WriteRequest, order: TransferOrder) -> None:
        """From draft or waiting to reserved; raises `PreconditionFailed` with nothing left reserved."""
        # From waiting as well: it gives back what an earlier, interrupted try has reserved.
        record = self._step("wait", record)
        record = self._step("assign_try", record)
        if record["state"] != "assigned":
            self._step("cancel", record)
            raise _short(order, order.quantity, self._available(order))
        # Tryton on SQLite takes no lock before it looks for stock: two shipments can both be "assigned" what only one
        # can have. Whoever looks last sees both, and gives back.
        had = self._available(order) + order.quantity
        wanted = _wanted(request, order)
        if had < wanted:
            self._step("cancel", record)
            raise _short(order, wanted, had)

    def cancel(self, record: Record) -> None:
        """Cancelled, with whatever it had reserved given back."""
        self._step("cancel", record)

    def document(self, record: Record) -> Document:
        """What Tryton holds, in our types; raises `TargetRejected` when it is no longer one order of ours."""
        # Between warehouses each move is doubled by one out of transit; a draft has only the first.
        of_it = [
            ["shipment", "=", f"{MODEL},{record['id']}"],
            ["from_location", "!=", record["internal_transit_location"]],
        ]
        moves = self._client.records("stock.move", of_it, MOVE_FIELDS)
        products = {
            (text(nested(move, "product"), "code"), text(nested(move, "unit"), "symbol"), _lot(move)) for move in moves
        }
        ship_on, arrive_on = record["planned_start_date"], record["planned_date"]
        if len(products) != 1 or not isinstance(ship_on, date) or not isinstance(arrive_on, date):
            reason = f"Shipment {record['number']} was changed in Tryton and is no longer one transfer of one item."
            raise TargetRejected(reason, reason=reason, remedy="Look at it in Tryton and settle the case by hand.")
        ((sku, unit, lot),) = products
        state = text(record, "state")
        return Document(
            system="tryton",
            kind="transfer",
            number=text(record, "number"),
            id=str(number(record, "id")),
            state=state,
            standing=STANDING.get(state, "incomplete"),
            key=text(record, "quartermaster_key"),
            order=TransferOrder(
                sku=sku,
                source=text(nested(record, "warehouse"), "code"),
                destination=text(nested(record, "to_warehouse"), "code"),
                quantity=sum((quantity(move["quantity"]) for move in moves), Decimal(0)),
                unit=unit,
                lot=lot,
                ship_on=ship_on,
                arrive_on=arrive_on,
            ),
        )

    def _available(self, order: TransferOrder) -> Decimal:
        product = self._masters.product(order.sku, order.unit)
        lot = self._masters.lot(product, order.lot) if order.lot else None
        return self._masters.free_stock(product, self._masters.site(order.source), lot)

    def _step(self, button: str, record: Record) -> Record:
        """One transition under Tryton's optimistic lock, then what it left."""
        identity = number(record, "id")
        lock = {"_timestamp": {f"{MODEL},{identity}": record["_timestamp"]}}
        self._client.write(f"model.{MODEL}.{button}", [identity], context=lock)
        (after,) = self._client.records(MODEL, [["id", "=", identity]], FIELDS)
        return after


def _lot(move: Record) -> str | None:
    return text(nested(move, "lot"), "number") or None


def _wanted(request: WriteRequest, order: TransferOrder) -> Decimal:
    return max(order.quantity, request.precondition.expected_available or Decimal(0))


def _short(order: TransferOrder, wanted: Decimal, available: Decimal) -> PreconditionFailed:
    place = f"{order.sku}{f' lot {order.lot}' if order.lot else ''} at {order.source}"
    return PreconditionFailed(
        f"Tryton has {available} {order.unit} of {place} free, the order counts on {wanted}.",
        expected=wanted,
        available=available,
    )
