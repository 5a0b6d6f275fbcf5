"""The benchmark's own parts: the interval, and that its scenarios and its optimum are the published ones."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.gym_episodes import DATA, TUNING_SEEDS, oracle_differences, published, scenarios
from benchmarks.replenishment import paired_difference
from tests.strict import skip_or_fail


def test_a_constant_difference_has_no_interval_and_a_wild_one_has() -> None:
    theirs = np.random.default_rng(1).normal(1000.0, 300.0, (22, 10))
    assert paired_difference(theirs + 7.0, theirs) == pytest.approx((7.0, 7.0, 7.0))
    value, low, high = paired_difference(theirs + np.random.default_rng(2).normal(7.0, 50.0, theirs.shape), theirs)
    assert low < value < high
    assert high - low == pytest.approx(2 * 1.96 * 50.0 / np.sqrt(220), rel=0.25)


@pytest.mark.real_data
def test_the_scenarios_are_the_published_ones() -> None:
    if not DATA.exists():
        skip_or_fail("The published results of gym-invmgmt are not beside the project.")
    episodes = published("Oracle")
    assert len(episodes) == 220
    assert {key for key, _ in episodes} == {scenario.key for scenario in scenarios()}
    assert not {seed for _, seed in episodes} & set(TUNING_SEEDS)


@pytest.mark.real_data
def test_our_linear_program_with_perfect_foresight_is_the_published_oracle() -> None:
    if not DATA.exists():
        skip_or_fail("The published results of gym-invmgmt are not beside the project.")
    assert max(oracle_differences(scenarios()[::5], (42,))) < 1e-5
