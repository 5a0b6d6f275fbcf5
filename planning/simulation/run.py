"""Run a simulation: the one way in. Replications are cut into parts that may run anywhere; the parts do not matter.

Speed is told in site-item-days a second: series × days × replications over wall time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from planning.arrays import count
from planning.errors import HorizonTooShort
from planning.simulation.demand import Demand
from planning.simulation.engine import Plan, walk
from planning.simulation.network import Network
from planning.simulation.policies import Mover, Policy
from planning.simulation.results import Figures, Run
from planning.simulation.shocks import Shock, effects
from planning.simulation.state import Start
from planning.spread import Spread, local

# Series-days of one part: its arrays stay within some 200 MB.
PART = 4_000_000


def simulate(
    network: Network,
    start: Start,
    demand: Demand,
    policy: Policy,
    *,
    days: int,
    replications: int,
    seed: int,
    mover: Mover | None = None,
    shocks: Sequence[Shock] = (),
    spread: Spread = local,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Run:
    """Walk `days` days in `replications` replications; the same seed gives the same run, wherever its parts ran.

    Two calls with one seed meet the same demand and the same lead times, whatever is decided in them: compare them with
    `results.difference`.

    Raises:
        InvalidField: a part does not fit the network, or a shock contradicts another.
        HorizonTooShort: demand ends before `days`.
    """
    count("days", days)
    count("seed", seed, at_least=0)
    start.check(network)
    if demand.days < days:
        raise HorizonTooShort("demand", f"covers {demand.days} days, {days} are to be simulated")
    plan = Plan(network, start, demand, policy, mover, effects(network, shocks, days), days)
    size = max(PART // (network.series * days), 1)
    parts = [(first, min(size, replications - first)) for first in range(0, count("replications", replications), size)]
    runs: list[Run] = []
    progress(0, len(parts))
    for run in spread(partial(_part, plan, seed), parts):
        runs.append(run)
        progress(len(runs), len(parts))
    return _joined(runs)


def _part(plan: Plan, seed: int, part: tuple[int, int]) -> Run:
    return walk(plan, seed, *part)


def _joined(runs: Sequence[Run]) -> Run:
    weights = np.array([run.replications for run in runs], dtype=np.float64)
    weights /= weights.sum()
    return Run(
        figures=Figures.joined([run.figures for run in runs]),
        move_costs=np.concatenate([run.move_costs for run in runs]),
        stock_by_day=sum((w * run.stock_by_day for w, run in zip(weights, runs, strict=True)), np.zeros(1)),
        short_by_day=sum((w * run.short_by_day for w, run in zip(weights, runs, strict=True)), np.zeros(1)),
        unmoved=np.concatenate([run.unmoved for run in runs]),
    )
