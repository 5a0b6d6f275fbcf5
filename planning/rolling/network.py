"""A network of sites for one item: what holds stock, which lanes supply it, which markets it sells to, what all costs.

It holds facts and refuses networks that cannot work. Any network without a cycle will do: several suppliers a site,
several sites a supplier, markets anywhere. It plans nothing.

The events of a period, in this order, everywhere in this package:
1. Orders are placed and shipped from what stood at the source when the period began, lane after lane in the order of
   `lanes`, up to the source's stock and capacity.
2. What is due arrives; a lane with lead time 0 delivers within the period.
3. Markets demand; the site sells what it has, market after market; the rest waits or is lost.
4. Holding, transit and shortage are charged on what stands, travels or is missing now.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray, count, number
from planning.errors import InvalidField

OUTSIDE = -1


class CyclicNetwork(InvalidField):
    """Goods could travel in a circle."""


@dataclass(frozen=True)
class Site:
    """A place with stock. Money and units are per period.

    Attributes:
        name: unique.
        holding_cost: money per unit that stands here at the end of a period.
        capacity: most units that leave in a period; infinite: no limit.
        yield_rate: units that leave for each unit of stock used up; 1 where nothing is made.
    """

    name: str
    holding_cost: float
    capacity: float = math.inf
    yield_rate: float = 1.0


@dataclass(frozen=True)
class Lane:
    """A way by which a site is supplied.

    Attributes:
        source: the site that supplies; None for an outside supplier with goods without limit.
        target: the site that is supplied.
        lead_periods: whole periods from the order to the arrival.
        unit_cost: money per unit ordered: the price outside, production or handling inside.
        transit_cost: money per unit on its way at the end of a period.
    """

    source: str | None
    target: str
    lead_periods: int
    unit_cost: float = 0.0
    transit_cost: float = 0.0


@dataclass(frozen=True)
class Market:
    """Demand at a site.

    Attributes:
        site: the site that sells to it.
        price: money per unit sold.
        shortage_cost: money per unit missing at the end of a period, each period that it is missing.
        waits: whether a customer who found nothing waits (backlog) or is lost.
    """

    site: str
    price: float
    shortage_cost: float = 0.0
    waits: bool = True


@dataclass(frozen=True)
class SupplyNetwork:
    """Sites, lanes and markets; the order of each tuple is the order of every array that speaks of them."""

    sites: tuple[Site, ...]
    lanes: tuple[Lane, ...]
    markets: tuple[Market, ...]

    def __post_init__(self) -> None:
        for field in ("sites", "lanes", "markets"):
            if not getattr(self, field):
                raise InvalidField(field, "is empty")
        if len(self.position) < len(self.sites):
            raise InvalidField("sites", "holds a name twice")
        for site in self.sites:
            _check_site(site)
        for lane in self.lanes:
            self._check_lane(lane)
        for market in self.markets:
            self._known("markets", market.site)
            number("price", market.price, at_least=0.0)
            number("shortage_cost", market.shortage_cost, at_least=0.0)
        self._check_supply()

    @cached_property
    def position(self) -> dict[str, int]:
        """Each site's place in the arrays."""
        return {site.name: index for index, site in enumerate(self.sites)}

    @cached_property
    def source(self) -> IntArray:
        """(lanes,) the supplying site, `OUTSIDE` for a supplier."""
        return np.array([OUTSIDE if lane.source is None else self.position[lane.source] for lane in self.lanes])

    @cached_property
    def target(self) -> IntArray:
        """(lanes,) the supplied site."""
        return np.array([self.position[lane.target] for lane in self.lanes])

    @cached_property
    def lead(self) -> IntArray:
        """(lanes,) lead time in periods."""
        return np.array([lane.lead_periods for lane in self.lanes], dtype=np.int64)

    @cached_property
    def market_site(self) -> IntArray:
        """(markets,) the selling site."""
        return np.array([self.position[market.site] for market in self.markets])

    @cached_property
    def waits(self) -> BoolArray:
        """(markets,) whether customers wait."""
        return np.array([market.waits for market in self.markets])

    @cached_property
    def downstream_first(self) -> tuple[int, ...]:
        """The sites so that each comes after all that it supplies."""
        rest = set(range(len(self.sites)))
        ordered: list[int] = []
        while rest:
            free = [site for site in sorted(rest) if not self._supplies_one_of(site, rest)]
            if not free:
                names = ", ".join(self.sites[site].name for site in sorted(rest))
                raise CyclicNetwork("lanes", f"lead in a circle among {names}", remedy="Take one of the lanes out.")
            ordered += free
            rest -= set(free)
        return tuple(ordered)

    @cached_property
    def periods_to_market(self) -> FloatArray:
        """(sites,) fewest periods from standing at a site, ready to leave, to being sold; infinite: never."""
        periods = np.full(len(self.sites), np.inf)
        periods[self.market_site] = 0.0
        for site in self.downstream_first:
            for lane in np.flatnonzero(self.source == site):
                # What arrives at the next site during a period can leave it one period later, but be sold at once.
                on_sale = self.target[lane] in self.market_site
                after = 0.0 if on_sale else periods[self.target[lane]] + 1.0
                periods[site] = min(periods[site], self.lead[lane] + after)
        return periods

    def _supplies_one_of(self, site: int, others: set[int]) -> bool:
        return any(int(target) in others for target in self.target[self.source == site])

    def _known(self, field: str, name: str) -> None:
        if name not in self.position:
            raise InvalidField(field, f"names {name!r}, and there is no such site")

    def _check_lane(self, lane: Lane) -> None:
        self._known("lanes", lane.target)
        if lane.source is not None:
            self._known("lanes", lane.source)
        count("lead_periods", lane.lead_periods, at_least=0)
        number("unit_cost", lane.unit_cost, at_least=0.0)
        number("transit_cost", lane.transit_cost, at_least=0.0)

    def _check_supply(self) -> None:
        """Each site's supply can be traced to an outside supplier, and no lane leads in a circle."""
        supplied: set[int] = set()
        for site in reversed(self.downstream_first):
            sources = self.source[self.target == site]
            if not any(int(source) == OUTSIDE or int(source) in supplied for source in sources):
                raise InvalidField("lanes", f"bring nothing to {self.sites[site].name}", remedy="Give it a supplier.")
            supplied.add(site)


def _check_site(site: Site) -> None:
    number("holding_cost", site.holding_cost, at_least=0.0)
    number("yield_rate", site.yield_rate)
    if site.yield_rate <= 0.0:
        raise InvalidField("yield_rate", f"of {site.name} must be above 0")
    if math.isnan(site.capacity) or site.capacity < 0.0:
        raise InvalidField("capacity", f"of {site.name} must be at least 0")
