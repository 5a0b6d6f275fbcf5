"""What one item at one site may be bought under: the supplier's terms, the stock it starts from, what may bind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from planning.arrays import FloatArray, count, matrix, number, vector
from planning.errors import Infeasible, InvalidField
from planning.inventory.lead_time import LeadTime
from planning.inventory.price_breaks import PriceList
from planning.inventory.service import ServiceTarget, checked_target

# The smallest step that the database can hold; below it a quotient of two quantities need not be finite.
SMALLEST_MULTIPLE = 1e-6


class Binding(StrEnum):
    """What kept the quantity from being exactly order-up-to minus position, or from being ordered today."""

    ABOVE_REORDER_POINT = "above_reorder_point"
    MINIMUM_ORDER = "minimum_order"
    ORDER_MULTIPLE = "order_multiple"
    MAXIMUM_ORDER = "maximum_order"
    SHELF_LIFE = "shelf_life"
    SUPERSEDED = "superseded"
    PRICE_BREAK = "price_break"
    ORDER_CALENDAR = "order_calendar"
    FROZEN_HORIZON = "frozen_horizon"


@dataclass(frozen=True)
class ReplenishmentSpec:
    """One item at one site and one supplier; units in the base unit, money per unit, days from today.

    Attributes:
        on_hand: usable units now.
        receipts: (days,) or (scenarios, days) open orders; all that come within the horizon count in the position, on
            average over the scenarios. `lateness` makes scenarios of them from a supplier's record.
        lead_time: from placing an order to having it.
        service_level: cycle service as a number, `FillRate` or `CostRatio`.
        unit_cost: price of a unit without price breaks.
        unit_margin: money lost with each unit of unmet demand.
        holding_cost_per_unit_day: money per unit and night.
        review_days: days between two occasions to order where there is no calendar.
        order_cost: money once for each order.
        minimum_order: least quantity of an order. `order_multiple` 0 means any quantity, `maximum_order` None no limit.
        order_multiple: every order is a whole number of it.
        maximum_order: most of one order.
        shelf_life_days: days of sale after arrival; None is no limit.
        prices: price breaks; the first step's price is `unit_cost`. None is that price for any quantity.
        order_days: ascending days on which the supplier takes orders (0 only while today's cut-off has not passed);
            empty means any day. The gap between the first and the next is then the review period.
        frozen_days: nothing may be placed or changed before this day.
        sold_until_day: the first day on which a successor takes over the demand; nothing is bought beyond the run-out.
    """

    on_hand: float
    receipts: FloatArray
    lead_time: LeadTime
    service_level: ServiceTarget
    unit_cost: float
    unit_margin: float
    holding_cost_per_unit_day: float
    review_days: int = 1
    order_cost: float = 0.0
    minimum_order: float = 0.0
    order_multiple: float = 0.0
    maximum_order: float | None = None
    shelf_life_days: int | None = None
    prices: PriceList | None = None
    order_days: tuple[int, ...] = ()
    frozen_days: int = 0
    sold_until_day: int | None = None

    def __post_init__(self) -> None:
        for field in (
            "on_hand", "unit_cost", "unit_margin", "holding_cost_per_unit_day", "order_cost", "minimum_order",
            "order_multiple",
        ):  # fmt: skip
            number(field, getattr(self, field), at_least=0.0)
        if 0.0 < self.order_multiple < SMALLEST_MULTIPLE:
            raise InvalidField("order_multiple", f"must be 0 (any quantity) or at least {SMALLEST_MULTIPLE:g}")
        checked_target(self.service_level)
        self._check_receipts()
        self._check_days()
        if self.maximum_order is not None and number("maximum_order", self.maximum_order) < self.minimum_order:
            raise InvalidField("maximum_order", f"is below the minimum order of {self.minimum_order:g}")
        if self.prices is not None and self.prices.base_price != self.unit_cost:
            raise InvalidField("prices", f"begin at {self.prices.base_price:g}, but unit_cost is {self.unit_cost:g}")

    def _check_receipts(self) -> None:
        if self.receipts.ndim == 2:
            matrix("receipts", self.receipts, at_least=0.0)
        else:
            vector("receipts", self.receipts, at_least=0.0)

    def _check_days(self) -> None:
        count("review_days", self.review_days)
        count("frozen_days", self.frozen_days, at_least=0)
        if self.shelf_life_days is not None:
            count("shelf_life_days", self.shelf_life_days)
        if self.sold_until_day is not None:
            count("sold_until_day", self.sold_until_day, at_least=0)
        for day in self.order_days:
            count("order_days", day, at_least=0)
        if list(self.order_days) != sorted(set(self.order_days)):
            raise InvalidField("order_days", "must ascend without repeating")

    @property
    def coming(self) -> FloatArray:
        """(1, days) or (scenarios, days) units on order."""
        return self.receipts if self.receipts.ndim == 2 else self.receipts[None, :]

    @property
    def position(self) -> float:
        """Units on hand and, on average, on order."""
        return self.on_hand + float(self.coming.sum(axis=1).mean())


@dataclass(frozen=True)
class OrderWindow:
    """The first day on which an order can be placed, and the next one after it."""

    first: int
    following: int
    binding: tuple[Binding, ...]

    @property
    def gap(self) -> int:
        """Days that an order placed on the first must last beyond its lead time."""
        return self.following - self.first


def order_window(spec: ReplenishmentSpec) -> OrderWindow:
    """When the next two orders can be placed.

    Raises:
        Infeasible: the calendar has no order day after the frozen horizon.
    """
    frozen = spec.frozen_days
    if not spec.order_days:
        return OrderWindow(frozen, frozen + spec.review_days, (Binding.FROZEN_HORIZON,) if frozen else ())
    allowed = [day for day in spec.order_days if day >= frozen]
    if not allowed:
        raise Infeasible(
            "order_days", f"end before the frozen horizon of {frozen} days does", remedy="Give later order days."
        )
    first = allowed[0]
    following = allowed[1] if len(allowed) > 1 else first + spec.review_days
    binding = [Binding.ORDER_CALENDAR] if first > frozen else []
    if frozen and spec.order_days[0] < frozen:
        binding.append(Binding.FROZEN_HORIZON)
    return OrderWindow(first, following, tuple(binding))
