"""What to move from where to where today: one plan for a scope of items over the lanes they share, with its bound.

Chilled and frozen items are planned first, over chilled lanes; the rest follows over what is left of every lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field, model_validator

from cases.choices import transfer_site
from cases.comparison import SOLVER
from cases.exposure import Exposure
from cases.situation import Situation
from cases.snapshot import Snapshot, load
from db import network, tenants
from db.network import Item, Lane
from domain.errors import BadInput, NotFound
from planning.transfers.plan import Lane as PlannedLane
from planning.transfers.plan import Move, TransferItem, TransferPlan, TransferSite, optimise_transfers
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput
from tools.errors import NoData
from tools.numbers import money, units

MOST_ITEMS = 500


class TransfersQuestion(ToolInput):
    """Items, receiving sites, or both."""

    skus: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=50)
    destinations: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=50)

    @model_validator(mode="after")
    def _names_something(self) -> TransfersQuestion:
        if self.skus is None and self.destinations is None:
            raise ValueError("name skus, destinations, or both")
        return self


class MoveLine(ToolOutput):
    """`quantity` in the item's base `unit`; `worth` is what the plan would lose without this move, a mean."""

    sku: str
    source: str
    destination: str
    quantity: Decimal
    unit: str
    arrives_on: date
    worth: Decimal


class LaneLine(ToolOutput):
    """A lane that the plan uses: its load in m³ and its whole cost."""

    source: str
    destination: str
    load_m3: Decimal
    cost: Decimal


class TransfersPlanned(ToolOutput):
    """The plan in `currency`: mean over `scenarios`, and `upper_bound`, which no plan exceeds on them.

    `gap` is the share of the bound that the plan leaves; `binding` names what kept it from being larger.
    """

    moves: tuple[MoveLine, ...]
    lanes: tuple[LaneLine, ...]
    expected_benefit: Decimal
    upper_bound: Decimal
    gap: float
    currency: str
    binding: tuple[str, ...]
    left_out: tuple[str, ...]
    scenarios: int


@dataclass(frozen=True)
class _Group:
    """Items that may use the same lanes."""

    items: list[TransferItem]
    by_sku: dict[str, Item]


def run(call: Call, asked: TransfersQuestion) -> Answer[TransfersPlanned]:
    """Plans the scope. Solver time is bounded: the deadline is checked at every step that the optimiser reports."""
    batch = call.data
    currency = tenants.currency(call.connection())
    lanes = [lane for lane in network.lanes(call.connection(), asked.destinations) if lane.currency == currency]
    snapshot = _scope(call, asked, lanes)
    left_out: list[str] = []
    cold, ambient = _groups(call, snapshot, currency, left_out)
    if not lanes or not (cold.items or ambient.items):
        searched = {**asked.model_dump(), "lanes": len(lanes), "left_out": left_out[:20], "data_batch": batch.batch_id}
        raise NoData("Nothing can be moved in this scope.", searched=searched, remedy="Widen the scope.")
    plans = _planned(call, cold, ambient, lanes)
    moves = [_move(call, one, {**cold.by_sku, **ambient.by_sku}) for plan in plans for one in plan.moves]
    scenarios = next(iter(snapshot.situations.values())).thresholds.simulation.scenarios
    return Answer(_output(plans, moves, currency, left_out, scenarios), solver=SOLVER, model=snapshot.model)


def _scope(call: Call, asked: TransfersQuestion, lanes: Sequence[Lane]) -> Snapshot:
    ends = sorted({lane.source for lane in lanes} | {lane.destination for lane in lanes})
    skus = list(asked.skus) if asked.skus else _listed(call, asked.destinations)
    if len(skus) > MOST_ITEMS:
        raise BadInput(
            f"That is {len(skus)} items; at most {MOST_ITEMS} are planned at once.", remedy="Name some skus."
        )
    snapshot = load(call.connection, call.today, skus=skus, sites=ends)
    unknown = sorted(set(asked.skus or ()) - set(snapshot.items))
    if unknown and lanes:
        raise NotFound(f"Not listed in this scope: {', '.join(unknown)}.", remedy="Find items with resolve_identity.")
    return snapshot


def _listed(call: Call, destinations: Sequence[str] | None) -> list[str]:
    return sorted({one.sku for one in network.item_sites(call.connection(), None, destinations)})


def _groups(call: Call, snapshot: Snapshot, currency: str, left_out: list[str]) -> tuple[_Group, _Group]:
    cold, ambient = _Group([], {}), _Group([], {})
    for sku, item in snapshot.items.items():
        call.deadline.check()
        known = [one for one in snapshot.of_sku(sku) if one.is_counted and one.forecast is not None]
        left_out += [f"{sku} at {one.site.site}" for one in snapshot.of_sku(sku) if one not in known]
        exposure = Exposure.of(known[0], known[1:]) if len(known) > 1 else None
        if exposure is None or item.currency != currency:
            left_out.append(
                f"{sku}: priced in {item.currency}" if exposure else f"{sku}: known at fewer than two sites"
            )
            continue
        group = ambient if item.storage_class == "ambient" else cold
        group.items.append(_item(exposure, known))
        group.by_sku[sku] = item
    return cold, ambient


def _item(exposure: Exposure, known: Sequence[Situation]) -> TransferItem:
    """The item in m³ instead of base units, so that items of different size share lanes that are priced by volume."""
    volume = float(known[0].item.unit_volume)
    lot = float(known[0].item.pack or 1)
    return TransferItem(known[0].item.sku, lot * volume, [_in_volume(exposure, one, volume) for one in known])


def _in_volume(exposure: Exposure, one: Situation, volume: float) -> TransferSite:
    longest = max((lane.lead_time_days for lane in one.lanes), default=0)
    movable = float(one.movable(one.today + timedelta(days=longest))[0])
    site = transfer_site(exposure, one, reserve=max(one.lasting(exposure.days) - movable, 0.0))
    return TransferSite(
        site.site,
        site.on_hand * volume,
        site.receipts * volume,
        site.demand * volume,
        site.unit_margin / volume,
        site.reserve * volume,
    )


def _planned(call: Call, cold: _Group, ambient: _Group, lanes: Sequence[Lane]) -> list[TransferPlan]:
    plans: list[TransferPlan] = []
    used: dict[tuple[str, str], float] = {}
    for group, usable in ((cold, [lane for lane in lanes if lane.chilled]), (ambient, list(lanes))):
        roads = [_road(lane, used.get((lane.source, lane.destination))) for lane in usable]
        if group.items and roads:
            plan = optimise_transfers(group.items, roads, progress=lambda *_: call.deadline.check())
            used.update({(use.lane.source, use.lane.destination): use.space for use in plan.lanes_used})
            plans.append(plan)
    return plans


def _road(lane: Lane, used: float | None) -> PlannedLane:
    """A truck that goes already is paid for, and has the room that is left."""
    fixed = 0.0 if used else float(lane.fixed_cost)
    room = max(float(lane.capacity_m3) - (used or 0.0), 0.0)
    return PlannedLane(lane.source, lane.destination, lane.lead_time_days, fixed, float(lane.cost_per_m3), room)


def _move(call: Call, one: Move, items: dict[str, Item]) -> MoveLine:
    item = items[one.item]
    return MoveLine(
        sku=one.item,
        source=one.lane.source,
        destination=one.lane.destination,
        quantity=one.lots * (item.pack or Decimal(1)),
        unit=item.unit,
        arrives_on=call.today + timedelta(days=one.arrives_day),
        worth=money(one.worth),
    )


def _output(
    plans: Sequence[TransferPlan], moves: list[MoveLine], currency: str, left_out: list[str], scenarios: int
) -> TransfersPlanned:
    bound = sum(plan.upper_bound for plan in plans)
    value = sum(plan.expected_benefit for plan in plans)
    uses = [use for plan in plans for use in plan.lanes_used]
    return TransfersPlanned(
        moves=tuple(sorted(moves, key=lambda move: (-move.worth, move.sku, move.source))),
        lanes=tuple(
            LaneLine(
                source=use.lane.source, destination=use.lane.destination, load_m3=units(use.space), cost=money(use.cost)
            )
            for use in uses
        ),
        expected_benefit=money(value),
        upper_bound=money(bound),
        gap=round((bound - value) / bound, 6) if bound > 0 else 0.0,
        currency=currency,
        binding=tuple(sorted({f"{one.limit.value}: {one.subject}" for plan in plans for one in plan.binding})),
        left_out=tuple(left_out[:100]),
        scenarios=scenarios,
    )


TOOL = Tool(
    name="optimise_transfers",
    description="What to move between sites today, for a scope of items and/or receiving sites: moves, trucks, cost, "
    "expected benefit, and a bound that no plan can exceed.",
    permission="analyse",
    takes=TransfersQuestion,
    gives=TransfersPlanned,
    run=run,
    examples=({"skus": ["OAT-1L"]}, {"destinations": ["LEJ"]}),
    seconds=60.0,
)
