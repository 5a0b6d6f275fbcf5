"""What else a planner asks of a plan: which limits bind and what a step of each is worth, and the best other plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from planning.purchasing.changes import changes_between
from planning.purchasing.check import check_plan
from planning.purchasing.clock import Clock
from planning.purchasing.part import PartPlan, Task, plan_part, release
from planning.purchasing.parts import plan_parts
from planning.purchasing.plan import Relaxation, RunnerUp
from planning.purchasing.steps import Step, steps_of

# Each further solve gets this share of the whole effort.
SHARE = 0.1


def find_runner_up(parts: Sequence[PartPlan], task: Task, clock: Clock) -> RunnerUp | None:
    """The cheapest plan on another set of lines: one part changes, the one where that costs least."""
    best: RunnerUp | None = None
    for part in parts:
        lines = part.lines or ()
        other = replace(task, other_than=frozenset(line.key for line in lines))
        seconds = clock.effort.seconds * SHARE / len(parts)
        own = Clock(clock.effort, clock.progress, "runner-up", limit=seconds)
        found = plan_part(release(part.problem, set(part.unmet)), other, own)
        if found.lines is None or found.unmet or found.money is None:
            continue
        extra = _money(found) - _money(part)
        if best is None or extra < best.extra:
            best = RunnerUp(extra, changes_between(lines, found.lines), found.proven and part.proven)
    return best


def binding_constraints(parts: Sequence[PartPlan], task: Task, most: int, clock: Clock) -> tuple[Relaxation, ...]:
    """The first `most` constraints that a step of tightening would break, and what a step of relaxing is worth.

    A step costs a solve of the parts that it concerns; the most valuable come first.
    """
    found = [(step, _relaxed(step, part, task, clock)) for step, part in _tight(parts)[:most]]
    # Policies and due dates are tried without knowing whether they bind: one that is worth nothing does not.
    binding = [one for step, one in found if step.tightened is not None or one.worth != 0]
    return tuple(sorted(binding, key=lambda one: -(one.worth or Decimal(0))))


def _tight(parts: Sequence[PartPlan]) -> list[tuple[Step, PartPlan]]:
    steps = [(step, part) for part in parts for step in steps_of(part.problem, part.lines or ())]
    return [(step, part) for step, part in steps if step.tightened is None or _breaks(step, part)]


def _breaks(step: Step, part: PartPlan) -> bool:
    assert step.tightened is not None
    before, after = (check_plan(one, part.lines or ()) for one in (part.problem, step.tightened))
    return len(after.broken) > len(before.broken)


def _relaxed(step: Step, part: PartPlan, task: Task, clock: Clock) -> Relaxation:
    own = Clock(clock.effort, clock.progress, "binding constraints", limit=clock.effort.seconds * SHARE)
    found = plan_parts(release(step.relaxed, set(part.unmet)), task, own)
    if any(one.lines is None or one.unmet or one.money is None for one in found):
        return Relaxation(step.constraint, step.words, None, False)
    worth = _money(part) - sum((_money(one) for one in found), Decimal(0))
    proven = part.proven and all(one.proven for one in found)
    return Relaxation(step.constraint, step.words, worth, proven)


def _money(part: PartPlan) -> Decimal:
    assert part.money is not None, "only asked of plans that looked at money"
    return part.money
