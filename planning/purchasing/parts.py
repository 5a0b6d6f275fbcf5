"""Plans the parts of a problem one after the other, small ones first: the time they leave is for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planning.purchasing.clock import Clock
from planning.purchasing.part import PartPlan, Task, plan_part
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.split import split


def plan_parts(problem: PurchaseProblem, task: Task, clock: Clock, known: Sequence[PartPlan] = ()) -> list[PartPlan]:
    """A plan of every part; `known` plans of the same parts are taken as they are."""
    parts = split(problem)
    there = [(one.problem, one) for one in known]
    found = [plan for part in parts for other, plan in there if other == part]
    missing = sorted((part for part in parts if all(other != part for other, _ in there)), key=_size)
    for position, part in enumerate(missing):
        share = _size(part) / sum(map(_size, missing[position:]))
        found.append(plan_part(part, _own(task, part, len(parts)), clock.part(share, "plan")))
    return found


def _size(part: PurchaseProblem) -> int:
    return len(part.demands) + 1


def _own(task: Task, part: PurchaseProblem, parts: int) -> Task:
    """A part repairs its own lines; lines of items that are no longer there changed whatever is planned."""
    if task.repair is None or parts == 1:
        return task
    items = set(part.item_names)
    previous = tuple(line for line in task.repair.previous if line.item in items)
    return replace(task, repair=replace(task.repair, previous=previous))
