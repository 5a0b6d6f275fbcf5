"""Which purchases an exclusion, a volume limit or a budget speaks of: plain predicates on names and days."""

from __future__ import annotations

from planning.purchasing.limits import Budget, DayOf, Exclusion, Period, VolumeLimit
from planning.purchasing.suppliers import Supplier


def within(name: str | None, names: tuple[str, ...] | None) -> bool:
    """None stands for all names; somebody without a name is in no list."""
    return names is None or name in names


def during(day: int, period: Period | None) -> bool:
    """None stands for always."""
    return period is None or period.first <= day <= period.last


def forbids(policy: Exclusion, supplier: Supplier, item: str, customer: str | None) -> bool:
    """Whether the policy matches a purchase of `item` from `supplier` for `customer`."""
    return (
        within(supplier.supplier, policy.suppliers)
        and within(supplier.country, policy.countries)
        and (policy.tags is None or not set(policy.tags).isdisjoint(supplier.tags))
        and _unreliable(policy, supplier)
        and within(item, policy.items)
        and within(customer, policy.customers)
    )


def _unreliable(policy: Exclusion, supplier: Supplier) -> bool:
    if policy.below_reliability is None or supplier.reliability is None:
        return True
    return supplier.reliability < policy.below_reliability


def limits_volume(limit: VolumeLimit, supplier: str, item: str, order_day: int, arrival_day: int) -> bool:
    """Whether a line counts in the limit."""
    day = order_day if limit.day_of is DayOf.ORDER else arrival_day
    return within(supplier, limit.suppliers) and within(item, limit.items) and during(day, limit.period)


def charges_line(budget: Budget, supplier: str, item: str, order_day: int) -> bool:
    """Whether a line's goods and line cost (or its units, where the budget follows units) are in scope."""
    return within(supplier, budget.suppliers) and within(item, budget.items) and during(order_day, budget.period)


def charges_demand(budget: Budget, demand: str, customer: str | None) -> bool:
    """Whether units given to the demand are in scope of a budget that follows units."""
    return within(demand, budget.demands) and within(customer, budget.customers)
