"""What a joint purchase plan is asked for: its scope, what is wanted, and what must be respected."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import Field

from tools.contract import Code, ToolInput

MOST_ITEMS = 500


class GivenNeed(ToolInput):
    """Something else that is wanted; `customer` None is for stock. It must be met unless `must` is false."""

    sku: Code
    site: Code
    quantity: Decimal = Field(gt=0, le=Decimal(10**8))
    due_on: date
    customer: Code | None = None
    must: bool = True


class StayingLine(ToolInput):
    """A line that must not change: it was sent or agreed. `quantity` 0: nothing may be bought there."""

    supplier: Code
    sku: Code
    site: Code
    order_on: date
    quantity: Decimal = Field(ge=0, le=Decimal(10**8))


class PurchasesQuestion(ToolInput):
    """What to plan for, and what to respect beyond the master data.

    Scope: items, sites, one supplier (then nobody else is bought from), one product group; without any, everything that
    is bought from suppliers. `needs`: which of stock and open customer orders count besides `demands`. Customers accept
    `late_days` of lateness. `before` is the evidence of an earlier plan: its question is asked again with what is said
    here on top, and as little of its lines is changed as possible; after a cancellation name the supplier in
    `without_suppliers`.
    """

    skus: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=MOST_ITEMS)
    sites: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=100)
    supplier: Code | None = None
    category: Code | None = None
    needs: Literal["all", "stock", "customer_orders", "given"] = "all"
    demands: tuple[GivenNeed, ...] = Field(default=(), max_length=1000)
    late_days: int = Field(default=14, ge=0, le=90)
    budget: Decimal | None = Field(default=None, ge=0, le=Decimal(10**10), decimal_places=2)
    without_suppliers: tuple[Code, ...] = Field(default=(), max_length=100)
    keep: tuple[StayingLine, ...] = Field(default=(), max_length=500)
    before: UUID | None = None
