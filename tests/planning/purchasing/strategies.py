"""Tiny purchase problems with every kind of rule in them, small enough to be enumerated."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from planning.purchasing.demands import Commitment, Demand, Item
from planning.purchasing.limits import Budget, Exclusion, Measure, Period, PlanLimits, VolumeLimit
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.suppliers import BreakKind, Offer, OrderDiscount, PriceBreak, Supplier

amounts = st.sampled_from(["0", "0.5", "1", "1.25", "2", "3.333", "7"]).map(Decimal)
small = st.sampled_from(["0", "0", "0.5", "1", "2.5"]).map(Decimal)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), strategy)


@st.composite
def suppliers(draw: st.DrawFn, name: str) -> Supplier:
    discounts = st.builds(
        OrderDiscount,
        minimum_value=st.sampled_from([Decimal(2), Decimal(5)]),
        minimum_lines=st.sampled_from([1, 1, 2]),
        rate=st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("0.025")]),
        amount=st.sampled_from([Decimal(0), Decimal(1)]),
    )
    return Supplier(
        name,
        order_days=draw(st.sampled_from([(0,), (0,), (2,)])),
        order_cost=draw(small),
        supplier_cost=draw(st.sampled_from([Decimal(0), Decimal(1)])),
        minimum_order_value=draw(st.sampled_from([Decimal(0), Decimal(0), Decimal(4)])),
        minimum_order_units=draw(st.sampled_from([0, 0, 2])),
        discounts=tuple(draw(st.lists(discounts, max_size=2))),
        country=draw(st.sampled_from(["DE", "CN"])),
        qualified_customers=draw(maybe(st.just(("anna",)))),
    )


@st.composite
def offers(draw: st.DrawFn, supplier: str, item: str, *, incremental: bool) -> Offer:
    prices = [PriceBreak(0, draw(amounts))]
    if draw(st.booleans()):
        prices.append(PriceBreak(draw(st.sampled_from([2, 3])), draw(amounts)))
    minimum = draw(st.sampled_from([0, 0, 2, 3]))
    kinds = list(BreakKind) if incremental else [BreakKind.ALL_UNITS]
    return Offer(
        supplier,
        item,
        tuple(prices),
        lead_time_days=draw(st.sampled_from([1, 3])),
        minimum_quantity=minimum,
        order_multiple=draw(st.sampled_from([1, 1, 2])),
        maximum_quantity=draw(st.sampled_from([None, None, 3])),
        capacity=draw(st.sampled_from([None, None, 3])),
        breaks=draw(st.sampled_from(kinds)),
        line_cost=draw(small),
        risk_cost=draw(st.sampled_from([Decimal(0), Decimal("0.25")])),
        qualified_customers=draw(st.sampled_from([None, None, None, ("bert",)])),
    )


@st.composite
def demands(draw: st.DrawFn, name: str, item: str, commitments: list[Commitment], *, budgets: bool) -> Demand:
    quantity = draw(st.integers(1, 2))
    due = draw(st.sampled_from([1, 2, 4]))
    return Demand(
        name,
        item,
        quantity,
        due,
        customer=draw(st.sampled_from(["anna", "bert"])),
        commitment=draw(st.sampled_from(commitments)),
        minimum_quantity=draw(st.sampled_from([None, None, quantity])),
        tier=draw(st.sampled_from([0, 1])),
        unit_value=draw(st.sampled_from([Decimal(0), Decimal(4), Decimal("9.99")])),
        shortage_penalty=draw(small),
        shortage_fee=draw(small),
        latest_day=draw(st.sampled_from([None, due, due + 3])),
        earliest_day=draw(st.sampled_from([0, 0, 1])),
        lateness_penalty=draw(small),
        late_fee=draw(small),
        splittable=draw(st.booleans()),
        maximum_suppliers=draw(st.sampled_from([None, None, 1])),
        budget=draw(st.sampled_from([None, None, Decimal(3)])) if budgets else None,
    )


@st.composite
def problems(draw: st.DrawFn, commitments: tuple[Commitment, ...] = tuple(Commitment)) -> PurchaseProblem:
    items = ["bolt", "nut"][: draw(st.integers(1, 2))]
    names = ["north", "south"]
    by_unit = draw(st.booleans())
    made = tuple(draw(suppliers(name)) for name in names)
    pairs = [(name, item) for name in names for item in items]
    offered = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=3, unique=True))
    chosen = draw(st.lists(st.sampled_from(items), min_size=1, max_size=2))
    wanted = tuple(
        draw(demands(f"d{number}", item, list(commitments), budgets=by_unit)) for number, item in enumerate(chosen)
    )
    return PurchaseProblem(
        wanted,
        made,
        tuple(draw(offers(supplier, item, incremental=not by_unit)) for supplier, item in offered),
        items=tuple(_item(draw, item) for item in items),
        volume_limits=_volumes(draw, items),
        budgets=_budgets(draw, wanted, by_unit=by_unit),
        exclusions=draw(st.sampled_from([(), (), (Exclusion("home", countries=("CN",), customers=("anna",)),)])),
        limits=PlanLimits(draw(maybe(st.just(1))), None),
    )


def _item(draw: st.DrawFn, item: str) -> Item:
    most = draw(st.sampled_from([None, 0, 1]))
    value = draw(st.sampled_from([Decimal(0), Decimal("0.3")])) if most is not None else Decimal(0)
    return Item(
        item, size=draw(st.sampled_from([1, 3])), surplus_value=value, maximum_surplus=most, holding_cost=draw(small)
    )


def _volumes(draw: st.DrawFn, items: list[str]) -> tuple[VolumeLimit, ...]:
    limit = VolumeLimit(
        "north's week",
        at_most=draw(st.sampled_from([2, 4])),
        at_least=draw(st.sampled_from([0, 0, 1])),
        suppliers=("north",),
        items=draw(maybe(st.just((items[0],)))),
        period=draw(maybe(st.just(Period(0, 1)))),
        measure=draw(st.sampled_from(list(Measure))),
    )
    return draw(st.sampled_from([(), (limit,)]))


def _budgets(draw: st.DrawFn, wanted: tuple[Demand, ...], *, by_unit: bool) -> tuple[Budget, ...]:
    amount = draw(st.sampled_from([Decimal(3), Decimal("6.5")]))
    kinds = [(), (Budget("all", amount),), (Budget("item", amount, items=(wanted[0].item,)),)]
    kinds.append((Budget("south", amount, suppliers=("south",), period=Period(0, 1)),))
    if by_unit:
        kinds += [(Budget("anna's", amount, customers=("anna",)),)] if any(d.customer == "anna" for d in wanted) else []
    return draw(st.sampled_from(kinds))
