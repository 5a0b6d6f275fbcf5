"""What to buy, when and from whom: reorder point, safety stock, order lines on suppliers' terms, cost of waiting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field

from cases.advice import Guidance, affordable
from cases.exposure import Exposure
from cases.purchase import OrderingQuestion, can_foresee, on_lots, on_terms
from cases.situation import Situation
from cases.snapshot import load
from cases.terms import Terms, lateness
from cases.top_up import Candidate, candidate, is_too_small, top_up
from db import network
from db.network import ItemSite
from domain.errors import NotFound
from planning.inventory.joint import JointChoice
from planning.inventory.ordering import Replenishment
from tools.contract import Answer, Call, Code, Tool, ToolInput
from tools.errors import NoData
from tools.numbers import money, units
from tools.options import DriverLine
from tools.replenishment_output import (
    BudgetState,
    OtherQuantity,
    SiteReplenishment,
    SupplierOrder,
    TodaysParameters,
    TopUpItem,
    TopUpOrder,
    Unplanned,
)
from tools.replenishment_output import ReplenishmentPlan as ReplenishmentPlan
from tools.stock_risk import why_unknown


class ReplenishmentQuestion(ToolInput):
    """An item, at one site or wherever it is listed; `service_level` overrides the item's own."""

    sku: Code
    site: Code | None = None
    service_level: float | None = Field(default=None, ge=0.5, le=0.999)


def run(call: Call, asked: ReplenishmentQuestion) -> Answer[ReplenishmentPlan]:
    """The order for each site."""
    batch = call.data
    snapshot = load(call.connection, call.today, skus=[asked.sku], sites=[asked.site] if asked.site else None)
    if not snapshot.situations:
        raise NotFound(f"{asked.sku!r} is not listed in this scope.", remedy="Find it with resolve_identity.")
    guidance = Guidance.load(call.connection, call.today, [asked.sku])
    planned: list[SiteReplenishment] = []
    unplanned: list[Unplanned] = []
    for situation in snapshot.situations.values():
        call.deadline.check()
        result = _site(call, situation, asked, guidance)
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


@dataclass(frozen=True)
class _Offer:
    """A supplier's terms with what the ordering rule says under them."""

    terms: Terms
    question: OrderingQuestion
    rule: Replenishment


def _site(
    call: Call, situation: Situation, asked: ReplenishmentQuestion, guidance: Guidance
) -> SiteReplenishment | str:
    if asked.service_level is not None:
        level = Decimal(repr(asked.service_level))
        situation = replace(situation, listing=replace(situation.listing, service_level=level))
    if not situation.suppliers:
        return "no supplier is known for the item"
    exposure = Exposure.of(situation, ())
    if exposure is None:
        return why_unknown(situation)
    able = [terms for terms in situation.suppliers if can_foresee(exposure, terms)]
    left_out = [f"{terms.supplier} delivers too late" for terms in situation.suppliers if terms not in able]
    if not able:
        return "; ".join(left_out)
    offers = sorted((_offer(exposure, terms) for terms in able), key=_rank)
    return _result(call, exposure, offers, left_out, asked, guidance)


def _offer(exposure: Exposure, terms: Terms) -> _Offer:
    question = OrderingQuestion.of(exposure, terms)
    return _Offer(terms, question, question.answer())


def _rank(offer: _Offer) -> tuple[float, bool, str]:
    return -offer.rule.expected_benefit, not offer.terms.preferred, offer.terms.supplier


def _result(
    call: Call,
    exposure: Exposure,
    offers: list[_Offer],
    left_out: list[str],
    asked: ReplenishmentQuestion,
    guidance: Guidance,
) -> SiteReplenishment:
    situation, best = exposure.site, offers[0]
    rule, view, ends = best.rule, situation.forecast, situation.successor
    on_order = sum((one.quantity for one in situation.receipts), Decimal(0))
    return SiteReplenishment(
        sku=situation.item.sku,
        site=situation.site.site,
        unit=situation.item.unit,
        inventory_position=units(rule.inventory_position),
        on_order=on_order,
        on_order_expected=units(rule.inventory_position - best.question.spec.on_hand),
        service_level=situation.service_level,
        service_level_is_assumed=situation.listing.service_level is None and asked.service_level is None,
        lead_time_demand_mean=units(rule.reorder.lead_time_demand_mean),
        lead_time_demand_sd=units(rule.reorder.lead_time_demand_sd),
        today=_todays(situation.listing, rule),
        orders=tuple(_order(situation, one, guidance) for one in offers),
        top_up=_top_up(call, situation, best, guidance),
        successor=ends.successor if ends else None,
        successor_from=ends.starts_on if ends else None,
        left_out=tuple(left_out),
        forecast=view.model if view else "",
        forecast_reason=view.reason if view else "",
    )


def _order(situation: Situation, offer: _Offer, guidance: Guidance) -> SupplierOrder:
    terms, rule = offer.terms, offer.rule
    planned = units(rule.planned_quantity)
    quantity = on_terms(terms, planned)
    cost, order_on = terms.cost_of(quantity), situation.today + timedelta(days=rule.order_day)
    budget = _budget(situation, terms, quantity, order_on, guidance)
    record = () if terms.record is None else (terms.record,)
    return SupplierOrder(
        supplier=terms.supplier,
        name=terms.supplier_name,
        preferred=terms.preferred,
        quantity=quantity,
        unit_cost=cost,
        value=money(float(quantity * cost)),
        currency=terms.supplier_currency,
        order_on=order_on,
        next_order_on=situation.today + timedelta(days=rule.next_order_day),
        arrives_on=situation.today + timedelta(days=rule.expected_arrival_day),
        minimum_order_quantity=terms.minimum_order_quantity,
        order_multiple=terms.order_multiple,
        reorder_point=units(rule.reorder.reorder_point),
        safety_stock=units(rule.reorder.safety_stock),
        order_up_to=units(rule.order_up_to),
        expected_benefit=money(rule.expected_benefit),
        cost_of_waiting=money(rule.cost_of_waiting),
        review_days=rule.next_order_day - rule.order_day,
        binding=_binding(rule, is_raised=quantity > planned, budget=budget, quantity=quantity),
        drivers=tuple(DriverLine(name=one.name, amount=money(one.value)) for one in rule.drivers if one.value),
        flips=tuple(one.text for one in offer.question.flips(rule)),
        other_quantity=_other(terms, rule),
        budget=budget,
        late_days=next((round(value, 1) for value in lateness(record).values()), None),
        received_lines=sum(len(one.actual_days) for one in record),
    )


def _binding(rule: Replenishment, *, is_raised: bool, budget: BudgetState | None, quantity: Decimal) -> tuple[str, ...]:
    names = [one.value for one in rule.binding]
    if is_raised:
        names.append("minimum_order_value")
    if budget is not None and budget.affordable < quantity:
        names.append("budget")
    return tuple(names)


def _other(terms: Terms, rule: Replenishment) -> OtherQuantity | None:
    if rule.runner_up is None:
        return None
    quantity = units(rule.runner_up.quantity)
    benefit = money(rule.runner_up.expected_benefit)
    return OtherQuantity(quantity=quantity, unit_cost=terms.cost_of(quantity), expected_benefit=benefit)


def _budget(
    situation: Situation, terms: Terms, quantity: Decimal, order_on: date, guidance: Guidance
) -> BudgetState | None:
    found = guidance.tightest(situation, terms, order_on)
    if found is None:
        return None
    left = affordable(terms, quantity, found.left)
    return BudgetState(budget=found.budget, left=money(float(found.left)), until=found.ends_on, affordable=left)


def _todays(listing: ItemSite, rule: Replenishment) -> TodaysParameters:
    point, up_to, safety = (
        units(one) for one in (rule.reorder.reorder_point, rule.order_up_to, rule.reorder.safety_stock)
    )
    return TodaysParameters(
        reorder_point=listing.reorder_point,
        order_up_to=listing.order_up_to,
        safety_stock=listing.safety_stock,
        reorder_point_change=None if listing.reorder_point is None else point - listing.reorder_point,
        order_up_to_change=None if listing.order_up_to is None else up_to - listing.order_up_to,
        safety_stock_change=None if listing.safety_stock is None else safety - listing.safety_stock,
    )


def _top_up(call: Call, situation: Situation, best: _Offer, guidance: Guidance) -> TopUpOrder | None:
    """None where nothing is ordered, or where the order can go as it is."""
    terms = best.terms
    own, joint = on_lots(terms, units(best.rule.planned_quantity)), guidance.suppliers[terms.supplier]
    if own <= 0 or not is_too_small(situation, terms, joint, own):
        return None
    sold = [row.sku for row in network.item_suppliers(call.connection()) if row.supplier == terms.supplier]
    there = load(call.connection, call.today, skus=sorted({*sold, terms.sku}), sites=[situation.site.site])
    situations = [situation if sku == terms.sku else one for (sku, _), one in there.situations.items()]
    found = [made for one in situations if (made := candidate(one, terms.supplier)) is not None]
    together = top_up(found, joint, call.deadline.check)
    items = tuple(
        _top_up_item(together.candidates[one.item], one)
        for one in sorted(together.order.choices, key=lambda one: -one.quantity)
        if one.quantity > 0.0
    )
    return TopUpOrder(
        own_quantity=own,
        is_possible=bool(together.order.choices),
        is_waiting_better=together.order.is_waiting,
        costs=money(together.order.cost_of_terms),
        value=money(together.order.order_value),
        volume=units(together.order.volume),
        containers=together.order.containers,
        binding=together.order.binding,
        items=items,
    )


def _top_up_item(candidate: Candidate, choice: JointChoice) -> TopUpItem:
    quantity = units(choice.quantity)
    return TopUpItem(
        sku=candidate.terms.sku,
        name=candidate.site.item.name,
        quantity=quantity,
        beyond_need=units(choice.topped_up),
        value=money(float(quantity * candidate.terms.cost_of(quantity))),
        days_left=round(candidate.days_left, 1),
    )


TOOL = Tool(
    name="recommend_replenishment",
    description="What to buy for an item at a site, when and from whom: reorder point and safety stock beside today's, "
    "order day, quantity under the supplier's minimum, multiple and price breaks, budget, what to fill the order up "
    "with, the cost of waiting, what limits it, the runner-up, and what would flip it.",
    permission="analyse",
    takes=ReplenishmentQuestion,
    gives=ReplenishmentPlan,
    run=run,
    examples=({"sku": "OAT-1L", "site": "LEJ"}, {"sku": "OAT-1L", "service_level": 0.98}),
    seconds=30.0,
)
