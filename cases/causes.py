"""Why units will be short, as a sum that adds up: each cause is what the shortage would lose if the cause had not been.

Causes act together (a late receipt hurts more under a promotion), so each gets its Shapley value: the mean of what it
adds over all orders in which the causes could have come (Shapley 1953). They add up to the shortage by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from math import factorial
from typing import Literal

import numpy as np

from cases.situation import Situation
from planning.arrays import FloatArray
from planning.inventory.outlook import simulate_stock

CauseName = Literal["promotion", "demand above plan", "late receipt", "transfer out", "stock below plan"]
CAUSES: tuple[CauseName, ...] = ("promotion", "demand above plan", "late receipt", "transfer out")


@dataclass(frozen=True)
class Cause:
    """Expected units of the shortage that this explains; negative where it eased it."""

    name: CauseName
    units: float


def causes(situation: Situation, demand: FloatArray) -> tuple[Cause, ...]:
    """Causes of the expected shortage under `demand` (scenarios, days); they add up to it.

    Plan means: the recent daily demand, receipts on the day first agreed, and no transfer out. What is short even then
    is "stock below plan".
    """

    def short(real: frozenset[CauseName]) -> float:
        return _short(situation, demand, real)

    shares = shapley(CAUSES, short)
    return (*(Cause(name, shares[name]) for name in CAUSES), Cause("stock below plan", short(frozenset())))


def shapley(names: Sequence[CauseName], value: Callable[[frozenset[CauseName]], float]) -> dict[CauseName, float]:
    """Each name's share of value(all) − value(none)."""
    count = len(names)
    subsets = [frozenset[CauseName](some) for size in range(count + 1) for some in combinations(names, size)]
    known = {some: value(some) for some in subsets}
    shares: dict[CauseName, float] = dict.fromkeys(names, 0.0)
    for name in names:
        for chosen, worth in known.items():
            if name not in chosen:
                weight = factorial(len(chosen)) * factorial(count - len(chosen) - 1) / factorial(count)
                shares[name] += weight * (known[chosen.union((name,))] - worth)
    return shares


def _short(situation: Situation, demand: FloatArray, real: frozenset[CauseName]) -> float:
    days = demand.shape[1]
    sent = 0.0 if "transfer out" in real else _sent(situation)
    receipts = situation.receipts_by_day(days, as_agreed="late receipt" not in real)
    paths = simulate_stock(
        _demand(situation, demand, real), float(situation.usable) + sent, receipts, situation.expiring_by_day(days)
    )
    return float(paths.short.sum(axis=1).mean())


def _sent(situation: Situation) -> float:
    """Units of open transfers that leave or have just left this site."""
    here = min(float(situation.committed_out), float(situation.in_state("available") + situation.in_state("reserved")))
    return here + sum(float(line.quantity) for line in situation.transfers_out if line.shipped_on is not None)


def _demand(situation: Situation, demand: FloatArray, real: frozenset[CauseName]) -> FloatArray:
    plan = situation.recent_daily_demand
    promoted = _promoted_days(situation, demand.shape[1])
    means = demand.mean(axis=0)
    ordinary = float(means[~promoted].mean()) if (~promoted).any() else plan
    scale = np.ones(demand.shape[1])
    if "promotion" not in real and ordinary is not None:
        scale[promoted] = _ratio(np.full(int(promoted.sum()), ordinary), means[promoted])
    if "demand above plan" not in real and plan is not None and ordinary:
        scale *= plan / ordinary
    return demand * scale[None, :]


def _ratio(wanted: FloatArray, there: FloatArray) -> FloatArray:
    return np.where(there > 0.0, wanted / np.where(there > 0.0, there, 1.0), 1.0)


def _promoted_days(situation: Situation, days: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    promoted = np.zeros(days, dtype=np.bool_)
    for day in range(days):
        date = situation.today + timedelta(days=day)
        promoted[day] = any(one.starts_on <= date <= one.ends_on for one in situation.promotions)
    return promoted
