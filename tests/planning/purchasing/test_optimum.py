"""Plans of tiny problems against the enumeration of all plans."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planning.purchasing.changes import changes_between
from planning.purchasing.check import check_plan
from planning.purchasing.demands import Commitment
from planning.purchasing.optimise import optimise_purchases
from planning.purchasing.plan import PlannedLine, Proof
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.settings import Effort, Repair, RepairRule
from tests.planning.purchasing.oracle import best_plan, every_plan, fewest_unmet
from tests.planning.purchasing.strategies import problems

EFFORT = Effort(seconds=20.0, workers=1)
MOST_SURPLUS = 3

unhurried = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=25, derandomize=True
)


@unhurried
@given(problems())
def test_the_plan_is_the_best_of_all_plans(problem: PurchaseProblem) -> None:
    _compare(problem)


@settings(unhurried, max_examples=15)
@given(problems())
def test_so_it_is_on_the_road_of_large_problems(problem: PurchaseProblem) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("planning.purchasing.search.SMALL", -1)
        _compare(problem)


def _compare(problem: PurchaseProblem) -> None:
    plan = optimise_purchases(problem, effort=EFFORT)
    best = best_plan(problem, MOST_SURPLUS)
    if plan.proof is Proof.NONE or plan.unmet:
        assert best is None
        assert plan.collisions
        assert all(one.smallest for one in plan.collisions)
    elif any(line.surplus > MOST_SURPLUS for line in plan.lines):
        assert best is None or plan.objective <= best
    else:
        assert plan.proof is Proof.OPTIMAL
        assert plan.objective == best == plan.bound


@settings(unhurried, max_examples=15)
@given(problems(commitments=(Commitment.REQUIRED,)))
def test_as_few_demands_as_possible_are_unmet_and_each_is_explained(problem: PurchaseProblem) -> None:
    plan = optimise_purchases(problem, effort=EFFORT)
    if plan.proof is Proof.NONE or any(line.surplus > MOST_SURPLUS for line in plan.lines):
        return
    assert len(plan.unmet) == fewest_unmet(problem, MOST_SURPLUS)
    assert {name for one in plan.collisions for name in one.demands} == set(plan.unmet)


@settings(unhurried, max_examples=20)
@given(problems(commitments=(Commitment.OPTIONAL,)), st.sampled_from(list(RepairRule)), st.integers(0, 1))
def test_a_repair_is_the_best_by_its_own_rule(problem: PurchaseProblem, rule: RepairRule, cancelled: int) -> None:
    first = optimise_purchases(problem, effort=EFFORT)
    left = replace(problem, offers=tuple(one for n, one in enumerate(problem.offers) if n != cancelled))
    repair = Repair(first.lines, rule, Decimal("0.5"), Decimal("0.125"))
    plan = optimise_purchases(left, effort=EFFORT, repair=repair)
    if plan.proof is Proof.NONE or any(line.surplus > MOST_SURPLUS for line in (*plan.lines, *first.lines)):
        return
    assert plan.proof is Proof.OPTIMAL
    assert plan.changes == changes_between(first.lines, plan.lines)
    if rule is RepairRule.MONEY_AND_CHANGES:
        assert plan.objective == best_plan(left, MOST_SURPLUS, repair)
        return
    reached = tuple(Decimal(stage.value) for stage in plan.stages)
    assert reached == min(
        _goals(left, lines, first.lines) for lines in every_plan(left, MOST_SURPLUS) if check_plan(left, lines).feasible
    )


def _goals(
    problem: PurchaseProblem, lines: tuple[PlannedLine, ...], before: tuple[PlannedLine, ...]
) -> tuple[Decimal, ...]:
    """Promises broken, lines changed, units moved, money: recomputed from two plans."""
    promised: dict[str, int] = {}
    for gift in (gift for line in before for gift in line.allocations):
        promised[gift.demand] = promised.get(gift.demand, 0) + gift.quantity
    checked = check_plan(problem, lines)
    broken = Decimal(0)
    for demand, outcome in zip(problem.demands, checked.outcomes, strict=True):
        lost = max(promised.get(demand.demand, 0) - outcome.delivered, 0)
        broken += lost * max(demand.unit_value + demand.shortage_penalty, Decimal(1))
    changes = changes_between(before, lines)
    moved = sum(abs(one.after - one.before) for one in changes)
    return broken, Decimal(len(changes)), Decimal(moved), checked.money.objective
