"""The gate's facts about a proposal, read fresh from the database: stock, lots, lanes, age, conflicts, budget.

Rounded against the proposal, to Cedar's four digits. What master data do not hold is None, and the gate denies it;
nothing is guessed. Nothing is decided here either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import ceil

from psycopg import Connection
from psycopg.rows import DictRow

from actions.model import Proposal
from actions.port import PurchaseOrder, TransferOrder
from actions.value import FOUR, value_of
from db import actions as rows
from db import network, tenants
from db.actions import OpenOrder, Stage
from db.network import Item, Lane, StockLot
from db.session import tenant_clock
from domain.canonical import Json
from domain.errors import QuartermasterError

BUDGET_PERIOD = timedelta(hours=24)
ZERO = Decimal(0)


def gather(connection: Connection[DictRow], proposal: Proposal, stage: Stage) -> dict[str, Json]:
    """Facts as `policies.facts.GateInput` takes them; what that model refuses, the gate denies."""
    order = proposal.order
    others = rows.open_orders(connection, order.sku, but=proposal.proposal_id)
    value, currency = _value(connection, proposal)
    spent = rows.automatic_total(connection, BUDGET_PERIOD, but=proposal.proposal_id)
    clock = tenant_clock(connection)
    transfer = isinstance(order, TransferOrder)
    return {
        "proposal_id": str(proposal.proposal_id),
        "stage": stage,
        "proposed_by": proposal.proposed_by,
        "quantity": _down(order.quantity),
        "value": _up(value),
        "currency": currency,
        "reversible": proposal.reversible,
        "benefit_lower": _down(proposal.benefit_lower),
        "tail_loss": _down(proposal.tail_loss),
        "item": _item(connection, order.sku),
        "order": _transfer(connection, order, others, clock) if transfer else _purchase(connection, order),
        "tenant_currency": tenants.currency(connection),
        "data_age_hours": _age(connection, proposal, clock),
        "stock_derived": _derived(connection, order),
        "expired": proposal.expired(rows.now(connection)),
        "conflicts": [str(other.proposal_id) for other in others if _conflicts(order, other)],
        "automatic_24h": _up(spent + value),
    }


def _value(connection: Connection[DictRow], proposal: Proposal) -> tuple[Decimal, str]:
    """The higher of the value at the time of proposing and today's: neither the agent nor time can lower it."""
    try:
        today = value_of(connection, proposal.order).value
    except QuartermasterError:
        return proposal.value, proposal.currency  # an unknown item: the gate denies it by its own rule
    return max(today.amount, proposal.value), today.currency


def _conflicts(order: TransferOrder | PurchaseOrder, other: OpenOrder) -> bool:
    """The same place is supplied twice, or the goods come back the way they went.

    Two transfers from one source are no conflict: the other's quantity is taken off what the source has.
    """
    if isinstance(order, PurchaseOrder):
        return other.destination == order.site
    back = (other.source, other.destination) == (order.destination, order.source)
    return back or other.destination == order.destination


def _transfer(
    connection: Connection[DictRow], order: TransferOrder, others: Sequence[OpenOrder], clock: datetime
) -> dict[str, Json]:
    lanes = network.lanes(connection, [order.destination], [order.source])
    held = network.stock(connection, [order.sku], [order.source])
    free = [lot for lot in held if lot.state == "available"]
    fresh = [lot for lot in free if lot.expires_on is None or lot.expires_on >= clock.date()]
    picked = [lot for lot in free if order.lot is None or lot.lot == order.lot]
    promised = sum((other.quantity for other in others if other.source == order.source), order.quantity)
    listed = network.item_sites(connection, [order.sku], [order.source])
    safety = listed[0].safety_stock if listed else None
    return {
        "kind": "transfer",
        "source": _site(connection, order.source),
        "destination": _site(connection, order.destination),
        "lane": {"chilled": lanes[0].chilled, "currency": lanes[0].currency} if lanes else None,
        "lot_after": _down(_total(picked) - promised),
        "source_after": _down(_total(fresh) - promised - _owed(connection, order, held)),
        "source_safety_stock": None if safety is None else _up(safety),
        "shelf_life_left": _shelf_life_left(picked, _arrival(order, lanes, clock.date())),
    }


def _owed(connection: Connection[DictRow], order: TransferOrder, held: Sequence[StockLot]) -> Decimal:
    """What the source owes by orders that are not ours: transfers not yet shipped, customers not reserved for."""
    transfers = network.open_transfers(connection, [order.sku], [order.source])
    leaving = sum((line.quantity for line in transfers if line.source == order.source and not line.shipped_on), ZERO)
    customers = network.open_customer_orders(connection, [order.sku], [order.source])
    reserved = _total([lot for lot in held if lot.state == "reserved"])
    return leaving + max(sum((line.quantity for line in customers), ZERO) - reserved, ZERO)


def _purchase(connection: Connection[DictRow], order: PurchaseOrder) -> dict[str, Json]:
    terms = [row for row in network.item_suppliers(connection, [order.sku]) if row.supplier == order.supplier]
    return {
        "kind": "purchase",
        "site": _site(connection, order.site),
        "supplier": _supplier(connection, order, bool(terms)),
    }


def _supplier(connection: Connection[DictRow], order: PurchaseOrder, listed: bool) -> dict[str, Json] | None:
    currency = network.supplier_currency(connection, order.supplier)
    return None if currency is None else {"supplier": order.supplier, "currency": currency, "listed": listed}


def _item(connection: Connection[DictRow], sku: str) -> dict[str, Json] | None:
    found: list[Item] = network.items(connection, [sku])
    if not found:
        return None
    item = found[0]
    perishable = item.shelf_life_days is not None
    return {"sku": sku, "storage_class": item.storage_class, "perishable": perishable, "currency": item.currency}


def _site(connection: Connection[DictRow], name: str) -> dict[str, Json] | None:
    found = network.sites(connection, [name])
    return {"site": name, "kind": found[0].kind} if found else None


def _arrival(order: TransferOrder, lanes: Sequence[Lane], today: date) -> date:
    """The later of the order's word and what the lane takes from today on."""
    lead = timedelta(days=max((lane.lead_time_days for lane in lanes), default=0))
    return max(order.arrive_on, max(order.ship_on, today) + lead)


def _shelf_life_left(picked: Sequence[StockLot], arrival: date) -> int | None:
    """Of the lot that expires first among those that may be picked; None when any has no date."""
    dates = [lot.expires_on for lot in picked if lot.quantity > 0]
    known = [expiry for expiry in dates if expiry is not None]
    if len(known) < len(dates) or not known:
        return None
    return (min(known) - arrival).days


def _age(connection: Connection[DictRow], proposal: Proposal, clock: datetime) -> int | None:
    """Hours, rounded up, of the oldest of: the evidence, and the stock data of the places concerned.

    None when nothing was imported; the gate refuses that.
    """
    described = rows.stock_as_of(connection, proposal.order.sku, _places(proposal.order))
    if described is None:
        return None
    return ceil((clock - min(proposal.data_as_of, described)) / timedelta(hours=1))


def _derived(connection: Connection[DictRow], order: TransferOrder | PurchaseOrder) -> bool:
    return any(lot.provenance == "derived" for lot in network.stock(connection, [order.sku], _places(order)))


def _places(order: TransferOrder | PurchaseOrder) -> list[str]:
    return [order.source, order.destination] if isinstance(order, TransferOrder) else [order.site]


def _total(lots: Sequence[StockLot]) -> Decimal:
    return sum((lot.quantity for lot in lots), Decimal(0))


def _down(amount: Decimal) -> str:
    return str(amount.quantize(FOUR, ROUND_FLOOR))


def _up(amount: Decimal) -> str:
    return str(amount.quantize(FOUR, ROUND_CEILING))
