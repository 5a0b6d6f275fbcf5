"""Scores against numbers worked out by hand, and the interval against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.forecast_scores import bias, coverage, difference, mape, wape, wql

ACTUAL = np.array([10.0, 20.0, 40.0])
POINT = np.array([12.0, 10.0, 40.0])
SERIES = np.array([0, 0, 1])


def test_scores_by_hand() -> None:
    assert mape(ACTUAL, POINT, SERIES).value == pytest.approx((20 + 50 + 0) / 3)
    assert wape(ACTUAL, POINT, SERIES).value == pytest.approx(100 * 12 / 70)
    assert bias(ACTUAL, POINT, SERIES).value == pytest.approx(100 * -8 / 70)
    assert coverage(ACTUAL, ACTUAL - 1, POINT, SERIES).value == pytest.approx(2 / 3)


def test_quantile_loss_by_hand() -> None:
    quantiles = np.column_stack([POINT, POINT + 10])
    # Level .1: 2·.9 + 10·.1 + 0; level .9: 12·.1 + 0 + 10·.1.
    expected = 2 * ((1.8 + 1.0) + (1.2 + 1.0)) / 2 / 70
    assert wql(ACTUAL, quantiles, np.array([0.1, 0.9]), SERIES).value == pytest.approx(expected)


def test_the_median_alone_is_the_absolute_error() -> None:
    found = wql(ACTUAL, POINT[:, None], np.array([0.5]), SERIES).value
    assert found == pytest.approx(wape(ACTUAL, POINT, SERIES).value / 100)


def test_a_method_does_not_differ_from_itself() -> None:
    terms = mape(ACTUAL, POINT, SERIES)
    found = difference(terms, terms, seed=1)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_the_interval_is_as_wide_as_theory_says() -> None:
    """The mean of 400 independent differences of spread 1 has a standard error of 1/20."""
    random = np.random.default_rng(7)
    actual, series = np.full(400, 100.0), np.arange(400)
    found = difference(
        bias(actual, actual + random.normal(1.0, 1.0, 400), series), bias(actual, actual, series), seed=3
    )
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 / 20, rel=0.15)
