"""Scores of quantile forecasts, and the correlation that makes totals wide enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma

from planning.demand import ForecastPath, sample_demand
from planning.forecasting.calibration import measure, pinball, probability_at
from planning.forecasting.totals import Block, calibrated_correlation, coverage80

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])


def test_pinball_loss_by_hand() -> None:
    found = pinball(np.array([10.0]), np.array([[4.0, 12.0]]), np.array([0.1, 0.9]))
    assert found == pytest.approx(np.array([[0.6, 0.2]]))


def test_a_true_forecast_is_calibrated() -> None:
    actual = np.random.default_rng(1).gamma(4.0, 25.0, 20_000)
    rows = np.tile(gamma.ppf(LEVELS, 4, scale=25), (actual.size, 1))
    found = measure("lightgbm", "all", actual, np.full(actual.size, 100.0), rows, LEVELS, 1)
    assert found.coverage80 == pytest.approx(0.8, abs=0.01)
    assert found.within80 == found.coverage80
    assert found.below95 == pytest.approx(0.95, abs=0.005)
    assert found.bias == pytest.approx(0.0, abs=0.01)
    assert found.wql == pytest.approx(2 * found.pinball / actual.mean())


def test_zeros_do_not_make_a_true_forecast_look_too_wide() -> None:
    # Nothing on 70 days in 100, 12 on the others: the closed interval holds every day, the mass inside it is 80 %.
    actual = np.where(np.random.default_rng(1).random(20_000) < 0.3, 12.0, 0.0)
    rows = np.tile([0.0, 0.0, 0.0, 0.0, 12.0, 12.0, 12.0], (actual.size, 1))
    found = measure("lightgbm", "all", actual, np.full(actual.size, 3.6), rows, LEVELS, 1)
    assert found.within80 == 1.0
    assert found.coverage80 == pytest.approx(0.8, abs=0.05)


def test_probabilities_by_hand() -> None:
    rows = np.array([[0.0, 0.0, 0.0, 2.0, 4.0, 4.0, 8.0]])
    cases = {0.0: (0.0, 0.25), 1.0: (0.375, 0.375), 2.0: (0.5, 0.5), 4.0: (0.75, 0.9), 6.0: (0.925, 0.925)}
    for actual, expected in cases.items():
        below, upto = probability_at(np.array([actual]), rows, LEVELS)
        assert (below[0], upto[0]) == pytest.approx(expected), actual


def test_no_demand_has_no_relative_scores() -> None:
    found = measure("lightgbm", "all", np.zeros(3), np.ones(3), np.ones((3, 7)), LEVELS, 1)
    assert (found.wql, found.bias) == (None, None)


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_correlation_of_days_is_found_again_from_totals(correlation: float) -> None:
    quantiles = np.tile(gamma.ppf(LEVELS, 4, scale=25), (28, 1))
    path = ForecastPath(np.full(28, 100.0), LEVELS, quantiles, correlation, "lightgbm", "", None)
    totals = sample_demand(path, scenarios=100, seed=99).sum(axis=1)
    block = Block((path,) * 100, totals)
    found = calibrated_correlation(block, seed=1)
    assert found == pytest.approx(correlation, abs=0.2)
    assert coverage80(block, found, seed=1) == pytest.approx(0.8, abs=0.04)


def test_no_series_need_no_correlation() -> None:
    assert calibrated_correlation(Block((), np.array([])), seed=1) == 0.0
