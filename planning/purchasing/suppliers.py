"""Who can deliver what, and at which terms: suppliers, their offers, price breaks, order discounts. No mathematics."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from planning.errors import InvalidField
from planning.purchasing.checks import LARGEST_DAY, day, distinct, member, money, name, whole
from planning.purchasing.demands import NOTHING


class BreakKind(StrEnum):
    """ALL_UNITS: the price of the break reached holds for the whole line. INCREMENTAL: only for the units above it."""

    ALL_UNITS = "all_units"
    INCREMENTAL = "incremental"


@dataclass(frozen=True)
class PriceBreak:
    """From `quantity` units of one line on, a unit costs `unit_price`. Prices may have more than two decimals."""

    quantity: int
    unit_price: Decimal

    def __post_init__(self) -> None:
        whole("price_break.quantity", self.quantity)
        money("price_break.unit_price", self.unit_price)


@dataclass(frozen=True)
class Offer:
    """What a supplier asks for one item. A line is a purchase of one item from one supplier on one order day.

    Attributes:
        prices: breaks with rising quantities; the first must start at 0 or 1.
        lead_time_days: from the order day to the day on which the units can be given to a demand.
        minimum_quantity: of a line that is bought at all. `order_multiple`: every line is a whole number of it.
        maximum_quantity: of a line. `capacity`: of all lines of this offer together.
        line_cost: once for each line. `risk_cost`: per unit, what its unreliability is expected to cost; it counts in
            the objective but is paid to nobody, so neither in order values nor in budgets.
        qualified_customers: only demands of these customers may be served; None means every demand.
    """

    supplier: str
    item: str
    prices: tuple[PriceBreak, ...]
    lead_time_days: int
    minimum_quantity: int = 0
    order_multiple: int = 1
    maximum_quantity: int | None = None
    capacity: int | None = None
    breaks: BreakKind = BreakKind.ALL_UNITS
    line_cost: Decimal = NOTHING
    risk_cost: Decimal = NOTHING
    qualified_customers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        name("offer.supplier", self.supplier)
        name("offer.item", self.item)
        whole(f"{self.label}.lead_time_days", self.lead_time_days, at_most=LARGEST_DAY)
        whole(f"{self.label}.minimum_quantity", self.minimum_quantity)
        whole(f"{self.label}.order_multiple", self.order_multiple, at_least=1)
        money(f"{self.label}.line_cost", self.line_cost)
        money(f"{self.label}.risk_cost", self.risk_cost)
        member(f"{self.label}.breaks", self.breaks, BreakKind)
        self._check_limits()
        self._check_prices()

    def _check_limits(self) -> None:
        for field in ("maximum_quantity", "capacity"):
            limit = getattr(self, field)
            if limit is not None and whole(f"{self.label}.{field}", limit) < self.minimum_quantity:
                raise InvalidField(
                    f"{self.label}.minimum_quantity",
                    f"of {self.minimum_quantity} is above the {field} of {limit}",
                    remedy="Leave the offer out if nothing can be bought.",
                )
        if self.qualified_customers is not None:
            distinct(f"{self.label}.qualified_customers", self.qualified_customers)

    def _check_prices(self) -> None:
        if not self.prices or self.prices[0].quantity > 1:
            raise InvalidField(f"{self.label}.prices", "must begin with a price from quantity 0 or 1 on")
        starts = [step.quantity for step in self.prices]
        if any(later <= earlier for earlier, later in pairwise(starts)):
            raise InvalidField(f"{self.label}.prices", "must have rising quantities")

    @property
    def label(self) -> str:
        """How a person would name it."""
        return f"{self.item} from {self.supplier}"


@dataclass(frozen=True)
class OrderDiscount:
    """Off an order's value from `minimum_value` and `minimum_lines` on: `rate` of it (0.025 is 2.5 %) plus `amount`."""

    minimum_value: Decimal = NOTHING
    minimum_lines: int = 1
    rate: Decimal = NOTHING
    amount: Decimal = NOTHING

    def __post_init__(self) -> None:
        money("discount.minimum_value", self.minimum_value)
        whole("discount.minimum_lines", self.minimum_lines, at_least=1)
        money("discount.rate", self.rate, at_most=Decimal(1))
        if money("discount.amount", self.amount) > self.minimum_value:
            raise InvalidField("discount.amount", "is more than the smallest order value that earns it")


@dataclass(frozen=True)
class Supplier:
    """All lines of one supplier on one order day share an order.

    Attributes:
        order_days: the days on which orders can be placed; nothing is ordered on another day.
        order_cost: once for each order. `supplier_cost`: once if anything is ordered from it at all.
        minimum_order_value, minimum_order_units: of each order, in goods before discount and fees.
        discounts: the best one that an order earns is taken off it.
        country, tags, reliability: what exclusions can name; reliability is the share of orders on time, 0 to 1.
        qualified_customers: only demands of these customers may be served; None means every demand.
    """

    supplier: str
    order_days: tuple[int, ...] = (0,)
    order_cost: Decimal = NOTHING
    supplier_cost: Decimal = NOTHING
    minimum_order_value: Decimal = NOTHING
    minimum_order_units: int = 0
    discounts: tuple[OrderDiscount, ...] = ()
    country: str | None = None
    tags: tuple[str, ...] = ()
    reliability: Decimal | None = None
    qualified_customers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        name("supplier", self.supplier)
        for one in self.order_days:
            day(f"{self.supplier}.order_days", one)
        distinct(f"{self.supplier}.order_days", self.order_days)
        for field in ("order_cost", "supplier_cost", "minimum_order_value"):
            money(f"{self.supplier}.{field}", getattr(self, field))
        whole(f"{self.supplier}.minimum_order_units", self.minimum_order_units)
        if self.reliability is not None:
            money(f"{self.supplier}.reliability", self.reliability, at_most=Decimal(1))
