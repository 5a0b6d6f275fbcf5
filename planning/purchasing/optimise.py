"""The joint purchase plan: proven optimal, or with the gap stated; every plan is checked from the inputs alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from domain.errors import QuartermasterError
from planning.purchasing.changes import changes_between
from planning.purchasing.check import CheckedPlan, check_plan
from planning.purchasing.clock import Clock
from planning.purchasing.explain import explain
from planning.purchasing.goals import DROPS, MONEY
from planning.purchasing.part import PartPlan, Task
from planning.purchasing.parts import plan_parts
from planning.purchasing.plan import (
    Collision,
    ConstraintKind,
    PlanMoney,
    Proof,
    PurchasePlan,
    Stage,
)
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.questions import binding_constraints, find_runner_up
from planning.purchasing.scale import Scale
from planning.purchasing.settings import Effort, Priorities, Progress, Questions, Repair

# Collisions are looked for in at least this share of the effort, beside what the plan left of it.
COLLISION_SHARE = 0.25


class PlanFailsCheck(QuartermasterError):
    """A plan was found that the independent check does not accept; it is not shown."""


def optimise_purchases(
    problem: PurchaseProblem,
    *,
    effort: Effort | None = None,
    priorities: Priorities = Priorities.MONEY,
    repair: Repair | None = None,
    questions: Questions | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> PurchasePlan:
    """The plan with the smallest objective Z (see `PurchaseProblem`), after any higher goals.

    Required demands that cannot all be met: as many as possible are (by tier), the others are served as far as money
    says, named in `unmet`, and `collisions` says why. `progress` is called about ten times a second with the stage,
    seconds gone and seconds allowed; what it raises ends the search and comes out.

    Raises:
        DoesNotFit: amounts are too large for exact arithmetic.
        PlanFailsCheck: the search and the check disagree, which is a fault of ours.
    """
    clock = Clock(effort or Effort(), progress)
    scale = Scale.of(problem, *((repair.line_penalty, repair.unit_penalty) if repair else ()))
    task = Task(scale, priorities, repair)
    parts = plan_parts(problem, task, clock)
    if any(part.lines is None for part in parts):
        return _no_plan(parts, task, clock)
    plan = _joined(problem, parts, repair)
    plan = replace(plan, collisions=_collisions(parts, task, clock), seconds=clock.spent)
    return _answered(plan, parts, task, questions or Questions(), clock)


def _joined(problem: PurchaseProblem, parts: Sequence[PartPlan], repair: Repair | None) -> PurchasePlan:
    lines = tuple(line for part in parts for line in part.lines or ())
    unmet = tuple(sorted(name for part in parts for name in part.unmet))
    checked = check_plan(problem, lines, repair)
    _accept(checked, set(unmet))
    objective = checked.money.objective
    bounds = [part.bound for part in parts]
    known = [one for one in bounds if one is not None]
    bound = min(sum(known, Decimal(0)), objective) if len(known) == len(bounds) else None
    proven = all(part.proven for part in parts)
    return PurchasePlan(
        proof=Proof.OPTIMAL if proven else Proof.GAP,
        objective=objective,
        bound=bound,
        gap=_gap(objective, bound),
        seconds=0.0,
        lines=lines,
        orders=checked.orders,
        outcomes=checked.outcomes,
        money=checked.money,
        stages=_stages(parts),
        unmet=unmet,
        changes=changes_between(repair.previous, lines) if repair else (),
    )


def _accept(checked: CheckedPlan, unmet: set[str]) -> None:
    wrong = [one.words for one in checked.broken if one.kind is not ConstraintKind.REQUIRED or one.subject not in unmet]
    if wrong or checked.faults:
        raise PlanFailsCheck(
            "A plan was found that breaks: " + "; ".join([*wrong, *checked.faults]),
            remedy="Report this with the problem; no plan is shown.",
        )


def _gap(objective: Decimal, bound: Decimal | None) -> float | None:
    if bound is None or (objective == 0 and bound != 0):
        return None
    return float((objective - bound) / abs(objective)) if objective else 0.0


def _stages(parts: Sequence[PartPlan]) -> tuple[Stage, ...]:
    """Goals of the same name added up over the parts; drops come first, money last, as in each part."""
    together: dict[str, list[Stage]] = {}
    stages = [one for part in parts for one in part.stages]
    for stage in sorted(stages, key=lambda one: (not one.goal.startswith(DROPS), one.goal == MONEY)):
        together.setdefault(stage.goal, []).append(stage)
    return tuple(_added(ones) for ones in together.values())


def _added(stages: Sequence[Stage]) -> Stage:
    bounds = [one.bound for one in stages]
    bound = None if None in bounds else sum(one for one in bounds if one is not None)
    return Stage(stages[0].goal, sum(one.value for one in stages), bound)


def _collisions(parts: Sequence[PartPlan], task: Task, clock: Clock) -> tuple[Collision, ...]:
    lacking = [part for part in parts if part.unmet or part.impossible]
    if not lacking:
        return ()
    seconds = max(clock.left, clock.effort.seconds * COLLISION_SHARE)
    own = Clock(clock.effort, clock.progress, "collisions", limit=seconds)
    return tuple(one for part in lacking for one in explain(part, task.scale, own.part(1 / len(lacking), "collisions")))


def _no_plan(parts: Sequence[PartPlan], task: Task, clock: Clock) -> PurchasePlan:
    collisions = _collisions(parts, task, clock)
    money = PlanMoney()
    return PurchasePlan(Proof.NONE, money.objective, None, None, clock.spent, (), (), (), money, collisions=collisions)


def _answered(
    plan: PurchasePlan, parts: Sequence[PartPlan], task: Task, questions: Questions, clock: Clock
) -> PurchasePlan:
    if any(part.money is None for part in parts):
        return plan
    if questions.runner_up:
        plan = replace(plan, runner_up=find_runner_up(parts, task, clock))
    if questions.binding:
        plan = replace(plan, binding=binding_constraints(parts, task, questions.binding, clock))
    return plan
