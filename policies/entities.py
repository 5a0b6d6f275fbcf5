"""Facts as Cedar sees them: entities, references between them, context. No judgement and no default for a fact."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from policies.facts import ApprovalInput, GateInput, PurchaseFacts, TransferFacts

Value: TypeAlias = "str | int | bool | dict[str, Value] | list[Value]"
Record: TypeAlias = dict[str, Value]

# An id that no master data can hold, so that a reference to something unknown is a reference to a missing entity.
UNKNOWN = "\0unknown"


def decimal(amount: Decimal) -> Record:
    """Cedar's decimal: a point and one to four digits after it."""
    return {"__extn": {"fn": "decimal", "arg": f"{amount:.4f}"}}


def uid(kind: str, name: str) -> Record:
    """The name of an entity."""
    return {"type": kind, "id": name}


def reference(kind: str, name: str) -> Record:
    """An attribute that points to another entity."""
    return {"__entity": uid(kind, name)}


def texts(values: Iterable[str]) -> list[Value]:
    """A set of strings."""
    return [value for value in values]


def entity(kind: str, name: str, attributes: Record, parents: tuple[Value, ...] = ()) -> Record:
    """One entity of the request."""
    return {"uid": uid(kind, name), "attrs": attributes, "parents": list(parents)}


def world(facts: GateInput) -> Record:
    """The context of both requests about a write."""
    return {
        "tenant_currency": facts.tenant_currency,
        "data_age_hours": facts.data_age_hours,
        "stock_derived": facts.stock_derived,
        "expired": facts.expired,
        "conflicts": texts(facts.conflicts),
        "automatic_24h": decimal(facts.automatic_24h),
        "stage": facts.stage,
    }


def entities_of(facts: GateInput) -> list[Record]:
    """The agent, the order and what it refers to, as far as master data hold it."""
    order = facts.order
    related = _related_transfer(order) if isinstance(order, TransferFacts) else _related_purchase(order)
    return [entity("Agent", facts.proposed_by, {}), _order(facts), *_item(facts), *related]


def missing(facts: GateInput) -> tuple[str, ...]:
    """What the order names and master data do not hold, in words."""
    order = facts.order
    if isinstance(order, TransferFacts):
        parts = {"source site": order.source, "destination site": order.destination, "lane": order.lane}
    else:
        parts = {"site": order.site, "supplier": order.supplier}
    return tuple(name for name, part in {"item": facts.item, **parts}.items() if part is None)


def click(facts: ApprovalInput) -> Record:
    """The context of the third request."""
    return {
        "role": reference("Role", facts.role),
        "asked": [reference("Role", role) for role in sorted(facts.asked)],
        "approved_by": texts(sorted(facts.approved_by)),
        "tenant_currency": facts.tenant_currency,
        "expired": facts.expired,
    }


def click_entities(facts: ApprovalInput) -> list[Record]:
    """The actor with the roles that master data give, and the proposal as it was decided."""
    roles = sorted(facts.roles | facts.asked | {facts.role})
    proposal: Record = {
        "value": decimal(facts.value),
        "currency": facts.currency,
        "proposed_by": facts.proposed_by,
        "requested_by": facts.requested_by,
    }
    return [
        _actor(facts),
        entity("Proposal", facts.proposal_id, proposal),
        *(entity("Role", role, {}) for role in roles),
    ]


def _actor(facts: ApprovalInput) -> Record:
    if facts.actor_kind != "person":
        return entity("Agent", facts.actor, {})
    held = tuple(uid("Role", role) for role in sorted(facts.roles))
    attributes: Record = {
        "person": facts.actor,
        "active": facts.active,
        "approval_limit": decimal(facts.approval_limit),
    }
    return entity("Person", facts.actor, attributes, held)


def _order(facts: GateInput) -> Record:
    common: Record = {
        "item": reference("Item", facts.item.sku if facts.item else UNKNOWN),
        "quantity": decimal(facts.quantity),
        "value": decimal(facts.value),
        "currency": facts.currency,
        "reversible": facts.reversible,
        "benefit_lower": decimal(facts.benefit_lower),
        "tail_loss": decimal(facts.tail_loss),
        "overstated": decimal(facts.overstated),
        "overstated_share": decimal(facts.overstated_share),
    }
    if isinstance(facts.order, TransferFacts):
        return entity("Transfer", facts.proposal_id, {**common, **_transfer(facts.order)})
    return entity("Purchase", facts.proposal_id, {**common, **_purchase(facts.order)})


def _transfer(order: TransferFacts) -> Record:
    known: Record = {
        "source": reference("Site", order.source.site if order.source else UNKNOWN),
        "destination": reference("Site", order.destination.site if order.destination else UNKNOWN),
        "lane": reference("Lane", "lane" if order.lane else UNKNOWN),
        "lot_after": decimal(order.lot_after),
        "source_after": decimal(order.source_after),
    }
    if order.source_safety_stock is not None:
        known["source_safety_stock"] = decimal(order.source_safety_stock)
    if order.shelf_life_left is not None:
        known["shelf_life_left"] = order.shelf_life_left
    return known


def _purchase(order: PurchaseFacts) -> Record:
    return {
        "site": reference("Site", order.site.site if order.site else UNKNOWN),
        "supplier": reference("Supplier", order.supplier.supplier if order.supplier else UNKNOWN),
        "supplier_listed": order.supplier is not None and order.supplier.listed,
    }


def _item(facts: GateInput) -> list[Record]:
    if facts.item is None:
        return []
    item = facts.item
    attributes: Record = {
        "storage_class": item.storage_class,
        "perishable": item.perishable,
        "currency": item.currency,
    }
    return [entity("Item", item.sku, attributes)]


def _related_transfer(order: TransferFacts) -> list[Record]:
    known = [site for site in (order.source, order.destination) if site]
    sites = {site.site: entity("Site", site.site, {"kind": site.kind}) for site in known}
    if order.lane is None:
        return list(sites.values())
    return [*sites.values(), entity("Lane", "lane", {"chilled": order.lane.chilled, "currency": order.lane.currency})]


def _related_purchase(order: PurchaseFacts) -> list[Record]:
    site = [entity("Site", order.site.site, {"kind": order.site.kind})] if order.site else []
    if order.supplier is None:
        return site
    return [*site, entity("Supplier", order.supplier.supplier, {"currency": order.supplier.currency})]
