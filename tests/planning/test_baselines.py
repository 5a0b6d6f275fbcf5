"""A series' own history as its forecast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as numpy_arrays

from planning.arrays import FloatArray
from planning.errors import InvalidField
from planning.forecasting.baselines import LEVELS, OWN_HISTORY, baseline_forecast

histories = numpy_arrays(np.float64, st.integers(1, 200), elements=st.floats(0, 1000, allow_subnormal=False))


@given(histories, st.integers(1, 30))
def test_any_history_gives_a_valid_path(history: FloatArray, horizon: int) -> None:
    path = baseline_forecast(history, horizon=horizon, reason="too short")
    assert (path.days, path.method, path.reason, path.coverage80) == (horizon, OWN_HISTORY, "too short", None)
    assert (np.diff(path.quantiles, axis=1) >= 0.0).all()


@given(histories, st.sampled_from([0.5, 4.0, 12.0]))
def test_other_units_scale_the_forecast(history: FloatArray, factor: float) -> None:
    one, other = baseline_forecast(history, horizon=9), baseline_forecast(history * factor, horizon=9)
    assert other.mean == pytest.approx(one.mean * factor)
    assert other.quantiles == pytest.approx(one.quantiles * factor)


def test_days_alike_give_back_their_quantiles() -> None:
    history = np.random.default_rng(1).permutation(np.repeat(np.arange(7.0), 52))
    path = baseline_forecast(history, horizon=7)
    assert path.mean.mean() == pytest.approx(3.0, abs=0.05)
    assert path.quantiles.mean(axis=0) == pytest.approx(np.quantile(history, LEVELS), abs=0.6)


def test_the_week_goes_on_where_the_history_ends() -> None:
    week = np.array([10.0, 10, 10, 10, 10, 20, 0])
    path = baseline_forecast(np.append(np.tile(week, 20), week[:3]), horizon=7)
    ahead = np.roll(week, -3)
    assert int(np.argmax(path.mean)) == int(np.argmax(ahead))
    assert path.mean[ahead == 0.0] == pytest.approx(0.0)
    assert path.quantiles[ahead == 0.0].max() == 0.0
    assert path.mean.sum() == pytest.approx(week.sum(), rel=0.02)


def test_one_large_order_does_not_make_a_weekday() -> None:
    history = np.zeros(91)
    history[[3, 30, 77]] = 1.0
    history[50] = 100.0
    path = baseline_forecast(history, horizon=7)
    assert path.mean.max() < 1.6 * path.mean.min()
    assert path.mean.mean() == pytest.approx(history.mean(), rel=0.05)


def test_a_year_is_remembered_and_no_more() -> None:
    history = np.concatenate([np.full(400, 1000.0), np.full(364, 1.0)])
    assert baseline_forecast(history, horizon=3).mean == pytest.approx(np.ones(3))


@pytest.mark.parametrize("history", [np.array([]), np.array([-1.0]), np.array([np.nan])])
def test_an_impossible_history_is_refused(history: FloatArray) -> None:
    with pytest.raises(InvalidField, match="history_values"):
        baseline_forecast(history, horizon=3)
