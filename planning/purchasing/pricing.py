"""What a quantity costs under price breaks, and what an order earns off. Exact in Decimal."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from planning.purchasing.demands import NOTHING
from planning.purchasing.suppliers import BreakKind, Offer, Supplier


def unit_price(offer: Offer, quantity: int) -> Decimal:
    """The price of the highest break that `quantity` reaches; of the first break below that."""
    reached = [step.unit_price for step in offer.prices if step.quantity <= quantity]
    return Decimal(reached[-1] if reached else offer.prices[0].unit_price)


def goods_cost(offer: Offer, quantity: int) -> Decimal:
    """What a line of `quantity` units costs without its line cost."""
    if offer.breaks is BreakKind.ALL_UNITS:
        return unit_price(offer, quantity) * quantity
    cost = NOTHING
    for step, after in pairwise((*offer.prices, None)):
        assert step is not None
        start = 0 if step is offer.prices[0] else step.quantity
        end = quantity if after is None else min(after.quantity, quantity)
        cost += max(end - start, 0) * step.unit_price
    return cost


def discount_of(supplier: Supplier, goods: Decimal, lines: int) -> Decimal:
    """The best discount that an order with so much goods value and so many lines earns."""
    earned = [
        goods * one.rate + one.amount
        for one in supplier.discounts
        if goods >= one.minimum_value and lines >= one.minimum_lines
    ]
    return max(earned, default=NOTHING)
