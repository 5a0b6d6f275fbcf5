"""Why a required demand cannot be met: the smallest set of constraints that collide.

Implicit hitting sets: whatever collides must touch every set of constraints whose absence makes peace. So the smallest
set touching all such sets found so far is tried; if it collides it is a smallest collision, and if not, what would have
to go beside it is one more set to touch (Ignatiev, Previti, Liffiton, Marques-Silva, Smallest MUS extraction with
minimal hitting set dualization, 2015).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from planning.purchasing.clock import Clock
from planning.purchasing.demands import Commitment, Demand
from planning.purchasing.formulation import Formulation
from planning.purchasing.joint import Joint
from planning.purchasing.network import build_network
from planning.purchasing.part import PartPlan
from planning.purchasing.plan import Collision, Constraint
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.rules import Goal
from planning.purchasing.scale import Scale
from planning.purchasing.search import Answer, run_cp

# Two required demands and what they share: no collision of a demand that could be met alone is smaller.
SMALLEST_SHARED = 3


def explain(part: PartPlan, scale: Scale, clock: Clock) -> tuple[Collision, ...]:
    """One collision for each demand of the part that is not met, those with the same constraints together.

    Demands for which the time does not last have none.
    """
    kept = [
        one for one in part.problem.demands if one.commitment is Commitment.REQUIRED and one.demand not in part.unmet
    ]
    if part.lines is None:
        found = _smallest(_only(part.problem, kept), scale, clock)
        return () if found is None else (Collision((), *found),)
    merged: dict[tuple[Constraint, ...], Collision] = {}
    lacking = [one for one in part.problem.demands if one.demand in part.unmet]
    for position, demand in enumerate(lacking):
        if clock.over:
            break
        clock.tick()
        found = _collision(part.problem, demand, kept, scale, clock.part(1 / (len(lacking) - position), "collisions"))
        if found is not None:
            before = merged.get(found[0])
            names = before.demands if before else ()
            merged[found[0]] = Collision((*names, demand.demand), *found)
    return tuple(merged.values())


def _collision(
    problem: PurchaseProblem, demand: Demand, kept: Sequence[Demand], scale: Scale, clock: Clock
) -> tuple[tuple[Constraint, ...], bool] | None:
    """First the demand alone, then with its item's other demands, then with all; a wider look only if it may help."""
    siblings = [one for one in kept if one.item == demand.item]
    best: tuple[Constraint, ...] | None = None
    for others in dict.fromkeys((0, len(siblings), len(kept))):
        if clock.over:
            break
        company = siblings[:others] if others <= len(siblings) else kept
        found = _smallest(_only(problem, [demand, *company]), scale, clock.part(0.5, "collisions"))
        if found is None:
            continue
        if best is None or len(found[0]) < len(best):
            best = found[0]
        if found[1] and (len(found[0]) <= SMALLEST_SHARED or len(company) == len(kept)):
            return best, True
    return None if best is None else (best, False)


def _only(problem: PurchaseProblem, required: Iterable[Demand]) -> PurchaseProblem:
    """The problem with these demands; optional ones stay only where they may take a surplus that has nowhere to go."""
    names = {one.demand for one in required}
    demands = tuple(
        one
        for one in problem.demands
        if one.demand in names
        or (one.commitment is Commitment.OPTIONAL and problem.item_of[one.item].maximum_surplus is not None)
    )
    items = {one.item for one in demands}
    left = {one.demand for one in demands}
    customers = {one.customer for one in demands}
    return replace(
        problem,
        demands=demands,
        items=tuple(problem.item_of[item] for item in problem.item_names),
        fixed=tuple(one for one in problem.fixed if one.demand is None or one.demand in left),
        budgets=tuple(
            replace(
                one,
                demands=None if one.demands is None else tuple(d for d in one.demands if d in left),
                customers=None if one.customers is None else tuple(c for c in one.customers if c in customers),
            )
            for one in problem.budgets
        ),
        offers=tuple(one for one in problem.offers if one.item in items or _needed(problem)),
    )


def _needed(problem: PurchaseProblem) -> bool:
    """Whether lines for nobody may be needed: to keep a commitment, a fixed line or an order's minimum."""
    minimum = any(one.minimum_order_value or one.minimum_order_units for one in problem.suppliers)
    return minimum or bool(problem.fixed) or any(one.at_least for one in problem.volume_limits)


def _smallest(problem: PurchaseProblem, scale: Scale, clock: Clock) -> tuple[tuple[Constraint, ...], bool] | None:
    """The smallest collision of a problem and whether that is proven; None if there is none or none was found."""
    switches = _Switches(problem, scale, clock)
    must_touch: list[frozenset[int]] = []
    while not clock.over:
        tried = _hitting_set(must_touch, len(switches.constraints), clock)
        answer = switches.most_with(tried)
        if answer.impossible:
            return switches.named(tried), True
        if answer.values is None:
            break
        off = frozenset(switches.off(answer.values))
        if not off:
            return None
        must_touch.append(off)
    core = switches.irreducible()
    return None if core is None else (switches.named(core), False)


class _Switches:
    """A model in which every constraint can be switched off."""

    def __init__(self, problem: PurchaseProblem, scale: Scale, clock: Clock) -> None:
        formulation = Formulation(build_network(problem, scale), switched=True)
        Joint(formulation)
        self.model, self.clock = formulation.rules.model, clock
        self.constraints = list(formulation.rules.literals)
        self.literals = list(formulation.rules.literals.values())
        self.missing = Goal("constraints given up")
        for literal in self.literals:
            self.missing.pay(literal, -1)

    def named(self, numbers: Iterable[int]) -> tuple[Constraint, ...]:
        """Their constraints in a fixed order."""
        return tuple(sorted(self.constraints[one] for one in numbers))

    def off(self, values: Sequence[int]) -> Iterator[int]:
        """Constraints that a solution gives up."""
        return (number for number, literal in enumerate(self.literals) if not values[literal.index])

    def most_with(self, numbers: Iterable[int]) -> Answer:
        """A solution that keeps these and gives up as few others as possible."""
        model = self._with(numbers)
        model.minimize(self.missing.expression())
        return run_cp(model, self.missing, self.clock, 1)

    def irreducible(self) -> list[int] | None:
        """A collision from which nothing can be left out, found by trying; None if there is none in the time."""
        needed = list(range(len(self.literals)))
        own = Clock(self.clock.effort, self.clock.progress, "collisions", limit=max(self.clock.limit, 1.0))
        if not self._collides(needed, own):
            return None
        for one in list(needed):
            rest = [number for number in needed if number != one]
            if own.over:
                break
            if self._collides(rest, own):
                needed = rest
        return needed

    def _collides(self, numbers: Iterable[int], clock: Clock) -> bool:
        return run_cp(self._with(numbers), Goal("nothing"), clock, 1).impossible

    def _with(self, numbers: Iterable[int]) -> Any:
        model = self.model.clone()
        for number in numbers:
            model.proto.variables[self.literals[number].index].domain[0] = 1
        return model


def _hitting_set(sets: Sequence[frozenset[int]], size: int, clock: Clock) -> list[int]:
    """The fewest numbers below `size` that touch every set."""
    from ortools.sat.python import cp_model

    if not sets:
        return []
    model, goal = cp_model.CpModel(), Goal("constraints")
    chosen = [model.new_bool_var("") for _ in range(size)]
    for one in sets:
        model.add_bool_or([chosen[number] for number in one])
    for flag in chosen:
        goal.pay(flag, 1)
    model.minimize(goal.expression())
    answer = run_cp(model, goal, clock, 1)
    if not answer.proven or answer.values is None:
        return []
    return [number for number, flag in enumerate(chosen) if answer.values[flag.index]]
