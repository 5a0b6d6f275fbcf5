"""What a joint purchase plan is asked for: its scope, what is wanted, and what must be respected."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema

from tools.contract import Code, ToolInput

MOST_ITEMS = 500
MOST_UNITS = 10**8
MOST_MONEY = 10**10

# Numbers, or their text where a float is not exact enough; the schema tells the number, as a text may be anything.
Wanted = Annotated[
    Decimal,
    Field(gt=0, le=MOST_UNITS),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_UNITS}),
]
Kept = Annotated[
    Decimal, Field(ge=0, le=MOST_UNITS), WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_UNITS})
]
Limit = Annotated[
    Decimal, Field(ge=0, le=MOST_MONEY), WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_MONEY})
]


class GivenNeed(ToolInput):
    """Something else that is wanted; `customer` None is for stock. It must be met unless `must` is false."""

    sku: Code
    site: Code
    quantity: Wanted
    due_on: date
    customer: Code | None = None
    must: bool = True


class StayingLine(ToolInput):
    """A line that must not change: it was sent or agreed. `quantity` 0: nothing may be bought there."""

    supplier: Code
    sku: Code
    site: Code
    order_on: date
    quantity: Kept


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
    budget: Limit | None = None
    without_suppliers: tuple[Code, ...] = Field(default=(), max_length=100)
    keep: tuple[StayingLine, ...] = Field(default=(), max_length=500)
    before: UUID | None = None
