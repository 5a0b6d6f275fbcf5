"""What to order together where one item alone is too small for its supplier: the exact choice among its items."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cases.exposure import Exposure
from cases.purchase import OrderingQuestion, can_foresee, on_lots
from cases.situation import Situation
from cases.terms import Terms
from db.purchasing import SupplierTerms
from planning.arrays import FloatArray
from planning.inventory.joint import JointOrder, JointTerms, joint_order
from planning.inventory.lead_time import LeadTime, arrival_days, delivered
from planning.inventory.order_steps import Step, StepLine
from planning.inventory.ordering import Replenishment
from planning.inventory.purchase_terms import order_window
from planning.inventory.stock import simulate_stock

# Beyond its own need an item may be topped up by what sells in so many days, in at most so many packs.
AHEAD_DAYS = 28
MOST_PACKS = 12


@dataclass(frozen=True)
class Candidate:
    """An item of the supplier at the site, with its own rule; `days_left` until it is due, 0 where it is."""

    site: Situation
    terms: Terms
    question: OrderingQuestion
    rule: Replenishment
    days_left: float


@dataclass(frozen=True)
class TopUp:
    """The best order together; `candidates` by SKU."""

    order: JointOrder
    candidates: dict[str, Candidate]


def is_too_small(site: Situation, terms: Terms, joint: SupplierTerms, quantity: Decimal) -> bool:
    """Whether a line of so many is below what the supplier asks of an order, or leaves a container part empty."""
    volume = quantity * site.item.unit_volume
    room = joint.container_volume
    is_below = quantity * terms.cost_of(quantity) < joint.minimum_order_value or volume < joint.minimum_order_volume
    return is_below or (room is not None and volume % room != 0)


def candidate(site: Situation, supplier: str) -> Candidate | None:
    """None where the supplier does not sell the item, or its need cannot be told."""
    terms = next((one for one in site.suppliers if one.supplier == supplier), None)
    exposure = Exposure.of(site, ()) if terms is not None and not site.is_fed else None
    if terms is None or exposure is None or not can_foresee(exposure, terms):
        return None
    question = OrderingQuestion.of(exposure, terms)
    rule, rate = question.answer(), float(exposure.full_demand.mean())
    if rate <= 0.0:
        return None
    left = max(rule.inventory_position - rule.reorder.reorder_point, 0.0) / rate
    return Candidate(site, terms, question, rule, left)


def top_up(found: Sequence[Candidate], joint: SupplierTerms, check: Callable[[], None]) -> TopUp:
    """The most valuable order of these items that the supplier takes; one of them must need something."""
    lines: list[StepLine] = []
    for one in found:
        check()
        lines.append(_line(one))
    terms = JointTerms(
        minimum_value=float(joint.minimum_order_value),
        minimum_volume=float(joint.minimum_order_volume),
        container_volume=float(joint.container_volume) if joint.container_volume else None,
        order_cost=float(joint.order_cost),
    )
    return TopUp(joint_order(lines, terms), {one.site.item.sku: one for one in found})


def _line(one: Candidate) -> StepLine:
    """The smallest lot, then pack by pack: its own need, and beyond it what sells in `AHEAD_DAYS`."""
    terms, planned = one.terms, one.rule.planned_quantity
    first, pack = float(on_lots(terms, terms.order_multiple)), float(terms.order_multiple)
    needed = 0 if planned <= 0.0 else 1 + max(0, math.ceil((planned - first) / pack - 1e-9))
    ahead = float(one.question.demand.mean()) * AHEAD_DAYS
    sizes = [first] + [pack] * (max(needed - 1, 0) + min(math.ceil(ahead / pack), MOST_PACKS))
    return StepLine(
        item=terms.sku,
        steps=tuple(map(Step, sizes, np.diff(_gained(one, np.cumsum(sizes), needed), prepend=0.0).tolist())),
        needed=needed,
        unit_cost=float(terms.cost_of(Decimal(repr(max(planned, first))))),
        unit_volume=float(one.site.item.unit_volume),
    )


def _gained(one: Candidate, amounts: FloatArray, needed: int) -> FloatArray:
    """(steps,) money gained by ordering that much now instead of waiting for the next chance.

    Of the need by the item's own rule, evenly; beyond it against ordering the need now and the rest then, for what is
    not added to this order is not lost.
    """
    gained = np.zeros(amounts.size)
    if needed:
        gained[:needed] = one.rule.cost_of_waiting * amounts[:needed] / amounts[needed - 1]
    own = float(amounts[needed - 1]) if needed else 0.0
    for step in range(needed, amounts.size):
        gained[step] = (gained[needed - 1] if needed else 0.0) + _earlier(one, own, float(amounts[step]) - own)
    return gained


def _earlier(one: Candidate, own: float, extra: float) -> float:
    """Money gained by having `extra` with the `own` need and not with the order after: sales saved less holding."""
    spec, demand, window = one.question.spec, one.question.demand, order_window(one.question.spec)
    lead = LeadTime(spec.lead_time.mean_days + window.first, spec.lead_time.sd_days)
    arrivals, days = arrival_days(lead, demand.shape[0], one.question.seed), demand.shape[1]
    ordered = spec.coming + delivered(own, arrivals, days)
    early = simulate_stock(demand, spec.on_hand, ordered + delivered(extra, arrivals, days))
    late = simulate_stock(demand, spec.on_hand, ordered + delivered(extra, arrivals + window.gap, days))
    saved = float((late.short - early.short).sum(axis=1).mean()) * spec.unit_margin
    return saved - float((early.stock - late.stock).sum(axis=1).mean()) * spec.holding_cost_per_unit_day
