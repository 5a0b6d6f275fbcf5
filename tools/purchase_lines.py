"""A joint purchase plan as the tool gives it: lines with dates and money, orders, what is short and why, what changed.

It translates the plan's names and days, and computes nothing but sums and quotients of what the plan says.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from cases.joint_limits import Side
from cases.joint_purchase import JointProblem
from planning.purchasing.plan import (
    Collision,
    DemandOutcome,
    LineChange,
    LineKey,
    PlannedLine,
    PlannedOrder,
    Relaxation,
)
from tools.contract import ToolOutput

CENT = Decimal("0.01")


class Served(ToolOutput):
    """Units of a line that go to a need: a customer's order and line, or what stock of the item at the site needs."""

    need: str
    quantity: Decimal


class PurchaseLine(ToolOutput):
    """One line to order, in `unit`; `unit_cost` is that of the quantity, `surplus` what no need asks for."""

    supplier: str
    supplier_name: str
    sku: str
    name: str
    site: str
    quantity: Decimal
    unit: str
    unit_cost: Decimal
    cost: Decimal
    order_on: date
    arrives_on: date
    serves: tuple[Served, ...]
    surplus: Decimal


class PurchaseOrderTotal(ToolOutput):
    """All lines of one supplier for one site on one day.

    `volume` and `minimum_volume` in m³: a plan does not round an order up to a volume, so `below_minimum_volume` says
    where it has to be filled up. `containers`: how many the order fills; None where the supplier ships by any amount.
    """

    supplier: str
    site: str
    order_on: date
    lines: int
    goods_cost: Decimal
    order_cost: Decimal
    volume: Decimal
    minimum_volume: Decimal
    below_minimum_volume: bool
    containers: Decimal | None


class ShortNeed(ToolOutput):
    """A need that the plan does not meet in full or in time, in base units; `is_unmet`: it had to be and could not."""

    need: str
    wanted: Decimal
    delivered: Decimal
    late_units: Decimal
    arrives_on: date | None
    is_unmet: bool


class Colliding(ToolOutput):
    """Needs that cannot be met and the rules that collide: drop any one of them and the rest agree.

    Days in the words count from the day of planning. `smallest`: no set with fewer rules collides.
    """

    needs: tuple[str, ...]
    rules: tuple[str, ...]
    smallest: bool


class BindingRule(ToolOutput):
    """A rule without slack, and what the plan gains if it gives way by one step; None where that was not found out."""

    rule: str
    step: str
    worth: Decimal | None
    proven: bool


class PurchaseChange(ToolOutput):
    """A line that differs from another plan; 0 where it was not, or is no longer, bought."""

    supplier: str
    sku: str
    site: str
    order_on: date
    before: Decimal
    after: Decimal


class Reader:
    """Turns names, days and units of one problem back into ours."""

    def __init__(self, joint: JointProblem, today: date) -> None:
        self._joint = joint
        self._today = today

    def line(self, line: PlannedLine) -> PurchaseLine:
        """One line of the plan."""
        side = self._side(line.key)
        quantity = self.units(line.quantity)
        return PurchaseLine(
            supplier=side.terms.supplier,
            supplier_name=side.terms.supplier_name,
            sku=side.terms.sku,
            name=side.site.item.name,
            site=side.site.site.site,
            quantity=quantity,
            unit=side.site.item.unit,
            unit_cost=side.terms.cost_of(quantity),
            cost=line.goods_cost.quantize(CENT),
            order_on=self.day(line.order_day),
            arrives_on=self.day(line.arrival_day),
            serves=tuple(Served(need=one.demand, quantity=self.units(one.quantity)) for one in line.allocations),
            surplus=self.units(line.surplus),
        )

    def order(self, order: PlannedOrder, lines: tuple[PlannedLine, ...]) -> PurchaseOrderTotal:
        """One order with the volume of its lines."""
        own = [one for one in lines if (one.supplier, one.order_day) == (order.supplier, order.order_day)]
        side = self._side(own[0].key)
        terms = self._joint.suppliers[side.terms.supplier]
        volume = sum((self.units(one.quantity) * self._side(one.key).site.item.unit_volume for one in own), Decimal(0))
        room = terms.container_volume
        return PurchaseOrderTotal(
            supplier=side.terms.supplier,
            site=side.site.site.site,
            order_on=self.day(order.order_day),
            lines=order.lines,
            goods_cost=order.goods_cost.quantize(CENT),
            order_cost=order.order_cost.quantize(CENT),
            volume=volume.quantize(Decimal("0.001")),
            minimum_volume=terms.minimum_order_volume,
            below_minimum_volume=volume < terms.minimum_order_volume,
            containers=None if room is None else (volume / room).quantize(CENT),
        )

    def short(self, outcome: DemandOutcome) -> ShortNeed:
        """A need that is not met in full or in time."""
        last = outcome.last_arrival_day
        return ShortNeed(
            need=outcome.demand,
            wanted=self.units(outcome.wanted),
            delivered=self.units(outcome.delivered),
            late_units=self.units(outcome.late_units),
            arrives_on=None if last is None else self.day(last),
            is_unmet=not outcome.served,
        )

    def change(self, change: LineChange) -> PurchaseChange:
        """One difference to another plan."""
        side = self._side(change.line)
        return PurchaseChange(
            supplier=side.terms.supplier,
            sku=side.terms.sku,
            site=side.site.site.site,
            order_on=self.day(change.line.order_day),
            before=self.units(change.before),
            after=self.units(change.after),
        )

    def units(self, quantity: int) -> Decimal:
        """Base units."""
        return Decimal(quantity) / self._joint.scale

    def day(self, day: int) -> date:
        """The date."""
        return self._today + timedelta(days=day)

    def _side(self, line: LineKey) -> Side:
        return self._joint.sides[line.supplier, line.item]


def colliding(collision: Collision) -> Colliding:
    """In words."""
    rules = tuple(one.words for one in collision.constraints)
    return Colliding(needs=collision.demands, rules=rules, smallest=collision.smallest)


def binding(relaxation: Relaxation) -> BindingRule:
    """In words."""
    worth = None if relaxation.worth is None else relaxation.worth.quantize(CENT)
    return BindingRule(rule=relaxation.constraint.words, step=relaxation.step, worth=worth, proven=relaxation.proven)
