"""An item at a site as a picture: what sold, what will sell, how the stock falls, and how it would with an order.

The same scenarios and the same walk of the stock as everywhere else; it prices nothing and recommends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cases.exposure import Exposure
from cases.forecast_view import dense_history
from cases.purchase import can_foresee, ordering
from cases.situation import Situation
from db.demand import DemandRows
from planning.arrays import FloatArray
from planning.inventory.stock import simulate_stock

HISTORY_DAYS = 28
FEWEST_DAYS, MOST_DAYS = 14, 42


@dataclass(frozen=True)
class Arrival:
    """Units that an order would bring, and the day."""

    quantity: float
    arrives_on: date


@dataclass(frozen=True)
class Band:
    """(days,) units: one scenario in ten below `low`, one in ten above `high`; `middle` is the mean or the median."""

    low: FloatArray
    middle: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Projection:
    """From `history_from` what sold a day, from `today` what is expected. Units in `unit`, stock at the day's end.

    `demand.middle` is the mean, `stock.middle` the median; `with_order` is the stock's median with the `arrival`.
    `reorder_point` and `safety_stock` are None where no supplier is known.
    """

    today: date
    unit: str
    model: str
    history_from: date
    history: FloatArray
    demand: Band
    stock: Band
    with_order: FloatArray | None
    arrival: Arrival | None
    reorder_point: float | None
    safety_stock: float | None


def project(situation: Situation, sold: DemandRows | None, arrival: Arrival | None = None) -> Projection | None:
    """None where stock was never counted or demand cannot be told."""
    wanted = max(FEWEST_DAYS, situation.exposed_days + 7)
    drawn = situation.demand(min(wanted, MOST_DAYS)) if situation.is_counted else None
    view = situation.forecast
    if drawn is None or view is None:
        return None
    days, today = drawn.shape[1], situation.today
    since = max(today - timedelta(days=HISTORY_DAYS), situation.listing.listed_on)
    point, safety = _reorder(situation)
    return Projection(
        today=today,
        unit=situation.item.unit,
        model=view.model,
        history_from=since,
        history=dense_history(sold, since, today),
        demand=_band(drawn, drawn.mean(axis=0)),
        stock=_stock(situation, drawn, None),
        with_order=None if arrival is None else _stock(situation, drawn, arrival).middle,
        arrival=arrival if arrival and (arrival.arrives_on - today).days < days else None,
        reorder_point=point,
        safety_stock=safety,
    )


def _stock(situation: Situation, drawn: FloatArray, arrival: Arrival | None) -> Band:
    days = drawn.shape[1]
    receipts = situation.receipts_by_day(days)
    if arrival is not None and (day := (arrival.arrives_on - situation.today).days) < days:
        receipts[max(day, 0)] += arrival.quantity
    paths = simulate_stock(drawn, float(situation.usable), receipts, situation.expiring_by_day(days))
    return _band(paths.stock, np.quantile(paths.stock, 0.5, axis=0))


def _band(values: FloatArray, middle: FloatArray) -> Band:
    low, high = np.quantile(values, [0.1, 0.9], axis=0)
    return Band(low, middle, high)


def _reorder(situation: Situation) -> tuple[float | None, float | None]:
    """The reorder point and the safety stock in it, under the preferred supplier's terms."""
    exposure = Exposure.of(situation, ()) if situation.suppliers else None
    if exposure is None or not can_foresee(exposure, situation.suppliers[0]):
        return None, None
    reorder = ordering(exposure, situation.suppliers[0]).reorder
    return float(reorder.reorder_point), float(reorder.safety_stock)
