"""A purchase of one item for one site on one supplier's terms: how much, at which cost, on which day.

The same code for what is recommended, compared, proposed and appraised again by the executor. It ranks nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from actions.port import PurchaseOrder
from cases.exposure import Exposure
from cases.situation import Situation
from cases.terms import FEWEST_RECEIPTS, Terms
from planning.arrays import FloatArray
from planning.inventory.lateness import LatenessRecord, OpenOrder, receipt_scenarios
from planning.inventory.order_flips import OrderFlip, order_flips
from planning.inventory.ordering import Binding, Replenishment, ReplenishmentSpec, replenishment
from planning.inventory.price_breaks import PriceList, PriceStep
from planning.inventory.stock import simulate_stock
from planning.options.choose import LeadTime, OptionSpec


def purchase(exposure: Exposure, terms: Terms, wanted: Decimal | None) -> tuple[OptionSpec, PurchaseOrder] | str:
    """A purchase in the ordering rule's quantity, or the planner's if the supplier's terms allow it; else why not."""
    if not can_foresee(exposure, terms):
        return f"purchase from {terms.supplier}: arrives after {exposure.days} days, beyond what is looked at"
    quantity = wanted or purchase_quantity(exposure, terms)
    if quantity <= 0:
        return f"purchase from {terms.supplier}: {_why_nothing(exposure.site)}"
    problem = terms_problem(terms, quantity)
    if problem:
        return f"purchase from {terms.supplier}: {problem}"
    return _option(exposure.site, terms, quantity), _order(exposure.site, terms, quantity)


def _why_nothing(site: Situation) -> str:
    if site.successor is None:
        return "stock and orders are above the reorder point"
    return f"stock and orders last until {site.successor.successor} follows on {site.successor.starts_on}"


def _option(site: Situation, terms: Terms, quantity: Decimal) -> OptionSpec:
    """Only what a unit costs above the item's own cost is charged: the rest is in the margin of what is sold."""
    return OptionSpec(
        "buy",
        quantity=float(quantity),
        source=terms.supplier,
        lead_time=lead_time(terms),
        unit_cost=max(float(terms.cost_of(quantity) - site.item.unit_cost), 0.0),
    )


def _order(site: Situation, terms: Terms, quantity: Decimal) -> PurchaseOrder:
    return PurchaseOrder(
        sku=site.item.sku,
        site=site.site.site,
        supplier=terms.supplier,
        quantity=quantity,
        unit=site.item.unit,
        unit_cost=terms.cost_of(quantity),
        currency=terms.supplier_currency,
        deliver_on=terms.deliver_on(site.today),
    )


def lead_time(terms: Terms) -> LeadTime:
    """From today until the goods are there: the wait for the order day, which is certain, and the supplier's time."""
    return LeadTime(terms.arrival_days, float(terms.lead_time_sd_days))


def terms_problem(terms: Terms, quantity: Decimal) -> str:
    """Why the supplier does not sell this quantity; empty when it does."""
    if quantity < terms.minimum_order_quantity:
        return f"the minimum order is {terms.minimum_order_quantity:f}"
    if quantity % terms.order_multiple:
        return f"it is sold in multiples of {terms.order_multiple:f}"
    if quantity * terms.cost_of(quantity) < terms.minimum_order_value:
        return f"the minimum order value is {terms.minimum_order_value:f} {terms.supplier_currency}"
    return ""


def can_foresee(exposure: Exposure, terms: Terms) -> bool:
    """True when an order placed at the first chance is expected well inside the days looked at."""
    return math.floor(terms.arrival_days) + 2 <= exposure.days


def purchase_quantity(exposure: Exposure, terms: Terms) -> Decimal:
    """What the ordering rule orders or, above the reorder point, what will be short once an order could be here.

    An open order counts in the rule's position however late it is; the second figure is for that case. Both are brought
    to the supplier's minimum, multiple and minimum value.
    """
    ordered = ordering(exposure, terms)
    if Binding.SUPERSEDED in ordered.binding:
        return _before_the_end(terms, Decimal(repr(round(ordered.planned_quantity, 6))))
    quantity = ordered.planned_quantity or _short_after(exposure, math.ceil(terms.arrival_days))
    return on_terms(terms, Decimal(repr(round(quantity, 6))))


def _before_the_end(terms: Terms, quantity: Decimal) -> Decimal:
    """Of an item that ends no more than is sold until then; nothing where the supplier sells no so small order."""
    return quantity if on_terms(terms, quantity) == quantity else Decimal(0)


def on_terms(terms: Terms, wanted: Decimal) -> Decimal:
    """`wanted` raised to what the supplier sells; 0 stays 0.

    An order just below a price break may be worth less than the minimum that one at the higher price would reach, so
    the value is looked at step by step.
    """
    quantity = on_lots(terms, wanted)
    while 0 < quantity * (cost := terms.cost_of(quantity)) < terms.minimum_order_value:
        quantity = _whole(terms, max(terms.minimum_order_value / cost, quantity + terms.order_multiple))
    return quantity


def on_lots(terms: Terms, wanted: Decimal) -> Decimal:
    """`wanted` raised to the minimum and multiple of a line, whatever the whole order is worth; 0 stays 0."""
    return _whole(terms, max(wanted, terms.minimum_order_quantity)) if wanted > 0 else Decimal(0)


def _whole(terms: Terms, quantity: Decimal) -> Decimal:
    return math.ceil(quantity / terms.order_multiple) * terms.order_multiple


def _short_after(exposure: Exposure, day: int) -> float:
    """Mean units short from `day` on, over the site's exposed days."""
    site = exposure.site
    receipts = site.receipts_by_day(exposure.days)
    paths = simulate_stock(exposure.demand(site), site.lasting(exposure.days), receipts)
    return round(float(paths.short[:, day:].sum(axis=1).mean()), 3)


def review_days(site: Situation, terms: Terms) -> int:
    """Days until the order after this one: the review, or longer where the supplier takes orders more rarely."""
    following = terms.next_order_day
    return max(site.thresholds.assumptions.review_days, 0 if following is None else following - terms.order_day)


@dataclass(frozen=True)
class OrderingQuestion:
    """What the ordering rule is asked: demand (scenarios, days) and everything that it must respect."""

    demand: FloatArray
    spec: ReplenishmentSpec
    seed: int

    @classmethod
    def of(cls, exposure: Exposure, terms: Terms) -> OrderingQuestion:
        """For this item × site and supplier, until two reviews after an order could be here.

        Longer, and an order placed later would sell just as well in the end: waiting would seem to cost nothing.
        """
        wanted = math.ceil(terms.arrival_days) + 2 * review_days(exposure.site, terms)
        days = min(wanted, exposure.full_demand.shape[1])
        return cls(exposure.full_demand[:, :days], _spec(exposure, terms, days), exposure.seed)

    def answer(self) -> Replenishment:
        """The rule's order."""
        return replenishment(self.demand, self.spec, seed=self.seed)

    def flips(self, found: Replenishment) -> tuple[OrderFlip, ...]:
        """What would turn it, the relatively smallest change first."""
        return order_flips(self.demand, self.spec, found)


def ordering(exposure: Exposure, terms: Terms) -> Replenishment:
    """The ordering rule's order for this item × site and supplier."""
    return OrderingQuestion.of(exposure, terms).answer()


def _spec(exposure: Exposure, terms: Terms, days: int) -> ReplenishmentSpec:
    site = exposure.site
    lead = LeadTime(float(terms.lead_time_days), float(terms.lead_time_sd_days))
    any_day = terms.ordering.is_any_day
    return ReplenishmentSpec(
        on_hand=site.lasting(days),
        receipts=expected_receipts(exposure, days),
        lead_time=lead,
        service_level=site.service_level,
        unit_cost=float(terms.unit_cost),
        unit_margin=max(float(site.item.unit_price - terms.unit_cost), 0.0),
        holding_cost_per_unit_day=site.holding_cost_per_unit_day,
        review_days=max(1, min(review_days(site, terms), days - lead.expected_day - terms.order_day - 1)),
        minimum_order=float(terms.minimum_order_quantity),
        order_multiple=float(terms.order_multiple),
        shelf_life_days=site.item.shelf_life_days,
        prices=_prices(terms),
        order_days=() if any_day else terms.ordering.days,
        frozen_days=terms.fixed_until,
        sold_until_day=_ends(site),
    )


def expected_receipts(exposure: Exposure, days: int) -> FloatArray:
    """(scenarios, days) units of open orders: purchases as late as their supplier's record, the rest as expected.

    The supplier's latest word is what it is late against.
    """
    site, scenarios = exposure.site, exposure.full_demand.shape[0]
    records = {one.supplier: one.record for one in site.suppliers}
    arriving = np.zeros((scenarios, days))
    for receipt in site.receipts:
        record = records.get(receipt.supplier) if receipt.kind == "purchase" else None
        if record is None or len(record.actual_days) < FEWEST_RECEIPTS:
            day = max((receipt.expected_on - site.today).days, 0)
            if day < days:
                arriving[:, day] += float(receipt.quantity)
            continue
        due = receipt.agreed_on if receipt.overdue else receipt.expected_on
        name = f"{receipt.order_no}/{site.item.sku}/{site.site.site}"
        order = OpenOrder(name, float(receipt.quantity), (due - site.today).days)
        late = LatenessRecord.of(np.subtract(record.actual_days, record.agreed_days).astype(np.float64))
        arriving += receipt_scenarios([order], late, scenarios=scenarios, days=days, seed=exposure.seed)
    return arriving


def _prices(terms: Terms) -> PriceList | None:
    if not terms.breaks:
        return None
    steps = [PriceStep(float(step.from_quantity), float(step.unit_cost)) for step in terms.breaks]
    return PriceList((PriceStep(0.0, float(terms.unit_cost)), *steps))


def _ends(site: Situation) -> int | None:
    """Days from today until a successor is bought instead; None where there is none."""
    return None if site.successor is None else max((site.successor.starts_on - site.today).days, 0)
