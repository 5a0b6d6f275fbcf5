"""A purchase of one item for one site on one supplier's terms: how much, at which cost, on which day.

The same code for what is recommended, compared, proposed and appraised again by the executor. It ranks nothing.
"""

from __future__ import annotations

import math
from decimal import Decimal

from actions.port import PurchaseOrder
from cases.exposure import Exposure
from cases.situation import Situation
from cases.terms import Terms
from planning.inventory.ordering import Replenishment, ReplenishmentSpec, replenishment
from planning.inventory.stock import simulate_stock
from planning.options.choose import LeadTime, OptionSpec


def purchase(exposure: Exposure, terms: Terms, wanted: Decimal | None) -> tuple[OptionSpec, PurchaseOrder] | str:
    """A purchase in the ordering rule's quantity, or the planner's if the supplier's terms allow it; else why not."""
    if not can_foresee(exposure, terms):
        return f"purchase from {terms.supplier}: arrives after {exposure.days} days, beyond what is looked at"
    quantity = wanted or purchase_quantity(exposure, terms)
    if quantity <= 0:
        return f"purchase from {terms.supplier}: stock and orders are above the reorder point"
    problem = terms_problem(terms, quantity)
    if problem:
        return f"purchase from {terms.supplier}: {problem}"
    return _option(exposure.site, terms, quantity), _order(exposure.site, terms, quantity)


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
    quantity = ordered.order_quantity or _short_after(exposure, math.ceil(terms.arrival_days))
    return on_terms(terms, Decimal(repr(round(quantity, 6))))


def on_terms(terms: Terms, wanted: Decimal) -> Decimal:
    """`wanted` raised to what the supplier sells; 0 stays 0.

    An order just below a price break may be worth less than the minimum that one at the higher price would reach, so
    the value is looked at step by step.
    """
    if wanted <= 0:
        return Decimal(0)
    quantity = _whole(terms, max(wanted, terms.minimum_order_quantity))
    while (cost := terms.cost_of(quantity)) > 0 and quantity * cost < terms.minimum_order_value:
        quantity = _whole(terms, max(terms.minimum_order_value / cost, quantity + terms.order_multiple))
    return quantity


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


def ordering(exposure: Exposure, terms: Terms) -> Replenishment:
    """The ordering rule for this item × site and supplier, over lead time and two reviews.

    Longer, and an order placed later would sell just as well in the end: waiting would seem to cost nothing.
    """
    wanted = math.ceil(terms.arrival_days) + 2 * review_days(exposure.site, terms)
    days = min(wanted, exposure.full_demand.shape[1])
    return replenishment(exposure.full_demand[:, :days], _spec(exposure, terms, days), seed=exposure.seed)


def _spec(exposure: Exposure, terms: Terms, days: int) -> ReplenishmentSpec:
    site, lead = exposure.site, lead_time(terms)
    return ReplenishmentSpec(
        on_hand=site.lasting(days),
        receipts=site.receipts_by_day(days),
        lead_time=lead,
        service_level=site.service_level,
        unit_cost=float(terms.unit_cost),
        unit_margin=max(float(site.item.unit_price - terms.unit_cost), 0.0),
        holding_cost_per_unit_day=site.holding_cost_per_unit_day,
        review_days=max(1, min(review_days(site, terms), days - lead.expected_day - 1)),
        minimum_order=float(terms.minimum_order_quantity),
        order_multiple=float(terms.order_multiple),
        shelf_life_days=site.item.shelf_life_days,
    )
