"""What a stock will do over the horizon, under lost sales: risk of running out, of holding too much, and their money.

Nothing here decides; see `reorder` and `ordering` for when and how much to buy, `options` for what to do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, count, fraction, matrix, number, rows_or_vector, vector
from planning.errors import Infeasible, InvalidField
from planning.inventory.ordering import Binding, Replenishment, ReplenishmentSpec, replenishment
from planning.inventory.reorder import DailyDemand, ReorderPoint, reorder_point
from planning.inventory.stock import StockPaths, simulate_stock

__all__ = [
    "Binding",
    "DailyDemand",
    "ReorderPoint",
    "Replenishment",
    "ReplenishmentSpec",
    "StockOutlook",
    "StockPaths",
    "reorder_point",
    "replenishment",
    "simulate_stock",
    "stock_outlook",
]


@dataclass(frozen=True)
class StockOutlook:
    """Risk over the horizon; units in the base unit, money in the currency of the margins given.

    Attributes:
        probability_stockout: share of scenarios with any unmet demand.
        expected_units_short: mean units of unmet demand over the horizon.
        expected_lost_margin: the same in money.
        days_short: expected number of days with unmet demand.
        first_day_at_risk: first day on which unmet demand is at least as likely as the threshold, or None.
        probability_overstock: share of scenarios in which stock and receipts outlast the target cover.
        expected_units_over: mean units beyond the target cover.
        days_over: expected number of days in the horizon that end with more than the target cover in stock.
        expected_overstock_cost: mean cost over the horizon of holding what is beyond the target cover.
        value_over: what the units beyond the target cover cost to buy; None where no unit cost was given.
        expected_units_expired: mean units thrown away over the horizon.
        expected_holding_and_expiry_cost: mean cost of holding what is there each night and of what expires.
        projected: (days, 3) 10 %, 50 % and 90 % quantile of stock at the end of each day.
    """

    probability_stockout: float
    expected_units_short: float
    expected_lost_margin: float
    days_short: float
    first_day_at_risk: int | None
    probability_overstock: float
    expected_units_over: float
    expected_units_expired: float
    expected_holding_and_expiry_cost: float
    projected: FloatArray
    days_over: float = 0.0
    expected_overstock_cost: float = 0.0
    value_over: float | None = None


def stock_outlook(
    demand: FloatArray,
    on_hand: float,
    receipts: FloatArray,
    *,
    unit_margin: float,
    holding_cost_per_unit_day: float,
    cover_days_target: int,
    expiring: FloatArray | None = None,
    unit_cost: float | None = None,
    risk_threshold: float = 0.05,
) -> StockOutlook:
    """Risk of one item at one site.

    Args:
        demand: (scenarios, days) units.
        on_hand: usable units now.
        receipts: (days,) or (scenarios, days) units arriving, available for that day's demand.
        unit_margin: money lost with each unit of unmet demand.
        holding_cost_per_unit_day: money per unit and night.
        cover_days_target: days of demand that stock may cover; more is overstock.
        expiring: (days,) units of the stock on hand whose last day of sale is that day.
        unit_cost: money lost with each expired unit, tied up in each unit over; required with `expiring`.
        risk_threshold: probability of unmet demand from which a day counts as at risk.

    Raises:
        InvalidField: not finite, negative, empty or of the wrong shape.
        Infeasible: more expires than is on hand.
    """
    demand = matrix("demand", demand, at_least=0.0)
    on_hand = number("on_hand", on_hand, at_least=0.0)
    arriving = rows_or_vector("receipts", receipts, shape=demand.shape, at_least=0.0)
    threshold = fraction("risk_threshold", risk_threshold)
    paths = simulate_stock(demand, on_hand, arriving, _expiring(expiring, on_hand, demand.shape[1], unit_cost))
    over = _units_over(demand, on_hand, arriving, count("cover_days_target", cover_days_target))
    short = float(paths.short.sum(axis=1).mean())
    rate = number("holding_cost_per_unit_day", holding_cost_per_unit_day, at_least=0.0)
    holding = float(paths.stock.sum(axis=1).mean()) * rate
    expired = float(paths.expired.sum(axis=1).mean())
    daily_risk = (paths.short > 0.0).mean(axis=0)
    excess = np.maximum(paths.stock - demand.mean(axis=1, keepdims=True) * cover_days_target, 0.0)
    return StockOutlook(
        probability_stockout=float((paths.short > 0.0).any(axis=1).mean()),
        expected_units_short=short,
        expected_lost_margin=short * number("unit_margin", unit_margin, at_least=0.0),
        days_short=float(daily_risk.sum()),
        first_day_at_risk=next((int(day) for day in np.flatnonzero(daily_risk >= threshold)), None),
        probability_overstock=float((over > 0.0).mean()),
        expected_units_over=float(over.mean()),
        expected_units_expired=expired,
        expected_holding_and_expiry_cost=holding + expired * (unit_cost or 0.0),
        projected=np.quantile(paths.stock, [0.1, 0.5, 0.9], axis=0).T,
        days_over=float((excess > 0.0).mean(axis=0).sum()),
        expected_overstock_cost=float(excess.sum(axis=1).mean()) * rate,
        value_over=None if unit_cost is None else float(over.mean()) * number("unit_cost", unit_cost, at_least=0.0),
    )


def _expiring(expiring: FloatArray | None, on_hand: float, days: int, unit_cost: float | None) -> FloatArray | None:
    if expiring is None:
        return None
    units = vector("expiring", expiring, length=days, at_least=0.0)
    if unit_cost is None:
        raise InvalidField("unit_cost", "is needed to price what expires")
    number("unit_cost", unit_cost, at_least=0.0)
    if units.sum() > on_hand * (1.0 + 1e-9):
        raise Infeasible("expiring", f"adds up to {units.sum():g} units, more than the {on_hand:g} on hand")
    return units


def _units_over(demand: FloatArray, on_hand: float, receipts: FloatArray, cover_days: int) -> FloatArray:
    """(scenarios,) units left of stock and receipts once the cover period's demand has been served.

    Beyond the horizon demand goes on at each scenario's own daily average.
    """
    days = demand.shape[1]
    seen = min(cover_days, days)
    beyond = demand.mean(axis=1) * (cover_days - seen)
    supply = on_hand + np.broadcast_to(receipts, demand.shape)[:, :seen].sum(axis=1)
    return np.maximum(supply - demand[:, :seen].sum(axis=1) - beyond, 0.0)
