"""A buyer's greedy, to be beaten: demand after demand, the cheapest offer that still goes, nothing reconsidered.

Required demands come first, then the earliest due. Orders that stay below a supplier's minimum are given up at the end
and their demands bought again elsewhere. It knows the rules of the made-up networks, not every rule of the planner.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from planning.purchasing.demands import Commitment, Demand
from planning.purchasing.plan import Allocation, PlannedLine
from planning.purchasing.pricing import goods_cost
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.scope import forbids, limits_volume
from planning.purchasing.suppliers import Offer

Key = tuple[str, str, int]


@dataclass
class Bought:
    """A line as the buyer has it so far."""

    offer: Offer
    day: int
    units: int = 0
    gifts: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def spare(self) -> int:
        """Units that are promised to nobody yet."""
        return self.units - sum(self.gifts.values())


def buy_greedily(problem: PurchaseProblem) -> tuple[PlannedLine, ...]:
    """The buyer's lines. They keep the rules, except that a required demand may be left short."""
    closed: set[tuple[str, int]] = set()
    while True:
        buyer = _Buyer(problem, closed)
        buyer.buy()
        below = buyer.orders_below_minimum()
        if not below:
            return buyer.lines()
        closed |= below


class _Buyer:
    """One pass over the demands, without the orders that turned out too small before."""

    def __init__(self, problem: PurchaseProblem, closed: set[tuple[str, int]]) -> None:
        self.problem, self.closed = problem, closed
        self.bought: dict[Key, Bought] = {}
        self.left = min((one.amount for one in problem.budgets), default=Decimal("Infinity"))
        self.options: dict[str, list[tuple[Offer, int]]] = defaultdict(list)
        for offer in problem.offers:
            supplier = problem.supplier_of[offer.supplier]
            if not any(forbids(one, supplier, offer.item, None) for one in problem.exclusions):
                days = (day for day in supplier.order_days if (offer.supplier, day) not in closed)
                self.options[offer.item] += [(offer, day) for day in days]

    def buy(self) -> None:
        """Serve every demand as far as it goes."""
        optional = Commitment.OPTIONAL
        for demand in sorted(self.problem.demands, key=lambda one: (one.commitment is optional, one.due_day)):
            self._serve(demand)

    def _serve(self, demand: Demand) -> None:
        wanted, suppliers = demand.quantity, set[str]()
        for offer, day in self._cheapest_first(demand):
            if len(suppliers | {offer.supplier}) > (demand.maximum_suppliers or len(self.problem.suppliers)):
                continue
            units = self._possible(demand, offer, day, wanted)
            if units == 0 or (not demand.splittable and units < wanted) or units < min(demand.least, wanted):
                continue
            self._take(demand, offer, day, units)
            suppliers.add(offer.supplier)
            wanted -= units
            if wanted == 0:
                return

    def _cheapest_first(self, demand: Demand) -> list[tuple[Offer, int]]:
        fits = [
            (offer, day)
            for offer, day in self.options[demand.item]
            if day + offer.lead_time_days <= demand.last_day
            and (demand.commitment is Commitment.REQUIRED or self._price(demand, offer, day) < demand.unit_value)
        ]
        return sorted(fits, key=lambda one: (self._price(demand, *one), one[0].supplier, one[1]))

    def _price(self, demand: Demand, offer: Offer, day: int) -> Decimal:
        """Per unit of the demand: what the line would cost more, with what is bought for nobody, and the lateness."""
        line = self.bought.get((offer.supplier, offer.item, day))
        before = line.units if line else 0
        after = self._rounded(offer, max(before, before - (line.spare if line else 0) + demand.quantity))
        more = goods_cost(offer, after) - (goods_cost(offer, before) if before else Decimal(0))
        late = max(day + offer.lead_time_days - demand.due_day, 0)
        return more / demand.quantity + demand.lateness_penalty * late

    def _rounded(self, offer: Offer, units: int) -> int:
        return -(-max(units, offer.minimum_quantity) // offer.order_multiple) * offer.order_multiple

    def _possible(self, demand: Demand, offer: Offer, day: int, wanted: int) -> int:
        """Units of `wanted` that capacity, volume limits and the budget allow."""
        line = self.bought.get((offer.supplier, offer.item, day)) or Bought(offer, day)
        room = self._room(offer, day)
        most = line.units + room - room % offer.order_multiple
        if most < self._rounded(offer, 1):
            most = line.units
        units = min(wanted, line.spare + most - line.units)
        while units > 0 and self._extra(line, units) > self.left:
            units = 0 if demand.commitment is Commitment.REQUIRED or not demand.splittable else units // 2
        return units

    def _room(self, offer: Offer, day: int) -> int:
        limits = [one for one in (offer.maximum_quantity,) if one is not None]
        if offer.capacity is not None:
            limits.append(offer.capacity - self._sum(offer.supplier, offer.item))
        for limit in self.problem.volume_limits:
            inside = limits_volume(limit, offer.supplier, offer.item, day, day + offer.lead_time_days)
            if inside and limit.at_most is not None:
                limits.append(limit.at_most - self._sum(offer.supplier, None))
        return max(min(limits, default=10**9), 0)

    def _sum(self, supplier: str, item: str | None) -> int:
        return sum(
            one.units
            for one in self.bought.values()
            if one.offer.supplier == supplier and item in (None, one.offer.item)
        )

    def _extra(self, line: Bought, units: int) -> Decimal:
        after = self._rounded(line.offer, line.units + max(units - line.spare, 0)) if units > line.spare else line.units
        new = not any(key[0] == line.offer.supplier and key[2] == line.day for key in self.bought)
        fee = self.problem.supplier_of[line.offer.supplier].order_cost if new else Decimal(0)
        before = goods_cost(line.offer, line.units) if line.units else Decimal(0)
        return goods_cost(line.offer, after) - before + fee

    def _take(self, demand: Demand, offer: Offer, day: int, units: int) -> None:
        key = offer.supplier, offer.item, day
        line = self.bought.get(key) or Bought(offer, day)
        self.left -= self._extra(line, units)
        if units > line.spare:
            line.units = self._rounded(offer, line.units + units - line.spare)
        line.gifts[demand.demand] = units
        self.bought[key] = line

    def orders_below_minimum(self) -> set[tuple[str, int]]:
        """Orders that the supplier would not take."""
        goods: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        for (supplier, _, day), line in self.bought.items():
            goods[supplier, day] += goods_cost(line.offer, line.units)
        least = self.problem.supplier_of
        return {key for key, amount in goods.items() if amount < least[key[0]].minimum_order_value}

    def lines(self) -> tuple[PlannedLine, ...]:
        """What the buyer orders."""
        return tuple(
            PlannedLine(
                supplier=line.offer.supplier,
                item=line.offer.item,
                order_day=line.day,
                arrival_day=line.day + line.offer.lead_time_days,
                quantity=line.units,
                allocations=tuple(Allocation(name, units) for name, units in line.gifts.items()),
                goods_cost=goods_cost(line.offer, line.units),
            )
            for line in self.bought.values()
        )
