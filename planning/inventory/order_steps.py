"""An item's order as steps: the first that can be bought, then pack by pack, each with what it is worth.

It is what `joint` and `budget` choose from; they know no demand and no supplier's terms for one item.
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.arrays import count, number
from planning.errors import InvalidField
from planning.inventory.order_value import OrderValue


@dataclass(frozen=True)
class Step:
    """`quantity` more units, worth `value` more money than stopping before them (purchase price included)."""

    quantity: float
    value: float


@dataclass(frozen=True)
class StepLine:
    """One item that may be ordered.

    Attributes:
        item: its name.
        steps: in the order in which they can be taken; the first is the smallest order.
        needed: how many of them the item's own rule asks for.
        unit_cost: price per unit.
        unit_weight: what a unit takes of a limit in weight; `unit_volume` of one in volume.
        unit_volume: see `unit_weight`.
        cost_of_waiting: money lost by ordering what is needed at the next occasion instead.
    """

    item: str
    steps: tuple[Step, ...]
    needed: int
    unit_cost: float
    unit_weight: float = 0.0
    unit_volume: float = 0.0
    cost_of_waiting: float = 0.0

    def __post_init__(self) -> None:
        for field in ("unit_cost", "unit_weight", "unit_volume"):
            number(f"{self.item}.{field}", getattr(self, field), at_least=0.0)
        number(f"{self.item}.cost_of_waiting", self.cost_of_waiting)
        for step in self.steps:
            number(f"{self.item}.steps.value", step.value)
            if number(f"{self.item}.steps.quantity", step.quantity) <= 0.0:
                raise InvalidField(f"{self.item}.steps.quantity", "must be positive")
        if count(f"{self.item}.needed", self.needed, at_least=0) > len(self.steps):
            raise InvalidField(f"{self.item}.needed", f"is {self.needed}, but there are {len(self.steps)} steps")

    def quantity(self, taken: int) -> float:
        """Units in the first steps."""
        return sum(step.quantity for step in self.steps[:taken])

    def value(self, taken: int) -> float:
        """What the first steps are worth together."""
        return sum(step.value for step in self.steps[:taken])


def valued_steps(value: OrderValue, *, first: float, pack: float, packs: int) -> tuple[Step, ...]:
    """Steps of one item from its scenarios: `first` units, then `packs` times `pack` units."""
    for field, quantity in (("first", first), ("pack", pack)):
        if number(field, quantity) <= 0.0:
            raise InvalidField(field, f"must be positive, not {quantity:g}")
    amounts = [first + pack * index for index in range(count("packs", packs, at_least=0) + 1)]
    worth = [0.0, *(value.of(amount).expected_benefit for amount in amounts)]
    sizes = [first] + [pack] * packs
    return tuple(Step(size, after - before) for size, before, after in zip(sizes, worth, worth[1:], strict=False))
