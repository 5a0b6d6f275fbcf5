"""The variables of a purchase problem and what ties them together: lines with price tiers, arcs, demands.

Two uses of one formulation: for a plan, what a constraint forbids is left out and bounds are tight; for a collision
(`switched`) everything is there and every constraint hangs on a literal. The linear relaxation is kept tight by giving
away units tier by tier: a demand gets units at a price only as far as that price is reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from planning.purchasing import constraints as named
from planning.purchasing.demands import Commitment, Demand
from planning.purchasing.network import Line, Network
from planning.purchasing.plan import LineKey
from planning.purchasing.rules import Columns, Goal, Rules


@dataclass(frozen=True)
class TierUse:
    """One tier of a line: `taken` if the line is bought in it, with `multiple` × `count` units, at most `most`."""

    taken: Any
    count: Any
    multiple: int
    most: int
    price: int
    base: int

    @property
    def units(self) -> Any:
        """Base units bought in this tier."""
        return self.count * self.multiple

    @property
    def goods(self) -> Any:
        """Goods cost in ticks."""
        return self.count * (self.multiple * self.price) + self.taken * self.base

    @property
    def dearest(self) -> int:
        """The largest goods cost in ticks."""
        return self.most * abs(self.price) + abs(self.base)


class Formulation:
    """Lines, arcs and demands of a network. `droppable`: a required demand may be dropped, at a price to be named."""

    def __init__(self, network: Network, *, switched: bool = False, droppable: bool = False) -> None:
        self.network, self.problem, self.scale = network, network.problem, network.scale
        self.rules = Rules(switched=switched)
        self.switched, self.droppable = switched, droppable
        self.money = Goal("money", counts=False)
        self.tiers: dict[int, list[TierUse]] = {}
        self.given: dict[int, list[Any]] = {}
        self.dropped: dict[int, Any] = {}
        self._held = {(one.supplier, one.item, one.order_day, one.demand) for one in self.problem.fixed}
        for line in network.lines:
            if switched or self._possible(line):
                self._add_line(line)
        self._add_arcs()
        for number, demand in enumerate(self.problem.demands):
            self._add_demand(number, demand)

    def units(self, line: int) -> Any:
        """Base units bought on a line."""
        return self.rules.total(tier.units for tier in self.tiers.get(line, ()))

    def taken(self, line: int) -> Any:
        """1 if anything is bought on a line."""
        return self.rules.total(tier.taken for tier in self.tiers.get(line, ()))

    def delivered(self, demand: int) -> Any:
        """Units that a demand gets."""
        arcs = self.network.arcs_to[demand]
        return self.rules.total(part for arc in arcs for part in self.given.get(arc, ()))

    def nothing(self) -> tuple[int, ...] | None:
        """The solution that buys nothing and drops every required demand, or None where something must be bought."""
        if self.problem.fixed or any(one.at_least for one in self.problem.volume_limits):
            return None
        values = [variable.domain[0] for variable in self.rules.model.proto.variables]
        for drop in self.dropped.values():
            values[drop.index] = 1
        return tuple(values)

    def exclude(self, keys: frozenset[LineKey]) -> None:
        """At least one line is used that is not among these, or one of these is not used."""
        lines = [(self.taken(number), self.network.lines[number].key in keys) for number in self.tiers]
        self.rules.model.add(self.rules.total(1 - taken if among else taken for taken, among in lines) >= 1)

    def columns(self) -> Columns:
        """For each tier whether it is taken, how many, given to whom; and which are whole by themselves."""
        groups: list[list[int]] = []
        for line, uses in self.tiers.items():
            arcs = [self.given[arc] for arc in self.network.arcs_from[line] if arc in self.given]
            for position, use in enumerate(uses):
                groups.append([use.taken.index, use.count.index, *(parts[position].index for parts in arcs)])
        return Columns(groups, self.rules.implied)

    def _possible(self, line: Line) -> bool:
        key = line.key
        if (key.supplier, key.item, key.order_day, key.demand) in self._held:
            return True
        return not line.barred and (self._eligible(line) > 0 or line.surplus_room > 0)

    def _eligible(self, line: Line) -> int:
        """Units that the line could give away."""
        arcs = (self.network.arcs[one] for one in self.network.arcs_from[line.number])
        return sum(self.problem.demands[one.demand].quantity for one in arcs if self.switched or not one.barred)

    def _add_line(self, line: Line) -> None:
        uses = list(self._free_tiers(line) if self.switched else self._tight_tiers(line))
        offer, rules = line.offer, self.rules
        self.tiers[line.number] = uses
        for use in uses:
            unit = use.price + self.scale.ticks(offer.risk_cost)
            self.money.pay(use.count, unit * use.multiple, use.most // use.multiple)
            self.money.pay(use.taken, use.base + self.scale.ticks(offer.line_cost))
        if len(uses) > 1:
            rules.model.add(self.taken(line.number) <= 1)
        for one in line.barred:
            rules.add(self.units(line.number) <= 0, one)
        if self.switched:
            self._add_line_rules(line)

    def _tight_tiers(self, line: Line) -> Iterator[TierUse]:
        offer, multiple = line.offer, line.offer.order_multiple
        wanted = self._eligible(line)
        for tier in line.tiers:
            least = _up(max(tier.lowest, offer.minimum_quantity), multiple)
            most = max(least, _up(wanted, multiple)) + _up(line.surplus_room, multiple)
            most = min(
                limit for limit in (most, tier.highest, offer.maximum_quantity, offer.capacity) if limit is not None
            )
            most -= most % multiple
            if least <= most:
                yield self._tier(multiple, least, most, tier.price, tier.base)

    def _free_tiers(self, line: Line) -> Iterator[TierUse]:
        for tier in line.tiers:
            yield self._tier(1, tier.lowest, tier.highest, tier.price, tier.base)

    def _tier(self, multiple: int, least: int, most: int, price: int, base: int) -> TierUse:
        taken, count = self.rules.binary(), self.rules.whole(most // multiple)
        self.rules.model.add(count >= taken * (least // multiple))
        self.rules.model.add(count <= taken * (most // multiple))
        return TierUse(taken, count, multiple, most, price, base)

    def _add_line_rules(self, line: Line) -> None:
        offer, units = line.offer, self.units(line.number)
        if offer.minimum_quantity > 1:
            least = self.taken(line.number) * offer.minimum_quantity
            self.rules.add(units >= least, named.minimum_line(offer))
        if offer.order_multiple > 1:
            count = self.rules.whole(line.ceiling)
            self.rules.add(units == count * offer.order_multiple, named.order_multiple(offer))
        if offer.maximum_quantity is not None:
            self.rules.add(units <= offer.maximum_quantity, named.maximum_line(offer))

    def _add_arcs(self) -> None:
        by_tier: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for number, arc in enumerate(self.network.arcs):
            if arc.line not in self.tiers or (arc.barred and not self.switched):
                continue
            most = self.problem.demands[arc.demand].quantity
            parts = self.given[number] = []
            for position, use in enumerate(self.tiers[arc.line]):
                largest = min(most, use.most)
                part = self.rules.flow(largest)
                self.rules.model.add(part <= use.taken * largest)
                self.money.pay(part, arc.cost, most)
                by_tier[arc.line, position].append(part)
                parts.append(part)
            for one in arc.barred:
                self.rules.add(self.rules.total(parts) <= 0, one)
        for (line, position), parts in by_tier.items():
            self.rules.model.add(self.rules.total(parts) <= self.tiers[line][position].units)

    def _add_demand(self, number: int, demand: Demand) -> None:
        delivered = self.delivered(number)
        self.rules.model.add(delivered <= demand.quantity)
        if demand.commitment is Commitment.REQUIRED:
            self._require(number, demand, delivered)
        elif demand.least > 1:
            served = self.rules.binary()
            self.rules.add(delivered >= served * demand.least, named.required(demand))
            self.rules.model.add(delivered <= served * demand.quantity)
        self._split(number, demand)
        self._value(number, demand, delivered)

    def _require(self, number: int, demand: Demand, delivered: Any) -> None:
        if not self.droppable:
            self.rules.add(delivered >= demand.least, named.required(demand))
            return
        drop = self.dropped[number] = self.rules.binary()
        self.rules.model.add(delivered >= demand.least - drop * demand.least)

    def _split(self, number: int, demand: Demand) -> None:
        groups: dict[Any, list[Any]] = defaultdict(list)
        for arc in self.network.arcs_to[number]:
            line = self.network.lines[self.network.arcs[arc].line]
            groups[line.number if not demand.splittable else line.offer.supplier] += self.given.get(arc, [])
        limit = 1 if not demand.splittable else demand.maximum_suppliers
        if limit is not None:
            rule = named.maximum_suppliers(demand) if demand.splittable else named.not_splittable(demand)
            self._at_most(limit, list(groups.values()), demand, rule)

    def _at_most(self, limit: int, groups: list[list[Any]], demand: Demand, rule: Any) -> None:
        groups = [parts for parts in groups if parts]
        if len(groups) <= limit:
            return
        used = [self.rules.binary() for _ in groups]
        for flag, parts in zip(used, groups, strict=True):
            self.rules.model.add(self.rules.total(parts) <= flag * demand.quantity)
        self.rules.add(self.rules.total(used) <= limit, rule)

    def _value(self, number: int, demand: Demand, delivered: Any) -> None:
        ticks = self.scale.ticks
        arcs = [one for one in self.network.arcs_to[number] if one in self.given]
        worth = ticks(demand.unit_value) + ticks(demand.shortage_penalty)
        self.money.add(ticks(demand.shortage_penalty) * demand.quantity)
        for arc in arcs:
            for part in self.given[arc]:
                self.money.pay(part, -worth, demand.quantity)
        if demand.shortage_fee:
            full = self.rules.binary()
            self.rules.model.add(delivered >= full * demand.quantity)
            self.money.add(ticks(demand.shortage_fee))
            self.money.pay(full, -ticks(demand.shortage_fee))
        if demand.late_fee:
            late = self.rules.binary()
            parts = [part for arc in arcs if self.network.arcs[arc].late for part in self.given[arc]]
            self.rules.model.add(self.rules.total(parts) <= late * demand.quantity)
            self.money.pay(late, ticks(demand.late_fee))


def _up(quantity: int, multiple: int) -> int:
    """The smallest multiple not below `quantity`."""
    return -(-quantity // multiple) * multiple
