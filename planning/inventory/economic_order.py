"""The economic order quantity under steady, certain demand: plain, with backorders, with quantity discounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import number
from planning.errors import InvalidField
from planning.inventory.price_breaks import PriceList
from planning.purchasing.suppliers import BreakKind


@dataclass(frozen=True)
class EconomicOrder:
    """`quantity` per order and `cost` per unit of time (with purchase where prices were given).

    `backordered_share` of the quantity is sold before it arrives; `step` is the index of the price step used.
    """

    quantity: float
    cost: float
    backordered_share: float = 0.0
    step: int = 0


def economic_order(
    demand_rate: float, *, order_cost: float, holding_cost: float, shortage_cost: float | None = None
) -> EconomicOrder:
    """√(2·K·d / h) (Harris 1913); with a cost per unit backordered and time, √(2·K·d·(h + p) / (h·p)).

    Rates and costs are per the same unit of time.
    """
    rate, fixed, held = _checked(demand_rate, order_cost, holding_cost)
    if shortage_cost is None:
        quantity = float(np.sqrt(2.0 * fixed * rate / held))
        return EconomicOrder(quantity, quantity * held)
    short = number("shortage_cost", shortage_cost)
    if short <= 0.0:
        raise InvalidField("shortage_cost", f"must be positive, not {short:g}")
    quantity = float(np.sqrt(2.0 * fixed * rate * (held + short) / (held * short)))
    share = held / (held + short)
    return EconomicOrder(quantity, quantity * held * short / (held + short), share)


def economic_order_at(
    demand_rate: float, prices: PriceList, *, order_cost: float, carrying_rate: float
) -> EconomicOrder:
    """The best quantity under all-units or incremental discounts, with purchase in the cost.

    Holding costs `carrying_rate` × the average price paid, per unit of time. Inside a step with fixed part R and price
    c the cost of quantity Q is c·d + (K + R)·d / Q + i·(R + c·Q) / 2; its minimum, brought into the step, is compared
    over the steps (Hadley and Whitin 1963, sections 2-11 and 2-12).
    """
    rate, fixed, carried = _checked(demand_rate, order_cost, carrying_rate, "carrying_rate")
    if prices.steps[-1].unit_price <= 0.0:
        raise InvalidField("prices", "must be positive where holding costs a share of them")
    found: list[EconomicOrder] = []
    for index, (step, end) in enumerate(zip(prices.steps, prices.ends(), strict=True)):
        extra = prices.fixed_part(index)
        free = float(np.sqrt(2.0 * (fixed + extra) * rate / (carried * step.unit_price)))
        quantity = max(free, step.quantity)
        if quantity >= end and prices.kind is BreakKind.ALL_UNITS:
            continue  # The next step is cheaper from its first unit on.
        quantity = min(quantity, end)
        held = carried * (extra + step.unit_price * quantity) / 2.0
        cost = step.unit_price * rate + (fixed + extra) * rate / quantity + held
        found.append(EconomicOrder(quantity, cost, step=index))
    return min(found, key=lambda one: one.cost)


def _checked(
    demand_rate: float, order_cost: float, held: float, held_field: str = "holding_cost"
) -> tuple[float, float, float]:
    for field, value in (("demand_rate", demand_rate), ("order_cost", order_cost), (held_field, held)):
        if number(field, value) <= 0.0:
            raise InvalidField(field, f"must be positive, not {value:g}")
    return float(demand_rate), float(order_cost), float(held)
