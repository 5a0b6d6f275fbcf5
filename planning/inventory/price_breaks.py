"""A supplier's price for one item as a function of the quantity: one price, all-units or incremental breaks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from planning.arrays import number
from planning.errors import InvalidField
from planning.purchasing.suppliers import BreakKind


@dataclass(frozen=True)
class PriceStep:
    """From `quantity` base units on, a unit costs `unit_price`."""

    quantity: float
    unit_price: float

    def __post_init__(self) -> None:
        number("price_step.quantity", self.quantity, at_least=0.0)
        number("price_step.unit_price", self.unit_price, at_least=0.0)


@dataclass(frozen=True)
class PriceList:
    """Steps with rising quantities and falling prices, the first from quantity 0; `kind` says what a step reprices."""

    steps: tuple[PriceStep, ...]
    kind: BreakKind = BreakKind.ALL_UNITS

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0].quantity != 0.0:
            raise InvalidField("prices", "must begin with a price from quantity 0 on")
        for earlier, later in pairwise(self.steps):
            if later.quantity <= earlier.quantity:
                raise InvalidField("prices", f"must have rising quantities; {later.quantity:g} does not rise")
            if later.unit_price > earlier.unit_price:
                raise InvalidField("prices", f"must not rise with quantity; they do at {later.quantity:g}")

    @property
    def base_price(self) -> float:
        """The price of the first unit."""
        return self.steps[0].unit_price

    def ends(self) -> tuple[float, ...]:
        """Where each step ends: the next one's quantity, infinity for the last."""
        return (*(step.quantity for step in self.steps[1:]), float("inf"))

    def fixed_part(self, index: int) -> float:
        """Money that a quantity inside this step pays beyond quantity × its unit price; 0 for all-units breaks."""
        if self.kind is BreakKind.ALL_UNITS:
            return 0.0
        passed = pairwise(self.steps[: index + 1])
        return sum((earlier.unit_price - later.unit_price) * later.quantity for earlier, later in passed)

    def cost(self, quantity: float) -> float:
        """Money for that quantity."""
        index = self._index(quantity)
        return self.fixed_part(index) + self.steps[index].unit_price * quantity

    def saving(self, quantity: float) -> float:
        """Money saved against buying every unit at the first price."""
        return self.base_price * quantity - self.cost(quantity)

    def _index(self, quantity: float) -> int:
        wanted = number("quantity", quantity, at_least=0.0)
        return max(index for index, step in enumerate(self.steps) if step.quantity <= wanted + 1e-9)
