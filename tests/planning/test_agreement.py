"""Means that agree with their site: a change of level is followed soon, one large order is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planning.arrays import FloatArray
from planning.forecasting.methods import AGREED, MOVING_AVERAGE, OWN_HISTORY, Forecasts, baselines_at
from planning.forecasting.panel import panel_of

WEEKS, SERIES, SITES = 60, 40, 4


def forecast(units: FloatArray) -> dict[str, Forecasts]:
    """Every baseline's, from the end of (series, weeks) units; series are spread over the sites in turn."""
    ids = [f"k{one:02d}" for one in range(units.shape[0])]
    frame = pd.DataFrame({
        "unique_id": np.repeat(ids, units.shape[1]), "sku": np.repeat(ids, units.shape[1]),
        "site": np.repeat([f"p{one % SITES}" for one in range(units.shape[0])], units.shape[1]),
        "ds": np.tile(pd.date_range("2024-01-01", periods=units.shape[1], freq="7D"), units.shape[0]),
        "y": units.ravel(),
    })  # fmt: skip
    panel = panel_of(frame, None, 4, frequency="week")
    return baselines_at(panel, np.arange(len(panel.ids)), panel.periods, 4)


def demand() -> FloatArray:
    """(series, weeks) intermittent, around 2 a week."""
    random = np.random.default_rng(6)
    return np.where(random.random((SERIES, WEEKS)) < 0.4, random.poisson(5.0, (SERIES, WEEKS)).astype(float), 0.0)


def test_a_change_of_level_everywhere_is_followed_though_no_series_shows_it() -> None:
    units = demand()
    units[:, -8:] *= 1.6
    found, truth = forecast(units), 2.0 * 1.6 * SERIES
    total = {name: one.mean[:, 0].sum() for name, one in found.items()}
    assert abs(total[AGREED] - truth) < 0.75 * abs(total[OWN_HISTORY] - truth)
    single = {name: np.abs(one.mean[:, 0] - 3.2).mean() for name, one in found.items()}
    assert single[AGREED] < single[MOVING_AVERAGE]
    assert found[AGREED].quantiles.sum() > found[OWN_HISTORY].quantiles.sum()


def test_one_large_order_carries_its_series_less_far_away() -> None:
    units = demand()
    units[3, -2] = 600.0
    found = forecast(units)
    assert found[MOVING_AVERAGE].mean[3, 0] > 50.0
    assert found[AGREED].mean[3, 0] < 0.6 * found[MOVING_AVERAGE].mean[3, 0]


def test_sites_that_keep_their_level_keep_it_when_another_rises() -> None:
    units = demand()
    units[::SITES, -8:] *= 3.0
    before, after = forecast(demand())[AGREED].mean, forecast(units)[AGREED].mean
    rise = after[::SITES].sum() / before[::SITES].sum()
    others = np.delete(after, np.s_[::SITES], axis=0).sum() / np.delete(before, np.s_[::SITES], axis=0).sum()
    assert rise > 1.7
    assert others == pytest.approx(1.0, abs=0.06)


def test_days_keep_the_shape_of_their_week() -> None:
    week = np.array([3.0, 2.0, 2.0, 2.0, 4.0, 1.0, 0.0])
    days = pd.date_range("2024-01-01", periods=280)
    frame = pd.DataFrame({"unique_id": "a", "ds": days, "y": np.tile(week, 40)})
    panel = panel_of(frame, None, 3)
    found = baselines_at(panel, np.array([0]), panel.periods, 3)[AGREED].mean[0]
    assert found == pytest.approx(baselines_at(panel, np.array([0]), panel.periods, 7)[AGREED].mean[0, :3])
    assert found == pytest.approx(week[:3], rel=0.15)
