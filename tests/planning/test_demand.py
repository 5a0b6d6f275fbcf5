"""Scenarios keep what the forecast says: its quantiles, its mean, its seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from planning.arrays import FloatArray
from planning.demand import ForecastPath, quantile_function, sample_demand, series_seed
from planning.errors import InvalidField

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])


def path(mean: FloatArray, quantiles: FloatArray, correlation: float = 0.0) -> ForecastPath:
    """A path with the usual levels."""
    return ForecastPath(mean, LEVELS, quantiles, correlation, "lightgbm", "", None)


def gamma_path(days: int = 4, correlation: float = 0.0) -> ForecastPath:
    """Gamma(4, 25) on every day."""
    from scipy.stats import gamma

    return path(np.full(days, 100.0), np.tile(gamma.ppf(LEVELS, 4, scale=25), (days, 1)), correlation)


@st.composite
def paths(draw: st.DrawFn) -> ForecastPath:
    """Any valid path of 1 to 5 days."""
    days = draw(st.integers(1, 5))
    steps = st.floats(0, 100, allow_subnormal=False)
    rows = draw(st.lists(st.lists(steps, min_size=7, max_size=7), min_size=days, max_size=days))
    means = draw(st.lists(steps, min_size=days, max_size=days))
    return path(np.array(means), np.cumsum(np.array(rows), axis=1), draw(st.floats(-0.9, 0.9)))


@given(paths(), st.integers(0, 2**32))
def test_scenarios_are_repeatable_finite_and_never_negative(forecast: ForecastPath, seed: int) -> None:
    drawn = sample_demand(forecast, scenarios=16, seed=seed)
    assert drawn.shape == (16, forecast.days)
    assert np.isfinite(drawn).all()
    assert (drawn >= 0.0).all()
    assert np.array_equal(drawn, sample_demand(forecast, scenarios=16, seed=seed))


@given(paths())
def test_the_quantile_function_passes_through_every_quantile(forecast: ForecastPath) -> None:
    for position, level in enumerate(LEVELS):
        found = quantile_function(forecast, np.full((1, forecast.days), level))
        assert found[0] == pytest.approx(forecast.quantiles[:, position], rel=1e-6, abs=1e-6)


@given(paths())
def test_the_quantile_function_never_falls(forecast: ForecastPath) -> None:
    grid = np.tile(np.linspace(0.001, 0.999, 200)[:, None], (1, forecast.days))
    assert (np.diff(quantile_function(forecast, grid), axis=0) >= -1e-9).all()


@given(paths(), st.floats(0.01, 100))
def test_other_units_give_the_same_scenarios_in_those_units(forecast: ForecastPath, factor: float) -> None:
    other = path(forecast.mean * factor, forecast.quantiles * factor, forecast.rank_correlation)
    expected = sample_demand(forecast, scenarios=8, seed=1) * factor
    assert sample_demand(other, scenarios=8, seed=1) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_common_random_numbers_order_two_paths_alike() -> None:
    low, high = gamma_path(), path(np.full(4, 200.0), gamma_path().quantiles * 2.0)
    drawn = sample_demand(low, scenarios=500, seed=3), sample_demand(high, scenarios=500, seed=3)
    assert np.array_equal(np.argsort(drawn[0][:, 2]), np.argsort(drawn[1][:, 2]))


def test_a_longer_horizon_continues_the_shorter_one() -> None:
    short = sample_demand(gamma_path(3, 0.4), scenarios=50, seed=9)
    assert np.array_equal(short, sample_demand(gamma_path(6, 0.4), scenarios=50, seed=9)[:, :3])


def test_mean_and_spread_of_a_known_distribution_come_back() -> None:
    drawn = sample_demand(gamma_path(), scenarios=40_000, seed=5)
    assert drawn.mean() == pytest.approx(100.0, rel=0.01)
    assert drawn.std() == pytest.approx(50.0, rel=0.04)


def test_sparse_demand_keeps_its_mean_though_all_quantiles_are_zero() -> None:
    sparse = path(np.full(2, 0.2), np.zeros((2, 7)))
    drawn = sample_demand(sparse, scenarios=200_000, seed=5)
    assert drawn.mean() == pytest.approx(0.2, rel=0.05)
    assert (drawn > 0.0).mean() == pytest.approx(0.05, abs=0.003)


def test_a_low_mean_is_met_by_bending_between_quantiles_not_by_moving_them() -> None:
    # 12 units on 30 days in 100, none on the others: the straight line between the quantiles would give 3.9 on average.
    lumpy = path(np.array([3.6]), np.array([[0.0, 0.0, 0.0, 0.0, 12.0, 12.0, 12.0]]))
    assert sample_demand(lumpy, scenarios=200_000, seed=1).mean() == pytest.approx(3.6, rel=0.01)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.6])
def test_days_are_rank_correlated_as_asked(correlation: float) -> None:
    drawn = sample_demand(gamma_path(2, correlation), scenarios=40_000, seed=2)
    assert spearmanr(drawn[:, 0], drawn[:, 1])[0] == pytest.approx(correlation, abs=0.02)


def test_two_series_of_one_seed_are_unrelated() -> None:
    one = sample_demand(gamma_path(), scenarios=20_000, seed=series_seed(7, "a"))
    other = sample_demand(gamma_path(), scenarios=20_000, seed=series_seed(7, "b"))
    assert series_seed(7, "a") == series_seed(7, "a")
    assert abs(float(np.corrcoef(one[:, 0], other[:, 0])[0, 1])) < 0.03


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("mean", {"mean": np.array([-1.0])}),
        ("mean", {"mean": np.array([np.nan])}),
        ("mean", {"mean": np.array([])}),
        ("quantiles", {"quantiles": LEVELS[None, ::-1]}),
        ("quantiles", {"quantiles": np.zeros((2, 7))}),
        ("levels", {"levels": np.append(LEVELS[:-1], 1.0)}),
        ("rank_correlation", {"rank_correlation": 1.0}),
    ],
)
def test_an_impossible_path_is_refused_by_field(field: str, change: dict[str, FloatArray]) -> None:
    good = {"mean": np.ones(1), "levels": LEVELS, "quantiles": LEVELS[None, :], "rank_correlation": 0.0}
    with pytest.raises(InvalidField) as refused:
        ForecastPath(**(good | change), method="lightgbm", reason="", coverage80=None)  # pyright: ignore[reportArgumentType]
    assert refused.value.field == field


def test_no_scenarios_are_refused() -> None:
    with pytest.raises(InvalidField, match="scenarios"):
        sample_demand(gamma_path(), scenarios=0, seed=1)
