"""Enumerates every plan of a tiny problem and lets the independent check price it: the optimum to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

from planning.purchasing.check import check_plan
from planning.purchasing.plan import Allocation, ConstraintKind, PlannedLine
from planning.purchasing.pricing import goods_cost
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.settings import Repair


def every_plan(problem: PurchaseProblem, most_surplus: int) -> Iterator[tuple[PlannedLine, ...]]:
    """Every plan that leaves at most `most_surplus` units over on a line, feasible or not."""
    for lines in product(*_choices(problem, most_surplus)):
        yield tuple(line for line in lines if line is not None)


def best_plan(problem: PurchaseProblem, most_surplus: int = 3, repair: Repair | None = None) -> Decimal | None:
    """The smallest objective of a feasible plan; None if there is no feasible plan."""
    checked = (check_plan(problem, lines, repair) for lines in every_plan(problem, most_surplus))
    return min((one.money.objective for one in checked if one.feasible), default=None)


def fewest_unmet(problem: PurchaseProblem, most_surplus: int = 3) -> int:
    """How many required demands cannot all be met, at least."""
    fewest = len(problem.demands)
    for lines in every_plan(problem, most_surplus):
        broken = check_plan(problem, lines).broken
        if all(one.kind is ConstraintKind.REQUIRED for one in broken):
            fewest = min(fewest, len(broken))
    return fewest


def _choices(problem: PurchaseProblem, most_surplus: int) -> Iterator[Sequence[PlannedLine | None]]:
    for offer in problem.offers:
        for day in problem.supplier_of[offer.supplier].order_days:
            wanted = [one for one in problem.demands if one.item == offer.item]
            lines: list[PlannedLine | None] = [None]
            for given in product(*(range(one.quantity + 1) for one in wanted)):
                for surplus in range(most_surplus + 1):
                    units = sum(given) + surplus
                    if units:
                        gifts = zip(wanted, given, strict=True)
                        allocations = tuple(Allocation(one.demand, units) for one, units in gifts if units)
                        arrival = day + offer.lead_time_days
                        cost = goods_cost(offer, units)
                        lines.append(PlannedLine(offer.supplier, offer.item, day, arrival, units, allocations, cost))
            yield lines
