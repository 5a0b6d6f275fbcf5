"""The words of a transfer problem and of its plan: sites, items, lanes, moves. No mathematics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from planning.arrays import FloatArray, count, matrix, number, rows_or_vector
from planning.drivers import Driver
from planning.errors import InvalidField


@dataclass(frozen=True)
class TransferSite:
    """One item at one site.

    `demand` (scenarios, days) and `receipts` (days,) or (scenarios, days) in base units; `unit_margin` is money lost
    with each unit of unmet demand. `reserve` units may not leave; no more than `receive_limit` units may come in.
    """

    site: str
    on_hand: float
    receipts: FloatArray
    demand: FloatArray
    unit_margin: float
    reserve: float = 0.0
    receive_limit: float | None = None

    def __post_init__(self) -> None:
        demand = matrix(f"{self.site}.demand", self.demand, at_least=0.0)
        rows_or_vector(f"{self.site}.receipts", self.receipts, shape=(demand.shape[0], demand.shape[1]), at_least=0.0)
        for field in ("on_hand", "unit_margin", "reserve"):
            number(f"{self.site}.{field}", getattr(self, field), at_least=0.0)
        if self.receive_limit is not None:
            number(f"{self.site}.receive_limit", self.receive_limit, at_least=0.0)


@dataclass(frozen=True)
class TransferItem:
    """An item that moves in whole lots of `lot_size` base units, each unit taking `space_per_unit` of a lane."""

    item: str
    lot_size: float
    sites: Sequence[TransferSite]
    space_per_unit: float = 1.0

    def __post_init__(self) -> None:
        for field in ("lot_size", "space_per_unit"):
            if number(f"{self.item}.{field}", getattr(self, field)) <= 0.0:
                raise InvalidField(f"{self.item}.{field}", "must be positive")
        names = [site.site for site in self.sites]
        if not names or len(set(names)) != len(names):
            raise InvalidField(f"{self.item}.sites", "must be one or more different sites")
        if len({site.demand.shape for site in self.sites}) > 1:
            raise InvalidField(f"{self.item}.demand", "must have one shape (scenarios, days) at every site")


@dataclass(frozen=True)
class Lane:
    """One dispatch that could run today: `fixed_cost` once if anything is on it, `unit_cost` per base unit.

    `capacity_units` limits the space of everything on it together; None means no limit. What it carries can be sold
    from day `lead_time_days` on. Two lanes may join the same sites (truck and courier); `name` tells them apart.
    """

    source: str
    destination: str
    lead_time_days: int
    fixed_cost: float
    unit_cost: float
    capacity_units: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.source == self.destination:
            raise InvalidField("lane.destination", f"is {self.source}, the lane's own source")
        count(f"{self.label}.lead_time_days", self.lead_time_days, at_least=0)
        number(f"{self.label}.fixed_cost", self.fixed_cost, at_least=0.0)
        number(f"{self.label}.unit_cost", self.unit_cost, at_least=0.0)
        if self.capacity_units is not None:
            number(f"{self.label}.capacity_units", self.capacity_units, at_least=0.0)

    @property
    def label(self) -> str:
        """How a person would name it."""
        return f"{self.source} → {self.destination}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True)
class Move:
    """`quantity` = `lots` × lot size, in base units. `worth` is what the plan would lose in money without this move."""

    item: str
    lane: Lane
    lots: int
    quantity: float
    arrives_day: int
    worth: float


@dataclass(frozen=True)
class LaneUse:
    """What a used lane carries in lane units, and its cost, fixed and per unit together."""

    lane: Lane
    space: float
    cost: float


class Limit(StrEnum):
    """What may keep a plan from being larger."""

    LANE_CAPACITY = "lane_capacity"
    SOURCE_STOCK = "source_stock"
    RECEIVE_LIMIT = "receive_limit"


@dataclass(frozen=True)
class BindingLimit:
    """A limit that leaves no room for one more lot of something that moves."""

    limit: Limit
    subject: str


@dataclass(frozen=True)
class TransferPlan:
    """Moves, and how good they are.

    Attributes:
        expected_benefit: exact mean over the scenarios of lost margin avoided less lost margin risked, less lane costs.
        upper_bound: no plan, however found, has a larger expected benefit on these scenarios.
        gap: (upper_bound − expected_benefit) / upper_bound; 0 where the bound is 0.
        scaling_error: how much of the bound may be due to rounding money to the integers of the flow solver.
        drivers: add up to `expected_benefit`.
    """

    moves: tuple[Move, ...]
    lanes_used: tuple[LaneUse, ...]
    expected_benefit: float
    upper_bound: float
    gap: float
    scaling_error: float
    drivers: tuple[Driver, ...]
    binding: tuple[BindingLimit, ...]
