"""What could be done for one item at one site: transfers, purchases, expediting, each with the order it would place.

Quantities come from the optimiser and the ordering rule or, where a planner has edited one, from the planner. What is
not possible is left out with a note saying why. Nothing is ranked here (`cases.comparison`) and nothing is placed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from actions.port import Order, TransferOrder
from cases.exposure import Exposure
from cases.purchase import purchase
from cases.situation import Situation
from cases.snapshot import Snapshot
from cases.terms import Terms
from db.network import Lane, StockLot
from domain.errors import BadInput
from planning.inventory.stock import simulate_stock
from planning.options.choose import LeadTime, OptionSpec, SiteState
from planning.transfers.plan import Lane as PlannedLane
from planning.transfers.plan import TransferItem, TransferSite, optimise_transfers


@dataclass(frozen=True)
class Choice:
    """An option for the mathematics and the order that would carry it out; None where no order of ours does."""

    spec: OptionSpec
    order: Order | None


@dataclass(frozen=True)
class Choices:
    """What could be done, and why other things could not."""

    found: tuple[Choice, ...]
    notes: tuple[str, ...]


def choices(snapshot: Snapshot, exposure: Exposure, check: Callable[[], None]) -> Choices:
    """Everything that could be done; `check` is called between the parts and may stop it by raising."""
    notes: list[str] = []
    made: list[Choice | str] = []
    for lane in _lanes(snapshot, exposure, notes):
        check()
        made.append(_transfer(snapshot, exposure, lane, None))
    for terms in _suppliers(exposure.site, notes):
        check()
        made.append(_purchase(exposure, terms, None))
    found = [choice for choice in made if isinstance(choice, Choice)]
    notes += [problem for problem in made if isinstance(problem, str)]
    return Choices((*found, *_expedites(exposure)), tuple(notes))


def edited(snapshot: Snapshot, exposure: Exposure, order: Order, quantity: Decimal) -> Choice:
    """The same order with a planner's quantity; raises `BadInput` when it cannot be done."""
    if isinstance(order, TransferOrder):
        lane = next((one for one in exposure.site.lanes if one.source == order.source), None)
        made = f"{order.source} has no lane" if lane is None else _transfer(snapshot, exposure, lane, quantity)
    else:
        terms = next((one for one in exposure.site.suppliers if one.supplier == order.supplier), None)
        made = f"{order.supplier} is not listed" if terms is None else _purchase(exposure, terms, quantity)
    if isinstance(made, str):
        raise BadInput(f"A quantity of {quantity:f} is not possible: {made}.", remedy="Choose another quantity.")
    return made


def _lanes(snapshot: Snapshot, exposure: Exposure, notes: list[str]) -> list[Lane]:
    """Lanes that could carry the item from a site that has it, those with most to give first."""
    site = exposure.site
    if not site.lanes:
        notes.append(f"no lane leads to {site.site.site}")
    usable: list[tuple[Decimal, Lane]] = []
    for lane in site.lanes:
        donor = snapshot.get(site.item.sku, lane.source)
        problem = _lane_problem(site, lane, donor)
        if problem:
            notes.append(f"transfer from {lane.source}: {problem}")
        elif donor is not None:
            usable.append((donor.movable(site.today + timedelta(days=lane.lead_time_days))[0], lane))
    usable.sort(key=lambda pair: (-pair[0], pair[1].source))
    return [lane for _, lane in usable[: site.thresholds.assumptions.donors]]


def _lane_problem(site: Situation, lane: Lane, donor: Situation | None) -> str:
    if donor is None:
        return "does not keep the item"
    if not donor.is_counted:
        return "its stock was never recorded"
    if donor.forecast is None:
        return f"its own demand cannot be forecast ({donor.no_forecast})"
    if site.item.storage_class != "ambient" and not lane.chilled:
        return f"the lane is not chilled and the item is {site.item.storage_class}"
    if lane.currency != site.item.currency:
        return f"the lane is priced in {lane.currency}, the item in {site.item.currency}"
    if donor.movable(site.today + timedelta(days=lane.lead_time_days))[0] <= 0:
        return "nothing is free to leave"
    return ""


@dataclass(frozen=True)
class _Load:
    """What one donor can put on one lane: at most `limit`, of `lot`, and the donor's state that prices it."""

    limit: Decimal
    why: str
    lot: StockLot | None
    donor: SiteState


def _transfer(snapshot: Snapshot, exposure: Exposure, lane: Lane, wanted: Decimal | None) -> Choice | str:
    """A transfer over one lane in the optimiser's quantity, or the planner's."""
    site, donor = exposure.site, snapshot.situations[exposure.site.item.sku, lane.source]
    load = _load(exposure, donor, lane)
    quantity = wanted or _best_quantity(exposure, load, lane)
    if quantity <= 0:
        return f"transfer from {lane.source}: no quantity pays for the truck"
    if quantity > load.limit:
        return f"transfer from {lane.source}: {load.limit:f} {site.item.unit} is {load.why}"
    spec = OptionSpec(
        "transfer",
        quantity=float(quantity),
        source=lane.source,
        lead_time=LeadTime(float(lane.lead_time_days)),
        fixed_cost=float(lane.fixed_cost),
        unit_cost=float(lane.cost_per_m3 * site.item.unit_volume),
        source_site=load.donor,
    )
    order = TransferOrder(
        sku=site.item.sku,
        source=lane.source,
        destination=site.site.site,
        quantity=quantity,
        unit=site.item.unit,
        lot=load.lot.lot if load.lot else None,
        ship_on=site.today,
        arrive_on=site.today + timedelta(days=lane.lead_time_days),
    )
    return Choice(spec, order)


def _load(exposure: Exposure, donor: Situation, lane: Lane) -> _Load:
    """The lot that would be thrown away if there is one, else what the donor can spare."""
    arrive_on = exposure.site.today + timedelta(days=lane.lead_time_days)
    free, lot = donor.movable(arrive_on)
    doomed = max(
        ((donor.doomed(one), one) for one in donor.fresh_lots(arrive_on)), default=None, key=lambda pair: pair[0]
    )
    if doomed is not None and doomed[0] >= float(exposure.site.item.pack or 1):
        free, lot = min(_floor(doomed[0]), free), doomed[1]
        limits = [(free, "bound to expire where it is")]
        state = exposure.doomed_state(donor, float(free))
    else:
        limits = [(min(free, _floor(donor.lasting(exposure.days))), "free to leave")]
        state = exposure.state(donor)
    limits.append((_floor(float(lane.capacity_m3 / exposure.site.item.unit_volume)), "what one truck takes"))
    if lot is not None and lot.expires_on is not None:
        limits.append((_floor(exposure.sells_between(arrive_on, lot.expires_on)), "what can be sold before it expires"))
    limit, why = min(limits)
    return _Load(limit, why, lot, state)


def _floor(amount: float) -> Decimal:
    return Decimal(math.floor(max(amount, 0.0) * 1000.0)) / 1000


def _best_quantity(exposure: Exposure, load: _Load, lane: Lane) -> Decimal:
    """The optimiser's quantity over this lane alone; for goods that would expire, all that can be sold."""
    site, lot = exposure.site, site_lot(exposure.site)
    if load.donor.leftover_loss_per_unit > 0.0:
        return load.limit // lot * lot
    donor = load.donor
    spare = TransferSite(
        donor.site,
        donor.on_hand,
        donor.receipts,
        donor.demand,
        donor.unit_margin,
        reserve=max(donor.on_hand - float(load.limit), 0.0),
    )
    sites = [transfer_site(exposure, site), spare]
    item = TransferItem(site.item.sku, float(lot), sites, space_per_unit=float(site.item.unit_volume))
    moves = optimise_transfers([item], [planned_lane(lane, site)]).moves
    return sum((move.lots for move in moves if move.lane.destination == site.site.site), 0) * lot


def site_lot(site: Situation) -> Decimal:
    """Base units that move together: the smallest case, else one."""
    return site.item.pack or Decimal(1)


def transfer_site(exposure: Exposure, situation: Situation, reserve: float = 0.0) -> TransferSite:
    """A situation as the transfer optimiser takes it."""
    state = exposure.state(situation)
    return TransferSite(state.site, state.on_hand, state.receipts, state.demand, state.unit_margin, reserve)


def planned_lane(lane: Lane, situation: Situation) -> PlannedLane:
    """A lane for one item; its space is in m³."""
    unit_cost = float(lane.cost_per_m3 * situation.item.unit_volume)
    fixed, capacity = float(lane.fixed_cost), float(lane.capacity_m3)
    return PlannedLane(lane.source, lane.destination, lane.lead_time_days, fixed, unit_cost, capacity)


def _suppliers(site: Situation, notes: list[str]) -> list[Terms]:
    if not site.suppliers:
        notes.append(f"no supplier is known for {site.item.sku}")
    usable: list[Terms] = []
    for terms in site.suppliers:
        if terms.supplier_currency == site.item.currency:
            usable.append(terms)
        else:
            notes.append(f"purchase from {terms.supplier}: sells in {terms.supplier_currency}, and there is no rate")
    return usable[: site.thresholds.assumptions.suppliers]


def _purchase(exposure: Exposure, terms: Terms, wanted: Decimal | None) -> Choice | str:
    made = purchase(exposure, terms, wanted)
    return made if isinstance(made, str) else Choice(*made)


def _expedites(exposure: Exposure) -> list[Choice]:
    """Bringing the next open purchase forward.

    It is priced as the units that would be short between the new and the old day: what arrives beyond them would have
    arrived anyway. No order of ours does it; a person asks the supplier.
    """
    site, assumed = exposure.site, exposure.site.thresholds.assumptions
    for receipt in site.receipts:
        left = (receipt.expected_on - site.today).days
        if receipt.kind != "purchase" or not 1 < left < exposure.days:
            continue
        sooner = max(1, math.ceil(left * assumed.expedite_share))
        receipts = site.receipts_by_day(exposure.days)
        paths = simulate_stock(exposure.demand(site), site.lasting(exposure.days), receipts)
        short = float(paths.short[:, sooner:left].sum(axis=1).mean())
        quantity = min(float(receipt.quantity), short)
        if quantity < 1e-6:
            return []
        cost = assumed.expedite_cost_share * float(receipt.quantity) * float(site.item.unit_cost)
        lead = LeadTime(float(sooner))
        return [Choice(OptionSpec("expedite", quantity, receipt.order_no, lead, fixed_cost=cost), None)]
    return []
