"""Futures from a short history: where they lie, how wide they are, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from planning.arrays import FloatArray
from planning.errors import InvalidField
from planning.rolling.futures import poisson_futures
from planning.rolling.short_history import Beliefs, sample_futures


def drawn(history: list[float], *, seed: int = 1, periods: int = 10) -> FloatArray:
    return sample_futures(np.array(history), periods, 400, np.random.default_rng(seed), prior_mean=20.0)


def test_without_history_it_is_the_prior_with_room_to_be_wrong() -> None:
    futures = drawn([])
    assert np.median(futures[:, 0]) == pytest.approx(20.0, rel=0.15)
    low, high = np.quantile(futures[:, 0], [0.05, 0.95])
    assert low < 12.0
    assert high > 30.0


def test_history_outweighs_the_prior() -> None:
    futures = drawn([60.0, 62.0, 55.0, 58.0, 61.0, 64.0, 57.0, 60.0])
    assert np.median(futures[:, 0]) == pytest.approx(60.0, rel=0.1)


def test_a_wild_history_and_a_long_way_give_wide_futures() -> None:
    def spread(futures: FloatArray, period: int) -> float:
        low, high = np.quantile(futures[:, period], [0.1, 0.9])
        return float(high - low)

    quiet = drawn([40.0, 41.0, 39.0, 42.0, 40.0, 38.0, 40.0, 41.0, 40.0, 39.0])
    wild = drawn([10.0, 95.0, 40.0, 5.0, 80.0, 20.0, 110.0, 8.0, 30.0, 2.0])
    assert spread(wild, 0) > 2.0 * spread(quiet, 0)
    assert spread(quiet, 9) > 1.3 * spread(quiet, 0)


def test_the_same_draws_give_the_same_futures() -> None:
    np.testing.assert_array_equal(drawn([3.0, 0.0, 7.5]), drawn([3.0, 0.0, 7.5]))
    assert not np.array_equal(drawn([3.0, 0.0]), drawn([3.0, 0.0], seed=2))


@pytest.mark.parametrize("history", [[-1.0], [np.nan], [np.inf]])
def test_what_is_no_demand_is_refused(history: list[float]) -> None:
    with pytest.raises(InvalidField, match="history"):
        drawn(history)


def test_more_futures_than_guesses_are_refused() -> None:
    with pytest.raises(InvalidField, match="at most the 10 guesses"):
        sample_futures(
            np.ones(3), 4, 11, np.random.default_rng(1), prior_mean=1.0, beliefs=Beliefs(guesses=10)
        )  # fmt: skip


def test_poisson_futures_have_poissons_quantiles_already_when_few() -> None:
    from scipy.stats import poisson

    futures = np.sort(poisson_futures(np.array([30.0, 3.0]), 100, np.random.default_rng(1)), axis=0)
    for level in (0.1, 0.5, 0.9):
        at = futures[int(100 * level)]
        assert np.abs(at - poisson.ppf(level + 0.005, [30.0, 3.0])).max() <= 1.0
    still = poisson_futures(np.array([30.0, 3.0]), 2, np.random.default_rng(1), noise=0.0)
    np.testing.assert_array_equal(still, [[30.0, 3.0]] * 2)
