"""The goals of a plan in their order: drops, tiers, promises, changes, money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planning.purchasing.demands import Demand
from planning.purchasing.formulation import Formulation
from planning.purchasing.plan import LineKey, PlannedLine
from planning.purchasing.rules import Goal
from planning.purchasing.settings import Priorities, Repair, RepairRule

MONEY = "money"
DROPS = "required demands of tier"


def drops(formulation: Formulation) -> list[Goal]:
    """One goal a tier: the fewest required demands that do not get what they must have."""
    goals: list[Goal] = []
    tiers = {formulation.problem.demands[number].tier for number in formulation.dropped}
    for tier in sorted(tiers):
        goal = Goal(f"{DROPS} {tier} not met")
        for number, drop in formulation.dropped.items():
            if formulation.problem.demands[number].tier == tier:
                goal.pay(drop, 1)
        goals.append(goal)
    return goals


def goals_of(formulation: Formulation, priorities: Priorities, repair: Repair | None) -> Iterator[Goal]:
    """Every goal, the most important first and money last. Adds the variables that a repair needs."""
    if priorities is Priorities.TIERS:
        yield from _shortages(formulation)
    if repair is None:
        yield formulation.money
        return
    change = _Change(formulation, repair)
    if repair.rule is RepairRule.FEWEST_CHANGES:
        yield change.promises()
        yield change.changed
        yield change.moved
    yield formulation.money


def _shortages(formulation: Formulation) -> Iterator[Goal]:
    for tier in sorted({demand.tier for demand in formulation.problem.demands}):
        goal = Goal(f"units short in tier {tier}")
        for number, demand in enumerate(formulation.problem.demands):
            if demand.tier == tier:
                goal.add(demand.quantity)
                _give_back(formulation, goal, number, demand)
        yield goal


def _give_back(formulation: Formulation, goal: Goal, number: int, demand: Demand) -> None:
    for arc in formulation.network.arcs_to[number]:
        for part in formulation.given.get(arc, ()):
            goal.pay(part, -1, demand.quantity)


class _Change:
    """How far a plan is from the one before: lines whose quantity differs, and by how many units."""

    def __init__(self, formulation: Formulation, repair: Repair) -> None:
        self.formulation, self.repair, self.rules = formulation, repair, formulation.rules
        self.before = {line.key: line.quantity for line in repair.previous}
        self.changed, self.moved = Goal("lines changed"), Goal("units moved")
        ticks = formulation.scale.ticks
        penalties = repair.rule is RepairRule.MONEY_AND_CHANGES
        self.line_ticks = ticks(repair.line_penalty) if penalties else 0
        self.unit_ticks = ticks(repair.unit_penalty) if penalties else 0
        self._add_lines()

    def promises(self) -> Goal:
        """Money of the units that the plan before delivered and this one does not."""
        goal = Goal("promises broken", counts=False)
        delivered = _delivered(self.repair.previous)
        for number, demand in enumerate(self.formulation.problem.demands):
            before = min(delivered.get(demand.demand, 0), demand.quantity)
            if before:
                worth = self.formulation.scale.ticks(demand.unit_value) + self.formulation.scale.ticks(
                    demand.shortage_penalty
                )
                lost = self.rules.whole(before)
                self.rules.model.add(lost >= before - self.formulation.delivered(number))
                goal.pay(lost, max(worth, 10**self.formulation.scale.digits), before)
        return goal

    def _add_lines(self) -> None:
        known: set[LineKey] = set()
        for number, uses in self.formulation.tiers.items():
            key = self.formulation.network.lines[number].key
            known.add(key)
            before = self.before.get(key, 0)
            most = max((use.most for use in uses), default=0)
            if before:
                self._add_kept(number, before, max(most, before))
            else:
                for use in uses:
                    self._count(use.taken, 1)
                    self._move(use.count, use.multiple, use.most // use.multiple)
        for key, before in self.before.items():
            if key not in known:
                self.changed.add(1)
                self.moved.add(before)

    def _add_kept(self, number: int, before: int, most: int) -> None:
        units, model = self.formulation.units(number), self.rules.model
        flag, more, less = self.rules.binary(), self.rules.whole(most), self.rules.whole(before)
        model.add(units - before == more - less)
        model.add(more <= flag * most)
        model.add(less <= flag * before)
        self._count(flag, 1)
        self._move(more, 1, most)
        self._move(less, 1, before)

    def _count(self, flag: Any, amount: int) -> None:
        self.changed.pay(flag, amount)
        self.formulation.money.pay(flag, self.line_ticks * amount)

    def _move(self, variable: Any, amount: int, most: int) -> None:
        self.moved.pay(variable, amount, most)
        self.formulation.money.pay(variable, self.unit_ticks * amount, most)


def _delivered(lines: tuple[PlannedLine, ...]) -> dict[str, int]:
    delivered: dict[str, int] = {}
    for line in lines:
        for one in line.allocations:
            delivered[one.demand] = delivered.get(one.demand, 0) + one.quantity
    return delivered
