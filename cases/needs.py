"""What has to be bought: customers' orders that stock will not cover, and what the ordering rule asks for beyond them.

A need says what a unit of it is worth and what a late day costs, so that a plan can weigh it. It picks no supplier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from cases.exposure import Exposure
from cases.purchase import can_foresee, ordering
from cases.situation import TIERS, Situation
from db.network import CustomerLine
from planning.inventory.stock import simulate_stock

FOUR = Decimal("0.0001")
# What a late day of a reorder costs is the mean over so many days.
LATE_SPAN = 7


@dataclass(frozen=True)
class Need:
    """`quantity` base units of an item at a site, wanted `due_day` days from today.

    `unit_value` is what a unit is worth on that day, its cost included, and `late_cost` what it loses with each day
    after it, both in the item's currency. `customer` is None for what stock needs; `name` is a customer's order and
    line, or the item and site.
    """

    name: str
    sku: str
    site: str
    quantity: Decimal
    due_day: int
    unit_value: Decimal
    late_cost: Decimal
    customer: str | None = None
    tier: int = len(TIERS)
    must: bool = False


@dataclass(frozen=True)
class Needs:
    """What was found, where nothing could be told and why, and how many items at sites could be looked at."""

    found: tuple[Need, ...]
    left_out: tuple[str, ...]
    looked_at: int


def needs(
    situations: Iterable[Situation], check: Callable[[], None], *, reorders: bool, orders: bool, late_days: int
) -> Needs:
    """The needs of sites that buy from suppliers; `check` may stop it by raising.

    A customer's unit loses its margin evenly over the `late_days` for which lateness is accepted.
    """
    found: list[Need] = []
    left_out: list[str] = []
    looked_at = 0
    for one in situations:
        check()
        if one.is_fed:
            continue
        looked_at += 1
        promised = uncovered(one, late_days) if orders else []
        found += promised
        if reorders:
            stock = reorder(one, sum((need.quantity for need in promised), Decimal(0)))
            if isinstance(stock, str):
                left_out.append(f"{one.item.sku} at {one.site.site}: {stock}")
            elif stock is not None:
                found.append(stock)
    return Needs(tuple(found), tuple(left_out), looked_at - len(left_out))


def uncovered(site: Situation, late_days: int) -> list[Need]:
    """Customers' order lines that stock and receipts until their day do not cover; the first due are served first."""
    found: list[Need] = []
    claimed = Decimal(0)
    for line in sorted(site.orders, key=lambda one: (one.due_on, TIERS.index(one.tier), one.order_no, one.line_no)):
        due = max((line.due_on - site.today).days, 0)
        there = Decimal(repr(round(site.lasting(due + 1), 3))) + _received(site, due)
        short = min(line.quantity, max(claimed + line.quantity - there, Decimal(0)))
        claimed += line.quantity
        if short > 0:
            found.append(_of_customer(site, line, short, due, late_days))
    return found


def _received(site: Situation, day: int) -> Decimal:
    return sum((one.quantity for one in site.receipts if (one.expected_on - site.today).days <= day), Decimal(0))


def _of_customer(site: Situation, line: CustomerLine, short: Decimal, due: int, late_days: int) -> Need:
    need = given(site, f"{line.order_no}/{line.line_no}", short, due, customer=line.customer, late_days=late_days)
    return replace(need, tier=TIERS.index(line.tier))


def given(
    site: Situation, name: str, quantity: Decimal, due: int, *, customer: str | None, late_days: int, must: bool = True
) -> Need:  # fmt: skip
    """What somebody wants by a day: worth its price, and its margin is lost evenly over the days it may be late."""
    margin = max(site.item.unit_price - site.item.unit_cost, Decimal(0))
    late_cost = (margin / late_days).quantize(FOUR) if late_days else Decimal(0)
    value = site.item.unit_price
    return Need(name, site.item.sku, site.site.site, quantity, due, value, late_cost, customer, must=must)


def reorder(site: Situation, covered: Decimal) -> Need | str | None:
    """What the ordering rule asks for beyond `covered`; None where it asks for nothing, else why it cannot be told."""
    if not site.suppliers:
        return "no supplier may deliver it"
    exposure = Exposure.of(site, ())
    if exposure is None:
        return "its stock or its demand is not known"
    terms = next((one for one in site.suppliers if can_foresee(exposure, one)), None)
    if terms is None:
        return "every supplier delivers too late"
    rule = ordering(exposure, terms)
    asked = min(rule.planned_quantity, rule.order_up_to - rule.inventory_position)
    quantity = Decimal(math.ceil(round(max(asked, 0.0), 6))) - covered
    if quantity <= 0:
        return None
    days = min(math.ceil(terms.arrival_days) + 2 * LATE_SPAN, exposure.full_demand.shape[1])
    return _of_stock(exposure, quantity, days)


def _of_stock(exposure: Exposure, quantity: Decimal, days: int) -> Need:
    site, due = exposure.site, _due(exposure, days)
    saved, lost = _saved_and_lost(exposure, float(quantity), due, days)
    return Need(
        name=f"{site.item.sku} at {site.site.site}",
        sku=site.item.sku,
        site=site.site.site,
        quantity=quantity,
        due_day=due,
        unit_value=site.item.unit_cost + Decimal(repr(saved / float(quantity))).quantize(FOUR),
        late_cost=Decimal(repr(lost / float(quantity))).quantize(FOUR),
    )


def _due(exposure: Exposure, days: int) -> int:
    """The first day on which running out is likelier than the service level allows; the last one where none is."""
    site = exposure.site
    demand = exposure.full_demand[:, :days]
    paths = simulate_stock(demand, site.lasting(days), site.receipts_by_day(days), None)
    short_by = (np.maximum.accumulate(paths.short, axis=1) > 0.0).mean(axis=0)
    risky = np.flatnonzero(short_by > 1.0 - site.service_level)
    return int(risky[0]) if risky.size else days - 1


def _saved_and_lost(exposure: Exposure, quantity: float, due: int, days: int) -> tuple[float, float]:
    """Margin that `quantity` arriving on `due` saves within `days`, and the margin lost with a day that it is late.

    Means over the scenarios. A day late loses what is short on it, the mean of the days from `due` on: what comes after
    them sells as well, but the next order would have sold it.
    """
    site, demand, have = exposure.site, exposure.full_demand[:, :days], exposure.site.lasting(days)
    before = site.receipts_by_day(days)
    after = before.copy()
    after[due] += quantity
    without = simulate_stock(demand, have, before).short
    saved = float((without - simulate_stock(demand, have, after).short).sum(axis=1).mean())
    return saved * site.unit_margin, float(without[:, due : due + LATE_SPAN].mean()) * site.unit_margin
