"""Which lots to move between sites today, in money under uncertainty, with a bound on what any plan could reach.

Items are independent apart from the lanes they share. Nothing beyond the horizon is priced: choose one that lasts until
a source can be supplied again. It plans; whether a move may be made is not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from planning.arrays import IntArray, count
from planning.drivers import Driver
from planning.errors import InvalidField
from planning.transfers.bound import Bound, Network, upper_bound
from planning.transfers.model import (
    BindingLimit,
    Lane,
    LaneUse,
    Limit,
    Move,
    TransferItem,
    TransferPlan,
    TransferSite,
)
from planning.transfers.search import Search
from planning.transfers.value import ItemValue

__all__ = [
    "BindingLimit",
    "Lane",
    "LaneUse",
    "Limit",
    "Move",
    "TransferItem",
    "TransferPlan",
    "TransferSite",
    "optimise_transfers",
]


def optimise_transfers(
    items: Sequence[TransferItem],
    lanes: Sequence[Lane],
    *,
    effort: int = 1000,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> TransferPlan:
    """Plan transfers of `items` over `lanes`.

    The price of a lane starts at its fixed cost spread over its capacity; every item is then a convex min-cost flow in
    whole lots; lanes that do not earn their fixed cost are closed; single lots are improved against the exact value.
    `effort` limits the flows solved while trying to open and exchange lanes: a count, so one input has one plan.
    A lot is worth only the shortage that falls on or after its arrival; the source's own risk is in the value.

    Raises:
        InvalidField: no items, or an item twice. (Sites, items and lanes check themselves.)
    """
    names = [item.item for item in items]
    if not names or len(set(names)) != len(names):
        raise InvalidField("items", "must be one or more different items")
    network = Network.of([ItemValue(item, lanes) for item in items], lanes)
    if not any(item.options for item in network.items):
        return TransferPlan((), (), 0.0, 0.0, 0.0, 0.0, (), ())
    bound = upper_bound(network, progress)
    search = _searched(network, bound, count("effort", effort), progress)
    return _plan(search, bound, lanes)


def _searched(network: Network, bound: Bound, effort: int, progress: Callable[[str, int, int], None]) -> Search:
    # Only what scarcity adds: the fixed cost itself is paid when a lane opens, not per unit of space.
    scarcity = np.maximum(bound.prices - network.spread, 0.0)
    search = Search(network, scarcity, network.usable > 0.0, effort)
    search.run(progress)
    return search


def _plan(search: Search, bound: Bound, lanes: Sequence[Lane]) -> TransferPlan:
    value = search.value
    ceiling = max(bound.value, 0.0)
    return TransferPlan(
        moves=tuple(_moves(search, lanes)),
        lanes_used=tuple(_lanes_used(search, lanes)),
        expected_benefit=value,
        upper_bound=ceiling,
        gap=(ceiling - value) / ceiling if ceiling > 0.0 else 0.0,
        scaling_error=bound.rounding,
        drivers=_drivers(search),
        binding=tuple(_binding(search, lanes)),
    )


def _moves(search: Search, lanes: Sequence[Lane]) -> list[Move]:
    moves: list[Move] = []
    for item, lots, worth in zip(search.network.items, search.plan, search.worth, strict=True):
        for number in np.flatnonzero(lots):
            without = lots.copy()
            without[number] = 0
            lane, amount = lanes[item.options[number].lane], int(lots[number])
            gain = worth - item.exact(without)
            moves.append(Move(item.item.item, lane, amount, amount * item.lot, lane.lead_time_days, gain))
    return moves


def _lanes_used(search: Search, lanes: Sequence[Lane]) -> list[LaneUse]:
    cost = np.zeros(len(lanes))
    for item, lots in zip(search.network.items, search.plan, strict=True):
        for option, amount in zip(item.options, lots, strict=True):
            cost[option.lane] += option.cost_per_lot * amount
    space = search.network.space(search.plan)
    return [
        LaneUse(lanes[number], float(space[number]), float(cost[number]) + lanes[number].fixed_cost)
        for number in map(int, np.flatnonzero(space))
    ]


def _drivers(search: Search) -> tuple[Driver, ...]:
    changes = [
        change
        for item, lots in zip(search.network.items, search.plan, strict=True)
        for change in item.site_changes(lots).values()
    ]
    carried = sum(item.unit_costs(lots) for item, lots in zip(search.network.items, search.plan, strict=True))
    fixed = float(search.network.fixed[search.network.space(search.plan) > 0.0].sum())
    return (
        Driver("lost margin avoided", sum(change for change in changes if change > 0.0)),
        Driver("lost margin risked", sum(change for change in changes if change < 0.0)),
        Driver("lane cost per unit", -carried),
        Driver("lane fixed cost", -fixed),
    )


def _binding(search: Search, lanes: Sequence[Lane]) -> list[BindingLimit]:
    found: list[BindingLimit] = []
    room = search.network.capacity - search.network.space(search.plan)
    tight = np.zeros(len(lanes), dtype=np.bool_)
    for item, lots in zip(search.network.items, search.plan, strict=True):
        used = np.flatnonzero(lots)
        tight[[item.options[n].lane for n in used if room[item.options[n].lane] < item.space - 1e-9]] = True
        found += _site_limits(item, lots)
    return [BindingLimit(Limit.LANE_CAPACITY, lanes[n].label) for n in map(int, np.flatnonzero(tight))] + found


def _site_limits(item: ItemValue, lots: IntArray) -> list[BindingLimit]:
    found: list[BindingLimit] = []
    for position, value in enumerate(item.sites):
        pairs = list(zip(item.options, lots, strict=True))
        sent = sum(int(n) for option, n in pairs if option.source == position)
        received = sum(int(n) for option, n in pairs if option.destination == position)
        subject = f"{item.item.item} at {item.item.sites[position].site}"
        if sent and sent == value.out_lots:
            found.append(BindingLimit(Limit.SOURCE_STOCK, subject))
        if received and received == value.in_limit:
            found.append(BindingLimit(Limit.RECEIVE_LIMIT, subject))
    return found
