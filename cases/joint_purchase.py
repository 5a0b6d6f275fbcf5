"""One purchase problem from needs, suppliers' terms and limits, in the words of `planning.purchasing`.

A supplier delivers to each site by itself, so an order is one supplier's for one site; budgets and capacity hold over
all of them. Money is exact; quantities are whole base units, or thousandths where any unit is finer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cases.joint_limits import (
    Asked,
    Rules,
    Side,
    budgets,
    exclusions,
    item_name,
    qualified,
    supplier_name,
    volume_limits,
)
from cases.needs import Need
from cases.situation import Situation
from cases.snapshot import Snapshot
from cases.terms import Terms
from db.purchasing import SupplierTerms
from domain.quantity import FINEST, places
from planning.purchasing.demands import Commitment, Demand, Item
from planning.purchasing.limits import FixedLine
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.suppliers import Offer, PriceBreak, Supplier

# What is bought beyond the needs, to reach a minimum or a price break, lasts at most so long.
SURPLUS_DAYS = 28
# An order may wait for a later order day within the review; later ones are the next plan's.
ORDER_WITHIN = 7
# A reorder need that is met so much later than it was due is the next plan's.
REORDER_LATE = 28
SIX = Decimal("0.000001")


@dataclass(frozen=True)
class JointProblem:
    """The problem; `scale` of its units are one base unit, `sides` are its offers as we know them."""

    problem: PurchaseProblem
    scale: int
    sides: Mapping[tuple[str, str], Side]
    suppliers: Mapping[str, SupplierTerms]
    notes: tuple[str, ...]


def joint_problem(
    snapshot: Snapshot, needs: Sequence[Need], rules: Rules, asked: Asked, *, late_days: int
) -> JointProblem:
    """Everything that one plan decides on. Raises `InvalidField` where master data contradict themselves."""
    notes: list[str] = []
    pairs = sorted({(need.sku, need.site) for need in needs} | {(line.sku, line.site) for line in asked.fixed})
    situations = [snapshot.situations[pair] for pair in pairs]
    scale = 10**FINEST if any(places(one.item.unit) for one in situations) else 1
    sides = _sides(situations, asked, notes)
    problem = PurchaseProblem(
        demands=tuple(_demand(need, sides, rules, scale, late_days) for need in needs),
        suppliers=tuple(_suppliers(sides, rules, asked)),
        offers=tuple(_offer(side, rules, scale) for side in sides.values()),
        items=tuple(_item(one, sides, scale) for one in situations),
        volume_limits=tuple(volume_limits(rules, list(sides.values()), snapshot.today, scale)),
        budgets=tuple(budgets(rules, asked, list(sides.values()), snapshot.today)),
        exclusions=tuple(exclusions(rules, asked, list(sides.values()), needs)),
        fixed=tuple(
            FixedLine(
                supplier_name(line.supplier, line.site), item_name(line.sku, line.site), line.order_day,
                int(line.quantity * scale),
            )
            for line in asked.fixed
        ),
    )  # fmt: skip
    return JointProblem(problem, scale, sides, rules.suppliers, tuple(notes))


def _sides(situations: Sequence[Situation], asked: Asked, notes: list[str]) -> dict[tuple[str, str], Side]:
    """Who sells what for which site, by the problem's names of supplier and item."""
    found: dict[tuple[str, str], Side] = {}
    for one in situations:
        for terms in one.suppliers:
            if terms.supplier_currency != one.item.currency:
                notes.append(f"{terms.supplier} sells {terms.sku} in {terms.supplier_currency}, and there is no rate")
            elif asked.only is None or terms.supplier in asked.only:
                side = Side(one, terms)
                found[side.supplier, side.item] = side
    return found


def _offer(side: Side, rules: Rules, scale: int) -> Offer:
    terms = side.terms
    steps = [PriceBreak(0, terms.unit_cost / scale)]
    steps += [PriceBreak(math.ceil(step.from_quantity * scale), step.unit_cost / scale) for step in terms.breaks]
    late = max(rules.lateness.get(terms.supplier, 0.0), 0.0)
    return Offer(
        supplier=side.supplier,
        item=side.item,
        prices=tuple(steps),
        lead_time_days=max(math.ceil(terms.lead_time_days), math.floor(float(terms.lead_time_days) + late + 0.5)),
        minimum_quantity=math.ceil(terms.minimum_order_quantity * scale),
        order_multiple=max(1, math.ceil(terms.order_multiple * scale)),
    )


def _suppliers(sides: Mapping[tuple[str, str], Side], rules: Rules, asked: Asked) -> list[Supplier]:
    by_name: defaultdict[str, list[Side]] = defaultdict(list)
    for side in sides.values():
        by_name[side.supplier].append(side)
    made: list[Supplier] = []
    for name, sold in by_name.items():
        terms = rules.suppliers[sold[0].terms.supplier]
        fixed = {line.order_day for line in asked.fixed if supplier_name(line.supplier, line.site) == name}
        made.append(
            Supplier(
                supplier=name,
                order_days=tuple(sorted(fixed | set(_order_days([side.terms for side in sold])))),
                order_cost=terms.order_cost,
                minimum_order_value=terms.minimum_order_value,
            )
        )
    return made


def _order_days(sold: Sequence[Terms]) -> tuple[int, ...]:
    """Today or the end of the review where any day will do, else the order days until then, one at the least."""
    first, last = max(terms.order_day for terms in sold), ORDER_WITHIN
    if sold[0].ordering.is_any_day:
        return tuple(sorted({first, max(first, last)}))
    return tuple(day for day in sold[0].ordering.days if first <= day <= max(first, last))


def _item(site: Situation, sides: Mapping[tuple[str, str], Side], scale: int) -> Item:
    """What is left over keeps the lowest price that anybody asks, less what holding it costs until it is used up."""
    name = item_name(site.item.sku, site.site.site)
    sold = [side.terms for (_, item), side in sides.items() if item == name]
    lowest = min((step for one in sold for step in (one.unit_cost, *(b.unit_cost for b in one.breaks))), default=None)
    holding = Decimal(repr(site.holding_cost_per_unit_day))
    days = min(SURPLUS_DAYS, (site.item.shelf_life_days or 2 * SURPLUS_DAYS) // 2)
    rate = 0.0 if site.forecast is None else float(site.forecast.first(days).mean.mean()) if days else 0.0
    lots = max((max(one.minimum_order_quantity, one.order_multiple) for one in sold), default=Decimal(0))
    kept = Decimal(0) if lowest is None else max(lowest - holding * days, Decimal(0))
    return Item(
        item=name,
        size=side_size(site, scale),
        surplus_value=(kept / scale).quantize(SIX),
        maximum_surplus=math.ceil(max(rate * days, float(lots)) * scale),
        holding_cost=(holding / scale).quantize(SIX),
    )


def side_size(site: Situation, scale: int) -> int:
    """Volume of the problem's unit in thousandths of a litre; at least one."""
    return max(1, round(site.item.unit_volume * 1_000_000 / scale))


def _demand(
    need: Need, sides: Mapping[tuple[str, str], Side], rules: Rules, scale: int, late_days: int
) -> Demand:  # fmt: skip
    return Demand(
        demand=need.name,
        item=item_name(need.sku, need.site),
        quantity=math.ceil(need.quantity * scale),
        due_day=need.due_day,
        customer=need.customer,
        commitment=Commitment.REQUIRED if need.must else Commitment.OPTIONAL,
        tier=need.tier,
        unit_value=(need.unit_value / scale).quantize(SIX),
        latest_day=need.due_day + (late_days if need.customer else REORDER_LATE),
        lateness_penalty=(need.late_cost / scale).quantize(SIX),
        qualified_suppliers=qualified(rules, need, list(sides.values())),
    )
