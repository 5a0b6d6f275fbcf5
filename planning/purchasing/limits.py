"""What a plan must respect beyond single offers: volume limits, budgets, exclusions by policy. No mathematics."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planning.errors import InvalidField
from planning.purchasing.checks import day, member, money, name, whole


class Measure(StrEnum):
    """What a volume limit counts: base units, or units times the item's size."""

    UNITS = "units"
    SIZE = "size"


class DayOf(StrEnum):
    """Which of a line's two days decides whether it falls in a period."""

    ORDER = "order"
    ARRIVAL = "arrival"


@dataclass(frozen=True)
class Period:
    """Days `first` to `last`, both included."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if day("period.last", self.last) < day("period.first", self.first):
            raise InvalidField("period.last", f"is before the period's first day {self.first}")


@dataclass(frozen=True)
class VolumeLimit:
    """All lines in scope together: a capacity (`at_most`), a purchase commitment (`at_least`), or both.

    None for suppliers, items or period means all of them.
    """

    limit: str
    at_most: int | None = None
    at_least: int = 0
    suppliers: tuple[str, ...] | None = None
    items: tuple[str, ...] | None = None
    period: Period | None = None
    day_of: DayOf = DayOf.ORDER
    measure: Measure = Measure.UNITS

    def __post_init__(self) -> None:
        name("limit", self.limit)
        member(f"{self.limit}.day_of", self.day_of, DayOf)
        member(f"{self.limit}.measure", self.measure, Measure)
        whole(f"{self.limit}.at_least", self.at_least, at_most=10**12)
        if self.at_most is not None and whole(f"{self.limit}.at_most", self.at_most, at_most=10**12) < self.at_least:
            raise InvalidField(f"{self.limit}.at_least", f"of {self.at_least} is above at_most of {self.at_most}")


@dataclass(frozen=True)
class Budget:
    """At most `amount` for what is in scope; None means all.

    Without items, customers and demands it covers whole orders placed in the period: goods, line and order costs, less
    discounts (and a supplier's cost, where the period is open). With items it covers their goods and line costs.
    With customers or demands it covers the units given to them, at the unit price of their lines.
    """

    budget: str
    amount: Decimal
    suppliers: tuple[str, ...] | None = None
    items: tuple[str, ...] | None = None
    customers: tuple[str, ...] | None = None
    demands: tuple[str, ...] | None = None
    period: Period | None = None

    def __post_init__(self) -> None:
        name("budget", self.budget)
        money(f"{self.budget}.amount", self.amount)

    @property
    def by_unit(self) -> bool:
        """Whether it follows units to the demands they serve."""
        return self.customers is not None or self.demands is not None


@dataclass(frozen=True)
class Exclusion:
    """A policy: what matches every criterion that is given is not bought.

    `below_reliability` matches suppliers whose reliability is known and lower, or not known.
    """

    policy: str
    suppliers: tuple[str, ...] | None = None
    countries: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    below_reliability: Decimal | None = None
    items: tuple[str, ...] | None = None
    customers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        name("policy", self.policy)
        given = (self.suppliers, self.countries, self.tags, self.below_reliability, self.items, self.customers)
        if all(one is None for one in given):
            raise InvalidField(f"{self.policy}.suppliers", "or another criterion must be given")
        if self.below_reliability is not None:
            money(f"{self.policy}.below_reliability", self.below_reliability, at_most=Decimal(1))


@dataclass(frozen=True)
class FixedLine:
    """A line that stays as it is: already sent, or agreed. Exactly `quantity` units (0: nothing may be bought).

    `demand` is set only where every demand has lines of its own (`pooled` False).
    """

    supplier: str
    item: str
    order_day: int
    quantity: int
    demand: str | None = None

    def __post_init__(self) -> None:
        whole(f"fixed {self.item} from {self.supplier}.quantity", self.quantity)
        day(f"fixed {self.item} from {self.supplier}.order_day", self.order_day)


@dataclass(frozen=True)
class PlanLimits:
    """Numbers for the plan as a whole; None means no limit."""

    maximum_suppliers: int | None = None
    maximum_orders: int | None = None

    def __post_init__(self) -> None:
        for field in ("maximum_suppliers", "maximum_orders"):
            if getattr(self, field) is not None:
                whole(f"limits.{field}", getattr(self, field))
