"""Single rules on problems that fit on a page: what a person would work out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from planning.purchasing.check import check_plan
from planning.purchasing.demands import Commitment, Demand
from planning.purchasing.limits import Budget, Exclusion, FixedLine, Period, VolumeLimit
from planning.purchasing.optimise import optimise_purchases
from planning.purchasing.plan import Allocation, ConstraintKind, PlannedLine, Proof, PurchasePlan
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.settings import Effort, Priorities, Questions, Repair
from planning.purchasing.suppliers import BreakKind, Offer, OrderDiscount, PriceBreak, Supplier

EFFORT = Effort(seconds=20.0, workers=1)


def money(text: str) -> Decimal:
    return Decimal(text)


def offer(supplier: str, price: str, *, item: str = "bolt", days: int = 2, **more: object) -> Offer:
    return Offer(supplier, item, (PriceBreak(0, money(price)),), days, **more)  # type: ignore[arg-type]


def problem(*demands: Demand, offers: tuple[Offer, ...], **more: object) -> PurchaseProblem:
    names = dict.fromkeys(one.supplier for one in offers)
    suppliers = more.pop("suppliers", tuple(Supplier(name) for name in names))
    return PurchaseProblem(demands, suppliers, offers, **more)  # type: ignore[arg-type]


def plan(asked: PurchaseProblem, **more: object) -> PurchasePlan:
    found = optimise_purchases(asked, effort=EFFORT, **more)  # type: ignore[arg-type]
    assert found.proof is not Proof.GAP
    return found


def bought(found: PurchasePlan) -> dict[str, int]:
    return {f"{line.supplier} {line.item} {line.order_day}": line.quantity for line in found.lines}


NEED = Demand("d1", "bolt", 80, due_day=5)


def test_all_units_break_makes_buying_more_cheaper() -> None:
    steps = (PriceBreak(0, money("1.00")), PriceBreak(100, money("0.75")))
    found = plan(problem(NEED, offers=(Offer("north", "bolt", steps, 2),)))
    assert bought(found) == {"north bolt 0": 100}
    assert found.objective == 75
    assert found.lines[0].surplus == 20


def test_incremental_break_does_not() -> None:
    steps = (PriceBreak(0, money("1.00")), PriceBreak(60, money("0.75")))
    found = plan(problem(NEED, offers=(Offer("north", "bolt", steps, 2, breaks=BreakKind.INCREMENTAL),)))
    assert found.objective == 60 + money("0.75") * 20


def test_prices_below_a_cent_are_not_rounded() -> None:
    found = plan(problem(replace(NEED, quantity=3), offers=(offer("north", "0.0125"),)))
    assert found.objective == money("0.0375")


def test_minimum_and_multiple_count_on_the_shared_line_unless_lines_are_apart() -> None:
    asked = problem(
        replace(NEED, quantity=6),
        replace(NEED, demand="d2", quantity=6),
        offers=(offer("north", "1", order_multiple=10),),
    )
    assert plan(asked).objective == 20
    assert [line.demand for line in plan(replace(asked, pooled=False)).lines] == ["d1", "d2"]


def test_sharing_an_order_beats_two_cheaper_lines() -> None:
    suppliers = (Supplier("north", order_cost=money("30")), Supplier("south", order_cost=money("30")))
    demands = (NEED, Demand("d2", "nut", 10, due_day=5))
    offers = (offer("north", "1"), offer("north", "3", item="nut"), offer("south", "1", item="nut"))
    found = plan(problem(*demands, offers=offers, suppliers=suppliers))
    assert len(found.orders) == 1
    assert found.objective == 80 + 30 + 30


def test_an_order_is_raised_to_earn_its_discount() -> None:
    discount = OrderDiscount(money("100"), rate=money("0.25"))
    found = plan(problem(NEED, offers=(offer("north", "1"),), suppliers=(Supplier("north", discounts=(discount,)),)))
    assert (found.money.goods, found.money.discounts) == (100, 25)


def test_lateness_is_bought_where_it_is_cheaper() -> None:
    late = replace(NEED, latest_day=9, lateness_penalty=money("0.10"))
    found = plan(problem(late, offers=(offer("near", "2"), offer("far", "1", days=8))))
    assert bought(found) == {"far bolt 0": 80}
    assert found.money.lateness == 24


def test_an_optional_demand_is_served_where_it_pays() -> None:
    cheap, dear = (
        replace(NEED, demand=name, commitment=Commitment.OPTIONAL, unit_value=money(value))
        for name, value in (("cheap", "0.90"), ("dear", "1.10"))
    )
    found = plan(problem(cheap, dear, offers=(offer("north", "1"),)))
    assert [(one.demand, one.delivered) for one in found.outcomes] == [("cheap", 0), ("dear", 80)]
    assert found.objective == -8


def test_tiers_come_before_money() -> None:
    first = replace(NEED, demand="first", commitment=Commitment.OPTIONAL, unit_value=money("2"), tier=0)
    second = replace(first, demand="second", unit_value=money("9"), tier=1)
    asked = problem(first, second, offers=(offer("north", "1", capacity=80),))
    delivered = {rule: [one.delivered for one in plan(asked, priorities=rule).outcomes] for rule in Priorities}
    assert delivered == {Priorities.MONEY: [0, 80], Priorities.TIERS: [80, 0]}


def test_a_budget_of_a_period_moves_the_order_out_of_it() -> None:
    supplier = Supplier("north", order_days=(0, 3), order_cost=money("5"))
    budget = Budget("week 1", money("45"), period=Period(0, 2))
    found = plan(problem(NEED, offers=(offer("north", "1"),), suppliers=(supplier,), budgets=(budget,)))
    assert bought(found) == {"north bolt 3": 80}


def test_a_demand_budget_follows_the_price_of_its_line() -> None:
    rich, poor = (
        NEED,
        replace(NEED, demand="poor", budget=money("70"), commitment=Commitment.OPTIONAL, unit_value=money("5")),
    )
    offers = (offer("cheap", "0.80", capacity=80), offer("dear", "1"))
    found = plan(problem(rich, poor, offers=offers))
    given = {(gift.demand, line.supplier): gift.quantity for line in found.lines for gift in line.allocations}
    assert given == {("poor", "cheap"): 80, ("d1", "dear"): 80}


def test_supplier_that_cancels_is_replaced_and_nothing_else_moves() -> None:
    demands = (NEED, Demand("d2", "nut", 10, due_day=5), Demand("d3", "cog", 10, due_day=5))
    offers = tuple(
        offer(name, price, item=item)
        for item in ("bolt", "nut", "cog")
        for name, price in (("north", "1"), ("south", "2"))
    )
    asked = problem(*demands, offers=offers)
    first = plan(asked)
    cheaper = tuple(
        replace(one, prices=(PriceBreak(0, money("0.5")),)) if one.supplier == "south" else one for one in offers
    )
    gone = replace(asked, offers=tuple(one for one in cheaper if one.label != "bolt from north"))
    found = plan(gone, repair=Repair(first.lines))
    assert [(one.line.supplier, one.line.item, one.before, one.after) for one in found.changes] == [
        ("north", "bolt", 80, 0),
        ("south", "bolt", 0, 80),
    ]
    assert bought(plan(gone)) == {f"south {item} 0": n for item, n in (("bolt", 80), ("nut", 10), ("cog", 10))}


def test_a_fixed_line_stays() -> None:
    fixed = (FixedLine("south", "bolt", 0, 30),)
    found = plan(problem(NEED, offers=(offer("north", "1"), offer("south", "2")), fixed=fixed))
    assert bought(found) == {"north bolt 0": 50, "south bolt 0": 30}


def test_a_collision_names_the_fewest_constraints() -> None:
    offers = (
        offer("north", "1", capacity=50),
        offer("east", "1", days=9),
        offer("china", "1", qualified_customers=("else",)),
    )
    asked = problem(
        replace(NEED, customer="anna"), offers=offers, exclusions=(Exclusion("near", suppliers=("china",)),)
    )
    found = plan(asked)
    assert found.unmet == ("d1",)
    (collision,) = found.collisions
    assert collision.smallest
    kinds = {one.kind for one in collision.constraints}
    both = {ConstraintKind.EXCLUSION, ConstraintKind.QUALIFICATION}
    assert kinds - both == {ConstraintKind.REQUIRED, ConstraintKind.CAPACITY, ConstraintKind.DUE_DATE}
    assert len(kinds & both) == 1


def test_two_demands_that_share_too_little_are_named_together_and_the_rest_is_planned() -> None:
    other, free = replace(NEED, demand="d2"), Demand("d3", "nut", 5, due_day=5)
    limit = VolumeLimit("north's week", at_most=100, suppliers=("north",), items=("bolt",))
    found = plan(
        problem(
            NEED, other, free, offers=(offer("north", "1"), offer("north", "1", item="nut")), volume_limits=(limit,)
        )
    )
    assert len(found.unmet) == 1
    assert [one.subject for one in found.collisions[0].constraints] == ["d1", "d2", "north's week"]
    assert bought(found)["north nut 0"] == 5


def test_no_plan_at_all_is_explained() -> None:
    limits = (VolumeLimit("contract", at_least=10), VolumeLimit("warehouse", at_most=5))
    found = plan(problem(NEED, offers=(offer("north", "1"),), volume_limits=limits))
    assert found.proof is Proof.NONE
    assert [one.subject for one in found.collisions[0].constraints] == ["contract", "warehouse"]


def test_a_commitment_that_nobody_can_keep_does_not_get_lost_between_the_parts() -> None:
    limits = (VolumeLimit("contract", at_least=1, suppliers=("south",)),)
    suppliers = (Supplier("north"), Supplier("south"))
    nut = replace(NEED, demand="d2", item="nut")
    found = plan(problem(NEED, nut, offers=(offer("north", "1"),), suppliers=suppliers, volume_limits=limits))
    assert found.proof is Proof.NONE
    assert [one.subject for one in found.collisions[0].constraints] == ["contract"]


def test_questions_are_answered_with_what_a_step_is_worth() -> None:
    asked = problem(NEED, offers=(offer("north", "1", capacity=50), offer("south", "1.5")))
    found = plan(asked, questions=Questions(binding=5, runner_up=True))
    worth = {one.constraint.kind: one.worth for one in found.binding}
    assert worth == {ConstraintKind.CAPACITY: money("0.5")}
    assert found.runner_up is not None
    assert found.runner_up.extra == 25


def test_the_same_seed_gives_the_same_plan() -> None:
    same = [offer(name, "1") for name in ("north", "south", "east")]
    asked = problem(NEED, replace(NEED, demand="d2"), offers=tuple(same))
    effort = Effort(seconds=20.0, reproducible=True)
    assert optimise_purchases(asked, effort=effort).lines == optimise_purchases(asked, effort=effort).lines


def test_the_check_sees_what_is_wrong_with_a_plan() -> None:
    asked = problem(NEED, offers=(offer("north", "1", minimum_quantity=90),))
    line = PlannedLine("north", "bolt", 0, 2, 80, (Allocation("d1", 80),), money("80"))
    assert [one.kind for one in check_plan(asked, [line]).broken] == [ConstraintKind.MINIMUM_LINE]
    assert check_plan(asked, [replace(line, goods_cost=money("79"))]).faults
    assert check_plan(asked, [replace(line, arrival_day=1)]).faults
    assert check_plan(asked, [line, line]).faults


def test_progress_can_end_the_search() -> None:
    class Enough(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        optimise_purchases(problem(NEED, offers=(offer("north", "1"),)), progress=stop)
