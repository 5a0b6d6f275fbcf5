"""How much to order now, under minimum, multiple, maximum and shelf life, and what waiting would cost.

An (R, s, S) rule: when the position is at or below s, order up to S = s + economic order quantity. Suppliers, price
breaks and budgets are not its business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from planning.arrays import FloatArray, IntArray, count, matrix, number, vector
from planning.drivers import Driver
from planning.errors import HorizonTooShort, InvalidField
from planning.inventory.lead_time import LeadTime, arrival_days, delivered
from planning.inventory.reorder import ReorderPoint, reorder_point
from planning.inventory.stock import simulate_stock

# The smallest step that the database can hold; below it a quotient of two quantities need not be finite.
SMALLEST_MULTIPLE = 1e-6


class Binding(StrEnum):
    """What kept the quantity from being exactly order-up-to minus position."""

    ABOVE_REORDER_POINT = "above_reorder_point"
    MINIMUM_ORDER = "minimum_order"
    ORDER_MULTIPLE = "order_multiple"
    MAXIMUM_ORDER = "maximum_order"
    SHELF_LIFE = "shelf_life"


@dataclass(frozen=True)
class ReplenishmentSpec:
    """One item at one site and one supplier; units in the base unit, money per unit, days from today.

    `receipts` (days,) are the open orders; all of them count in the position. `order_multiple` 0 means any quantity,
    `maximum_order` and `shelf_life_days` None mean no such limit.
    """

    on_hand: float
    receipts: FloatArray
    lead_time: LeadTime
    service_level: float
    unit_cost: float
    unit_margin: float
    holding_cost_per_unit_day: float
    review_days: int = 1
    order_cost: float = 0.0
    minimum_order: float = 0.0
    order_multiple: float = 0.0
    maximum_order: float | None = None
    shelf_life_days: int | None = None

    def __post_init__(self) -> None:
        for field in (
            "on_hand", "unit_cost", "unit_margin", "holding_cost_per_unit_day", "order_cost", "minimum_order",
            "order_multiple",
        ):  # fmt: skip
            number(field, getattr(self, field), at_least=0.0)
        if 0.0 < self.order_multiple < SMALLEST_MULTIPLE:
            raise InvalidField("order_multiple", f"must be 0 (any quantity) or at least {SMALLEST_MULTIPLE:g}")
        vector("receipts", self.receipts, at_least=0.0)
        count("review_days", self.review_days)
        if self.shelf_life_days is not None:
            count("shelf_life_days", self.shelf_life_days)
        if self.maximum_order is not None and number("maximum_order", self.maximum_order) < self.minimum_order:
            raise InvalidField("maximum_order", f"is below the minimum order of {self.minimum_order:g}")


@dataclass(frozen=True)
class Replenishment:
    """What to order now.

    `drivers` add up to `expected_benefit`, the money gained over the horizon against never ordering; `cost_of_waiting`
    is what is lost by placing the same order at the next review instead of today (negative: waiting is cheaper).
    """

    order_quantity: float
    order_up_to: float
    inventory_position: float
    reorder: ReorderPoint
    expected_arrival_day: int
    expected_benefit: float
    cost_of_waiting: float
    drivers: tuple[Driver, ...]
    binding: tuple[Binding, ...]


def replenishment(demand: FloatArray, spec: ReplenishmentSpec, *, seed: int) -> Replenishment:
    """Order quantity for demand scenarios (scenarios, days); `seed` draws the lead times.

    The economic order quantity is √(2·K·d / h) with order cost K, mean daily demand d, holding cost h (Harris 1913);
    S = s + EOQ is the usual heuristic for (R, s, S) (Silver, Pyke and Thomas, section 6.7).
    """
    paths = matrix("demand", demand, at_least=0.0)
    vector("receipts", spec.receipts, length=paths.shape[1])
    point = reorder_point(
        paths,
        lead_time_mean=spec.lead_time.mean_days,
        lead_time_sd=spec.lead_time.sd_days,
        service_level=spec.service_level,
        review_days=spec.review_days,
    )
    if spec.lead_time.expected_day + spec.review_days >= paths.shape[1]:
        raise HorizonTooShort("demand", "ends before an order placed at the next review is expected to arrive")
    position = spec.on_hand + float(spec.receipts.sum())
    order_up_to = point.reorder_point + _economic_quantity(paths, spec)
    quantity, binding = _quantity(paths, spec, position, point.reorder_point, order_up_to)
    arrivals = arrival_days(spec.lead_time, paths.shape[0], seed)
    drivers = _drivers(paths, spec, quantity, arrivals)
    benefit = sum(driver.value for driver in drivers)
    later = sum(driver.value for driver in _drivers(paths, spec, quantity, arrivals + spec.review_days))
    return Replenishment(
        order_quantity=quantity,
        order_up_to=order_up_to,
        inventory_position=position,
        reorder=point,
        expected_arrival_day=spec.lead_time.expected_day,
        expected_benefit=benefit,
        cost_of_waiting=benefit - later,
        drivers=drivers,
        binding=binding,
    )


def _economic_quantity(demand: FloatArray, spec: ReplenishmentSpec) -> float:
    if spec.order_cost == 0.0:
        return 0.0
    if spec.holding_cost_per_unit_day == 0.0:
        raise InvalidField("holding_cost_per_unit_day", "must be positive where an order has a fixed cost")
    return float(np.sqrt(2.0 * spec.order_cost * demand.mean() / spec.holding_cost_per_unit_day))


def _quantity(
    demand: FloatArray, spec: ReplenishmentSpec, position: float, reorder_level: float, order_up_to: float
) -> tuple[float, tuple[Binding, ...]]:
    if position > reorder_level or order_up_to <= position:
        return 0.0, (Binding.ABOVE_REORDER_POINT,)
    binding: list[Binding] = []
    wanted = order_up_to - position
    lasting = _sellable(demand, spec) - position
    if lasting < wanted:
        wanted = max(lasting, 0.0)
        binding.append(Binding.SHELF_LIFE)
    if wanted < spec.minimum_order:
        wanted = spec.minimum_order
        binding.append(Binding.MINIMUM_ORDER)
    wanted, rounded = _rounded(wanted, spec)
    return wanted, tuple(binding + rounded)


def _rounded(wanted: float, spec: ReplenishmentSpec) -> tuple[float, list[Binding]]:
    binding: list[Binding] = []
    multiple = spec.order_multiple
    if multiple > 0.0:
        whole = float(np.ceil(wanted / multiple - 1e-9)) * multiple
        if whole > wanted + 1e-9:
            binding.append(Binding.ORDER_MULTIPLE)
        wanted = whole
    if spec.maximum_order is not None and wanted > spec.maximum_order:
        wanted = spec.maximum_order if multiple == 0.0 else float(np.floor(spec.maximum_order / multiple)) * multiple
        binding.append(Binding.MAXIMUM_ORDER)
        if wanted < spec.minimum_order:
            raise InvalidField("maximum_order", "leaves no whole multiple at or above the minimum order")
    return wanted, binding


def _sellable(demand: FloatArray, spec: ReplenishmentSpec) -> float:
    """Mean demand until an order placed now expires; beyond the horizon at the daily average."""
    if spec.shelf_life_days is None:
        return float("inf")
    until = spec.lead_time.expected_day + spec.shelf_life_days
    inside = min(until, demand.shape[1])
    return float(demand[:, :inside].sum(axis=1).mean() + demand.mean() * (until - inside))


def _drivers(demand: FloatArray, spec: ReplenishmentSpec, quantity: float, arrivals: IntArray) -> tuple[Driver, ...]:
    """Money of ordering `quantity` against not ordering, over the horizon; purchase price counts in the margin."""
    if quantity == 0.0:
        return ()
    ordered = spec.receipts[None, :] + delivered(quantity, arrivals, demand.shape[1])
    without = simulate_stock(demand, spec.on_hand, spec.receipts[None, :])
    with_order = simulate_stock(demand, spec.on_hand, ordered)
    saved = float((without.short - with_order.short).sum(axis=1).mean()) * spec.unit_margin
    held = float((with_order.stock - without.stock).sum(axis=1).mean()) * spec.holding_cost_per_unit_day
    position = spec.on_hand + float(spec.receipts.sum())
    wasted = min(max(position + quantity - _sellable(demand, spec), 0.0), quantity) * spec.unit_cost
    return (
        Driver("lost margin avoided", saved),
        Driver("holding", -held),
        Driver("order cost", -spec.order_cost),
        Driver("expiry", -wasted),
    )
