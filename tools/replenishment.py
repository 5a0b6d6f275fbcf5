"""What to buy, when and from whom: reorder point, safety stock, order lines on suppliers' terms, cost of waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field

from cases.exposure import Exposure
from cases.purchase import can_foresee, on_terms, ordering
from cases.situation import Situation
from cases.snapshot import load
from cases.terms import Terms
from domain.errors import NotFound
from planning.inventory.ordering import Replenishment
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput
from tools.errors import NoData
from tools.numbers import money, units
from tools.stock_risk import why_unknown


class ReplenishmentQuestion(ToolInput):
    """An item, at one site or wherever it is listed; `service_level` overrides the item's own."""

    sku: Code
    site: Code | None = None
    service_level: float | None = Field(default=None, ge=0.5, le=0.999)


class SupplierOrder(ToolOutput):
    """What would be ordered from one supplier; `quantity` 0 means nothing now.

    Money in the supplier's `currency`. `cost_of_waiting` is what placing the same order at the next review, in
    `review_days`, would lose against placing it today; negative when waiting is cheaper. Both are means over scenarios.
    """

    supplier: str
    name: str
    preferred: bool
    quantity: Decimal
    unit_cost: Decimal
    value: Decimal
    currency: str
    arrives_on: date
    minimum_order_quantity: Decimal
    order_multiple: Decimal
    reorder_point: Decimal
    safety_stock: Decimal
    order_up_to: Decimal
    expected_benefit: Decimal
    cost_of_waiting: Decimal
    review_days: int
    binding: tuple[str, ...]


class SiteReplenishment(ToolOutput):
    """One site, in `unit`; suppliers from most to least expected benefit, so the second is the runner-up.

    `lead_time_demand_sd` is the doubt that the safety stock covers at `service_level`.
    """

    sku: str
    site: str
    unit: str
    inventory_position: Decimal
    service_level: float
    service_level_is_assumed: bool
    lead_time_demand_mean: Decimal
    lead_time_demand_sd: Decimal
    orders: tuple[SupplierOrder, ...]
    left_out: tuple[str, ...]
    forecast: str
    forecast_reason: str


class Unplanned(ToolOutput):
    """A site for which nothing can be recommended, and why."""

    site: str
    reason: str


class ReplenishmentPlan(ToolOutput):
    """Recommendations by site, and where there are none."""

    sites: tuple[SiteReplenishment, ...]
    unplanned: tuple[Unplanned, ...]


def run(call: Call, asked: ReplenishmentQuestion) -> Answer[ReplenishmentPlan]:
    """The order for each site."""
    batch = call.data
    snapshot = load(call.connection, call.today, skus=[asked.sku], sites=[asked.site] if asked.site else None)
    if not snapshot.situations:
        raise NotFound(f"{asked.sku!r} is not listed in this scope.", remedy="Find it with resolve_identity.")
    planned: list[SiteReplenishment] = []
    unplanned: list[Unplanned] = []
    for situation in snapshot.situations.values():
        call.deadline.check()
        result = _site(situation, asked)
        if isinstance(result, str):
            unplanned.append(Unplanned(site=situation.site.site, reason=result))
        else:
            planned.append(result)
    if not planned:
        reasons = "; ".join(f"{one.site}: {one.reason}" for one in unplanned)
        searched = {"sku": asked.sku, "site": asked.site, "data_batch": batch.batch_id}
        raise NoData(f"Nothing can be recommended. {reasons}.", searched=searched)
    models = sorted({one.forecast for one in planned})
    return Answer(ReplenishmentPlan(sites=tuple(planned), unplanned=tuple(unplanned)), model=", ".join(models))


def _site(situation: Situation, asked: ReplenishmentQuestion) -> SiteReplenishment | str:
    if asked.service_level is not None:
        level = Decimal(repr(asked.service_level))
        situation = replace(situation, listing=replace(situation.listing, service_level=level))
    if not situation.suppliers:
        return "no supplier is known for the item"
    exposure = Exposure.of(situation, ())
    if exposure is None:
        return why_unknown(situation)
    left_out = [
        f"{terms.supplier} delivers too late" for terms in situation.suppliers if not can_foresee(exposure, terms)
    ]
    able = [terms for terms in situation.suppliers if can_foresee(exposure, terms)]
    if not able:
        return "; ".join(left_out)
    pairs = [(terms, ordering(exposure, terms)) for terms in able]
    pairs.sort(key=lambda pair: (-pair[1].expected_benefit, not pair[0].preferred, pair[0].supplier))
    return _result(situation, pairs, left_out, asked)


def _result(
    situation: Situation,
    pairs: list[tuple[Terms, Replenishment]],
    left_out: list[str],
    asked: ReplenishmentQuestion,
) -> SiteReplenishment:
    first, view = pairs[0][1], situation.forecast
    return SiteReplenishment(
        sku=situation.item.sku,
        site=situation.site.site,
        unit=situation.item.unit,
        inventory_position=units(first.inventory_position),
        service_level=situation.service_level,
        service_level_is_assumed=situation.listing.service_level is None and asked.service_level is None,
        lead_time_demand_mean=units(first.reorder.lead_time_demand_mean),
        lead_time_demand_sd=units(first.reorder.lead_time_demand_sd),
        orders=tuple(_order(situation, terms, plan) for terms, plan in pairs),
        left_out=tuple(left_out),
        forecast=view.model if view else "",
        forecast_reason=view.reason if view else "",
    )


def _order(situation: Situation, terms: Terms, plan: Replenishment) -> SupplierOrder:
    quantity = on_terms(terms, units(plan.order_quantity))
    is_raised = quantity > units(plan.order_quantity)
    return SupplierOrder(
        supplier=terms.supplier,
        name=terms.supplier_name,
        preferred=terms.preferred,
        quantity=quantity,
        unit_cost=terms.unit_cost,
        value=money(float(quantity * terms.unit_cost)),
        currency=terms.supplier_currency,
        arrives_on=situation.today + timedelta(days=plan.expected_arrival_day),
        minimum_order_quantity=terms.minimum_order_quantity,
        order_multiple=terms.order_multiple,
        reorder_point=units(plan.reorder.reorder_point),
        safety_stock=units(plan.reorder.safety_stock),
        order_up_to=units(plan.order_up_to),
        expected_benefit=money(plan.expected_benefit),
        cost_of_waiting=money(plan.cost_of_waiting),
        review_days=situation.thresholds.assumptions.review_days,
        binding=(*(one.value for one in plan.binding), *(("minimum_order_value",) if is_raised else ())),
    )


TOOL = Tool(
    name="recommend_replenishment",
    description="What to buy for an item at a site, when and from whom: reorder point, safety stock, quantity under "
    "the supplier's minimum and multiple, the cost of waiting, what limits it, and the runner-up supplier.",
    permission="analyse",
    takes=ReplenishmentQuestion,
    gives=ReplenishmentPlan,
    run=run,
    examples=({"sku": "OAT-1L", "site": "LEJ"}, {"sku": "OAT-1L", "service_level": 0.98}),
    seconds=30.0,
)
