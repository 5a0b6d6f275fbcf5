"""Items that share a supplier's minimum, a container or a budget, against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.errors import Infeasible, InvalidField
from planning.inventory.budget import Budget, open_to_buy
from planning.inventory.joint import JointTerms, joint_order
from planning.inventory.lead_time import LeadTime, arrival_days
from planning.inventory.order_steps import Step, StepLine, valued_steps
from planning.inventory.order_value import OrderValue
from planning.inventory.ordering import ReplenishmentSpec


def line(item: str, values: list[float], *, needed: int = 1, cost: float = 1.0, **more: float) -> StepLine:
    """Packs of ten units."""
    return StepLine(item, tuple(Step(10.0, value) for value in values), needed, cost, **more)


def test_the_cheapest_packs_fill_the_minimum() -> None:
    # 20 of 40 are needed; of the packs that follow, A's costs 1, B's costs 3 and then 4.
    lines = [line("A", [50.0, -1.0], cost_of_waiting=30.0), line("B", [40.0, -3.0, -4.0], cost_of_waiting=10.0)]
    found = joint_order(lines, JointTerms(minimum_value=40.0))
    assert [choice.topped_up for choice in found.choices] == [10.0, 10.0]
    assert (found.is_waiting, found.cost_of_terms, found.order_value) == (False, 4.0, 40.0)
    assert found.is_proven
    assert found.binding == ("minimum_value",)


def test_waiting_is_said_where_it_is_cheaper() -> None:
    lines = [line("A", [50.0, -30.0], cost_of_waiting=5.0)]
    found = joint_order(lines, JointTerms(minimum_value=20.0))
    assert found.is_waiting
    assert (found.cost_of_terms, found.cost_of_waiting) == (30.0, 5.0)


def test_terms_out_of_reach_mean_waiting() -> None:
    found = joint_order([line("A", [50.0], cost_of_waiting=5.0)], JointTerms(minimum_value=200.0))
    assert found.is_waiting
    assert found.choices == ()


def test_a_search_that_ends_early_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planning.inventory.joint.SECONDS", 0.0)
    found = joint_order([line("A", [50.0])], JointTerms())
    assert (found.choices, found.is_proven) == ((), False)


def test_a_container_too_many_is_not_started() -> None:
    # Three packs of ten units of 1 m³ are needed, a container holds 20: the least valuable pack stays behind, for a
    # second container costs more than it brings.
    lines = [line("A", [50.0, 20.0], needed=2, unit_volume=1.0), line("B", [30.0], unit_volume=1.0)]
    found = joint_order(lines, JointTerms(container_volume=20.0, container_cost=25.0, least_fill=0.9))
    assert (found.containers, found.volume) == (1, 20.0)
    assert [choice.left_out for choice in found.choices] == [10.0, 0.0]
    assert found.binding == ("container_volume", "least_fill")


def test_a_container_is_filled_where_that_pays() -> None:
    lines = [line("A", [50.0, 2.0, 1.0, -9.0], unit_volume=1.0, unit_weight=3.0)]
    found = joint_order(lines, JointTerms(container_volume=40.0, container_weight=90.0))
    assert (found.choices[0].quantity, found.containers) == (30.0, 1)
    assert found.binding == ()  # One container holds what is needed too: that more pays is no term's doing.


values = st.lists(st.integers(-8, 12), min_size=1, max_size=3)


@settings(max_examples=25)
@given(st.lists(values, min_size=1, max_size=3), st.integers(0, 80), st.integers(15, 60), st.integers(0, 9))
def test_no_other_choice_is_worth_more(many: list[list[int]], minimum: int, capacity: int, container: int) -> None:
    lines = [
        line(str(index), [float(value) for value in steps], cost=1.0 + index, unit_volume=1.0 + 0.5 * index)
        for index, steps in enumerate(many)
    ]
    terms = JointTerms(minimum_value=minimum, container_volume=capacity, least_fill=0.8, container_cost=container)
    best = float("-inf")
    for counts in itertools.product(*(range(len(steps) + 1) for steps in many)):
        units = [10.0 * count for count in counts]
        goods = sum(one.unit_cost * amount for one, amount in zip(lines, units, strict=True))
        volume = sum(one.unit_volume * amount for one, amount in zip(lines, units, strict=True))
        boxes = int(np.ceil(volume / capacity))
        if any(counts) and goods >= minimum and volume >= 0.8 * capacity * boxes:
            worth = sum(one.value(count) for one, count in zip(lines, counts, strict=True))
            best = max(best, worth - container * boxes)
    found = joint_order(lines, terms)
    assert (found.value if found.choices else float("-inf")) == pytest.approx(best)


def test_a_budget_buys_the_most_valuable_first() -> None:
    lines = [line("A", [9.0, 5.0, 1.0]), line("B", [8.0, 2.0], cost=2.0)]
    found = open_to_buy(lines, [Budget("may", 40.0)])
    # Per money A's packs bring .9, .5, .1 and B's .4, .1: two of A and one of B use it all.
    assert dict(found.quantities) == {"A": 20.0, "B": 10.0}
    assert (found.value, found.bound) == (22.0, pytest.approx(22.0))
    assert [(cut.item, cut.quantity, cut.value) for cut in found.cuts] == [("B", 10.0, 2.0), ("A", 10.0, 1.0)]
    assert found.budgets[0].used == 40.0
    assert 0.1 - 1e-9 <= found.budgets[0].shadow_price <= 0.4 + 1e-9


def test_ample_money_has_no_price_and_buys_nothing_worthless() -> None:
    found = open_to_buy([line("A", [9.0, -1.0])], [Budget("may", 100.0)])
    assert (dict(found.quantities), found.cuts, found.budgets[0].shadow_price) == ({"A": 10.0}, (), 0.0)


def test_a_minimum_order_that_pays_only_with_what_follows() -> None:
    found = open_to_buy([line("A", [-2.0, 8.0, 1.0])], [Budget("may", 20.0)])
    assert dict(found.quantities) == {"A": 20.0}
    assert dict(open_to_buy([line("A", [-2.0, 8.0])], [Budget("may", 10.0)]).quantities) == {"A": 0.0}


steps = st.lists(st.floats(-2, 20), min_size=1, max_size=4)


@settings(max_examples=30)
@given(st.lists(steps, min_size=1, max_size=3), st.floats(0, 120), st.floats(0, 60), st.floats(1, 20))
def test_a_budget_is_kept_bounded_and_nearly_best(
    many: list[list[float]], amount: float, of_first: float, more: float
) -> None:
    lines = [line(str(index), values_, cost=1.0 + 0.3 * index) for index, values_ in enumerate(many)]

    def allocate(extra: float) -> tuple[float, float, float]:
        budgets = [Budget("all", amount + extra), Budget("first", of_first, frozenset({"0"}))]
        found = open_to_buy(lines, budgets)
        assert all(use.used <= use.amount + 1e-6 for use in found.budgets)
        return found.value, found.bound, found.budgets[0].shadow_price

    best = 0.0
    for counts in itertools.product(*(range(len(values_) + 1) for values_ in many)):
        costs = [one.quantity(count) * one.unit_cost for one, count in zip(lines, counts, strict=True)]
        if sum(costs) <= amount and costs[0] <= of_first:
            best = max(best, sum(one.value(count) for one, count in zip(lines, counts, strict=True)))
    value, bound, price = allocate(0.0)
    largest = max(one.value(count) for one in lines for count in range(len(one.steps) + 1))
    assert value <= best + 1e-6 <= bound + 2e-6
    assert value >= best - 2.0 * largest - 1e-6
    # The bound is concave in money: more of it brings at most the shadow price.
    assert allocate(more)[1] <= bound + price * more + 1e-6


def test_steps_come_from_the_scenarios() -> None:
    demand = np.random.default_rng(1).gamma(4.0, 2.5, (200, 30))
    spec = ReplenishmentSpec(20.0, np.zeros(30), LeadTime(5.0), 0.95, 4.0, 3.0, 0.01)
    value = OrderValue(demand, spec, arrival_days(spec.lead_time, 200, 1), usual_price=4.0)
    found = valued_steps(value, first=50.0, pack=25.0, packs=10)
    assert [step.quantity for step in found] == [50.0, *[25.0] * 10]
    assert sum(step.value for step in found) == pytest.approx(value.of(300.0).expected_benefit)
    assert found[1].value > found[-1].value
    assert found[-1].value < 0.0


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("lines", lambda: joint_order([], JointTerms())),
        ("lines", lambda: joint_order([line("A", [1.0], needed=0)], JointTerms())),
        ("lines", lambda: joint_order([line("A", [1.0]), line("A", [1.0])], JointTerms())),
        ("least_fill", lambda: JointTerms(container_volume=1.0, least_fill=1.5)),
        ("container_volume", lambda: JointTerms(container_volume=0.0)),
        ("container_volume", lambda: JointTerms(container_cost=5.0)),
        ("A.needed", lambda: line("A", [1.0], needed=2)),
        ("A.steps.quantity", lambda: StepLine("A", (Step(0.0, 1.0),), 0, 1.0)),
        ("A.steps.value", lambda: line("A", [float("nan")])),
        ("may.amount", lambda: Budget("may", -1.0)),
        ("budgets", lambda: open_to_buy([line("A", [1.0])], [])),
    ],
)
def test_bad_input_is_refused_by_field(field: str, call: object) -> None:
    with pytest.raises(InvalidField) as refused:
        call()  # pyright: ignore[reportCallIssue, reportUnknownVariableType]
    assert refused.value.field == field


def test_an_item_outside_every_budget_is_refused() -> None:
    with pytest.raises(Infeasible, match="A"):
        open_to_buy([line("A", [1.0])], [Budget("b", 5.0, frozenset({"B"}))])
