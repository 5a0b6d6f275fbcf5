"""What is at stake with an order, from master data alone. What a caller says about money is never taken over."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from psycopg import Connection
from psycopg.rows import DictRow

from actions.port import Order, PurchaseOrder, TransferOrder
from db import network, purchasing
from db.network import Item, Lane
from domain.errors import BadInput, NotFound
from domain.money import Money
from domain.quantity import check_quantity

FOUR = Decimal("0.0001")


@dataclass(frozen=True)
class Valuation:
    """`value` rounded up to four digits. `reversible`: what was done can be taken back for its transport."""

    value: Money
    reversible: bool


def value_of(connection: Connection[DictRow], order: Order) -> Valuation:
    """Values the order at today's master data.

    A transfer: goods at the item's unit cost and its share of the lane's transport. A purchase: the higher of the
    supplier's listed cost for the quantity and the order's. Raises `NotFound` for an unknown item and `BadInput` for a
    wrong unit or a quantity finer than the unit is kept in.
    """
    item = _item(connection, order)
    if isinstance(order, TransferOrder):
        return Valuation(_transfer_value(connection, order, item), reversible=item.storage_class == "ambient")
    return Valuation(_purchase_value(connection, order, item), reversible=False)


def _item(connection: Connection[DictRow], order: Order) -> Item:
    found = network.items(connection, [order.sku])
    if not found:
        raise NotFound(f"There is no item {order.sku}.", remedy="Name an item of this tenant.")
    if found[0].unit != order.unit:
        raise BadInput(
            f"{order.sku} is kept in {found[0].unit}, the order says {order.unit}.",
            remedy=f"Give the quantity in {found[0].unit}.",
        )
    check_quantity(order.quantity, order.unit)
    return found[0]


def _transfer_value(connection: Connection[DictRow], order: TransferOrder, item: Item) -> Money:
    """Without a lane the goods alone are valued; the gate denies such a transfer."""
    lanes = network.lanes(connection, [order.destination], [order.source])
    transport = _transport(lanes[0], order.quantity * item.unit_volume) if lanes else Decimal(0)
    return _money(order.quantity * item.unit_cost + transport, item.currency)


def _transport(lane: Lane, volume: Decimal) -> Decimal:
    """The volume's cost and its share of a truck's fixed cost; all of it where the capacity is not known."""
    share = volume / lane.capacity_m3 if lane.capacity_m3 > 0 else Decimal(1)
    return volume * lane.cost_per_m3 + lane.fixed_cost * share


def _purchase_value(connection: Connection[DictRow], order: PurchaseOrder, item: Item) -> Money:
    """Without a listing at the item's own cost; the gate denies such a purchase."""
    listed = purchasing.unit_cost(connection, order.sku, order.supplier, order.quantity)
    return _money(order.quantity * max(order.unit_cost, item.unit_cost if listed is None else listed), order.currency)


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount.quantize(FOUR, ROUND_UP), currency)
