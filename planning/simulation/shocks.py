"""What goes wrong, or is done on purpose: typed shocks, and what all of them together do to a network.

A scenario that contradicts itself, or names what is not there, is refused with the shock at fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray, count, number
from planning.errors import InvalidField
from planning.simulation.network import OUTSIDE, Network


class Contradiction(InvalidField):
    """Two shocks cannot both be."""


@dataclass(frozen=True)
class Window:
    """`days` days from `first_day` on (0 is today)."""

    first_day: int
    days: int

    def __post_init__(self) -> None:
        count("first_day", self.first_day, at_least=0)
        count("days", self.days)

    def overlaps(self, other: Window) -> bool:
        """Whether they share a day."""
        return self.first_day < other.first_day + other.days and other.first_day < self.first_day + self.days

    def __str__(self) -> str:
        return f"day {self.first_day} to {self.first_day + self.days - 1}"


@dataclass(frozen=True)
class LateSupplier:
    """What a supplier sends in the window, and what is due from it there already, comes `delay_days` later."""

    supplier: str
    window: Window
    delay_days: int

    def __post_init__(self) -> None:
        count("delay_days", self.delay_days)


@dataclass(frozen=True)
class Outage:
    """A site neither receives, ships nor sells in the window."""

    site: str
    window: Window


@dataclass(frozen=True)
class Spike:
    """Demand times `factor`, everywhere or for one item, at one site or both (None: all)."""

    window: Window
    factor: float
    sku: str | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        number("factor", self.factor, at_least=0.0)


@dataclass(frozen=True)
class Promotion:
    """Demand of an item times `uplift` at a price lower by `discount` (fraction of the price)."""

    window: Window
    sku: str
    uplift: float
    discount: float = 0.0
    site: str | None = None

    def __post_init__(self) -> None:
        number("uplift", self.uplift, at_least=1.0)
        number("discount", self.discount, at_least=0.0, at_most=1.0)


@dataclass(frozen=True)
class PriceChange:
    """The price changes by `change` (fraction); demand by (1 + change)^elasticity, elasticity at most 0."""

    window: Window
    sku: str
    change: float
    elasticity: float
    site: str | None = None

    def __post_init__(self) -> None:
        if number("change", self.change) <= -1.0:
            raise InvalidField("change", "must leave a price above nothing")
        number("elasticity", self.elasticity, at_most=0.0)


Shock: TypeAlias = LateSupplier | Outage | Spike | Promotion | PriceChange


@dataclass
class Effects:
    """All shocks as arrays over days.

    Attributes:
        demand: (series, days) factor.
        margin: (series, days) money a unit to add to the usual margin.
        delay: (suppliers, days) days to add to what is sent, or due, on that day.
        closed: (sites, days).
    """

    demand: FloatArray
    margin: FloatArray
    delay: IntArray
    closed: BoolArray
    names: tuple[str, ...] = field(default=())


def effects(network: Network, shocks: Sequence[Shock], days: int) -> Effects:
    """Put the shocks onto the network; raises `Contradiction` or `InvalidField` naming the shock."""
    found = Effects(
        demand=np.ones((network.series, days)),
        margin=np.zeros((network.series, days)),
        delay=np.zeros((len(network.suppliers), days), dtype=np.int64),
        closed=np.zeros((len(network.sites), days), dtype=np.bool_),
        names=tuple(type(shock).__name__ for shock in shocks),
    )
    for number_, shock in enumerate(shocks):
        if shock.window.first_day + shock.window.days > days:
            raise InvalidField(_called(shock), f"({shock.window}) reaches beyond the {days} days simulated")
        for other in shocks[:number_]:
            _refuse_contradiction(shock, other)
        _apply(found, network, shock)
    return found


def _refuse_contradiction(shock: Shock, other: Shock) -> None:
    if not shock.window.overlaps(other.window):
        return
    if isinstance(shock, Outage) and isinstance(other, Outage) and shock.site == other.site:
        raise Contradiction("Outage", f"of {shock.site} is there twice in {shock.window}")
    if isinstance(shock, LateSupplier) and isinstance(other, LateSupplier) and shock.supplier == other.supplier:
        raise Contradiction("LateSupplier", f"{shock.supplier} has two delays in {shock.window}")
    priced = (Promotion, PriceChange)
    if isinstance(shock, priced) and isinstance(other, priced) and shock.sku == other.sku and _meet(shock, other):
        raise Contradiction(_called(shock), f"and {_called(other)} both set the price of {shock.sku} in {shock.window}")
    if isinstance(shock, Spike) and isinstance(other, Spike) and (shock.sku, shock.site) == (other.sku, other.site):
        raise Contradiction("Spike", f"is there twice for the same demand in {shock.window}")
    pair = sorted((shock, other), key=lambda one: isinstance(one, Outage))
    if isinstance(pair[0], Promotion) and isinstance(pair[1], Outage) and pair[0].site == pair[1].site:
        raise Contradiction("Promotion", f"of {pair[0].sku} at {pair[0].site} falls into the outage there")


def _meet(one: Promotion | PriceChange, other: Promotion | PriceChange) -> bool:
    return one.site is None or other.site is None or one.site == other.site


def _apply(found: Effects, network: Network, shock: Shock) -> None:
    span = slice(shock.window.first_day, shock.window.first_day + shock.window.days)
    if isinstance(shock, LateSupplier):
        found.delay[_place(network.suppliers, shock.supplier, "LateSupplier"), span] += shock.delay_days
    elif isinstance(shock, Outage):
        found.closed[_place(network.sites, shock.site, "Outage"), span] = True
    else:
        _apply_demand(found, network, shock, span)


def _apply_demand(found: Effects, network: Network, shock: Spike | Promotion | PriceChange, span: slice) -> None:
    rows = _series(network, shock.sku, shock.site, _called(shock))
    price = (network.unit_cost + network.unit_margin)[rows, None]
    if isinstance(shock, Spike):
        found.demand[rows, span] *= shock.factor
    elif isinstance(shock, Promotion):
        found.demand[rows, span] *= shock.uplift
        found.margin[rows, span] -= shock.discount * price
    else:
        found.demand[rows, span] *= (1.0 + shock.change) ** shock.elasticity
        found.margin[rows, span] += shock.change * price


def _series(network: Network, sku: str | None, site: str | None, called: str) -> IntArray:
    kept = np.ones(network.series, dtype=np.bool_)
    if sku is not None:
        kept &= network.item == _place(network.items, sku, called)
    if site is not None:
        kept &= network.site == _place(network.sites, site, called)
    if not kept.any():
        raise InvalidField(called, f"is about {sku} at {site}, which is not in the network")
    return np.flatnonzero(kept)


def _place(names: tuple[str, ...], name: str, called: str) -> int:
    if name not in names:
        raise InvalidField(called, f"is about {name!r}, which is not in the network")
    return names.index(name)


def _called(shock: Shock) -> str:
    return type(shock).__name__


def delays_of_series(network: Network, found: Effects, day: int) -> IntArray:
    """(series,) days to add to what suppliers send on `day`; nothing where another site supplies."""
    if not network.suppliers:
        return np.zeros(network.series, dtype=np.int64)
    return np.where(network.supplier == OUTSIDE, 0, found.delay[network.supplier, day])
