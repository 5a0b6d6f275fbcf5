"""Plans one part of a problem: all goals in order; where required demands collide, as many of them as can be met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from planning.purchasing.clock import Clock
from planning.purchasing.demands import Commitment, Demand
from planning.purchasing.formulation import Formulation
from planning.purchasing.goals import MONEY, drops, goals_of
from planning.purchasing.joint import Joint
from planning.purchasing.network import build_network
from planning.purchasing.plan import LineKey, PlannedLine, Stage
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.reading import read_lines
from planning.purchasing.rules import Goal
from planning.purchasing.scale import Scale
from planning.purchasing.search import Answer, minimise
from planning.purchasing.settings import Priorities, Repair

# A higher goal may take this share of what is left, so that the goals after it have time too.
HIGHER_GOAL = 0.5
# Where time ran out without a plan, this share of it is added to find one that leaves demands unmet.
SECOND_LOOK = 0.25


@dataclass(frozen=True)
class Task:
    """What is asked of every part alike; `other_than`: a plan that does not buy on exactly these lines."""

    scale: Scale
    priorities: Priorities = Priorities.MONEY
    repair: Repair | None = None
    other_than: frozenset[LineKey] | None = None


@dataclass(frozen=True)
class PartPlan:
    """`lines` None: none exists (`impossible`) or none was found. `stages` are in the order of the goals."""

    problem: PurchaseProblem
    lines: tuple[PlannedLine, ...] | None
    stages: tuple[Stage, ...]
    proven: bool
    unmet: tuple[str, ...] = ()
    impossible: bool = False

    @property
    def money(self) -> Decimal | None:
        """The objective as the model has it; None where the time ended before money was looked at."""
        last = self.stages[-1]
        return Decimal(last.value) if last.goal == MONEY else None

    @property
    def bound(self) -> Decimal | None:
        """Of the money; None where it is not known, or the time ended before money was looked at."""
        last = self.stages[-1]
        return Decimal(last.bound) if last.goal == MONEY and last.bound is not None else None


def plan_part(problem: PurchaseProblem, task: Task, clock: Clock) -> PartPlan:
    """The best plan of a part. Required demands are dropped only if not all can be met, or no such plan was found."""
    plan = _plan(problem, task, clock)
    if plan.lines is not None or not any(one.commitment is Commitment.REQUIRED for one in problem.demands):
        return plan
    formulation = Formulation(build_network(problem, task.scale), droppable=True)
    Joint(formulation)
    if clock.left < clock.limit * SECOND_LOOK:
        clock = clock.longer(SECOND_LOOK)
    own = clock.part(HIGHER_GOAL, "required demands")
    answer, stages = _reach(formulation, drops(formulation), task, own, formulation.nothing())
    if answer.values is None:
        return PartPlan(problem, None, (), False, impossible=answer.impossible)
    values = answer.values
    unmet = {problem.demands[number].demand for number, drop in formulation.dropped.items() if values[drop.index]}
    rest = _plan(release(problem, unmet), task, clock)
    if rest.lines is None:
        lines = read_lines(formulation, values)
        return PartPlan(problem, lines, stages, False, tuple(sorted(unmet)))
    proven = rest.proven and all(one.value == one.bound for one in stages)
    return replace(rest, problem=problem, stages=stages + rest.stages, proven=proven, unmet=tuple(sorted(unmet)))


def release(problem: PurchaseProblem, names: set[str]) -> PurchaseProblem:
    """The problem with these demands served as far as money says; a minimum that was given still holds."""
    return replace(problem, demands=tuple(_optional(one) if one.demand in names else one for one in problem.demands))


def _optional(demand: Demand) -> Demand:
    return replace(demand, commitment=Commitment.OPTIONAL)


def _plan(problem: PurchaseProblem, task: Task, clock: Clock) -> PartPlan:
    formulation = Formulation(build_network(problem, task.scale))
    Joint(formulation)
    goals = list(goals_of(formulation, task.priorities, task.repair))
    if task.other_than is not None:
        formulation.exclude(task.other_than)
    answer, stages = _reach(formulation, goals, task, clock)
    if answer.values is None:
        return PartPlan(problem, None, (), False, impossible=answer.impossible)
    proven = all(one.value == one.bound for one in stages)
    return PartPlan(problem, read_lines(formulation, answer.values), stages, proven)


def _reach(
    formulation: Formulation,
    goals: Iterable[Goal],
    task: Task,
    clock: Clock,
    known: tuple[int, ...] | None = None,
) -> tuple[Answer, tuple[Stage, ...]]:
    """One goal after the other, each pinned at what was reached before the next is looked at."""
    goals = list(goals)
    model, columns = formulation.rules.model, formulation.columns()
    unit = 10**task.scale.digits
    answer, stages = Answer(known, None, None), list[Stage]()
    for goal in goals:
        last = goal is goals[-1]
        known = answer.values
        answer = minimise(model, goal, columns, clock if last else clock.part(HIGHER_GOAL, goal.name), unit, known)
        if answer.values is None or answer.objective is None:
            return answer, tuple(stages)
        stages.append(_stage(goal, answer, formulation))
        if not last:
            model.add(goal.expression() <= answer.objective)
    return answer, tuple(stages)


def _stage(goal: Goal, answer: Answer, formulation: Formulation) -> Stage:
    money = formulation.scale.money
    assert answer.objective is not None
    bound = min(answer.bound, answer.objective) if answer.bound is not None else None
    if goal.counts:
        return Stage(goal.name, answer.objective, bound)
    return Stage(goal.name, money(answer.objective), None if bound is None else money(bound))
