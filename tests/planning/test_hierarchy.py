"""Levels that agree, and the weighted error over them."""

from __future__ import annotations

import numpy as np
import pytest

from planning.demand import ForecastPath
from planning.errors import InvalidField
from planning.forecasting.hierarchy import agreed_quantiles, levels_of, weighted_rmse

LEVELS = levels_of(("a/x", "a/y", "b/x"), ("a", "a", "b"), ("x", "y", "x"))


def test_means_add_up_on_every_level() -> None:
    mean = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    found = {level.name: level.summed(mean) for level in LEVELS}
    assert found["sku"].tolist() == [[4.0, 6.0], [5.0, 6.0]]
    assert found["site"].tolist() == [[6.0, 8.0], [3.0, 4.0]]
    assert all(values.sum(axis=0).tolist() == [9.0, 12.0] for values in found.values())


def test_quantiles_of_sums_are_narrower_than_sums_of_quantiles() -> None:
    levels = np.array([0.1, 0.5, 0.9])
    path = ForecastPath(np.full(2, 10.0), levels, np.tile([5.0, 10.0, 15.0], (2, 1)), 0.0, "lightgbm", "", None)
    found = agreed_quantiles(dict.fromkeys(LEVELS[0].members, path), LEVELS[-1], levels, scenarios=2000, seed=1)
    assert found.shape == (1, 2, 3)
    assert found[0, :, 1] == pytest.approx(30.0, rel=0.05)
    assert 15.0 < found[0, 0, 0] < 25.0 < 35.0 < found[0, 0, 2] < 45.0


def test_the_weighted_error_by_hand() -> None:
    history = np.array([[1.0, 3.0, 1.0], [2.0, 2.0, 4.0], [0.0, 1.0, 1.0]])
    actual, mean = np.array([[3.0], [4.0], [1.0]]), np.array([[1.0], [4.0], [1.0]])
    found = weighted_rmse(LEVELS, history, actual, mean, np.array([3.0, 1.0, 0.0]))
    assert found[0] == pytest.approx(0.75 * 2.0 / 2.0)
    assert found[3] == pytest.approx(2.0 / np.sqrt((3.0**2 + 0.0) / 2.0))


def test_groups_must_name_every_series() -> None:
    with pytest.raises(InvalidField, match="one group"):
        levels_of(("a", "b"), ("a",), ("x", "y"))
