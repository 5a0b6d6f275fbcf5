"""What is wanted: customer demands and reorder needs, and the items they ask for. No mathematics."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planning.errors import InvalidField
from planning.purchasing.checks import day, distinct, member, money, name, whole

NOTHING = Decimal(0)


class Commitment(StrEnum):
    """Whether a demand must be met, or money decides."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Item:
    """What can be bought. `size` is what one unit takes of a limit measured in size (litres, grams: whole numbers).

    `surplus_value` is what a unit bought and promised to nobody is worth; `maximum_surplus` units may remain so
    (None: as many as minimum, multiple and price breaks make sensible). `holding_cost` is per unit and day that a
    unit arrives before its demand is due.
    """

    item: str
    size: int = 1
    surplus_value: Decimal = NOTHING
    maximum_surplus: int | None = None
    holding_cost: Decimal = NOTHING

    def __post_init__(self) -> None:
        name("item", self.item)
        whole(f"{self.item}.size", self.size)
        money(f"{self.item}.surplus_value", self.surplus_value)
        money(f"{self.item}.holding_cost", self.holding_cost)
        if self.maximum_surplus is not None:
            whole(f"{self.item}.maximum_surplus", self.maximum_surplus)
        elif self.surplus_value > 0:
            raise InvalidField(f"{self.item}.maximum_surplus", "is needed where surplus has a value")


@dataclass(frozen=True)
class Demand:
    """`quantity` whole base units of `item` for `customer`, wanted on day `due_day` (0 = the day of planning).

    Attributes:
        commitment: a REQUIRED demand gets at least `minimum_quantity`; an OPTIONAL one gets that or nothing.
        minimum_quantity: None means all of it where required and 1 where optional.
        tier: order of service where priorities are lexicographic, 0 first.
        unit_value: money earned with each unit delivered, before what it costs to buy it.
        shortage_penalty: money lost with each unit of `quantity` not delivered, beside its value.
        shortage_fee: money lost once if any unit is not delivered.
        latest_day: nothing is accepted after it; None means the due day is hard.
        earliest_day: nothing is accepted before it.
        lateness_penalty: money per unit and day after the due day. `late_fee`: once if any unit is late.
        splittable: False means one line (one supplier, one delivery) serves it.
        maximum_suppliers: how many suppliers may serve it together.
        qualified_suppliers: only these may; None means all that offer the item.
        budget: at most this for its units, at the unit price of the lines they come from (no fees, no order discount).
    """

    demand: str
    item: str
    quantity: int
    due_day: int
    customer: str | None = None
    commitment: Commitment = Commitment.REQUIRED
    minimum_quantity: int | None = None
    tier: int = 0
    unit_value: Decimal = NOTHING
    shortage_penalty: Decimal = NOTHING
    shortage_fee: Decimal = NOTHING
    latest_day: int | None = None
    earliest_day: int = 0
    lateness_penalty: Decimal = NOTHING
    late_fee: Decimal = NOTHING
    splittable: bool = True
    maximum_suppliers: int | None = None
    qualified_suppliers: tuple[str, ...] | None = None
    budget: Decimal | None = None

    def __post_init__(self) -> None:
        name("demand", self.demand)
        name(f"{self.demand}.item", self.item)
        whole(f"{self.demand}.quantity", self.quantity, at_least=1)
        self._check_days()
        for field in ("unit_value", "shortage_penalty", "shortage_fee", "lateness_penalty", "late_fee"):
            money(f"{self.demand}.{field}", getattr(self, field))
        if self.minimum_quantity is not None:
            whole(f"{self.demand}.minimum_quantity", self.minimum_quantity, at_least=1, at_most=self.quantity)
        self._check_options()

    def _check_days(self) -> None:
        day(f"{self.demand}.due_day", self.due_day)
        if day(f"{self.demand}.earliest_day", self.earliest_day) > self.last_day:
            raise InvalidField(f"{self.demand}.earliest_day", "is after the last day on which it is accepted")
        if self.latest_day is not None and day(f"{self.demand}.latest_day", self.latest_day) < self.due_day:
            raise InvalidField(f"{self.demand}.latest_day", f"is before the due day {self.due_day}")

    def _check_options(self) -> None:
        member(f"{self.demand}.commitment", self.commitment, Commitment)
        whole(f"{self.demand}.tier", self.tier, at_most=99)
        if self.customer is not None:
            name(f"{self.demand}.customer", self.customer)
        if self.maximum_suppliers is not None:
            whole(f"{self.demand}.maximum_suppliers", self.maximum_suppliers, at_least=1)
        if self.qualified_suppliers is not None:
            distinct(f"{self.demand}.qualified_suppliers", self.qualified_suppliers)
        if self.budget is not None:
            money(f"{self.demand}.budget", self.budget)

    @property
    def last_day(self) -> int:
        """The last day on which a delivery counts."""
        return self.due_day if self.latest_day is None else self.latest_day

    @property
    def least(self) -> int:
        """Units below which the demand is not served at all."""
        if self.minimum_quantity is not None:
            return self.minimum_quantity
        return self.quantity if self.commitment is Commitment.REQUIRED else 1
