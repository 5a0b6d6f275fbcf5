"""What an action is worth against doing nothing, scenario by scenario, in money.

Both sides meet the same demand and the same luck with lead times. The purchase price of goods is not charged: it is in
the margin of what is sold later, and unsold stock keeps its value apart from holding and `leftover_loss_per_unit`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from planning.arrays import FloatArray, IntArray, matrix, number, rows_or_vector
from planning.errors import Infeasible, InvalidField
from planning.inventory.lead_time import LeadTime, delivered
from planning.inventory.stock import simulate_stock

AT_ONCE = LeadTime(0.0)
OptionName = Literal["hold", "transfer", "buy", "expedite"]


@dataclass(frozen=True)
class SiteState:
    """One item at one site.

    `demand` (scenarios, days) and `receipts` (days,) or (scenarios, days) in base units; `unit_margin` is lost with
    each unit of unmet demand, `leftover_loss_per_unit` with each unit still there after the last day (obsolescence).
    """

    site: str
    demand: FloatArray
    on_hand: float
    receipts: FloatArray
    unit_margin: float
    holding_cost_per_unit_day: float = 0.0
    leftover_loss_per_unit: float = 0.0

    def __post_init__(self) -> None:
        demand = matrix(f"{self.site}.demand", self.demand, at_least=0.0)
        rows_or_vector(f"{self.site}.receipts", self.receipts, shape=(demand.shape[0], demand.shape[1]), at_least=0.0)
        for field in ("on_hand", "unit_margin", "holding_cost_per_unit_day", "leftover_loss_per_unit"):
            number(f"{self.site}.{field}", getattr(self, field), at_least=0.0)


@dataclass(frozen=True)
class OptionSpec:
    """One thing that could be done for a site.

    Attributes:
        name: "hold" takes no other field.
        quantity: base units that arrive.
        source: the sending site's or the supplier's name.
        lead_time: from today until the goods can be sold.
        fixed_cost: money, once.
        unit_cost: money per unit on top of the standard purchase price (freight, handling, express premium).
        source_site: the sender's own state, so that its risk is priced; required for a transfer.
    """

    name: OptionName
    quantity: float = 0.0
    source: str = ""
    lead_time: LeadTime = AT_ONCE
    fixed_cost: float = 0.0
    unit_cost: float = 0.0
    source_site: SiteState | None = None

    def __post_init__(self) -> None:
        for field in ("quantity", "fixed_cost", "unit_cost"):
            number(field, getattr(self, field), at_least=0.0)
        if self.name == "hold" and (self.quantity or self.fixed_cost or self.source_site):
            raise InvalidField("quantity", "must be 0 for hold; holding moves nothing and costs nothing")
        if self.name != "hold" and self.quantity == 0.0:
            raise InvalidField("quantity", f"must be positive for {self.name}")
        if (self.name == "transfer") != (self.source_site is not None):
            raise InvalidField("source_site", "is needed for a transfer, and for nothing else")
        if self.source_site is not None and self.quantity > self.source_site.on_hand:
            raise Infeasible("quantity", f"of {self.quantity:g} is more than {self.source or 'the source'} has on hand")

    @property
    def cost(self) -> float:
        """Money spent for certain."""
        return self.fixed_cost + self.unit_cost * self.quantity


@dataclass(frozen=True)
class Benefit:
    """(scenarios,) money against holding, by cause; `total` is their sum."""

    parts: tuple[tuple[str, FloatArray], ...]
    total: FloatArray


def benefit(option: OptionSpec, site: SiteState, arrivals: IntArray, *, demand_scale: float = 1.0) -> Benefit:
    """The option's benefit with goods arriving on `arrivals` (scenarios,) days.

    `demand_scale` multiplies demand at the receiving and the sending site: a forecast that is wrong is wrong for both.
    """
    spent = np.full(arrivals.size, 1.0)
    parts: list[tuple[str, FloatArray]] = []
    if option.quantity > 0.0:
        arriving = delivered(option.quantity, arrivals, site.demand.shape[1])
        parts += _changes(scaled(site, demand_scale), 0.0, arriving, "lost margin avoided at")
        if option.source_site is not None:
            parts += _changes(scaled(option.source_site, demand_scale), option.quantity, None, "lost margin risked at")
        parts += [
            ("fixed cost", -option.fixed_cost * spent),
            ("unit cost", -option.unit_cost * option.quantity * spent),
        ]
    total = np.sum([values for _, values in parts], axis=0) if parts else np.zeros(arrivals.size)
    return Benefit(tuple(parts), total)


def scaled(site: SiteState, factor: float) -> SiteState:
    """The same site with all demand multiplied."""
    return site if factor == 1.0 else replace(site, demand=site.demand * factor)


def _changes(site: SiteState, sent: float, arriving: FloatArray | None, wording: str) -> list[tuple[str, FloatArray]]:
    """Money by cause when `sent` units leave on day 0 and `arriving` (scenarios, days) come."""
    receipts = np.atleast_2d(site.receipts)
    before = simulate_stock(site.demand, site.on_hand, receipts)
    after = simulate_stock(site.demand, site.on_hand - sent, receipts if arriving is None else receipts + arriving)
    saved = (before.short - after.short).sum(axis=1) * site.unit_margin
    held = (before.stock - after.stock).sum(axis=1) * site.holding_cost_per_unit_day
    left = (before.stock[:, -1] - after.stock[:, -1]) * site.leftover_loss_per_unit
    return [(f"{wording} {site.site}", saved), (f"holding at {site.site}", held), (f"left over at {site.site}", left)]
