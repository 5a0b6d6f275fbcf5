"""How long to look, in which order goals count, and how a plan is repaired. No mathematics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from planning.arrays import number
from planning.purchasing.checks import money, whole
from planning.purchasing.demands import NOTHING
from planning.purchasing.plan import PlannedLine

Progress: TypeAlias = Callable[[str, int, int], None]


class Priorities(StrEnum):
    """MONEY: the objective alone. TIERS: first the fewest units short in tier 0, then in tier 1 …, then money."""

    MONEY = "money"
    TIERS = "tiers"


class RepairRule(StrEnum):
    """What a repair minimises.

    FEWEST_CHANGES: in order, the money of units promised before and no longer delivered (unit value + shortage penalty,
    at least 1 a unit), lines changed, units moved, the objective. MONEY_AND_CHANGES: the objective plus penalties.
    """

    FEWEST_CHANGES = "fewest_changes"
    MONEY_AND_CHANGES = "money_and_changes"


@dataclass(frozen=True)
class Repair:
    """The plan before, and how much weight staying with it has; lines that must stay are `PurchaseProblem.fixed`.

    Penalties are money per changed line and per unit moved, used by MONEY_AND_CHANGES only.
    """

    previous: tuple[PlannedLine, ...]
    rule: RepairRule = RepairRule.FEWEST_CHANGES
    line_penalty: Decimal = NOTHING
    unit_penalty: Decimal = NOTHING

    def __post_init__(self) -> None:
        money("repair.line_penalty", self.line_penalty)
        money("repair.unit_penalty", self.unit_penalty)


@dataclass(frozen=True)
class Effort:
    """When to stop: after `seconds`, or when the gap is at most `gap` (0: only when optimality is proven).

    One seed and number of workers give the same plan whenever the search ends by itself; with `reproducible` also when
    it ends at the limit, which then counts the solver's own deterministic seconds, at the price of some speed.
    """

    seconds: float = 60.0
    workers: int = 2
    seed: int = 0
    gap: float = 0.0
    reproducible: bool = False

    def __post_init__(self) -> None:
        number("effort.seconds", self.seconds, at_least=0.1, at_most=86_400.0)
        whole("effort.workers", self.workers, at_least=1, at_most=64)
        whole("effort.seed", self.seed, at_most=2**31 - 1)
        number("effort.gap", self.gap, at_least=0.0, at_most=1.0)


@dataclass(frozen=True)
class Questions:
    """What else to answer, with further solves after the plan, each of at most a tenth of the effort.

    `binding`: how many constraints without slack to relax by one step. `runner_up`: the best plan on other lines.
    """

    binding: int = 0
    runner_up: bool = False

    def __post_init__(self) -> None:
        whole("questions.binding", self.binding, at_most=50)
