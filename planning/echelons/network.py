"""A network of stages that supply each other: checked at the door, with demand and times carried through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

import numpy as np

from planning.arrays import FloatArray, count, number
from planning.errors import Infeasible, InvalidField

# A dynamic programme over service times holds tables of this many periods squared.
LONGEST_TIME = 2_000


@dataclass(frozen=True)
class Stage:
    """One place where stock may sit.

    Attributes:
        stage: its name.
        processing_days: whole periods from having all inputs to having the output.
        holding_cost: money per unit and period of stock here (local, so with all value added so far).
        safety_factor: demand over τ periods is bounded by μ·τ + safety_factor·σ·√τ (1.645 for 95 %).
        demand_mean: external demand per period at this stage itself; `demand_sd` likewise.
        demand_sd: see `demand_mean`.
        inbound_days: whole periods that an outside supplier quotes to this stage.
        service_days: most whole periods that this stage may quote to its customers; None where it has none of its own.
    """

    stage: str
    processing_days: int
    holding_cost: float
    safety_factor: float = 1.645
    demand_mean: float = 0.0
    demand_sd: float = 0.0
    inbound_days: int = 0
    service_days: int | None = None

    def __post_init__(self) -> None:
        count(f"{self.stage}.processing_days", self.processing_days, at_least=0)
        count(f"{self.stage}.inbound_days", self.inbound_days, at_least=0)
        for field in ("holding_cost", "safety_factor", "demand_mean", "demand_sd"):
            number(f"{self.stage}.{field}", getattr(self, field), at_least=0.0)
        if self.service_days is not None:
            count(f"{self.stage}.service_days", self.service_days, at_least=0)


@dataclass(frozen=True)
class Link:
    """`source` supplies `target`, `units` of it for each unit made there."""

    source: str
    target: str
    units: float = 1.0

    def __post_init__(self) -> None:
        if number(f"{self.source}->{self.target}.units", self.units) <= 0.0:
            raise InvalidField(f"{self.source}->{self.target}.units", "must be positive")


@dataclass(frozen=True)
class EchelonNetwork:
    """Stages and the links between them, without cycles.

    Raises:
        InvalidField: no stages, a name twice, a link to nowhere or twice, external demand without a service time.
        Infeasible: a cycle, a stage that no demand reaches, times that are too long to plan with.
    """

    stages: tuple[Stage, ...]
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        if not self.stages:
            raise InvalidField("stages", "are empty")
        names = [one.stage for one in self.stages]
        if len(set(names)) < len(names):
            raise InvalidField("stages", f"name {_twice(names)} twice")
        for link in self.links:
            for end in (link.source, link.target):
                if end not in names:
                    raise InvalidField(f"{link.source}->{link.target}", f"leads to {end}, which is no stage")
        pairs = [f"{link.source}->{link.target}" for link in self.links]
        if len(set(pairs)) < len(pairs):
            raise InvalidField("links", f"hold {_twice(pairs)} twice")
        self._check_demand()
        longest = max(self.longest_days.values())
        if longest > LONGEST_TIME:
            raise Infeasible("processing_days", f"add up to {longest} periods, more than {LONGEST_TIME}")

    def _check_demand(self) -> None:
        for one in self.stages:
            if self.demand[one.stage][1] == 0.0:
                raise Infeasible(
                    f"{one.stage}.demand_sd", "is 0 and no uncertain demand reaches it; it needs no safety stock",
                    remedy="Leave the stage out or give its customers' demand.",
                )  # fmt: skip
            own = one.demand_mean > 0.0 or one.demand_sd > 0.0
            if own and one.service_days is None:
                raise InvalidField(f"{one.stage}.service_days", "is needed where customers are served")

    @cached_property
    def by_name(self) -> dict[str, Stage]:
        """Stages by name."""
        return {one.stage: one for one in self.stages}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Names, suppliers before those they supply."""
        before: dict[str, set[str]] = {one.stage: set() for one in self.stages}
        for link in self.links:
            before[link.target].add(link.source)
        try:
            return tuple(TopologicalSorter(before).static_order())
        except CycleError as error:
            path = " -> ".join(error.args[1])
            raise Infeasible("links", f"run in a cycle: {path}", remedy="Remove one of these links.") from None

    @cached_property
    def suppliers(self) -> dict[str, tuple[Link, ...]]:
        """Links into each stage."""
        return {one.stage: tuple(link for link in self.links if link.target == one.stage) for one in self.stages}

    @cached_property
    def customers(self) -> dict[str, tuple[Link, ...]]:
        """Links out of each stage."""
        return {one.stage: tuple(link for link in self.links if link.source == one.stage) for one in self.stages}

    @cached_property
    def demand(self) -> dict[str, tuple[float, float]]:
        """Mean and standard deviation per period that reach each stage.

        Demands of different stages are independent and add in squares; one that reaches a stage by two ways is one
        demand, so its units are added up before they are squared.
        """
        means = np.array([one.demand_mean for one in self.stages])
        sds = np.array([one.demand_sd for one in self.stages])
        place = {one.stage: at for at, one in enumerate(self.stages)}
        units: dict[str, FloatArray] = {}
        for name in reversed(self.order):
            units[name] = np.zeros(len(place))
            units[name][place[name]] = 1.0
            for link in self.customers[name]:
                units[name] += link.units * units[link.target]
        return {name: (float(each @ means), float(np.sqrt(each**2 @ sds**2))) for name, each in units.items()}

    @cached_property
    def longest_days(self) -> dict[str, int]:
        """The longest time from outside to each stage's output, if nobody upstream held stock."""
        found: dict[str, int] = {}
        for name in self.order:
            own = self.by_name[name]
            inbound = max([own.inbound_days, *(found[link.source] for link in self.suppliers[name])])
            found[name] = inbound + own.processing_days
        return found

    @cached_property
    def is_forest(self) -> bool:
        """True where no two stages are joined by more than one way, whatever the direction."""
        root = {one.stage: one.stage for one in self.stages}

        def top(name: str) -> str:
            while root[name] != name:
                name = root[name]
            return name

        for link in self.links:
            one, other = top(link.source), top(link.target)
            if one == other:
                return False
            root[one] = other
        return True


def _twice(names: Sequence[str]) -> str:
    return next(name for name in names if names.count(name) > 1)
