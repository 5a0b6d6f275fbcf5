"""What `recommend_replenishment` gives: orders by supplier, what limits and would flip them, today's figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tools.contract import ToolOutput
from tools.options import DriverLine


class OtherQuantity(ToolOutput):
    """The best other quantity from the same supplier; 0 is not ordering."""

    quantity: Decimal
    unit_cost: Decimal
    expected_benefit: Decimal


class BudgetState(ToolOutput):
    """The open-to-buy with least left that the order counts against; `affordable` of the quantity, in whole lots."""

    budget: str
    left: Decimal
    until: date
    affordable: Decimal


class SupplierOrder(ToolOutput):
    """What would be ordered from one supplier; `quantity` 0 means nothing at the next chance.

    It is placed on `order_on`, the next day on which the supplier takes orders, at `unit_cost`, the cost at that
    quantity. Money in the supplier's `currency`. `cost_of_waiting` is what placing the same order on `next_order_on`
    instead would lose; negative when waiting is cheaper. `drivers` add up to `expected_benefit`; both are means over
    scenarios, and `flips` say what would turn the order, the smallest change first. `late_days`: how late the supplier
    was on average over its `received_lines` of the past year; None where that is no record.
    """

    supplier: str
    name: str
    preferred: bool
    quantity: Decimal
    unit_cost: Decimal
    value: Decimal
    currency: str
    order_on: date
    next_order_on: date
    arrives_on: date
    minimum_order_quantity: Decimal
    order_multiple: Decimal
    reorder_point: Decimal
    safety_stock: Decimal
    order_up_to: Decimal
    expected_benefit: Decimal
    cost_of_waiting: Decimal
    review_days: int
    binding: tuple[str, ...]
    drivers: tuple[DriverLine, ...]
    flips: tuple[str, ...]
    other_quantity: OtherQuantity | None
    budget: BudgetState | None
    late_days: float | None
    received_lines: int


class TodaysParameters(ToolOutput):
    """By which the item is kept here now, and the recommended less today's; None where the master data have none."""

    reorder_point: Decimal | None
    order_up_to: Decimal | None
    safety_stock: Decimal | None
    reorder_point_change: Decimal | None
    order_up_to_change: Decimal | None
    safety_stock_change: Decimal | None


class TopUpItem(ToolOutput):
    """An item in the order; `beyond_need` of its quantity is for later, `days_left` until it would be due by itself."""

    sku: str
    name: str
    quantity: Decimal
    beyond_need: Decimal
    value: Decimal
    days_left: float


class TopUpOrder(ToolOutput):
    """The best order with the supplier for this site where `own_quantity` of the item alone is too small for it.

    `is_possible`: there is such an order. `is_waiting_better`: ordering all of it at the next chance is worth more.
    `costs`: what the supplier's terms cost against ordering just the needs, were there no terms; negative where more
    than the needs is worth ordering anyway. `value` of the goods, `volume` in m³; `binding` names the terms that
    changed what is ordered. The item itself is among `items`.
    """

    own_quantity: Decimal
    is_possible: bool
    is_waiting_better: bool
    costs: Decimal
    value: Decimal
    volume: Decimal
    containers: int
    binding: tuple[str, ...]
    items: tuple[TopUpItem, ...]


class SiteReplenishment(ToolOutput):
    """One site, in `unit`; suppliers from most to least expected benefit, so the second is the runner-up.

    `lead_time_demand_sd` is the doubt that the safety stock covers at `service_level`. Of `on_order` units,
    `on_order_expected` come within the days looked at, late as their suppliers have been; they are in the position.
    From `successor_from` on, `successor` is bought instead of the item.
    """

    sku: str
    site: str
    unit: str
    inventory_position: Decimal
    on_order: Decimal
    on_order_expected: Decimal
    service_level: float
    service_level_is_assumed: bool
    lead_time_demand_mean: Decimal
    lead_time_demand_sd: Decimal
    today: TodaysParameters
    orders: tuple[SupplierOrder, ...]
    top_up: TopUpOrder | None
    successor: str | None
    successor_from: date | None
    left_out: tuple[str, ...]
    forecast: str
    forecast_reason: str


class Unplanned(ToolOutput):
    """A site for which nothing can be recommended, and why."""

    site: str
    reason: str


class ReplenishmentPlan(ToolOutput):
    """Recommendations by site, and where there are none."""

    sites: tuple[SiteReplenishment, ...]
    unplanned: tuple[Unplanned, ...]
