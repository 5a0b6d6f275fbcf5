"""How much to order from one supplier, and when, under its terms; what waiting would cost; what comes second.

An (R, s, S) rule: when the position is at or below s, order up to S = s + economic order quantity. What several items
share (a supplier's minimum, a container, a budget) is the business of `joint` and `budget`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from planning.arrays import FloatArray, matrix, rows_or_vector
from planning.drivers import Driver
from planning.errors import HorizonTooShort, InvalidField
from planning.inventory.economic_order import economic_order
from planning.inventory.lead_time import LeadTime, arrival_days
from planning.inventory.order_value import Alternative, OrderValue, round_down, round_up, sellable, usual_price
from planning.inventory.purchase_terms import (
    SMALLEST_MULTIPLE,
    Binding,
    OrderWindow,
    ReplenishmentSpec,
    order_window,
)
from planning.inventory.reorder import ReorderPoint, reorder_point

__all__ = ["SMALLEST_MULTIPLE", "Binding", "Replenishment", "ReplenishmentSpec", "replenishment"]


@dataclass(frozen=True)
class Replenishment:
    """What to order.

    Attributes:
        order_quantity: units to order today; 0 where nothing is needed or today is no day to order.
        order_up_to: S; `reorder` holds s.
        inventory_position: units on hand and, on average, on order.
        reorder: the reorder point over lead time and the gap to the next order day.
        expected_arrival_day: day on which an order placed on `order_day` is expected.
        expected_benefit: money gained over the horizon by the planned order against never ordering.
        cost_of_waiting: money lost by placing it on the order day after instead (negative: waiting is cheaper).
        drivers: add up to `expected_benefit`.
        binding: what kept the quantity from order-up-to minus position, or from today.
        order_day: the first day on which an order can be placed; `next_order_day` the one after.
        next_order_day: see `order_day`.
        planned_quantity: units to order on `order_day`.
        units_at_stake: units whose price counts in `expected_benefit`, see `Alternative`.
        runner_up: the best other quantity by expected benefit; None where nothing is needed. It may be worth more in
            expected money than the plan: then the service target decides, not the money.
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
    order_day: int = 0
    next_order_day: int = 1
    planned_quantity: float = 0.0
    units_at_stake: float = 0.0
    runner_up: Alternative | None = None


def replenishment(demand: FloatArray, spec: ReplenishmentSpec, *, seed: int) -> Replenishment:
    """Order quantity for demand scenarios (scenarios, days); `seed` draws the lead times.

    The economic order quantity is √(2·K·d / h) with order cost K, mean daily demand d, holding cost h (Harris 1913);
    S = s + EOQ is the usual heuristic for (R, s, S) (Silver, Pyke and Thomas, section 6.7). A price break above the
    rule's quantity is taken where it is worth more in the same money.

    Raises:
        InvalidField: a parameter out of range, or an order cost without holding cost.
        HorizonTooShort: the scenarios end before an order placed on the order day after next is expected.
        Infeasible: no order day after the frozen horizon.
    """
    paths = matrix("demand", demand, at_least=0.0)
    rows_or_vector("receipts", spec.receipts, shape=(paths.shape[0], paths.shape[1]))
    window = order_window(spec)
    later = replace(spec, lead_time=LeadTime(spec.lead_time.mean_days + window.first, spec.lead_time.sd_days))
    if later.lead_time.expected_day + window.gap >= paths.shape[1]:
        raise HorizonTooShort("demand", "ends before an order placed at the next review is expected to arrive")
    economic = _economic_quantity(paths, spec)
    point = _reorder(paths, later, window, economic)
    up_to = point.reorder_point + economic
    quantity, binding = _quantity(paths, later, point.reorder_point, up_to)
    arrivals = arrival_days(later.lead_time, paths.shape[0], seed)
    price = usual_price(spec, max(economic, quantity))
    value = OrderValue(paths, later, arrivals, usual_price=price)
    chosen, others = _compared(value, quantity)
    if chosen.quantity > quantity:
        binding = (*binding, Binding.PRICE_BREAK)
    waiting = chosen.expected_benefit - value.of(chosen.quantity, later=window.gap).expected_benefit
    return Replenishment(
        order_quantity=chosen.quantity if window.first == 0 else 0.0,
        order_up_to=up_to,
        inventory_position=spec.position,
        reorder=point,
        expected_arrival_day=later.lead_time.expected_day,
        expected_benefit=chosen.expected_benefit,
        cost_of_waiting=waiting,
        drivers=chosen.drivers,
        binding=binding + (window.binding if chosen.quantity else ()),
        order_day=window.first,
        next_order_day=window.following,
        planned_quantity=chosen.quantity,
        units_at_stake=chosen.units_at_stake,
        runner_up=max(others, key=lambda one: one.expected_benefit, default=None),
    )


def _reorder(demand: FloatArray, spec: ReplenishmentSpec, window: OrderWindow, economic: float) -> ReorderPoint:
    """The reorder point that protects until an order placed on the following order day has come."""
    usual = max(economic, spec.minimum_order, spec.order_multiple, float(demand.mean()) * window.gap)
    return reorder_point(
        demand,
        lead_time_mean=spec.lead_time.mean_days,
        lead_time_sd=spec.lead_time.sd_days,
        service_level=spec.service_level,
        review_days=window.gap,
        order_quantity=usual if usual > 0.0 else None,
    )


def _economic_quantity(demand: FloatArray, spec: ReplenishmentSpec) -> float:
    if spec.order_cost == 0.0:
        return 0.0
    held, rate = spec.holding_cost_per_unit_day, float(demand.mean())
    if held == 0.0:
        raise InvalidField("holding_cost_per_unit_day", "must be positive where an order has a fixed cost")
    return 0.0 if rate == 0.0 else economic_order(rate, order_cost=spec.order_cost, holding_cost=held).quantity


def _compared(value: OrderValue, quantity: float) -> tuple[Alternative, list[Alternative]]:
    """The rule's quantity or the price break worth more, and the other quantities worth a look."""
    if quantity == 0.0:
        return value.of(0.0), []
    spec = value.spec
    top = min(float("inf") if spec.maximum_order is None else spec.maximum_order, value.sellable - spec.position)
    steps = () if spec.prices is None else spec.prices.steps
    breaks = {round_up(step.quantity, spec.order_multiple) for step in steps if step.quantity > quantity}
    offers = [value.of(quantity), *(value.of(one) for one in sorted(breaks) if one <= top)]
    chosen = max(offers, key=lambda one: one.expected_benefit)
    step = spec.order_multiple or 0.1 * quantity
    less, more = quantity - step, quantity + step
    near = [one for one in (less, more) if spec.minimum_order <= one <= max(top, quantity) and one > 0.0]
    known = {one.quantity for one in offers}
    rest = [value.of(0.0), *(value.of(one) for one in near if one not in known)]
    return chosen, [one for one in (*offers, *rest) if one is not chosen]


def _quantity(
    demand: FloatArray, spec: ReplenishmentSpec, reorder_level: float, order_up_to: float
) -> tuple[float, tuple[Binding, ...]]:
    position = spec.position
    if position > reorder_level or order_up_to <= position:
        return 0.0, (Binding.ABOVE_REORDER_POINT,)
    binding: list[Binding] = []
    wanted = order_up_to - position
    lasting = sellable(demand, spec) - position
    if lasting < wanted:
        wanted = max(lasting, 0.0)
        binding.append(_what_ends_sale(spec))
    least = wanted
    if least < spec.minimum_order:
        least = spec.minimum_order
        binding.append(Binding.MINIMUM_ORDER)
    whole, rounded = _rounded(least, spec)
    if spec.sold_until_day is not None and whole > max(lasting, 0.0) + 1e-9:
        return _not_beyond(wanted, spec)
    return whole, tuple(binding + rounded)


def _what_ends_sale(spec: ReplenishmentSpec) -> Binding:
    if spec.sold_until_day is None:
        return Binding.SHELF_LIFE
    life = spec.shelf_life_days
    expires_first = life is not None and spec.lead_time.expected_day + life < spec.sold_until_day
    return Binding.SHELF_LIFE if expires_first else Binding.SUPERSEDED


def _not_beyond(wanted: float, spec: ReplenishmentSpec) -> tuple[float, tuple[Binding, ...]]:
    """Of an item that ends, whole multiples up to its run-out; nothing where that is below the minimum."""
    most = wanted if spec.maximum_order is None else min(wanted, spec.maximum_order)
    whole = round_down(most, spec.order_multiple)
    binding = [_what_ends_sale(spec)] + ([Binding.ORDER_MULTIPLE] if whole < wanted and spec.order_multiple else [])
    if whole < spec.minimum_order:
        return 0.0, (*binding, Binding.MINIMUM_ORDER)
    return whole, tuple(binding)


def _rounded(wanted: float, spec: ReplenishmentSpec) -> tuple[float, list[Binding]]:
    binding: list[Binding] = []
    multiple = spec.order_multiple
    if multiple > 0.0:
        whole = round_up(wanted, multiple)
        if whole > wanted + 1e-9:
            binding.append(Binding.ORDER_MULTIPLE)
        wanted = whole
    if spec.maximum_order is not None and wanted > spec.maximum_order:
        wanted = round_down(spec.maximum_order, multiple)
        binding.append(Binding.MAXIMUM_ORDER)
        if wanted < spec.minimum_order:
            raise InvalidField("maximum_order", "leaves no whole multiple at or above the minimum order")
    return wanted, binding
