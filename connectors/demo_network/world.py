"""The network while it is being made: pairs, their demand, their parameters, and what lies and moves where.

Days are counted from today (0); the past is negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from connectors.demo_network.catalogue import DemoItem, make_items
from connectors.demo_network.demand import (
    FUTURE,
    HISTORY,
    DemoPromotion,
    Floats,
    Pair,
    draw,
    make_promotions,
    mean_demand,
)
from connectors.demo_network.places import SITES, DemoLane, DemoSite, make_lanes, supplier_of

REVIEW = 7  # days between two looks at an item
SERVICE = 0.95
Z_SERVICE = 1.645
State = Literal["available", "reserved", "quarantined", "damaged"]


@dataclass(frozen=True)
class Lot:
    """Some stock; `expires` and `counted` in days from today."""

    quantity: int
    expires: int | None = None
    state: State = "available"
    counted: int = 0


@dataclass(frozen=True)
class Parameters:
    """By which a pair is kept: lead time in days, stock levels in units."""

    source: str | None
    lead: int
    spread: float
    safety: int
    reorder_point: int
    order_up_to: int


@dataclass(frozen=True)
class Purchase:
    """A purchase order line, quantity in base units (whole cases)."""

    pair: int
    quantity: int
    ordered: int
    due: int
    promised: int | None = None
    received: int | None = None


@dataclass(frozen=True)
class Transfer:
    """An open transfer to the pair from the site that feeds it."""

    pair: int
    source: str
    quantity: int
    shipped: int
    due: int


@dataclass
class World:
    """Everything; plants change it before it is written."""

    rng: np.random.Generator
    today: date
    items: list[DemoItem]
    pairs: list[Pair]
    promotions: list[DemoPromotion]
    mean: Floats
    demand: NDArray[np.int64]
    lanes: dict[tuple[str, str], DemoLane]
    parameters: list[Parameters] = field(default_factory=list[Parameters])
    stock: dict[int, list[Lot]] = field(default_factory=dict[int, list[Lot]])
    purchases: list[Purchase] = field(default_factory=list[Purchase])
    transfers: list[Transfer] = field(default_factory=list[Transfer])
    unsupplied: set[str] = field(default_factory=set[str])
    planted: set[str] = field(default_factory=set[str])
    index: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def day(self, offset: int) -> date:
        """The date so many days from today."""
        return self.today + timedelta(days=offset)

    def ahead(self, pair: int, days: int) -> float:
        """Expected demand of the next `days` days; beyond the horizon at its mean."""
        future = self.mean[pair, HISTORY : HISTORY + min(days, FUTURE)].sum()
        return float(future + max(days - FUTURE, 0) * self.rate(pair))

    def rate(self, pair: int) -> float:
        """Expected units a day over the next weeks."""
        return float(self.mean[pair, HISTORY:].mean())

    def lasts(self, pair: int, units: float) -> int:
        """The first day on which expected demand has used up `units`."""
        used = np.cumsum(self.mean[pair, HISTORY:])
        gone = np.flatnonzero(used > units)
        return int(gone[0]) if gone.size else FUTURE + int((units - used[-1]) / max(self.rate(pair), 1e-9))

    def spread(self, pair: int, days: int) -> float:
        """Standard deviation of demand over `days`, the lead time's own spread included."""
        mean = self.mean[pair, HISTORY : HISTORY + days]
        lumpy = self.pairs[pair].item.intermittent
        variance = (mean * 2.9).sum() if lumpy else (mean + mean**2 / 8).sum()
        return float(np.sqrt(variance + (self.rate(pair) * self.parameters_spread(pair)) ** 2))

    def parameters_spread(self, pair: int) -> float:
        """Standard deviation of the lead time in days; a lane's is none."""
        feeder = feeder_of(self, pair)
        return 0.0 if feeder else supplier_of(self.pairs[pair].item.range.name).spread


def make_world(seed: int, today: date, special: dict[int, tuple[str, ...]]) -> World:
    """Sites, items, pairs and their demand; `special`: item positions that are listed at these sites only."""
    rng = np.random.default_rng(seed)
    items = make_items(rng)
    for at in special:
        # Brisk enough that a trip for it alone would pay, were it allowed.
        items[at] = replace(items[at], rate=28.0, intermittent=False)
    pairs = _pairs(rng, items, special)
    promotions = make_promotions(rng, [item for at, item in enumerate(items) if at not in special])
    mean = mean_demand(pairs, promotions, today)
    lanes = {(lane.source, lane.destination): lane for lane in make_lanes()}
    world = World(rng, today, items, pairs, promotions, mean, draw(rng, pairs, mean), lanes)
    world.index = {(pair.item.sku, pair.site.site): at for at, pair in enumerate(pairs)}
    world.parameters = [parameters(world, at) for at in range(len(pairs))]
    return world


def parameters(world: World, pair: int) -> Parameters:
    """Reorder point over lead time and review at the service level; base stock one review above."""
    feeder = feeder_of(world, pair)
    terms = supplier_of(world.pairs[pair].item.range.name)
    lead = world.lanes[feeder, world.pairs[pair].site.site].days if feeder else terms.lead
    horizon = lead + REVIEW
    safety = math.ceil(Z_SERVICE * world.spread(pair, horizon))
    point = math.ceil(world.ahead(pair, horizon)) + safety
    top = point + max(1, math.ceil(world.rate(pair) * REVIEW))
    return Parameters(feeder, lead, 0.0 if feeder else terms.spread, safety, point, top)


def feeder_of(world: World, pair: int) -> str | None:
    """The DC that feeds the pair: the site's own, else Hamburg, where it lists the item; None: the supplier does."""
    item, site = world.pairs[pair].item, world.pairs[pair].site
    if site.fed_by is None:
        return None
    return next((dc for dc in (site.fed_by, "HAM-DC") if (item.sku, dc) in world.index), None)


def _pairs(rng: np.random.Generator, items: Sequence[DemoItem], special: dict[int, tuple[str, ...]]) -> list[Pair]:
    """Popular items are listed nearly everywhere; without a cold room only what needs none."""
    popular = rng.random(len(items))
    pairs: list[Pair] = []
    for site in SITES:
        fit = [at for at, item in enumerate(items) if at not in special and _fits(item, site)]
        score = popular[fit] + rng.normal(0, 0.25, len(fit))
        chosen = sorted(np.array(fit)[np.argsort(-score)[: site.listed]])
        chosen += [at for at, sites in special.items() if site.site in sites]
        pairs += [Pair(items[at], site) for at in chosen]
    return pairs


def _fits(item: DemoItem, site: DemoSite) -> bool:
    return site.cold or item.range.storage == "ambient"
