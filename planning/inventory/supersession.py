"""One item takes over from another on a day: whose demand, whose stock, and how much of the old may still be bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, count, matrix, number, rows_or_vector
from planning.errors import InvalidField
from planning.inventory.stock import simulate_stock


@dataclass(frozen=True)
class ItemStock:
    """One item at one site: `demand` (scenarios, days), `on_hand`, `receipts` (days,) or (scenarios, days); units."""

    demand: FloatArray
    on_hand: float
    receipts: FloatArray

    def __post_init__(self) -> None:
        demand = matrix("demand", self.demand, at_least=0.0)
        number("on_hand", self.on_hand, at_least=0.0)
        rows_or_vector("receipts", self.receipts, shape=(demand.shape[0], demand.shape[1]), at_least=0.0)

    @property
    def coming(self) -> FloatArray:
        """(scenarios, days) units on order."""
        return np.broadcast_to(self.receipts, self.demand.shape)


@dataclass(frozen=True)
class HandOver:
    """What each item faces.

    Attributes:
        old: the predecessor until the day: its demand ends there, and so do the open orders that the successor gets.
        new: the successor: its own demand and the predecessor's from that day on; the predecessor's stock and open
            orders reach it on that day, where it may use them.
        run_out: units that the predecessor's mean demand until the day exceeds what it has and will get by then; more
            is not to be bought. 0 where it runs out by itself too late.
        left_over: mean units of the predecessor left on that day.
    """

    old: ItemStock
    new: ItemStock
    run_out: float
    left_over: float


def hand_over(
    old: ItemStock, new: ItemStock, *, from_day: int, passed_on: float = 1.0, uses_old_stock: bool = True
) -> HandOver:
    """The demand and stock of both items when `new` supersedes `old` from `from_day` on.

    Args:
        old: the predecessor as if nothing changed.
        new: the successor with demand of its own (zeros where it has none yet).
        from_day: first day on which the successor is sold.
        passed_on: share of the predecessor's demand that the successor gets; the rest is lost.
        uses_old_stock: the successor's demand may be served from the predecessor's stock.
    """
    if new.demand.shape != old.demand.shape:
        raise InvalidField("new.demand", f"must have the predecessor's shape {old.demand.shape}")
    day = count("from_day", from_day, at_least=0)
    share = number("passed_on", passed_on, at_least=0.0, at_most=1.0)
    is_before = np.arange(old.demand.shape[1]) < day
    before = np.where(is_before, old.demand, 0.0)
    until = np.where(is_before, old.coming, 0.0)
    left = simulate_stock(before, old.on_hand, until).stock[:, -1]
    receipts, still = new.coming.copy(), old.coming
    if uses_old_stock and day < receipts.shape[1]:
        still = until
        receipts[:, day:] += old.coming[:, day:]
        receipts[:, day] += left
    supply = old.on_hand + until.sum(axis=1)
    return HandOver(
        old=ItemStock(before, old.on_hand, still),
        new=ItemStock(new.demand + share * np.where(is_before, 0.0, old.demand), new.on_hand, receipts),
        run_out=max(float((before.sum(axis=1) - supply).mean()), 0.0),
        left_over=float(left.mean()),
    )
