"""Who orders and who moves: replenishment policies for all series at once, and plans to move goods on a given day.

A policy sees the state of every replication and says how many units to order now; the engine decides what really ships.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planning.arrays import FloatArray, IntArray, count, number, vector
from planning.errors import InvalidField


@dataclass(frozen=True)
class View:
    """The morning of `day` after goods have arrived; (replications, series) units. Read it, never write to it.

    `position` is on hand plus everything ordered and not yet here, less what customers wait for.
    """

    day: int
    on_hand: FloatArray
    position: FloatArray
    backlog: FloatArray


class Policy(Protocol):
    """Replenishment."""

    def orders(self, view: View) -> FloatArray:
        """(replications, series) units to order from each series' source."""
        ...


@dataclass(frozen=True)
class Moves:
    """Goods sent sideways on one day, all arrays (moves,): from series to series, units, days on the way.

    `fixed_cost` is money for all of them together (trucks), `unit_cost` money per unit sent.
    """

    origin: IntArray
    destination: IntArray
    units: FloatArray
    lead_days: IntArray
    fixed_cost: float = 0.0
    unit_cost: float = 0.0

    def __post_init__(self) -> None:
        size = self.origin.size
        if any(array.shape != (size,) for array in (self.destination, self.units, self.lead_days)):
            raise InvalidField("moves", "must be arrays of one length")
        if size and (not np.isfinite(self.units).all() or self.units.min() < 0.0 or self.lead_days.min() < 0):
            raise InvalidField("moves", "must carry at least 0 units and take at least 0 days")
        number("fixed_cost", self.fixed_cost, at_least=0.0)
        number("unit_cost", self.unit_cost, at_least=0.0)


class Mover(Protocol):
    """Transfers beside the usual replenishment; `longest` is the most days that a move takes."""

    @property
    def longest(self) -> int: ...

    def moves(self, view: View, replication: int) -> Moves | None:
        """What to move in one replication this morning."""
        ...


@dataclass(frozen=True)
class Planned:
    """A plan that was made beforehand: the same moves on its day in every replication."""

    on: dict[int, Moves]

    @property
    def longest(self) -> int:
        """Days of the longest move."""
        return max((int(one.lead_days.max(initial=0)) for one in self.on.values()), default=0)

    def moves(self, view: View, replication: int) -> Moves | None:
        """The moves of that day."""
        del replication
        return self.on.get(view.day)


@dataclass(frozen=True)
class Never:
    """Orders nothing."""

    def orders(self, view: View) -> FloatArray:
        """Nothing."""
        return np.zeros_like(view.position)


@dataclass(frozen=True)
class OrderUpTo:
    """(R, s, S): on review days, where the position is at or below s, order up to S; (series,) arrays in units.

    Base stock is s = S; (r, Q) in whole units is S = s + 1 and a multiple of Q, the least number of Qs that lifts the
    position above s. `minimum` and `multiple` are the supplier's terms, 0 for none.
    """

    reorder_point: FloatArray
    order_up_to: FloatArray
    review_days: int = 1
    minimum: FloatArray | None = None
    multiple: FloatArray | None = None

    def __post_init__(self) -> None:
        point = vector("reorder_point", self.reorder_point)
        vector("order_up_to", self.order_up_to, length=point.size)
        count("review_days", self.review_days)
        if (self.order_up_to < self.reorder_point).any():
            raise InvalidField("order_up_to", "lies below the reorder point")
        for field in ("minimum", "multiple"):
            if (terms := getattr(self, field)) is not None:
                vector(field, terms, length=point.size, at_least=0.0)

    def orders(self, view: View) -> FloatArray:
        """Order up to S where the position fell to s."""
        if view.day % self.review_days:
            return np.zeros_like(view.position)
        if self.order_up_to.size != view.position.shape[1]:
            raise InvalidField("order_up_to", f"must hold a level for each of {view.position.shape[1]} series")
        wanted = self.order_up_to - view.position
        wanted = np.where((view.position <= self.reorder_point) & (wanted > 0.0), wanted, 0.0)
        if self.minimum is not None:
            wanted = np.where(wanted > 0.0, np.maximum(wanted, self.minimum), 0.0)
        if self.multiple is not None:
            pack = np.where(self.multiple > 0.0, self.multiple, 1.0)
            whole = np.ceil(wanted / pack - 1e-9) * pack
            wanted = np.where(self.multiple > 0.0, whole, wanted)
        return wanted
