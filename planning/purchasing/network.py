"""A purchase problem as lines, price tiers and arcs in whole numbers: what could be bought when, and for whom.

Lines and arcs that a constraint forbids are kept with the constraint, so that a collision can name it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from planning.purchasing import constraints as named
from planning.purchasing.demands import Demand
from planning.purchasing.plan import Constraint, LineKey
from planning.purchasing.pricing import goods_cost
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.scale import Scale, fits
from planning.purchasing.scope import charges_demand, forbids, limits_volume, within
from planning.purchasing.suppliers import BreakKind, Offer


@dataclass(frozen=True)
class Tier:
    """Between `lowest` and `highest` units a line costs `base` + `price` × units, in ticks."""

    lowest: int
    highest: int
    price: int
    base: int


@dataclass(frozen=True)
class Line:
    """A purchase that could be made.

    No sensible plan buys more than `ceiling`, or leaves more than `surplus_room` beyond what it needs to be sold at all
    or to reach a price. `barred` by these constraints.
    """

    number: int
    offer: Offer
    order_day: int
    demand: str | None
    ceiling: int
    surplus_room: int
    tiers: tuple[Tier, ...]
    barred: tuple[Constraint, ...]

    @property
    def arrival_day(self) -> int:
        """When its units can be given away."""
        return self.order_day + self.offer.lead_time_days

    @property
    def key(self) -> LineKey:
        """The line's name."""
        return LineKey(self.offer.supplier, self.offer.item, self.order_day, self.demand)

    @property
    def order(self) -> tuple[str, int]:
        """The order that it is part of."""
        return self.offer.supplier, self.order_day


@dataclass(frozen=True)
class Arc:
    """Units of a line that could be given to a demand, at `cost` ticks each for being early or late."""

    line: int
    demand: int
    cost: int
    late: bool
    barred: tuple[Constraint, ...]


@dataclass(frozen=True)
class Network:
    """All lines and arcs of a problem; `arcs_to[d]` and `arcs_from[l]` are numbers of arcs."""

    problem: PurchaseProblem
    scale: Scale
    lines: tuple[Line, ...]
    arcs: tuple[Arc, ...]
    arcs_to: tuple[tuple[int, ...], ...]
    arcs_from: tuple[tuple[int, ...], ...]
    priced: frozenset[int]


def build_network(problem: PurchaseProblem, scale: Scale) -> Network:
    """The network of a problem.

    Raises:
        DoesNotFit: some line could cost more than exact arithmetic holds.
    """
    lines = tuple(_lines(problem, scale))
    arcs = tuple(_arcs(problem, scale, lines))
    to: list[list[int]] = [[] for _ in problem.demands]
    out: list[list[int]] = [[] for _ in lines]
    for number, arc in enumerate(arcs):
        to[arc.demand].append(number)
        out[arc.line].append(number)
    priced = frozenset(number for number, one in enumerate(problem.demands) if _is_priced(problem, one))
    return Network(problem, scale, lines, arcs, tuple(map(tuple, to)), tuple(map(tuple, out)), priced)


def _is_priced(problem: PurchaseProblem, demand: Demand) -> bool:
    budgets = (one for one in problem.budgets if one.by_unit)
    return demand.budget is not None or any(charges_demand(one, demand.demand, demand.customer) for one in budgets)


def _lines(problem: PurchaseProblem, scale: Scale) -> Iterator[Line]:
    wanted: dict[str, list[Demand]] = defaultdict(list)
    for demand in problem.demands:
        wanted[demand.item].append(demand)
    number = 0
    for offer in problem.offers:
        groups: list[tuple[str | None, int]] = [(one.demand, one.quantity) for one in wanted[offer.item]]
        if problem.pooled:
            groups = [(None, sum(one.quantity for one in wanted[offer.item]))]
        barred = tuple(_line_bars(problem, offer))
        for day in sorted(problem.supplier_of[offer.supplier].order_days):
            for demand, units in groups:
                room = _surplus_room(problem, offer, day)
                steps = max(offer.minimum_quantity, offer.prices[-1].quantity) + offer.order_multiple
                ceiling = units + steps + room
                tiers = tuple(_tiers(offer, scale, ceiling))
                yield Line(number, offer, day, demand, ceiling, room, tiers, barred)
                number += 1


def _line_bars(problem: PurchaseProblem, offer: Offer) -> Iterator[Constraint]:
    supplier = problem.supplier_of[offer.supplier]
    for policy in problem.exclusions:
        if policy.customers is None and forbids(policy, supplier, offer.item, None):
            yield named.excluded(policy)


def _surplus_room(problem: PurchaseProblem, offer: Offer, day: int) -> int:
    """Surplus that may pay beyond a line's own minimum and breaks: it reaches every other threshold by itself."""
    supplier = problem.supplier_of[offer.supplier]
    item = problem.item_of[offer.item]
    room = supplier.minimum_order_units + sum(
        one.at_least
        for one in problem.volume_limits
        if limits_volume(one, offer.supplier, offer.item, day, day + offer.lead_time_days)
    )
    room += sum(one.quantity for one in problem.fixed if (one.supplier, one.item) == (offer.supplier, offer.item))
    cheapest = min(step.unit_price for step in offer.prices if step.unit_price > 0) if _costs(offer) else None
    if cheapest is not None:
        values = [supplier.minimum_order_value, *(one.minimum_value for one in supplier.discounts)]
        room += sum(int(value / cheapest) + 1 for value in values if value > 0)
    return room + (item.maximum_surplus or 0 if item.surplus_value > 0 else 0)


def _costs(offer: Offer) -> bool:
    return any(step.unit_price > 0 for step in offer.prices)


def _tiers(offer: Offer, scale: Scale, ceiling: int) -> Iterator[Tier]:
    for position, step in enumerate(offer.prices):
        last = position + 1 == len(offer.prices)
        highest = ceiling if last else min(offer.prices[position + 1].quantity - 1, ceiling)
        lowest = max(step.quantity, 1)
        if lowest > highest:
            continue
        price = scale.ticks(step.unit_price)
        base = 0
        if offer.breaks is BreakKind.INCREMENTAL:
            base = scale.ticks(goods_cost(offer, lowest) - Decimal(step.unit_price) * lowest)
        fits(f"{offer.label}.prices", abs(base) + price * highest)
        yield Tier(lowest, highest, price, base)


def _arcs(problem: PurchaseProblem, scale: Scale, lines: tuple[Line, ...]) -> Iterator[Arc]:
    by_item: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_item[line.offer.item].append(line)
    for number, demand in enumerate(problem.demands):
        holding = scale.ticks(problem.item_of[demand.item].holding_cost)
        lateness = scale.ticks(demand.lateness_penalty)
        for line in by_item[demand.item]:
            if line.demand in (None, demand.demand):
                early, late = demand.due_day - line.arrival_day, line.arrival_day - demand.due_day
                cost = holding * max(early, 0) + lateness * max(late, 0)
                fits(f"{demand.demand}.lateness_penalty", cost * demand.quantity)
                yield Arc(line.number, number, cost, late > 0, tuple(_arc_bars(problem, demand, line)))


def _arc_bars(problem: PurchaseProblem, demand: Demand, line: Line) -> Iterator[Constraint]:
    offer, supplier = line.offer, problem.supplier_of[line.offer.supplier]
    if line.arrival_day > demand.last_day:
        yield named.due_date(demand)
    if line.arrival_day < demand.earliest_day:
        yield named.earliest_day(demand)
    if not within(supplier.supplier, demand.qualified_suppliers):
        yield named.demand_qualification(demand)
    if not within(demand.customer, offer.qualified_customers):
        yield named.offer_qualification(offer)
    if not within(demand.customer, supplier.qualified_customers):
        yield named.supplier_qualification(supplier)
    for policy in problem.exclusions:
        if policy.customers is not None and forbids(policy, supplier, offer.item, demand.customer):
            yield named.excluded(policy)
