"""What stands beside the ordering rule for one item at one site: its budgets, and what suppliers ask of an order.

It proposes nothing, and none of its figures is a benefit that the gate looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import DictRow

from cases.situation import Situation
from cases.terms import Terms
from db import purchasing
from db.purchasing import ANY, Budget, SupplierTerms


@dataclass(frozen=True)
class Guidance:
    """What holds beside single terms for some items today."""

    suppliers: Mapping[str, SupplierTerms]
    budgets: Sequence[Budget]
    categories: Mapping[str, str]

    @classmethod
    def load(cls, connect: Callable[[], Connection[DictRow]], today: date, skus: Sequence[str]) -> Guidance:
        """For these items, in the tenant's data."""
        return cls(
            {one.supplier: one for one in purchasing.supplier_terms(connect())},
            purchasing.budgets(connect(), since=today, until=today),
            purchasing.categories(connect(), skus),
        )

    def tightest(self, site: Situation, terms: Terms, on: date) -> Budget | None:
        """The budget with least left that an order for this site on that day counts against; None without one."""
        category = self.categories.get(site.item.sku, "")
        mine = [
            one
            for one in self.budgets
            if one.starts_on <= on <= one.ends_on
            and one.supplier in (ANY, terms.supplier)
            and one.category in (ANY, category)
            and one.site in (ANY, site.site.site)
        ]
        return min(mine, key=lambda one: one.left, default=None)


def affordable(terms: Terms, quantity: Decimal, left: Decimal) -> Decimal:
    """The most of `quantity` that `left` pays for on the supplier's lots; 0 where not even the smallest."""
    while quantity > 0 and quantity * terms.cost_of(quantity) > left:
        quantity -= terms.order_multiple
    return quantity if quantity >= terms.minimum_order_quantity else Decimal(0)
