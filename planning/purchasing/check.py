"""Recomputes money and feasibility of any plan from the inputs alone. It knows nothing of how a plan was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from planning.purchasing import constraints as named
from planning.purchasing.changes import change_cost
from planning.purchasing.demands import NOTHING, Commitment, Demand
from planning.purchasing.plan import Constraint, DemandOutcome, PlanMoney, PlannedLine, PlannedOrder
from planning.purchasing.pricing import discount_of, goods_cost, unit_price
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.scope import charges_demand, charges_line, forbids, limits_volume, within
from planning.purchasing.settings import Repair
from planning.purchasing.suppliers import Offer


@dataclass(frozen=True)
class CheckedPlan:
    """What a plan costs, what each demand gets, and every constraint that it breaks (each once).

    `faults` are lines that make no sense for the problem at all: an unknown offer, a wrong day, more given than bought.
    """

    money: PlanMoney
    orders: tuple[PlannedOrder, ...]
    outcomes: tuple[DemandOutcome, ...]
    broken: tuple[Constraint, ...]
    faults: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Nothing broken, nothing at fault."""
        return not self.broken and not self.faults


@dataclass(frozen=True)
class Gift:
    """`quantity` units of `line` given to `demand`."""

    line: PlannedLine
    demand: Demand
    quantity: int

    @property
    def late_days(self) -> int:
        """Days after the due day."""
        return max(self.line.arrival_day - self.demand.due_day, 0)

    @property
    def early_days(self) -> int:
        """Days before the due day."""
        return max(self.demand.due_day - self.line.arrival_day, 0)


def check_plan(problem: PurchaseProblem, lines: Sequence[PlannedLine], repair: Repair | None = None) -> CheckedPlan:
    """Check `lines` against `problem`; goods costs and arrival days that the lines carry are compared, not believed."""
    faults = tuple(_faults(problem, lines))
    if faults:
        return CheckedPlan(PlanMoney(), (), (), (), faults)
    return _Check(problem, lines, repair).result()


def _faults(problem: PurchaseProblem, lines: Sequence[PlannedLine]) -> Iterator[str]:
    seen: set[object] = set()
    items = {one.demand: one.item for one in problem.demands}
    for line in lines:
        if line.key in seen:
            yield f"{line.key} is there twice"
        seen.add(line.key)
        offer = problem.offer_of.get((line.supplier, line.item))
        if offer is None:
            yield f"{line.item} from {line.supplier} is not offered"
        else:
            yield from _line_faults(problem, items, line, offer)


def _line_faults(problem: PurchaseProblem, items: dict[str, str], line: PlannedLine, offer: Offer) -> Iterator[str]:
    if line.order_day not in problem.supplier_of[line.supplier].order_days:
        yield f"{line.supplier} takes no orders on day {line.order_day}"
    if line.arrival_day != line.order_day + offer.lead_time_days:
        yield f"{line.key} does not arrive on day {line.arrival_day}"
    if line.quantity < 1 or line.surplus < 0 or any(one.quantity < 1 for one in line.allocations):
        yield f"{line.key} has quantities that do not add up"
    elif line.goods_cost != goods_cost(offer, line.quantity):
        yield f"{line.key} does not cost {line.goods_cost}"
    if (line.demand is None) != problem.pooled:
        yield f"{line.key} must name a demand exactly where demands have lines of their own"
    names = [one.demand for one in line.allocations]
    if len(set(names)) < len(names) or any(items.get(name) != line.item for name in names):
        yield f"{line.key} is given to what is no demand for {line.item}"
    if line.demand is not None and any(name != line.demand for name in names):
        yield f"{line.key} is given to another demand"


class _Check:
    """One pass over lines that are sound in themselves."""

    def __init__(self, problem: PurchaseProblem, lines: Sequence[PlannedLine], repair: Repair | None) -> None:
        self.problem, self.lines, self.repair = problem, lines, repair
        demands = {one.demand: one for one in problem.demands}
        self.gifts = [Gift(line, demands[one.demand], one.quantity) for line in lines for one in line.allocations]
        self.of_demand: dict[str, list[Gift]] = defaultdict(list)
        for gift in self.gifts:
            self.of_demand[gift.demand.demand].append(gift)
        self.orders = tuple(self._orders())

    def result(self) -> CheckedPlan:
        broken = dict.fromkeys(
            [*self._broken_lines(), *self._broken_gifts(), *self._broken_demands(), *self._broken_limits()]
        )
        outcomes = tuple(self._outcome(one) for one in self.problem.demands)
        return CheckedPlan(self._money(), self.orders, outcomes, tuple(broken), ())

    def offer(self, line: PlannedLine) -> Offer:
        return self.problem.offer_of[line.supplier, line.item]

    def _orders(self) -> Iterator[PlannedOrder]:
        together: dict[tuple[str, int], list[PlannedLine]] = defaultdict(list)
        for line in self.lines:
            together[line.supplier, line.order_day].append(line)
        for (name, day), lines in sorted(together.items()):
            supplier = self.problem.supplier_of[name]
            goods = sum((one.goods_cost for one in lines), NOTHING)
            fees = sum((self.offer(one).line_cost for one in lines), NOTHING)
            off = discount_of(supplier, goods, len(lines))
            units = sum(one.quantity for one in lines)
            yield PlannedOrder(name, day, len(lines), units, goods, fees, supplier.order_cost, off)

    def _money(self) -> PlanMoney:
        days = [(one, self.problem.item_of[one.line.item].holding_cost) for one in self.gifts]
        outcomes = [(one, self._outcome(one)) for one in self.problem.demands]
        return PlanMoney(
            goods=_total(one.goods_cost for one in self.orders),
            lines=_total(one.line_cost for one in self.orders),
            risk=_total(self.offer(one).risk_cost * one.quantity for one in self.lines),
            orders=_total(one.order_cost for one in self.orders),
            discounts=_total(one.discount for one in self.orders),
            suppliers=_total(self.problem.supplier_of[one].supplier_cost for one in self._suppliers()),
            holding=_total(cost * one.quantity * one.early_days for one, cost in days),
            lateness=_total(one.demand.lateness_penalty * one.quantity * one.late_days for one in self.gifts)
            + _total(demand.late_fee for demand, outcome in outcomes if outcome.late_units),
            shortage=_total(_shortage(demand, outcome.short) for demand, outcome in outcomes),
            value=_total(demand.unit_value * outcome.delivered for demand, outcome in outcomes),
            surplus=_total(self.problem.item_of[one.item].surplus_value * one.surplus for one in self.lines),
            changes=change_cost(self.repair, self.lines) if self.repair else NOTHING,
        )

    def _suppliers(self) -> set[str]:
        return {one.supplier for one in self.lines}

    def _outcome(self, demand: Demand) -> DemandOutcome:
        gifts = self.of_demand[demand.demand]
        delivered = sum(one.quantity for one in gifts)
        return DemandOutcome(
            demand=demand.demand,
            wanted=demand.quantity,
            delivered=delivered,
            late_units=sum(one.quantity for one in gifts if one.late_days),
            last_arrival_day=max((one.line.arrival_day for one in gifts), default=None),
            suppliers=tuple(sorted({one.line.supplier for one in gifts})),
            served=demand.commitment is Commitment.OPTIONAL or delivered >= demand.least,
        )

    def _broken_lines(self) -> Iterator[Constraint]:
        bought: dict[Offer, int] = defaultdict(int)
        for line in self.lines:
            offer = self.offer(line)
            bought[offer] += line.quantity
            if line.quantity < offer.minimum_quantity:
                yield named.minimum_line(offer)
            if line.quantity % offer.order_multiple:
                yield named.order_multiple(offer)
            if offer.maximum_quantity is not None and line.quantity > offer.maximum_quantity:
                yield named.maximum_line(offer)
            for policy in self.problem.exclusions:
                supplier = self.problem.supplier_of[line.supplier]
                if policy.customers is None and forbids(policy, supplier, line.item, None):
                    yield named.excluded(policy)
        for offer, units in bought.items():
            if offer.capacity is not None and units > offer.capacity:
                yield named.capacity(offer)

    def _broken_gifts(self) -> Iterator[Constraint]:
        for gift in self.gifts:
            demand, line = gift.demand, gift.line
            offer, supplier = self.offer(line), self.problem.supplier_of[line.supplier]
            if line.arrival_day > demand.last_day:
                yield named.due_date(demand)
            if line.arrival_day < demand.earliest_day:
                yield named.earliest_day(demand)
            if not within(line.supplier, demand.qualified_suppliers):
                yield named.demand_qualification(demand)
            if not within(demand.customer, offer.qualified_customers):
                yield named.offer_qualification(offer)
            if not within(demand.customer, supplier.qualified_customers):
                yield named.supplier_qualification(supplier)
            for policy in self.problem.exclusions:
                if forbids(policy, supplier, line.item, demand.customer):
                    yield named.excluded(policy)

    def _broken_demands(self) -> Iterator[Constraint]:
        for demand in self.problem.demands:
            gifts = self.of_demand[demand.demand]
            delivered = sum(one.quantity for one in gifts)
            must = demand.commitment is Commitment.REQUIRED or delivered > 0
            if (must and delivered < demand.least) or delivered > demand.quantity:
                yield named.required(demand)
            if not demand.splittable and len(gifts) > 1:
                yield named.not_splittable(demand)
            suppliers = {one.line.supplier for one in gifts}
            if demand.maximum_suppliers is not None and len(suppliers) > demand.maximum_suppliers:
                yield named.maximum_suppliers(demand)
            if demand.budget is not None and self._charged(gifts) > demand.budget:
                yield named.demand_budget(demand)

    def _charged(self, gifts: Sequence[Gift]) -> Decimal:
        return _total(unit_price(self.offer(one.line), one.line.quantity) * one.quantity for one in gifts)

    def _broken_limits(self) -> Iterator[Constraint]:
        yield from self._broken_volumes()
        yield from self._broken_budgets()
        yield from self._broken_orders()
        bought = {(one.supplier, one.item, one.order_day, one.demand): one.quantity for one in self.lines}
        for line in self.problem.fixed:
            if bought.get((line.supplier, line.item, line.order_day, line.demand), 0) != line.quantity:
                yield named.fixed_line(line)

    def _broken_volumes(self) -> Iterator[Constraint]:
        for limit in self.problem.volume_limits:
            volume = sum(
                one.quantity * (self.problem.item_of[one.item].size if limit.measure.value == "size" else 1)
                for one in self.lines
                if limits_volume(limit, one.supplier, one.item, one.order_day, one.arrival_day)
            )
            if limit.at_most is not None and volume > limit.at_most:
                yield named.volume_limit(limit)
            if volume < limit.at_least:
                yield named.committed_volume(limit)
        left: dict[str, int] = defaultdict(int)
        for line in self.lines:
            left[line.item] += line.surplus
        for item in self.problem.items:
            if item.maximum_surplus is not None and left[item.item] > item.maximum_surplus:
                yield named.surplus(item)

    def _broken_budgets(self) -> Iterator[Constraint]:
        for budget in self.problem.budgets:
            lines = [one for one in self.lines if charges_line(budget, one.supplier, one.item, one.order_day)]
            if budget.by_unit:
                inside = {one.key for one in lines}
                gifts = [one for one in self.gifts if one.line.key in inside]
                charged = self._charged(
                    [one for one in gifts if charges_demand(budget, one.demand.demand, one.demand.customer)]
                )
            elif budget.items is not None:
                charged = _total(one.goods_cost + self.offer(one).line_cost for one in lines)
            else:
                charged = self._spent({(one.supplier, one.order_day) for one in lines}, budget.period is None)
            if charged > budget.amount:
                yield named.budget(budget)

    def _spent(self, keys: set[tuple[str, int]], always: bool) -> Decimal:
        orders = [one for one in self.orders if (one.supplier, one.order_day) in keys]
        spent = _total(one.goods_cost + one.line_cost + one.order_cost - one.discount for one in orders)
        once = {one.supplier for one in orders} if always else set[str]()
        return spent + _total(self.problem.supplier_of[one].supplier_cost for one in once)

    def _broken_orders(self) -> Iterator[Constraint]:
        for order in self.orders:
            supplier = self.problem.supplier_of[order.supplier]
            if order.goods_cost < supplier.minimum_order_value or order.units < supplier.minimum_order_units:
                yield named.minimum_order(supplier)
        limits = self.problem.limits
        if limits.maximum_suppliers is not None and len(self._suppliers()) > limits.maximum_suppliers:
            yield named.plan_suppliers(limits)
        if limits.maximum_orders is not None and len(self.orders) > limits.maximum_orders:
            yield named.plan_orders(limits)


def _shortage(demand: Demand, short: int) -> Decimal:
    return demand.shortage_penalty * short + (demand.shortage_fee if short else NOTHING)


def _total(amounts: Iterator[Decimal] | Sequence[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)
