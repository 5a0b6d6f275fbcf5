"""The gate's facts about a proposal, read fresh from the database: stock, lots, lanes, age, conflicts, budget.

The agent's role wrote the proposal, so of it only the order is taken for what it says; every figure is found anew, and
what was claimed stands beside it. Rounded against the proposal, to Cedar's four digits. What master data do not hold is
None, and the gate denies it; nothing is guessed. Nothing is decided here either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import ceil

from psycopg import Connection
from psycopg.rows import DictRow

from actions.appraisal import overstatement
from actions.model import Benefit, Proposal
from actions.port import PurchaseOrder, TransferOrder
from actions.value import FOUR, Valuation, value_of
from db import actions as rows
from db import network, tenants
from db.actions import OpenOrder, Stage
from db.network import Item, Lane, StockLot
from db.session import tenant_clock
from domain.canonical import Json
from domain.errors import NotFound

BUDGET_PERIOD = timedelta(hours=24)
ZERO = Decimal(0)


def gather(
    connection: Connection[DictRow], proposal: Proposal, stage: Stage, benefit: Benefit | None
) -> dict[str, Json]:
    """Facts as `policies.facts.GateInput` takes them; what that model refuses, the gate denies.

    `benefit` is what was worked out for this order, None where that could not be done. Raises `BadInput` for an order
    in another unit than the item's, or finer than it.
    """
    order = proposal.order
    others = rows.open_orders(connection, order.sku, but=proposal.proposal_id)
    valuation = _valuation(connection, order)
    value, currency = _value(proposal, valuation)
    spent = rows.automatic_total(connection, BUDGET_PERIOD, but=proposal.proposal_id)
    clock = tenant_clock(connection)
    transfer = isinstance(order, TransferOrder)
    return {
        "proposal_id": str(proposal.proposal_id),
        "stage": stage,
        "proposed_by": proposal.proposed_by,
        "quantity": f"{order.quantity:f}",
        "value": _up(value),
        "currency": currency,
        "reversible": proposal.reversible and valuation is not None and valuation.reversible,
        **_benefit(proposal, benefit),
        "claimed": _claimed(proposal),
        "item": _item(connection, order.sku),
        "order": _transfer(connection, order, others, clock) if transfer else _purchase(connection, order),
        "tenant_currency": tenants.currency(connection),
        "data_age_hours": _age(connection, order, clock),
        "stock_derived": _derived(connection, order),
        "expired": proposal.expired(rows.now(connection)),
        "conflicts": [str(other.proposal_id) for other in others if _conflicts(order, other)],
        "automatic_24h": _up(spent + value),
    }


def _valuation(connection: Connection[DictRow], order: TransferOrder | PurchaseOrder) -> Valuation | None:
    """None for an unknown item, which the gate denies by its own rule."""
    try:
        return value_of(connection, order)
    except NotFound:
        return None


def _value(proposal: Proposal, today: Valuation | None) -> tuple[Decimal, str]:
    """The higher of the value at the time of proposing and today's: neither the agent nor time can lower it."""
    if today is None:
        return proposal.value, proposal.currency
    return max(today.value.amount, proposal.value), today.value.currency


def _benefit(proposal: Proposal, found: Benefit | None) -> dict[str, Json]:
    """What was worked out, and by how much the claim is better."""
    if found is None:
        return dict.fromkeys(("expected_benefit", "benefit_lower", "tail_loss", "overstated", "overstated_share"))
    over = overstatement(proposal.benefit, found)
    return {
        "expected_benefit": _down(found.expected_benefit),
        "benefit_lower": _down(found.benefit_lower),
        "tail_loss": _down(found.tail_loss),
        "overstated": _up(over.money),
        "overstated_share": _up(over.share),
    }


def _claimed(proposal: Proposal) -> dict[str, Json]:
    return {
        "value": str(proposal.value),
        "reversible": proposal.reversible,
        "expected_benefit": str(proposal.expected_benefit),
        "benefit_lower": str(proposal.benefit_lower),
        "tail_loss": str(proposal.tail_loss),
        "probability_better": str(proposal.probability_better),
        "data_as_of": proposal.data_as_of.isoformat(),
        "expires_at": proposal.expires_at.isoformat(),
    }


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


def _age(connection: Connection[DictRow], order: TransferOrder | PurchaseOrder, clock: datetime) -> int | None:
    """Hours, rounded up, of the oldest stock data of the places concerned; None when nothing was imported.

    The gate refuses None. All figures are worked out anew from these data, so the evidence's own age does not matter.
    """
    described = rows.stock_as_of(connection, order.sku, _places(order))
    return None if described is None else ceil((clock - described) / timedelta(hours=1))


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
