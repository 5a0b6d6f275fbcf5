"""gym-invmgmt's published benchmark, played by our engine: scenarios, seeds, published results, and the three modes.

`blind` sees past demand, stock and the network's facts. `informed` is told as much as the published informed policies
ask for: the mean of every later period at today's goodwill, and that noise is Poisson's. `informed_goodwill` is also
told the rule by which a shortage changes later demand, which is part of the true demand process but which the published
policies do not use.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.gym_network import look, told, translate
from planning.arrays import FloatArray
from planning.rolling.futures import poisson_futures
from planning.rolling.mean_plan import plan_for
from planning.rolling.network import SupplyNetwork
from planning.rolling.orders import decide_orders
from planning.rolling.outlook import INDIFFERENT, Outlook
from planning.rolling.short_history import sample_futures

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "replenishment" / "gym_invmgmt_published"
PUBLISHED_SEEDS = (42, 123, 456, 789, 1011, 2022, 3033, 4044, 5055, 6066)
TUNING_SEEDS = (9001, 9002, 9003)
PERIODS, BASE_MEAN = 30, 20.0
FUTURES = 64

Mode = Literal["blind", "informed", "informed_goodwill"]
MODES: tuple[Mode, ...] = ("blind", "informed", "informed_goodwill")


@dataclass(frozen=True)
class Scenario:
    """One published scenario; `key` is its name in the published files."""

    key: str
    serial: bool
    goodwill: bool
    waits: bool
    demand: dict[str, Any]

    def start(self, seed: int) -> Any:
        """A fresh environment."""
        from gym_invmgmt import CoreEnv

        topology = "serial" if self.serial else "network"
        env = CoreEnv(scenario=topology, demand_config=self.demand, num_periods=PERIODS, backlog=self.waits)
        env.reset(seed=seed)
        return env


@dataclass(frozen=True)
class Episode:
    """One play: profit in money, filled demand as a share, CPU seconds of all decisions."""

    profit: float
    fill_rate: float
    seconds: float


def scenarios() -> list[Scenario]:
    """The 22: 16 core, 4 stationary, 2 with a window of real sales."""
    found: list[Scenario] = []
    core = product((False, True), (["trend", "seasonal"], ["trend", "seasonal", "shock"]), (False, True), (True, False))
    for serial, effects, goodwill, waits in core:
        demand = {"type": "combined_chaos", "effects": effects, "base_mu": BASE_MEAN, "use_goodwill": goodwill}
        found.append(_named("A_Core", serial, "+".join(effects), goodwill, waits, demand))
    for serial, waits in product((False, True), (True, False)):
        demand = {"type": "stationary", "base_mu": BASE_MEAN, "use_goodwill": False}
        found.append(_named("B_PaperReplication", serial, "stationary", False, waits, demand))
    window = json.loads((DATA / "m5_window_metadata.json").read_text(encoding="utf-8"))["scaled_series"]
    for serial in (False, True):
        demand = {"type": "stationary", "base_mu": float(np.mean(window)), "use_goodwill": False}
        demand |= {"external_series": window, "noise_scale": 0.0}
        found.append(_named("D_WalmartM5", serial, "M5_volatile", False, True, demand))
    return found


def _named(
    block: str, serial: bool, label: str, goodwill: bool, waits: bool, demand: dict[str, Any]
) -> Scenario:  # fmt: skip
    key = f"{block}|{'serial' if serial else 'base'}|{label}|GW:{goodwill}|BL:{waits}|MARL:False"
    return Scenario(key, serial, goodwill, waits, demand)


@lru_cache
def published(policy: str) -> dict[tuple[str, int], Episode]:
    """A policy's published episodes by scenario and seed."""
    with gzip.open(DATA / f"bench_{policy}.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["MARL"] == "False"]
    return {
        (row["ScenarioKey"], int(row["Seed"])): Episode(float(row["Profit"]), float(row["FillRate"]), 0.0)
        for row in rows
    }


def play(scenario: Scenario, seed: int, mode: Mode) -> Episode:
    """One episode by our engine; the same seed gives the same episode."""
    env = scenario.start(seed)
    network = translate(env)
    profit = seconds = 0.0
    for period in range(PERIODS):
        began = time.process_time()
        draws = np.random.default_rng([seed, period, MODES.index("informed" if mode != "blind" else mode)])
        orders = _orders(env, network, mode, draws)
        seconds += time.process_time() - began
        profit += float(env.step(orders)[1])
    sales = sum(env.S[:, env.network.network_map[link]].sum() for link in env.network.retail_links)
    return Episode(profit, min(float(sales / max(env.D.sum(), 1e-9)), 1.0), seconds)


def _orders(env: Any, network: SupplyNetwork, mode: Mode, draws: np.random.Generator) -> FloatArray:
    seen = look(env, network)
    if mode == "blind":
        left = PERIODS - seen.history.shape[0]
        demand = sample_futures(seen.history[:, 0], left, FUTURES, draws, prior_mean=BASE_MEAN)
        outlook = Outlook(demand[:, :, None])
    else:
        future = told(env, with_goodwill=mode == "informed_goodwill")
        count = FUTURES if future.noise else 1
        demand = poisson_futures(future.means, count, draws, noise=future.noise)
        outlook = Outlook(demand[:, :, None], future.goodwill)
    return decide_orders(network, seen.state, outlook).orders


def oracle_differences(chosen: list[Scenario], seeds: tuple[int, ...]) -> Iterator[float]:
    """How far our linear program with perfect foresight is from the published oracle, where demand is not ours."""
    for scenario, seed in product(chosen, seeds):
        if scenario.goodwill:
            continue
        env = scenario.start(seed)
        network = translate(env)
        state = look(env, network).state
        for _ in range(PERIODS):
            env.step(np.zeros(len(network.lanes)))
        best = plan_for(network, state, env.D.copy()).profit
        yield abs(best - published("Oracle")[scenario.key, seed].profit)


def told_outlook_is_indifferent(scenario: Scenario, mode: Mode) -> bool:
    """Whether this mode is told nothing beyond `informed` in this scenario."""
    return mode == "informed_goodwill" and told(scenario.start(0), with_goodwill=True).goodwill is INDIFFERENT
