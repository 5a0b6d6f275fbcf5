"""Whether chilled and frozen goods fit into the cold rooms over the days ahead, on mean flows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import numpy as np

from cases.detect import cents
from cases.rank import severity
from cases.situation import Situation
from db.cases import NewCase
from domain.money import Money
from planning.arrays import FloatArray


def cold_chain(situations: Iterable[Situation]) -> list[NewCase]:
    """One finding a site whose cold stock outgrows its cold room, or that holds cold stock without one."""
    by_site: defaultdict[str, list[Situation]] = defaultdict(list)
    for situation in situations:
        if situation.item.storage_class != "ambient" and situation.is_counted:
            by_site[situation.site.site].append(situation)
    found = (_finding(group) for group in by_site.values())
    return [one for one in found if one is not None]


def volume_by_day(situation: Situation, days: int) -> FloatArray:
    """(days,) m³ at the end of each day: what is physically here, with receipts, less mean demand."""
    here = sum(float(lot.quantity) for lot in situation.lots)
    demand = np.zeros(days)
    if situation.forecast is not None:
        mean = situation.forecast.first(days).mean
        demand[: mean.size] = mean
    units = here + np.cumsum(situation.receipts_by_day(days) - demand)
    return np.maximum(units, 0.0) * float(situation.item.unit_volume)


def _finding(group: list[Situation]) -> NewCase | None:
    first, days = group[0], group[0].thresholds.assumptions.review_days
    volume = np.sum([volume_by_day(one, days) for one in group], axis=0)
    capacity = float(first.site.cold_capacity or 0)
    over = volume - capacity
    if over.max() <= 1e-9:
        return None
    peak, when = int(over.argmax()), first.today + timedelta(days=int(np.flatnonzero(over > 1e-9)[0]))
    value = sum((sum((lot.quantity for lot in one.lots), Decimal(0)) * one.item.unit_cost for one in group), Decimal(0))
    money = cents(float(value) * min(1.0, float(over[peak]) / float(volume[peak])))
    if money < first.thresholds.detection.smallest_money:
        return None
    room = "has no cold room" if first.site.cold_capacity is None else f"has {capacity:,.1f} m³ of cold room"
    worth = Money(money, first.item.currency)
    return NewCase(
        kind="cold_chain",
        sku=None,
        site=first.site.site,
        subject=f"cold_chain:*:{first.site.site}",
        severity=severity(money, (when - first.today).days, first.thresholds.grading),
        money_at_risk=money,
        currency=first.item.currency,
        tier=None,
        at_risk_on=when,
        summary=f"{first.site.name} {room}, needs {volume[peak]:,.1f} m³ from {when:%d %b}; {worth} do not fit.",
    )
