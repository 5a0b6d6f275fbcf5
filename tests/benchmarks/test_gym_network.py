"""The adapter: our walk is gym-invmgmt's step, and what a blind policy sees holds nothing of the future."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gym_invmgmt
import numpy as np
import pytest

from benchmarks.gym_network import look, told, translate
from planning.rolling.improve import walk_order
from planning.rolling.outlook import INDIFFERENT, Goodwill
from planning.rolling.tables import make_memory, make_tables

TOPOLOGIES = sorted((Path(gym_invmgmt.__file__).parent / "topologies").glob("*.yaml"))
SERIES = 20.0 + 15.0 * np.sin(np.arange(30) / 4.0)


def started(topology: Path, *, goodwill: bool, waits: bool) -> Any:
    demand = {"type": "stationary", "external_series": SERIES, "noise_scale": 0.0, "use_goodwill": goodwill}
    env = gym_invmgmt.CoreEnv(
        scenario="custom", config_path=topology, demand_config=demand, num_periods=30, backlog=waits
    )
    env.reset(seed=1)
    return env


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda path: path.stem)
@pytest.mark.parametrize("waits", [True, False], ids=["waits", "lost"])
def test_our_walk_is_its_step(topology: Path, waits: bool) -> None:
    from planning.rolling.walk import forward

    for goodwill in (INDIFFERENT, Goodwill(1.0 / 1.01, 1.01, 0.9, 0.2, 2.0)):
        env = started(topology, goodwill=goodwill is not INDIFFERENT, waits=waits)
        network = translate(env)
        draws = np.random.default_rng(1)
        plan = draws.uniform(0.0, 50.0, (30, len(network.lanes)))
        demand = np.repeat(SERIES[None, :, None], len(network.markets), axis=2)
        tables = make_tables(network, look(env, network).state, goodwill, demand[0], plan)
        tables = tables._replace(answer=np.zeros_like(tables.answer))
        ours = forward(plan, walk_order(demand), 0.0, tables, make_memory(tables, 1))[0]
        assert ours == pytest.approx(sum(env.step(orders)[1] for orders in plan), abs=1e-8)


class Sealed:
    """An engine that nobody may ask."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"A blind policy asked the demand engine for {name}.")


def test_a_blind_policy_sees_the_past_only() -> None:
    env = started(TOPOLOGIES[0], goodwill=False, waits=True)
    network = translate(env)
    for _ in range(7):
        env.step(np.full(len(network.lanes), 20.0))
    env.demand_engine = Sealed()
    for array in (env.D, env.U, env.R, env.X[1:], env.Y[1:]):
        array[7:] = np.nan
    seen = look(env, network)
    assert seen.history.shape == (7, len(network.markets))
    assert np.isfinite(seen.history).all()
    seen.state.check(network)


def test_what_is_on_the_way_arrives_when_the_environment_says() -> None:
    env = started(TOPOLOGIES[0], goodwill=False, waits=True)
    network = translate(env)
    for _ in range(9):
        env.step(np.full(len(network.lanes), 10.0))
    state = look(env, network).state
    np.testing.assert_allclose(state.arriving.sum(axis=1), env.Y[9])


def test_the_informed_are_told_means_at_todays_goodwill() -> None:
    env = started(TOPOLOGIES[0], goodwill=True, waits=True)
    network = translate(env)
    for _ in range(12):
        env.step(np.zeros(len(network.lanes)))
    level = env.demand_engine.sentiment
    assert level < 1.0
    np.testing.assert_allclose(told(env, with_goodwill=False).means, SERIES[12:] * level)
    rule = told(env, with_goodwill=True)
    np.testing.assert_allclose(rule.means, SERIES[12:])
    assert rule.goodwill.level == level
