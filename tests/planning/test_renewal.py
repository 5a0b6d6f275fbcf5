"""A trained version on newer data: the same forecasts from the same history, newer ones from a newer, judged fairly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planning.errors import InvalidField
from planning.forecasting.renewal import Prepared, prepare
from planning.forecasting.training import TrainedForecaster, train

DAYS, HORIZON = 260, 28


def history(days: int, level: float = 1.0) -> pd.DataFrame:
    """Twelve series with a weekly rhythm; demand is multiplied by `level` in the last four weeks."""
    random = np.random.default_rng(4)
    week = np.array([1.2, 1.0, 0.9, 1.0, 1.4, 1.5, 0.0])[np.arange(DAYS + 56) % 7]
    units = random.poisson((3.0 + np.arange(12)[:, None]) * week[None, :]).astype(float)[:, :days]
    units[:, -28:] *= level
    names = np.repeat([f"s{one:02d}" for one in range(12)], days)
    return pd.DataFrame(
        {"unique_id": names, "ds": np.tile(pd.date_range("2025-01-01", periods=days), 12), "y": units.ravel()}
    )


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> TrainedForecaster:
    """Trained, saved and read back."""
    folder: Path = tmp_path_factory.mktemp("version")
    digest = train(history(DAYS), horizon=HORIZON, seed=3).save(folder)
    return TrainedForecaster.load(folder, digest)


def newer(days: int, level: float = 1.0) -> Prepared:
    return prepare(history(days, level), horizon=HORIZON)


def test_from_the_same_history_come_the_same_forecasts(version: TrainedForecaster) -> None:
    again, before = version.renewed(newer(DAYS)).predict(HORIZON), version.predict(HORIZON)
    assert again.keys() == before.keys()
    for name, path in before.items():
        np.testing.assert_allclose(again[name].quantiles, path.quantiles)
        np.testing.assert_allclose(again[name].mean, path.mean)
        assert (again[name].method, again[name].coverage80) == (path.method, path.coverage80)


def test_from_a_newer_history_it_forecasts_from_its_end(version: TrainedForecaster) -> None:
    later = version.renewed(newer(DAYS + 14, level=2.0))
    assert later.card.first_day == "2025-10-02"
    assert later.card.features == version.card.features
    was, now = (sum(path.mean.sum() for path in one.predict(HORIZON).values()) for one in (version, later))
    assert 1.05 * was < now < 2.5 * was


def test_it_is_judged_on_days_that_it_has_not_learned_from(version: TrainedForecaster) -> None:
    same, strange = version.judged_on(newer(DAYS + 7)), version.judged_on(newer(DAYS + 7, level=3.0))
    assert same is not None
    assert strange is not None
    assert same.wql is not None
    assert strange.wql is not None
    assert abs(same.bias or 0.0) < 0.1
    assert 0.65 < same.coverage80 < 0.95
    assert strange.wql > 1.5 * same.wql
    assert (strange.bias or 0.0) < -0.4


def test_another_horizon_is_refused(version: TrainedForecaster) -> None:
    with pytest.raises(InvalidField, match="another horizon"):
        version.judged_on(prepare(history(DAYS), horizon=7))
