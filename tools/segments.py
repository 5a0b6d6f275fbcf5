"""Which items behave alike: segments by steadiness, money and speed, the policy each implies, and what would change.

The same data give the same answer. It changes no parameter.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from math import isfinite

from pydantic import Field

from cases.segmenting import WEEKS, Segmented, recorded, segmented
from cases.situation import Situation
from cases.snapshot import load
from db import purchasing, tenants
from domain.errors import NotFound
from planning.inventory.reorder import ReorderPoint, reorder_point
from planning.inventory.segments import Segment
from tools.contract import Answer, Call, Code, Probability, Tool, ToolInput, ToolOutput
from tools.errors import NoData
from tools.numbers import money, share, units


class SegmentsQuestion(ToolInput):
    """Items, sites or a product group; without any, all there are. `limit` items are told one by one, by money."""

    skus: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=500)
    sites: tuple[Code, ...] | None = Field(default=None, min_length=1, max_length=100)
    category: Code | None = None
    limit: int = Field(default=50, ge=0, le=500)


class SegmentPolicy(ToolOutput):
    """How a segment is best kept: the kind of policy, its service level, days between two looks."""

    kind: str
    service_level: float
    review_days: int


class SegmentGroup(ToolOutput):
    """A segment with its policy; `margin_share` of all margin in scope, `changing` items are kept otherwise today."""

    segment: str
    policy: SegmentPolicy
    items: int
    margin_share: Probability
    changing: int


class ParameterChange(ToolOutput):
    """Today's figure and that of the implied service level, in base units; None where it is not known."""

    today: Decimal | None
    implied: Decimal | None


class SegmentedItem(ToolOutput):
    """One item at one site.

    `interval`: weeks between weeks with demand (None: there was none); `variation`: squared variation of its size.
    `held`: the classes that it keeps only because its measure is still near the border. `changes`: what is otherwise
    today, in words. `returned_share` is None where no returns are recorded.
    """

    sku: str
    name: str
    site: str
    channel: str
    segment: str
    interval: float | None
    variation: float
    units_per_day: float
    margin_per_day: Decimal
    returned_share: Probability | None
    policy: SegmentPolicy
    held: tuple[str, ...]
    changes: tuple[str, ...]
    reorder_point: ParameterChange
    safety_stock: ParameterChange


class ItemsSegmented(ToolOutput):
    """Segments from most to least margin, and items in the same order; `left_out`: listed too recently."""

    segments: tuple[SegmentGroup, ...]
    items: tuple[SegmentedItem, ...]
    total: int
    currency: str
    weeks: int
    left_out: tuple[str, ...]


def run(call: Call, asked: SegmentsQuestion) -> Answer[ItemsSegmented]:
    """Sorts the scope; the implied parameters are worked out for the items that are told one by one."""
    skus = _skus(call, asked)
    snapshot = load(call.connection, call.today, skus=skus, sites=asked.sites, with_demand=False)
    if unknown := sorted(set(asked.skus or ()) - set(snapshot.items)):
        raise NotFound(f"Not listed in this scope: {', '.join(unknown)}.", remedy="Find items with resolve_identity.")
    situations = list(snapshot.situations.values())
    known = recorded(call.connection, situations, call.today, skus, asked.sites)
    found = segmented(situations, known, call.deadline.check)
    if not found.segments:
        raise NoData("No item in this scope has eight weeks of history.", searched=asked.model_dump(mode="json"))
    order = sorted(found.segments, key=lambda pair: (-found.segments[pair].measures.margin, pair))
    shown = order[: asked.limit]
    told = load(call.connection, call.today, skus=sorted({sku for sku, _ in shown}), sites=asked.sites)
    items = tuple(_item(call, told.situations[pair], found.segments[pair]) for pair in shown)
    return Answer(_output(call, found, items), model=told.model if items else "")


def _skus(call: Call, asked: SegmentsQuestion) -> list[str] | None:
    chosen = None if asked.skus is None else set(asked.skus)
    if asked.category is not None:
        grouped = {sku for sku, group in purchasing.categories(call.connection()).items() if group == asked.category}
        if not grouped:
            raise NotFound(f"No item is of the product group {asked.category!r}.", remedy="See items.csv, category.")
        chosen = grouped if chosen is None else chosen & grouped
    return None if chosen is None else sorted(chosen)


def _item(call: Call, situation: Situation, segment: Segment) -> SegmentedItem:
    call.deadline.check()
    measures, listing = segment.measures, situation.listing
    implied = _implied(situation, segment.policy.service_level)
    point, safety = (None, None) if implied is None else (units(implied.reorder_point), units(implied.safety_stock))
    return SegmentedItem(
        sku=situation.item.sku,
        name=situation.item.name,
        site=situation.site.site,
        channel=segment.channel or "",
        segment=segment.label,
        interval=round(measures.interval, 3) if isfinite(measures.interval) else None,
        variation=round(measures.variation, 3),
        units_per_day=round(measures.units_per_day, 3),
        margin_per_day=money(measures.margin),
        returned_share=None if measures.returned_share is None else share(measures.returned_share),
        policy=_policy(segment),
        held=segment.kept,
        changes=segment.changes,
        reorder_point=ParameterChange(today=listing.reorder_point, implied=point),
        safety_stock=ParameterChange(today=listing.safety_stock, implied=safety),
    )


def _implied(situation: Situation, level: float) -> ReorderPoint | None:
    """At the segment's service level, over the lead time by which the item comes here; None where that is not known."""
    lead, assumed = situation.lead_time, situation.thresholds.assumptions
    demand = situation.demand(assumed.longest_horizon)
    if lead is None or demand is None or lead.mean + situation.next_chance > demand.shape[1]:
        return None
    return reorder_point(
        demand, lead_time_mean=lead.mean, lead_time_sd=lead.sd, service_level=level, review_days=situation.next_chance
    )


def _policy(segment: Segment) -> SegmentPolicy:
    policy = segment.policy
    return SegmentPolicy(kind=policy.kind.value, service_level=policy.service_level, review_days=policy.review_days)


def _output(call: Call, found: Segmented, items: tuple[SegmentedItem, ...]) -> ItemsSegmented:
    return ItemsSegmented(
        segments=_groups(list(found.segments.values())),
        items=items,
        total=len(found.segments),
        currency=tenants.currency(call.connection()),
        weeks=WEEKS,
        left_out=found.left_out,
    )


def _groups(segments: list[Segment]) -> tuple[SegmentGroup, ...]:
    by_label: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        by_label[segment.label].append(segment)
    whole = sum(segment.measures.margin for segment in segments)
    groups = [
        SegmentGroup(
            segment=label,
            policy=_policy(own[0]),
            items=len(own),
            margin_share=share(sum(one.measures.margin for one in own) / whole) if whole else 0.0,
            changing=sum(bool(one.changes) for one in own),
        )
        for label, own in by_label.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.margin_share, group.segment)))


TOOL = Tool(
    name="segment_items",
    description="Which items behave alike: segments by how steadily, how fast and for how much money they sell, the "
    "replenishment policy that each implies, and per item what that would change against today's parameters.",
    permission="analyse",
    takes=SegmentsQuestion,
    gives=ItemsSegmented,
    run=run,
    examples=({}, {"sites": ["LEJ"]}, {"category": "Dairy", "limit": 20}),
    seconds=45.0,
)
