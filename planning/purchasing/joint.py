"""What ties lines to each other: orders and their discounts, capacities, budgets, surplus, fixed lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from planning.purchasing import constraints as named
from planning.purchasing.formulation import Formulation
from planning.purchasing.limits import Budget, Measure
from planning.purchasing.network import Line
from planning.purchasing.scope import charges_demand, charges_line, limits_volume
from planning.purchasing.suppliers import OrderDiscount, Supplier


class Joint:
    """Adds to a formulation; `orders` and `suppliers` say which are used."""

    def __init__(self, formulation: Formulation) -> None:
        self.base, self.rules, self.problem = formulation, formulation.rules, formulation.problem
        self.lines = [formulation.network.lines[number] for number in formulation.tiers]
        self.of_order: dict[tuple[str, int], list[Line]] = defaultdict(list)
        for line in self.lines:
            self.of_order[line.order].append(line)
        self.orders: dict[tuple[str, int], Any] = {}
        self.suppliers: dict[str, Any] = {}
        self.discounts: dict[tuple[str, int], list[tuple[Any, int, int]]] = defaultdict(list)
        self._add_orders()
        self._add_volumes()
        self._add_budgets()
        self._add_fixed()

    def _add_orders(self) -> None:
        for key, lines in self.of_order.items():
            supplier = self.problem.supplier_of[key[0]]
            used = self.orders[key] = self.rules.binary()
            self.base.money.pay(used, self.base.scale.ticks(supplier.order_cost))
            for line in lines:
                self.rules.model.add(self.base.taken(line.number) <= used)
            self._add_minimum(supplier, lines, used)
            self._add_discounts(key, supplier, lines)
        for key, used in self.orders.items():
            if key[0] not in self.suppliers:
                self.suppliers[key[0]] = self.rules.binary()
                cost = self.problem.supplier_of[key[0]].supplier_cost
                self.base.money.pay(self.suppliers[key[0]], self.base.scale.ticks(cost))
            self.rules.model.add(used <= self.suppliers[key[0]])
        limits = self.problem.limits
        if limits.maximum_suppliers is not None:
            total = self.rules.total(self.suppliers.values())
            self.rules.add(total <= limits.maximum_suppliers, named.plan_suppliers(limits))
        if limits.maximum_orders is not None:
            self.rules.add(self.rules.total(self.orders.values()) <= limits.maximum_orders, named.plan_orders(limits))

    def _goods(self, lines: list[Line]) -> Any:
        return self.rules.total(tier.goods for line in lines for tier in self.base.tiers[line.number])

    def _add_minimum(self, supplier: Supplier, lines: list[Line], used: Any) -> None:
        rule = named.minimum_order(supplier)
        if supplier.minimum_order_value:
            least = self.base.scale.ticks(supplier.minimum_order_value)
            self.rules.add(self._goods(lines) >= used * least, rule)
        if supplier.minimum_order_units:
            units = self.rules.total(self.base.units(line.number) for line in lines)
            self.rules.add(units >= used * supplier.minimum_order_units, rule)

    def _add_discounts(self, key: tuple[str, int], supplier: Supplier, lines: list[Line]) -> None:
        earned: list[Any] = []
        for discount in supplier.discounts:
            flag = self.rules.binary()
            earned.append(flag)
            self.rules.model.add(self._goods(lines) >= flag * self.base.scale.ticks(discount.minimum_value))
            taken = self.rules.total(self.base.taken(line.number) for line in lines)
            self.rules.model.add(taken >= flag * discount.minimum_lines)
            self._take_off(key, flag, self.base.scale.ticks(discount.amount), 1)
            for line in lines:
                self._add_line_discount(key, discount, flag, line)
        if len(earned) > 1:
            self.rules.model.add(self.rules.total(earned) <= 1)

    def _add_line_discount(self, key: tuple[str, int], discount: OrderDiscount, flag: Any, line: Line) -> None:
        """The rate's share line by line, which keeps the relaxation tighter than one sum for the order."""
        whole = 10**self.base.scale.rate_digits
        share = self.base.scale.share(discount.rate)
        uses = self.base.tiers[line.number]
        if not share or not uses:
            return
        most = max(one.dearest for one in uses) // whole * share
        off = self.rules.flow(most)
        self.rules.model.add(off <= flag * most)
        parts = [
            one.count * (one.multiple * one.price // whole * share) + one.taken * (one.base // whole * share)
            for one in uses
        ]
        self.rules.model.add(off <= self.rules.total(parts))
        self._take_off(key, off, 1, most)

    def _take_off(self, key: tuple[str, int], variable: Any, amount: int, most: int) -> None:
        self.base.money.pay(variable, -amount, most)
        self.discounts[key].append((variable, amount, most))

    def _add_volumes(self) -> None:
        for limit in self.problem.volume_limits:
            parts = [
                self.base.units(line.number) * self._size(line, limit.measure)
                for line in self.lines
                if limits_volume(limit, line.offer.supplier, line.offer.item, line.order_day, line.arrival_day)
            ]
            if limit.at_most is not None:
                self.rules.add(self.rules.total(parts) <= limit.at_most, named.volume_limit(limit))
            if limit.at_least:
                self.rules.add(self.rules.total(parts) >= limit.at_least, named.committed_volume(limit))
        of_offer: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for line in self.lines:
            of_offer[line.offer.supplier, line.offer.item].append(line)
        for lines in of_offer.values():
            offer = lines[0].offer
            if offer.capacity is not None and (len(lines) > 1 or self.base.switched):
                units = self.rules.total(self.base.units(line.number) for line in lines)
                self.rules.add(units <= offer.capacity, named.capacity(offer))
        self._add_surplus()

    def _size(self, line: Line, measure: Measure) -> int:
        return self.problem.item_of[line.offer.item].size if measure is Measure.SIZE else 1

    def _add_surplus(self) -> None:
        network, given = self.base.network, self.base.given
        for item in self.problem.items:
            value = self.base.scale.ticks(item.surplus_value)
            if item.maximum_surplus is None and not value:
                continue
            lines = [line for line in self.lines if line.offer.item == item.item]
            arcs = [arc for line in lines for arc in network.arcs_from[line.number] if arc in given]
            spent = self.rules.total(part for arc in arcs for part in given[arc])
            left = self.rules.total(self.base.units(line.number) for line in lines) - spent
            if item.maximum_surplus is not None:
                self.rules.add(left <= item.maximum_surplus, named.surplus(item))
            for use in (use for line in lines for use in self.base.tiers[line.number]):
                self.base.money.pay(use.count, -value * use.multiple, use.most // use.multiple)
            for arc in arcs:
                for part in given[arc]:
                    self.base.money.pay(part, value, self.problem.demands[network.arcs[arc].demand].quantity)

    def _add_budgets(self) -> None:
        ticks = self.base.scale.ticks
        for budget in self.problem.budgets:
            parts = list(self._unit_charges(budget) if budget.by_unit else self._line_charges(budget))
            self.rules.add(self.rules.total(parts) <= ticks(budget.amount), named.budget(budget))
        for number, demand in enumerate(self.problem.demands):
            if demand.budget is not None:
                arcs = [arc for arc in self.base.network.arcs_to[number] if arc in self.base.given]
                charged = self.rules.total(part for arc in arcs for part in self._arc_charges(arc))
                self.rules.add(charged <= ticks(demand.budget), named.demand_budget(demand))

    def _in_scope(self, budget: Budget) -> list[Line]:
        return [
            line for line in self.lines if charges_line(budget, line.offer.supplier, line.offer.item, line.order_day)
        ]

    def _line_charges(self, budget: Budget) -> Iterator[Any]:
        ticks = self.base.scale.ticks
        lines = self._in_scope(budget)
        yield self._goods(lines)
        for line in lines:
            yield self.base.taken(line.number) * ticks(line.offer.line_cost)
        if budget.items is not None:
            return
        orders = dict.fromkeys(line.order for line in lines)
        for key in orders:
            yield self.orders[key] * ticks(self.problem.supplier_of[key[0]].order_cost)
            for variable, amount, _ in self.discounts[key]:
                yield variable * -amount
        if budget.period is None:
            for name in dict.fromkeys(name for name, _ in orders):
                yield self.suppliers[name] * ticks(self.problem.supplier_of[name].supplier_cost)

    def _unit_charges(self, budget: Budget) -> Iterator[Any]:
        lines = {line.number for line in self._in_scope(budget)}
        for number in self.base.given:
            arc = self.base.network.arcs[number]
            demand = self.problem.demands[arc.demand]
            if arc.line in lines and charges_demand(budget, demand.demand, demand.customer):
                yield from self._arc_charges(number)

    def _arc_charges(self, arc: int) -> Iterator[Any]:
        """All-units lines only (the problem's own check), so a tier's price is the price of each of its units."""
        uses = self.base.tiers[self.base.network.arcs[arc].line]
        for part, use in zip(self.base.given[arc], uses, strict=True):
            yield part * use.price

    def _add_fixed(self) -> None:
        numbers = {line.key: line.number for line in self.lines}
        for one in self.problem.fixed:
            key = next(k for k in numbers if (k.supplier, k.item, k.order_day, k.demand) == _key(one))
            self.rules.add(self.base.units(numbers[key]) == one.quantity, named.fixed_line(one))


def _key(line: Any) -> tuple[str, str, int, str | None]:
    return line.supplier, line.item, line.order_day, line.demand
