"""Budgets, capacity, exclusions and qualifications as limits of one purchase problem, and the names used in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from cases.needs import Need
from cases.situation import Situation
from cases.terms import Terms
from db import purchasing
from db.purchasing import ANY, Capacity, Qualification, SupplierTerms
from domain.money import CENT
from planning.purchasing.limits import Budget, Exclusion, Measure, Period, VolumeLimit

LITRES_THOUSANDTHS = 1_000_000
PERSONS = "the budget given"
LAST_DAY = 10_000


@dataclass(frozen=True)
class Rules:
    """What the tenant's master data say beyond single terms; `lateness` is a supplier's mean in days, by its record."""

    suppliers: Mapping[str, SupplierTerms]
    capacities: Sequence[Capacity]
    qualifications: Sequence[Qualification]
    budgets: Sequence[purchasing.Budget]
    categories: Mapping[str, str]
    lateness: Mapping[str, float]


@dataclass(frozen=True)
class KeptLine:
    """A line that stays as it is; `order_day` in days from today, `quantity` in base units."""

    supplier: str
    site: str
    sku: str
    order_day: int
    quantity: Decimal


@dataclass(frozen=True)
class Asked:
    """What the person adds: a limit on all that is spent, suppliers that are out or alone in, lines that stay."""

    budget: Decimal | None = None
    without: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    fixed: tuple[KeptLine, ...] = ()


@dataclass(frozen=True)
class Side:
    """An item at a site and one supplier's terms for it."""

    site: Situation
    terms: Terms

    @property
    def supplier(self) -> str:
        """The problem's name for the supplier's orders for this site."""
        return supplier_name(self.terms.supplier, self.site.site.site)

    @property
    def item(self) -> str:
        """The problem's name for the item at this site."""
        return item_name(self.site.item.sku, self.site.site.site)


def supplier_name(supplier: str, site: str) -> str:
    """One supplier's orders for one site."""
    return f"{supplier} for {site}"


def item_name(sku: str, site: str) -> str:
    """One item at one site."""
    return f"{sku} at {site}"


def volume_limits(rules: Rules, sides: Sequence[Side], today: date, scale: int) -> Iterator[VolumeLimit]:
    """Capacity in units and in volume; what was ordered in the period already is taken off."""
    for one in rules.capacities:
        mine = [side for side in sides if _sells(one, side)]
        if mine and one.measure != "value":
            factor = scale if one.measure == "units" else LITRES_THOUSANDTHS
            yield VolumeLimit(
                limit=_capacity_name(one),
                at_most=int(one.left * factor),
                suppliers=_names(side.supplier for side in mine),
                items=None if one.sku == ANY else _names(side.item for side in mine),
                period=_period(one.starts_on, one.ends_on, today),
                measure=Measure.UNITS if one.measure == "units" else Measure.SIZE,
            )


def budgets(rules: Rules, asked: Asked, sides: Sequence[Side], today: date) -> Iterator[Budget]:
    """Open-to-buy that is left, capacity in money, and the person's own limit."""
    for one in rules.budgets:
        mine = [side for side in sides if _charges(one, side, rules.categories)]
        if mine:
            yield Budget(
                budget=f"{one.budget} {one.starts_on} to {one.ends_on}",
                amount=one.left,
                suppliers=_names(side.supplier for side in mine),
                items=None if one.category == ANY else _names(side.item for side in mine),
                period=_period(one.starts_on, one.ends_on, today),
            )
    for cap in rules.capacities:
        sold = [side for side in sides if _sells(cap, side)]
        if sold and cap.measure == "value":
            items = _names(side.item for side in sold)
            names = _names(side.supplier for side in sold)
            yield Budget(_capacity_name(cap), cap.left, names, items, period=_period(cap.starts_on, cap.ends_on, today))
    if asked.budget is not None:
        yield Budget(PERSONS, asked.budget.quantize(CENT, ROUND_FLOOR))


def exclusions(rules: Rules, asked: Asked, sides: Sequence[Side], needs: Sequence[Need]) -> Iterator[Exclusion]:
    """Suppliers that may not serve a customer, or that the person leaves out; who may deliver nothing is no side."""
    for out in sorted({side.terms.supplier for side in sides} & asked.without):
        names = _names(side.supplier for side in sides if side.terms.supplier == out)
        yield Exclusion(policy=f"{out} is left out", suppliers=names)
    customers = {need.customer for need in needs}
    for one in rules.qualifications:
        mine = [side for side in sides if _concerns(one, side)]
        if mine and one.standing == "excluded" and one.customer in customers:
            about = "" if one.sku == ANY else f" with {one.sku}"
            yield Exclusion(
                policy=f"{one.supplier} may not serve {one.customer}{about}: {one.reason or 'no reason is given'}",
                suppliers=_names(side.supplier for side in mine),
                items=_names(side.item for side in mine),
                customers=(one.customer,),
            )


def qualified(rules: Rules, need: Need, sides: Sequence[Side]) -> tuple[str, ...] | None:
    """The suppliers that alone may serve the customer with the item; None where nobody is named."""
    named = [
        one.supplier
        for one in rules.qualifications
        if one.standing == "qualified" and one.customer == need.customer and one.sku in (ANY, need.sku)
    ]
    if not named:
        return None
    known = {side.supplier for side in sides}
    return tuple(name for name in _names(supplier_name(one, need.site) for one in named) if name in known)


def _sells(capacity: Capacity, side: Side) -> bool:
    return capacity.supplier == side.terms.supplier and capacity.sku in (ANY, side.terms.sku)


def _concerns(one: Qualification, side: Side) -> bool:
    return one.supplier == side.terms.supplier and one.sku in (ANY, side.terms.sku)


def _charges(budget: purchasing.Budget, side: Side, categories: Mapping[str, str]) -> bool:
    return (
        budget.supplier in (ANY, side.terms.supplier)
        and budget.site in (ANY, side.site.site.site)
        and budget.category in (ANY, categories.get(side.terms.sku, ""))
    )


def _capacity_name(one: Capacity) -> str:
    what = "" if one.sku == ANY else f" of {one.sku}"
    return f"capacity of {one.supplier}{what} until {one.ends_on} in {one.measure}"


def _period(starts: date, ends: date, today: date) -> Period:
    first, last = (max((day - today).days, 0) for day in (starts, ends))
    return Period(min(first, LAST_DAY), min(last, LAST_DAY))


def _names(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
