"""What ordering a quantity is worth against not ordering, in money over the horizon. It chooses nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.drivers import Driver
from planning.inventory.lead_time import delivered
from planning.inventory.purchase_terms import ReplenishmentSpec
from planning.inventory.stock import StockPaths, simulate_stock


@dataclass(frozen=True)
class Alternative:
    """One quantity that could be ordered on the day in question; `drivers` add up to `expected_benefit`.

    `units_at_stake` are the units whose price counts: those sold because of the order, and those thrown away.
    """

    quantity: float
    expected_benefit: float
    units_at_stake: float
    drivers: tuple[Driver, ...]


class OrderValue:
    """Values quantities of one spec on the same scenarios; `arrivals` (scenarios,) are their days of arrival.

    The purchase price counts in the margin; a quantity discount counts against `usual_price`, the price per unit of an
    order of the usual size. Units left at the end of the horizon are held until they are sold at the mean daily demand.
    """

    def __init__(self, demand: FloatArray, spec: ReplenishmentSpec, arrivals: IntArray, *, usual_price: float) -> None:
        self.demand, self.spec, self.arrivals, self.usual_price = demand, spec, arrivals, usual_price
        self.without = simulate_stock(demand, spec.on_hand, spec.coming)
        self.sellable = sellable(demand, spec)

    def of(self, quantity: float, *, later: int = 0) -> Alternative:
        """The value of ordering that much, `later` days later than planned."""
        if quantity == 0.0:
            return Alternative(0.0, 0.0, 0.0, ())
        spec, days = self.spec, self.demand.shape[1]
        arriving = delivered(quantity, self.arrivals + later, days)
        with_order = simulate_stock(self.demand, spec.on_hand, spec.coming + arriving)
        sold = float((self.without.short - with_order.short).sum(axis=1).mean())
        wasted = min(max(spec.position + quantity - self.sellable, 0.0), quantity)
        drivers = (
            Driver("lost margin avoided", sold * spec.unit_margin),
            Driver("holding", -self._held(with_order)),
            Driver("holding after the horizon", -self._held_after(with_order)),
            Driver("order cost", -spec.order_cost),
            Driver("expiry", -wasted * spec.unit_cost),
            *self._discount(quantity),
        )
        return Alternative(quantity, sum(driver.value for driver in drivers), sold + wasted, drivers)

    def _held(self, paths: StockPaths) -> float:
        extra = (paths.stock - self.without.stock).sum(axis=1).mean()
        return float(extra) * self.spec.holding_cost_per_unit_day

    def _held_after(self, paths: StockPaths) -> float:
        """Sold at d a day, x units are held x² / (2·d) unit-days."""
        rate = float(self.demand.mean())
        if rate == 0.0:
            return 0.0
        squares = (paths.stock[:, -1] ** 2 - self.without.stock[:, -1] ** 2).mean()
        return float(squares) / (2.0 * rate) * self.spec.holding_cost_per_unit_day

    def _discount(self, quantity: float) -> tuple[Driver, ...]:
        if self.spec.prices is None:
            return ()
        return (Driver("quantity discount", self.usual_price * quantity - self.spec.prices.cost(quantity)),)


def sellable(demand: FloatArray, spec: ReplenishmentSpec) -> float:
    """Mean demand until what is ordered now can no longer be sold; beyond the horizon at the daily average."""
    limits = [] if spec.shelf_life_days is None else [spec.lead_time.expected_day + spec.shelf_life_days]
    if spec.sold_until_day is not None:
        limits.append(spec.sold_until_day)
    if not limits:
        return float("inf")
    inside = min(min(limits), demand.shape[1])
    return float(demand[:, :inside].sum(axis=1).mean() + demand.mean() * (min(limits) - inside))


def usual_price(spec: ReplenishmentSpec, usual_quantity: float) -> float:
    """Price per unit of an order of the usual size."""
    if spec.prices is None or usual_quantity <= 0.0:
        return spec.unit_cost
    return spec.prices.cost(usual_quantity) / usual_quantity


def round_down(quantity: float, multiple: float) -> float:
    """The last whole multiple; the quantity itself where there is none."""
    return quantity if multiple == 0.0 else float(np.floor(quantity / multiple + 1e-9)) * multiple


def round_up(quantity: float, multiple: float) -> float:
    """The next whole multiple; any quantity where there is none."""
    return quantity if multiple == 0.0 else float(np.ceil(quantity / multiple - 1e-9)) * multiple
