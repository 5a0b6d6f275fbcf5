"""One item's plan on given lanes: from a flow, with each lane's true lead time, to a plan no single lot improves.

A site never both sends and receives the same item in one plan.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.transfers.flow import solve
from planning.transfers.value import ItemValue

ROUNDS = 200
GAIN = 1e-9


def without_double_roles(item: ItemValue, prices: FloatArray, allowed: BoolArray) -> IntArray:
    """The flow, re-solved with the smaller role of a site forbidden until no site has two."""
    while True:
        lots = _with_lead_times(item, prices, allowed)
        sent, received = _roles(item, lots)
        both = np.flatnonzero((sent > 0) & (received > 0))
        if both.size == 0:
            return lots
        site = int(both[0])
        sends = bool(sent[site] < received[site])
        allowed = allowed & ~np.array([
            (option.source if sends else option.destination) == site for option in item.options
        ])  # fmt: skip


def improve(item: ItemValue, lots: IntArray, allowed: BoolArray, room: FloatArray) -> IntArray:
    """Add, drop or shift single lots as long as the exact value rises.

    `room` (lanes,) is the space still free on each lane.
    """
    current, value = lots, item.exact(lots)
    for _ in range(ROUNDS):
        best: tuple[float, IntArray] | None = None
        for trial in _neighbours(item, current, allowed):
            if not _fits(item, trial - lots, room):
                continue
            worth = item.exact(trial)
            if worth > value + GAIN and (best is None or worth > best[0]):
                best = worth, trial
        if best is None:
            return current
        value, current = best
    return current


def _with_lead_times(item: ItemValue, prices: FloatArray, allowed: BoolArray) -> IntArray:
    """The better of two flows: slow lanes as good as fast ones, and slow lanes cut by what being late costs."""
    first = solve(item, prices, allowed).lots
    haircut = _haircut(item, first, allowed)
    if not haircut.any():
        return first
    second = solve(item, prices, allowed, haircut).lots
    return max((first, second), key=lambda lots: _value(item, lots, prices))


def _haircut(item: ItemValue, lots: IntArray, allowed: BoolArray) -> FloatArray:
    """(options,) money per lot lost by arriving on the option's day instead of the fastest one's, on average."""
    _, received = _roles(item, lots)
    cut = np.zeros(len(item.options))
    for site in {item.options[number].destination for number in np.flatnonzero(allowed)}:
        into = [n for n in np.flatnonzero(allowed) if item.options[n].destination == site]
        fastest = min(item.options[n].lead for n in into)
        amount = int(max(received[site], 1))
        best = item.gains(site, fastest, amount).sum()
        for n in into:
            cut[n] = (best - item.gains(site, item.options[n].lead, amount).sum()) / amount
    return cut


def _roles(item: ItemValue, lots: IntArray) -> tuple[IntArray, IntArray]:
    """(sites,) lots sent and received."""
    sent = np.zeros(len(item.sites), dtype=np.int64)
    received = np.zeros(len(item.sites), dtype=np.int64)
    for option, n in zip(item.options, lots, strict=True):
        sent[option.source] += n
        received[option.destination] += n
    return sent, received


def _neighbours(item: ItemValue, lots: IntArray, allowed: BoolArray) -> Iterator[IntArray]:
    used = np.flatnonzero(lots)
    for number in used:
        fewer = lots.copy()
        fewer[number] -= 1
        yield fewer
        for other in np.flatnonzero(allowed):
            if other != number and _linked(item, int(number), int(other)):
                yield from _added(item, fewer, int(other))
    for number in np.flatnonzero(allowed):
        yield from _added(item, lots, int(number))


def _linked(item: ItemValue, one: int, other: int) -> bool:
    first, second = item.options[one], item.options[other]
    return first.source == second.source or first.destination == second.destination


def _added(item: ItemValue, lots: IntArray, number: int) -> Iterator[IntArray]:
    option = item.options[number]
    more = lots.copy()
    more[number] += 1
    sent, received = _roles(item, more)
    sender, receiver = option.source, option.destination
    if (
        more[number] <= option.most_lots
        and sent[sender] <= item.sites[sender].out_lots
        and received[receiver] <= item.sites[receiver].in_limit
        and received[sender] == 0
        and sent[receiver] == 0
    ):
        yield more


def _fits(item: ItemValue, change: IntArray, room: FloatArray) -> bool:
    asked = np.zeros(room.size)
    np.add.at(asked, item.lane_of, change * item.space)
    return bool((asked <= np.maximum(room, 0.0) + 1e-9).all())


def _value(item: ItemValue, lots: IntArray, prices: FloatArray) -> float:
    return item.exact(lots) - float(prices[item.lane_of] @ lots) * item.space
