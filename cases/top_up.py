"""What else to put into an order that is too small for its supplier: its other items, the one that runs low first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cases.exposure import Exposure
from cases.purchase import can_foresee, on_lots, ordering
from cases.situation import Situation
from cases.terms import Terms
from db.purchasing import SupplierTerms

MOST_ITEMS = 10
Why = Literal["minimum_order_value", "minimum_order_volume", "container"]


@dataclass(frozen=True)
class Candidate:
    """An item that the supplier sells as well; `days_left` until it reaches its reorder point, 0 where it is there."""

    site: Situation
    terms: Terms
    quantity: Decimal
    days_left: float

    def worth(self, why: Why) -> Decimal:
        """What it adds: money at cost, or m³."""
        if why == "minimum_order_value":
            return self.quantity * self.terms.cost_of(self.quantity)
        return self.quantity * self.site.item.unit_volume


@dataclass(frozen=True)
class TopUp:
    """`missing` (money or m³, by `why`) and the items that make it up, the one that runs low first first."""

    why: Why
    missing: Decimal
    items: tuple[Candidate, ...]

    @property
    def is_reached(self) -> bool:
        """Whether these items are enough."""
        return sum((one.worth(self.why) for one in self.items), Decimal(0)) >= self.missing


def missing(site: Situation, terms: Terms, joint: SupplierTerms, quantity: Decimal) -> tuple[Why, Decimal] | None:
    """What an order of this line alone lacks; None where it can go as it is."""
    value, volume = quantity * terms.cost_of(quantity), quantity * site.item.unit_volume
    if value < joint.minimum_order_value:
        return "minimum_order_value", joint.minimum_order_value - value
    if volume < joint.minimum_order_volume:
        return "minimum_order_volume", joint.minimum_order_volume - volume
    if joint.container_volume:
        room = math.ceil(volume / joint.container_volume) * joint.container_volume - volume
        return ("container", room) if room > 0 else None
    return None


def top_up(others: Sequence[Situation], supplier: str, why: Why, wanted: Decimal, check: Callable[[], None]) -> TopUp:
    """Items at the same site until `wanted` is reached, at most `MOST_ITEMS`: what is due, then what is due next."""
    found: list[Candidate] = []
    for site in others:
        check()
        candidate = _candidate(site, supplier)
        if candidate is not None:
            found.append(candidate)
    found.sort(key=lambda one: (one.days_left, one.site.item.sku))
    taken: list[Candidate] = []
    for one in found[:MOST_ITEMS]:
        if sum((each.worth(why) for each in taken), Decimal(0)) >= wanted:
            break
        taken.append(one)
    return TopUp(why, wanted, tuple(taken))


def _candidate(site: Situation, supplier: str) -> Candidate | None:
    """Its due order, or one lot where it is not due yet; None where that cannot be told."""
    terms = next((one for one in site.suppliers if one.supplier == supplier), None)
    exposure = Exposure.of(site, ()) if terms is not None and not site.is_fed else None
    if terms is None or exposure is None or not can_foresee(exposure, terms):
        return None
    rule, rate = ordering(exposure, terms), float(exposure.full_demand.mean())
    if rate <= 0.0:
        return None
    left = max(rule.inventory_position - rule.reorder.reorder_point, 0.0) / rate
    quantity = on_lots(terms, Decimal(repr(round(rule.order_quantity, 6))) or terms.order_multiple)
    return Candidate(site, terms, quantity, left)
