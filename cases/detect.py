"""What is wrong at one item × site, as findings that may become cases. Pure: a situation in, findings out.

Where demand or stock is not known the finding says so and carries no money: a number would be invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from cases.rank import severity
from cases.situation import Receipt, Situation
from db.cases import CaseKind, NewCase
from domain.money import CENT, Money
from planning.arrays import FloatArray
from planning.inventory.outlook import StockOutlook, simulate_stock, stock_outlook

ZERO = Decimal(0)


@dataclass(frozen=True)
class Risk:
    """The outlook over lead time and review (or what is left of the forecast), with the demand it was drawn from."""

    days: int
    demand: FloatArray
    outlook: StockOutlook


def detect(situation: Situation) -> list[NewCase]:
    """All findings at this item × site; empty when nothing is wrong or nothing is at stake."""
    unknown = _unknown(situation)
    if unknown is not None:
        return [unknown]
    if not situation.is_counted or situation.forecast is None:
        return []
    found = (_shortage(situation), _overstock(situation), _expiry(situation))
    return [one for one in found if one is not None]


def risk(situation: Situation, days: int | None = None) -> Risk | None:
    """The stock outlook over `days` (default: lead time and review); None when stock or demand is not known."""
    demand = situation.demand(days or situation.risk_days) if situation.is_counted else None
    if demand is None:
        return None
    horizon = demand.shape[1]
    outlook = stock_outlook(
        demand,
        float(situation.usable),
        situation.receipts_by_day(horizon),
        unit_margin=situation.unit_margin,
        holding_cost_per_unit_day=situation.holding_cost_per_unit_day,
        cover_days_target=max(situation.thresholds.detection.cover_days, situation.risk_days),
        expiring=situation.expiring_by_day(horizon),
        unit_cost=float(situation.item.unit_cost),
    )
    return Risk(horizon, demand, outlook)


def overstock_money(situation: Situation, units_over: float) -> Decimal:
    """A year's cost of holding the units that nobody will need within the target cover."""
    return cents(units_over * situation.holding_cost_per_unit_day * 365.0)


def cents(amount: float) -> Decimal:
    """Money to the cent, never negative."""
    return max(Decimal(repr(round(amount, 6))).quantize(CENT), ZERO.quantize(CENT))


def _unknown(situation: Situation) -> NewCase | None:
    if not situation.is_counted and (situation.ordered_by_customers or _is_selling(situation)):
        wanted = f"; customers have ordered {situation.ordered_by_customers:f}" if situation.orders else ""
        return _finding(
            situation,
            "demand_anomaly",
            ZERO,
            None,
            f"{situation.name}: no stock was ever recorded here, so no risk can be computed{wanted}. Count it.",
        )
    if situation.forecast is None and (situation.orders or situation.usable):
        return _finding(
            situation,
            "demand_anomaly",
            ZERO,
            min((line.due_on for line in situation.orders), default=None),
            f"{situation.name}: demand cannot be forecast ({situation.no_forecast}). {situation.usable:f} in stock, "
            f"{situation.ordered_by_customers:f} ordered by customers. Somebody who knows the item has to decide.",
        )
    return _in_doubt(situation)


def _in_doubt(situation: Situation) -> NewCase | None:
    """Stock on record that nobody can find, it seems: a steady item that has stopped selling altogether."""
    if situation.quiet_days < situation.thresholds.detection.quiet_days or situation.usable <= 0:
        return None
    money = cents(float(situation.usable * situation.item.unit_cost))
    text = (
        f"{situation.name}: {situation.usable:f} on record and nothing sold for {situation.quiet_days} days, though it "
        f"sold on most days before. Count it; {Money(money, situation.item.currency)} of stock is in doubt."
    )
    return _finding(situation, "demand_anomaly", money, situation.today, text)


def _is_selling(situation: Situation) -> bool:
    return situation.forecast is not None and float(situation.forecast.path.mean.sum()) > 0.0


def _shortage(situation: Situation) -> NewCase | None:
    limits = situation.thresholds.detection
    found = risk(situation)
    if found is None or found.outlook.probability_stockout < limits.stockout_probability:
        return None
    money = cents(found.outlook.expected_lost_margin)
    if money < limits.smallest_money:
        return None
    late = _late_share(situation, found)
    first = found.outlook.first_day_at_risk or 0
    when = situation.today + timedelta(days=first)
    chance = f"{found.outlook.probability_stockout:.0%} likely to run out, first on {when:%d %b}"
    worth = f"about {Money(money, situation.item.currency)} of margin"
    if late is not None:
        text = f"{situation.name}: {late.order_no} is {late.late_days} days late; {chance}, {worth}."
        return _finding(situation, "late_supply", money, when, text)
    return _finding(situation, "stockout_risk", money, when, f"{situation.name}: {chance}, {worth}.")


def _late_share(situation: Situation, found: Risk) -> Receipt | None:
    """The late receipt that makes half of the shortage or more; None when lateness is not what is wrong."""
    late = [one for one in situation.receipts if one.late_days >= situation.thresholds.detection.late_days]
    if not late:
        return None
    expiring = situation.expiring_by_day(found.days)
    agreed = situation.receipts_by_day(found.days, as_agreed=True)
    on_time = simulate_stock(found.demand, float(situation.usable), agreed, expiring).short.sum(axis=1).mean()
    is_main = float(on_time) <= 0.5 * found.outlook.expected_units_short
    return max(late, key=lambda one: one.quantity) if is_main else None


def _overstock(situation: Situation) -> NewCase | None:
    limits, forecast = situation.thresholds.detection, situation.forecast
    supply = float(situation.usable) + sum(float(one.quantity) for one in situation.receipts)
    # Cheap look first: most items are nowhere near, and the simulation is what the sweep's time goes into.
    if forecast is None or supply <= float(forecast.path.mean.mean()) * limits.cover_days:
        return None
    found = risk(situation, forecast.path.days)
    if found is None or found.outlook.probability_overstock < limits.overstock_probability:
        return None
    money = overstock_money(situation, found.outlook.expected_units_over)
    if money < limits.smallest_money:
        return None
    over = f"{found.outlook.expected_units_over:,.0f} units more than {limits.cover_days} days need"
    text = f"{situation.name}: {over}; holding them costs {Money(money, situation.item.currency)} a year."
    return _finding(situation, "overstock", money, None, text)


def _expiry(situation: Situation) -> NewCase | None:
    limits, forecast = situation.thresholds.detection, situation.forecast
    if forecast is None or not any(lot.expires_on for lot in situation.lots):
        return None
    horizon = forecast.path.days
    expiring = situation.expiring_by_day(horizon)
    wasted, when = 0.0, None
    if expiring.any():
        found = risk(situation, horizon)
        wasted = 0.0 if found is None else found.outlook.expected_units_expired
        when = situation.today + timedelta(days=int(np.flatnonzero(expiring)[0]))
    if wasted < limits.expiry_share * float(expiring.sum()):
        wasted = 0.0
    money = cents((wasted + float(situation.expired)) * float(situation.item.unit_cost))
    if money < limits.smallest_money:
        return None
    worth = Money(money, situation.item.currency)
    will = [f"{wasted:,.0f} units will expire unsold"] if wasted else []
    have = [f"{situation.expired:f} have already expired"] if situation.expired else []
    text = f"{situation.name}: {', '.join(will + have)}; {worth}."
    return _finding(situation, "expiry_risk", money, when or situation.today, text)


def _finding(situation: Situation, kind: CaseKind, money: Decimal, when: date | None, summary: str) -> NewCase:
    days_left = None if when is None else (when - situation.today).days
    horizon = situation.today + timedelta(days=situation.risk_days)
    sku, site = situation.item.sku, situation.site.site
    return NewCase(
        kind=kind,
        sku=sku,
        site=site,
        subject=f"{kind}:{sku}:{site}",
        severity=severity(money, days_left, situation.thresholds.grading),
        money_at_risk=money,
        currency=situation.item.currency,
        tier=situation.tier_at_risk(horizon) if kind in ("stockout_risk", "late_supply", "demand_anomaly") else None,
        at_risk_on=when,
        summary=summary,
    )
