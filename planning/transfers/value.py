"""What lots of one item are worth at each site, exactly, from scenarios.

With lost sales the units lost over the horizon are max(0, max over days t of N(t)), where N(t) is demand up to t less
receipts up to t less stock (the regulator of a reflected walk; Harrison, Brownian Motion and Stochastic Flow Systems,
1985, section 2.2). Sending x units away today adds x to every N(t); units arriving on day l take from N(t) with t ≥ l.
So the expected loss is convex in what is sent and each arrival's expected gain is concave, by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.transfers.model import Lane, TransferItem, TransferSite

NO_LOTS = 1e-9


class Tail:
    """E[(X − x)⁺] of a sample, for any x, in O(log n)."""

    def __init__(self, values: FloatArray) -> None:
        self.values = np.sort(values)
        self.suffix = np.append(np.cumsum(self.values[::-1])[::-1], 0.0)

    def excess(self, at: FloatArray) -> FloatArray:
        """Expected excess over each of `at`."""
        first = np.searchsorted(self.values, at, side="right")
        return (self.suffix[first] - at * (self.values.size - first)) / self.values.size

    def useful_lots(self, lot: float) -> int:
        """Lots until nothing is left to save."""
        return int(np.ceil(max(self.values[-1], 0.0) / lot - NO_LOTS))


class SiteValue:
    """One site's lost margin as a function of what leaves today and what arrives on which lane lead time."""

    def __init__(self, site: TransferSite, lot: float, leads: Sequence[int]) -> None:
        self.margin = site.unit_margin
        self.lot = lot
        self.known: dict[tuple[int, tuple[int, ...]], float] = {}
        self.leads = sorted(set(leads))
        self.out_lots = int(np.floor(max(site.on_hand - site.reserve, 0.0) / lot + NO_LOTS))
        limit = np.inf if site.receive_limit is None else np.floor(site.receive_limit / lot + NO_LOTS)
        self.in_limit = float(limit)
        # (segments, scenarios): the peak of N before the first lead time, then from each lead time to the next.
        self.peaks = _segment_peaks(site, self.leads)
        self.out = Tail(self.peaks.max(axis=0))
        self.into = {lead: Tail(self._helped_from(index)) for index, lead in enumerate(self.leads)}

    def _helped_from(self, index: int) -> FloatArray:
        """(scenarios,) units lost from a lead time on that could not have been lost before it."""
        before = np.maximum(self.peaks[: index + 1].max(axis=0), 0.0)
        return self.peaks[index + 1 :].max(axis=0) - before

    def saved(self, sent: int, arrived: tuple[int, ...]) -> float:
        """Exact expected money saved (negative: risked) by lots sent today and lots arriving, one entry per lead."""
        key = (sent, arrived)
        if key not in self.known:
            self.known[key] = self._lost(0, (0,) * len(self.leads)) - self._lost(sent, arrived)
        return self.known[key]

    def _lost(self, sent: int, arrived: tuple[int, ...]) -> float:
        coming = np.cumsum((0, *arrived)) * self.lot
        worst = (self.peaks - coming[:, None]).max(axis=0) + sent * self.lot
        return self.margin * float(np.maximum(worst, 0.0).mean())


@dataclass(frozen=True)
class LaneOption:
    """A lane seen by one item: local site indices, most lots that can help, money per lot."""

    lane: int
    source: int
    destination: int
    lead: int
    most_lots: int
    cost_per_lot: float


class ItemValue:
    """Everything the flow and the search need of one item; scenarios are reduced to segment peaks."""

    def __init__(self, item: TransferItem, lanes: Sequence[Lane]) -> None:
        self.item = item
        self.lot = item.lot_size
        self.space = item.lot_size * item.space_per_unit
        index = {site.site: position for position, site in enumerate(item.sites)}
        days = item.sites[0].demand.shape[1]
        known = [
            (number, lane, index[lane.source], index[lane.destination])
            for number, lane in enumerate(lanes)
            if lane.source in index and lane.destination in index and lane.lead_time_days < days
        ]
        leads: list[list[int]] = [[] for _ in item.sites]
        for _, lane, _, destination in known:
            leads[destination].append(lane.lead_time_days)
        self.sites = [SiteValue(site, self.lot, leads[position]) for position, site in enumerate(item.sites)]
        self._gains: dict[tuple[int, int], FloatArray] = {}
        self._losses: dict[tuple[int, int], FloatArray] = {}
        offered = (self._option(number, lane, source, to) for number, lane, source, to in known)
        self.options = [option for option in offered if option is not None]
        self.lane_of = np.array([option.lane for option in self.options], dtype=np.int64)
        self.costs = np.array([option.cost_per_lot for option in self.options], dtype=np.float64)

    def _option(self, number: int, lane: Lane, source: int, destination: int) -> LaneOption | None:
        """The lane, unless not even its first lot pays; later lots pay less, so nothing is lost."""
        sender, receiver = self.sites[source], self.sites[destination]
        tail = receiver.into[lane.lead_time_days]
        fits = np.inf if lane.capacity_units is None else np.floor(lane.capacity_units / self.space + NO_LOTS)
        most = int(min(sender.out_lots, tail.useful_lots(self.lot), receiver.in_limit, fits))
        cost = lane.unit_cost * self.lot
        if most < 1:
            return None
        first = self.gains(destination, lane.lead_time_days, 1)[0] - self.losses(source, 1)[0] - cost
        return LaneOption(number, source, destination, lane.lead_time_days, most, cost) if first > 0.0 else None

    def gains(self, site: int, lead: int, lots: int) -> FloatArray:
        """(lots,) money of each further lot arriving after `lead` days with nothing else arriving; never rising."""
        return _long_enough(self._gains, (site, lead), lots, self._all_gains)

    def losses(self, site: int, lots: int) -> FloatArray:
        """(lots,) money lost with each further lot sent; never falling."""
        return _long_enough(self._losses, (site, 0), lots, self._all_losses)

    def _all_gains(self, key: tuple[int, int], lots: int) -> FloatArray:
        steps = self.sites[key[0]].into[key[1]].excess(np.arange(lots + 1, dtype=np.float64) * self.lot)
        return -np.diff(steps) * self.sites[key[0]].margin

    def _all_losses(self, key: tuple[int, int], lots: int) -> FloatArray:
        steps = self.sites[key[0]].out.excess(-np.arange(lots + 1, dtype=np.float64) * self.lot)
        return np.diff(steps) * self.sites[key[0]].margin

    def exact(self, lots: IntArray) -> float:
        """Expected money of sending `lots` (one entry per option) against nothing, lane costs per unit included."""
        changes = self.site_changes(lots)
        return sum(changes.values()) - self.unit_costs(lots)

    def unit_costs(self, lots: IntArray) -> float:
        """Money for carrying, without fixed costs."""
        return float(self.costs @ lots)

    def site_changes(self, lots: IntArray) -> dict[int, float]:
        """Lost margin avoided (negative: risked) at each site that sends or receives."""
        sent: dict[int, int] = {}
        arrived: dict[int, dict[int, int]] = {}
        for number in np.flatnonzero(lots):
            option, amount = self.options[number], int(lots[number])
            sent[option.source] = sent.get(option.source, 0) + amount
            by_lead = arrived.setdefault(option.destination, {})
            by_lead[option.lead] = by_lead.get(option.lead, 0) + amount
        return {
            site: self.sites[site].saved(sent.get(site, 0), self._by_lead(site, arrived.get(site, {})))
            for site in sent.keys() | arrived.keys()
        }

    def _by_lead(self, site: int, arrived: dict[int, int]) -> tuple[int, ...]:
        return tuple(arrived.get(lead, 0) for lead in self.sites[site].leads)


def _long_enough(
    cache: dict[tuple[int, int], FloatArray],
    key: tuple[int, int],
    lots: int,
    make: Callable[[tuple[int, int], int], FloatArray],
) -> FloatArray:
    """The first `lots` entries of a curve that is computed once and lengthened when asked."""
    if key not in cache or cache[key].size < lots:
        cache[key] = make(key, max(lots, 2 * cache[key].size if key in cache else 0))
    return cache[key][:lots]


def _segment_peaks(site: TransferSite, leads: Sequence[int]) -> FloatArray:
    receipts = np.atleast_2d(site.receipts)
    balance = np.cumsum(site.demand - receipts, axis=1) - site.on_hand
    edges = [0, *leads, balance.shape[1]]
    nothing = np.full(balance.shape[0], -np.inf)
    return np.stack([
        balance[:, start:end].max(axis=1) if end > start else nothing
        for start, end in pairwise(edges)
    ])  # fmt: skip
