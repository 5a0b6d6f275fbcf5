"""Published instances of stock placement with their optima, and how far ours are from them.

The instances are those bundled with stockpyl 1.0.2 (Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd ed.;
Graves and Willems 2000; Shang and Song 2003). Optima are stockpyl's own. For Poisson demand its recursion was run with
tails cut at 1e-14 instead of its default 3e-5: the default cuts costs by up to 1.3e-4 (12.686939 for 12.687898). For
normal demand its answers depend on its grid, by about half a percent.
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.echelons.guaranteed import place_guaranteed
from planning.echelons.network import EchelonNetwork, Link, Stage
from planning.echelons.serial import PoissonDemand, SerialStage, place_serial
from planning.inventory.distributions import NormalDemand


@dataclass(frozen=True)
class GuaranteedInstance:
    """A network and its least safety stock cost."""

    name: str
    network: EchelonNetwork
    cost: float


@dataclass(frozen=True)
class SerialInstance:
    """A serial system, its least cost, and echelon levels where demand is Poisson (from the source down)."""

    name: str
    stages: tuple[SerialStage, ...]
    demand: NormalDemand | PoissonDemand
    shortage_cost: float
    cost: float
    levels: tuple[float, ...] | None = None

    @property
    def is_exact(self) -> bool:
        """True where the published optimum does not depend on a grid."""
        return isinstance(self.demand, PoissonDemand)


def _links(*pairs: tuple[int, int]) -> tuple[Link, ...]:
    return tuple(Link(str(source), str(target)) for source, target in pairs)


def _stage(
    name: int, days: int, cost: float, factor: float, *, sd: float = 0.0, inbound: int = 0, service: int | None = None
) -> Stage:
    return Stage(str(name), days, cost, factor, 0.0, sd, inbound, service)


def _example_6_5() -> EchelonNetwork:
    stages = (
        _stage(1, 2, 1, 1, inbound=1), _stage(3, 1, 2, 1), _stage(2, 1, 3, 1, sd=1, service=0),
        _stage(4, 1, 3, 1, sd=1, service=1),
    )  # fmt: skip
    return EchelonNetwork(stages, _links((1, 3), (3, 2), (3, 4)))


def _figure_6_14() -> EchelonNetwork:
    z = 1.6448536269514722
    rows = (
        (1, 2, 0.01), (2, 3, 0.03), (3, 2, 0.04), (4, 4, 0.06), (5, 2, 0.12), (6, 3, 0.13), (7, 6, 0.2), (8, 4, 0.08),
        (9, 3, 0.04),
    )  # fmt: skip
    stages = tuple(_stage(name, days, cost, z) for name, days, cost in rows)
    links = _links((1, 2), (2, 3), (3, 5), (4, 5), (5, 6), (6, 10), (7, 10), (8, 10), (9, 10))
    return EchelonNetwork((*stages, _stage(10, 2, 0.5, z, sd=10, service=2)), links)


def _problem_6_9() -> EchelonNetwork:
    stages = (
        _stage(1, 7, 0.12054794520547946, 4, sd=4.1, service=3),
        _stage(2, 7, 0.07671232876712329, 4, sd=6.2, service=3), _stage(3, 21, 0.049315068493150684, 4),
        _stage(4, 3, 0.0027397260273972603, 4), _stage(5, 8, 0.010958904109589041, 4),
        _stage(6, 2, 0.00410958904109589, 4),
    )  # fmt: skip
    return EchelonNetwork(stages, _links((3, 1), (3, 2), (4, 3), (5, 3), (6, 5)))


def _chain(
    rows: tuple[tuple[int, float], ...], factor: float, *, sd: float, inbound: int, service: int
) -> EchelonNetwork:
    """A serial network given from the source down as (processing time, holding cost)."""
    last = len(rows)
    stages = tuple(
        _stage(
            at, days, cost, factor, sd=sd if at == last else 0.0, inbound=inbound if at == 1 else 0,
            service=service if at == last else None,
        )
        for at, (days, cost) in enumerate(rows, start=1)
    )  # fmt: skip
    return EchelonNetwork(stages, _links(*((at, at + 1) for at in range(1, last))))


def guaranteed_instances() -> tuple[GuaranteedInstance, ...]:
    """Guaranteed service: trees and chains."""
    long = (
        (5, 0.87), (1, 0.98), (5, 1.1), (9, 1.15), (5, 2.37), (8, 2.47), (15, 2.93), (2, 3.04), (10, 4.56), (5, 5.73)
    )  # fmt: skip
    return (
        GuaranteedInstance("example_6_5", _example_6_5(), 8.277916867529369),
        GuaranteedInstance("figure_6_14", _figure_6_14(), 18.824004472592172),
        GuaranteedInstance("problem_6_9", _problem_6_9(), 15.649530249501026),
        GuaranteedInstance(
            "example_6_3", _chain(((1, 2), (0, 4), (1, 7)), 1, sd=1, inbound=1, service=1), 2.8284271247461903
        ),
        GuaranteedInstance(
            "problem_6_7", _chain(((1, 2), (1, 3), (2, 4)), 4, sd=10, inbound=1, service=0), 357.77087639996637
        ),
        GuaranteedInstance(
            "problem_6_8", _chain(long, 2.0537489106318225, sd=15.8, inbound=7, service=3), 1378.3020369043727
        ),
    )


def _serial(lead_times: tuple[float, ...], holding: tuple[float, ...]) -> tuple[SerialStage, ...]:
    last = len(lead_times)
    return tuple(
        SerialStage(str(last - at), lead, cost) for at, (lead, cost) in enumerate(zip(lead_times, holding, strict=True))
    )


def serial_instances() -> tuple[SerialInstance, ...]:
    """Stochastic service: serial systems, lead times and echelon holding costs from the source down."""
    quarters, even, humped = (0.25,) * 4, (0.25,) * 4, (0.25, 2.5, 2.5, 0.25)
    sixteen = PoissonDemand(16.0)
    halves, rising = (0.5,) * 5, (1.0, 1.0, 1.0, 2.0, 2.0)
    return (
        SerialInstance("shang_song_1", _serial(quarters, even), sixteen, 9.0, 12.687897827903676, (22, 18, 13, 8)),
        SerialInstance("shang_song_9", _serial(quarters, humped), sixteen, 9.0, 53.00760477013082, (19, 13, 10, 9)),
        SerialInstance("shang_song_17", _serial(quarters, even), sixteen, 99.0, 16.20554413743506, (27, 22, 17, 11)),
        SerialInstance("shang_song_25", _serial(quarters, humped), sixteen, 99.0, 74.56363970773751, (26, 18, 14, 11)),
        SerialInstance(
            "problem_6_2b",
            _serial(halves, rising),
            PoissonDemand(64.0),
            24.0,
            453.6915586955452,
            (174, 142, 109, 74, 41),
        ),
        SerialInstance("example_6_1", _serial((2, 1, 1), (2, 2, 3)), NormalDemand(5, 1), 37.12, 47.66539330753093),
        SerialInstance("problem_6_1", _serial((1, 1), (1, 1)), NormalDemand(100, 15), 15.0, 166.27052889662946),
        SerialInstance("problem_6_2a", _serial(halves, rising), NormalDemand(64, 8), 24.0, 451.72881110449765),
        SerialInstance("problem_6_16", _serial((3, 8), (2, 5)), NormalDemand(20, 4), 24.0, 438.2396253072112),
    )


@dataclass(frozen=True)
class EchelonErrors:
    """Largest relative errors of cost; `exact` over the instances whose optimum is exact, `grid` over the others."""

    exact: float
    grid: float

    @property
    def largest(self) -> float:
        """Over all instances."""
        return max(self.exact, self.grid)


def echelon_errors() -> EchelonErrors:
    """Solve every instance and compare its cost with the published optimum."""
    exact = [abs(place_guaranteed(one.network).cost / one.cost - 1.0) for one in guaranteed_instances()]
    grid: list[float] = []
    for one in serial_instances():
        found = place_serial(one.stages, one.demand, shortage_cost=one.shortage_cost)
        (exact if one.is_exact else grid).append(abs(found.cost / one.cost - 1.0))
    return EchelonErrors(max(exact), max(grid))


def echelons_max_relative_error() -> float:
    """The largest relative error of cost over all instances."""
    return echelon_errors().largest
