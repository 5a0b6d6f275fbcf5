"""The network that is simulated: series (an item at a site), where each is supplied from, what things cost and allow.

It holds facts and refuses networks that cannot work. It draws nothing and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray, vector
from planning.errors import InvalidField

OUTSIDE = -1


class BrokenNetwork(InvalidField):
    """The network cannot be walked: a cycle, a source that is not there, a capacity of nothing."""


@dataclass(frozen=True)
class Network:
    """Items at sites; all (series,) arrays in one order, units in base units, money in one currency, time in days.

    Attributes:
        items, sites, suppliers: names.
        item, site: (series,) positions in `items` and `sites`.
        source: (series,) the series of the same item that supplies it, `OUTSIDE` for a supplier.
        supplier: (series,) position in `suppliers`, `OUTSIDE` where another site supplies.
        lead_days, lead_sd_days: (series,) from shipping to arrival, gamma-distributed in whole days.
        unit_cost, unit_margin: (series,) what a unit costs, and earns beyond that when it is sold.
        holding_cost: (series,) money per unit and night.
        order_cost: (series,) money per order placed.
        freight_cost: (series,) money per unit that comes in.
        backorder_cost: (series,) money per unit and night that a customer waits; infinite: customers do not wait.
        shelf_life_days: (series,) days a unit can be sold from its arrival from outside; 0: for ever.
        inbound_units, outbound_units: (sites,) units a day through the docks; infinite: no limit.
        supplier_units: (suppliers,) units a day that a supplier can send; infinite: no limit.
    """

    items: tuple[str, ...]
    sites: tuple[str, ...]
    suppliers: tuple[str, ...]
    item: IntArray
    site: IntArray
    source: IntArray
    supplier: IntArray
    lead_days: FloatArray
    lead_sd_days: FloatArray
    unit_cost: FloatArray
    unit_margin: FloatArray
    holding_cost: FloatArray
    order_cost: FloatArray
    freight_cost: FloatArray
    backorder_cost: FloatArray
    shelf_life_days: IntArray
    inbound_units: FloatArray
    outbound_units: FloatArray
    supplier_units: FloatArray

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_capacities()
        self._check_places()
        self._check_sources()

    @property
    def series(self) -> int:
        """How many item × sites."""
        return int(self.item.size)

    @cached_property
    def waits(self) -> BoolArray:
        """(series,) whether customers wait for goods instead of going away."""
        return np.isfinite(self.backorder_cost)

    @cached_property
    def perishable(self) -> IntArray:
        """(perishable,) the series that expire."""
        return np.flatnonzero(self.shelf_life_days > 0)

    def name(self, series: int) -> str:
        """For people: the item and the site."""
        return f"{self.items[self.item[series]]} at {self.sites[self.site[series]]}"

    def _check_numbers(self) -> None:
        for field in (
            "lead_days", "lead_sd_days", "unit_cost", "unit_margin", "holding_cost", "order_cost", "freight_cost",
            "shelf_life_days",
        ):  # fmt: skip
            vector(field, getattr(self, field), length=self.series, at_least=0.0)
        if self.backorder_cost.shape != self.item.shape or not (self.backorder_cost >= 0.0).all():
            raise InvalidField("backorder_cost", "must be a number of at least 0 for each series; infinite: none waits")

    def _check_capacities(self) -> None:
        for field, names in (
            ("inbound_units", self.sites), ("outbound_units", self.sites), ("supplier_units", self.suppliers),
        ):  # fmt: skip
            capacity = getattr(self, field)
            if capacity.shape != (len(names),):
                raise InvalidField(field, f"must hold one number for each of {len(names)}")
            wrong = np.flatnonzero(~(capacity > 0.0))
            if wrong.size:
                raise BrokenNetwork(field, f"of {names[wrong[0]]} is {capacity[wrong[0]]:g}; nothing could ever move")

    def _check_places(self) -> None:
        for field, count in (("item", len(self.items)), ("site", len(self.sites))):
            places = getattr(self, field)
            if places.shape != (self.series,) or self.series == 0:
                raise InvalidField(field, "must name a place for each series, and there must be one")
            if places.min() < 0 or places.max() >= count:
                raise BrokenNetwork(field, "leads to nowhere: a position outside of the names")
        pairs = self.item * len(self.sites) + self.site
        if np.unique(pairs).size < pairs.size:
            raise InvalidField("item", "is at one site twice")

    def _check_sources(self) -> None:
        inside = self.source != OUTSIDE
        if ((self.source < OUTSIDE) | (self.source >= self.series)).any():
            raise BrokenNetwork("source", "leads to nowhere: there is no such series")
        if ((self.supplier < OUTSIDE) | (self.supplier >= len(self.suppliers))).any():
            raise BrokenNetwork("supplier", "leads to nowhere: there is no such supplier")
        lost = np.flatnonzero(inside == (self.supplier != OUTSIDE))
        if lost.size:
            raise BrokenNetwork("source", f"of {self.name(int(lost[0]))} must be one: another site or a supplier")
        mixed = np.flatnonzero(inside & (self.item[self.source] != self.item))
        if mixed.size:
            raise BrokenNetwork("source", f"of {self.name(int(mixed[0]))} is another item")
        longest = np.zeros(len(self.items), dtype=np.int64)
        np.maximum.at(longest, self.item, self.shelf_life_days)
        if (longest[self.item] != self.shelf_life_days).any():
            raise InvalidField("shelf_life_days", "differs between sites of one item")
        self._check_order()

    def _check_order(self) -> None:
        """Walk up from every series at once; who has not reached a supplier after as many steps goes in a circle."""
        here = self.source.copy()
        for _ in range(len(self.sites)):
            here = np.where(here == OUTSIDE, OUTSIDE, self.source[here])
        circling = np.flatnonzero(here != OUTSIDE)
        if circling.size:
            raise BrokenNetwork("source", f"of {self.name(int(circling[0]))} comes back to itself (a cycle)")
