"""What is wrong is refused, and the refusal names the field."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from planning.errors import InvalidField
from planning.purchasing.demands import Demand, Item
from planning.purchasing.limits import Budget, Exclusion, FixedLine, VolumeLimit
from planning.purchasing.optimise import optimise_purchases
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.scale import DoesNotFit
from planning.purchasing.suppliers import BreakKind, Offer, OrderDiscount, PriceBreak, Supplier

PRICE = (PriceBreak(0, Decimal(1)),)
BREAKS = (PriceBreak(0, Decimal(2)), PriceBreak(5, Decimal(1)))
NORTH = Supplier("north")
BOLT = Offer("north", "bolt", PRICE, 2)
NEED = Demand("d1", "bolt", 8, 5)

REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "float price": ("price_break.unit_price", lambda: PriceBreak(0, 0.1)),  # type: ignore[arg-type]
    "infinite price": ("price_break.unit_price", lambda: PriceBreak(0, Decimal("Infinity"))),
    "price that is no number": ("price_break.unit_price", lambda: PriceBreak(0, Decimal("NaN"))),
    "negative price": ("price_break.unit_price", lambda: PriceBreak(0, Decimal(-1))),
    "negative lead time": ("bolt from north.lead_time_days", lambda: Offer("north", "bolt", PRICE, -1)),
    "fractional quantity": ("d1.quantity", lambda: Demand("d1", "bolt", 1.5, 5)),  # type: ignore[arg-type]
    "nothing wanted": ("d1.quantity", lambda: Demand("d1", "bolt", 0, 5)),
    "least above quantity": ("d1.minimum_quantity", lambda: Demand("d1", "bolt", 8, 5, minimum_quantity=9)),
    "latest before due": ("d1.latest_day", lambda: Demand("d1", "bolt", 8, 5, latest_day=4)),
    "earliest after latest": ("d1.earliest_day", lambda: Demand("d1", "bolt", 8, 5, earliest_day=6)),
    "minimum above capacity": (
        "bolt from north.minimum_quantity",
        lambda: Offer("north", "bolt", PRICE, 2, minimum_quantity=9, capacity=8),
    ),
    "no price": ("bolt from north.prices", lambda: Offer("north", "bolt", (), 2)),
    "breaks that fall": ("bolt from north.prices", lambda: Offer("north", "bolt", (*BREAKS, BREAKS[1]), 2)),
    "discount above the order": ("discount.amount", lambda: OrderDiscount(Decimal(5), amount=Decimal(6))),
    "surplus worth buying for ever": ("bolt.maximum_surplus", lambda: Item("bolt", surplus_value=Decimal(1))),
    "limit that contradicts itself": ("week.at_least", lambda: VolumeLimit("week", at_most=4, at_least=5)),
    "policy about nothing": ("near.suppliers", lambda: Exclusion("near")),
    "unknown supplier": (
        "bolt from south.supplier",
        lambda: PurchaseProblem((NEED,), (NORTH,), (Offer("south", "bolt", PRICE, 2),)),
    ),
    "demand twice": ("demands", lambda: PurchaseProblem((NEED, NEED), (NORTH,), (BOLT,))),
    "unknown item of a limit": (
        "week.items",
        lambda: PurchaseProblem((NEED,), (NORTH,), (BOLT,), volume_limits=(VolumeLimit("week", 4, items=("nut",)),)),
    ),
    "fixed line that nobody offers": (
        "fixed",
        lambda: PurchaseProblem((NEED,), (NORTH,), (BOLT,), fixed=(FixedLine("north", "nut", 0, 4),)),
    ),
    "budget that follows an average price": (
        "bolt from north.breaks",
        lambda: PurchaseProblem(
            (NEED,),
            (NORTH,),
            (Offer("north", "bolt", BREAKS, 2, breaks=BreakKind.INCREMENTAL),),
            budgets=(Budget("d1's", Decimal(9), demands=("d1",)),),
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_the_field(case: str) -> None:
    field, make = REFUSED[case]
    with pytest.raises(InvalidField) as refused:
        make()
    assert refused.value.field == field


def test_more_money_than_can_be_added_exactly_is_refused() -> None:
    offer = Offer("north", "bolt", (PriceBreak(0, Decimal("1234567890123.123456")),), 2)
    demand = Demand("d1", "bolt", 10**9, 5)
    with pytest.raises(DoesNotFit):
        optimise_purchases(PurchaseProblem((demand,), (NORTH,), (offer,)))


def test_a_problem_without_demands_has_an_empty_plan() -> None:
    assert optimise_purchases(PurchaseProblem((), (), ())).lines == ()
