"""What drives a forecast is kept in units that add up to it, whether a model or a baseline serves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest

from app.models import driving, history
from app.models.history import History, Line
from db.network import Batch
from planning.arrays import FloatArray
from planning.demand import ForecastPath
from planning.forecasting.baselines import baseline_forecast
from planning.forecasting.contributions import Contribution
from planning.forecasting.training import TrainedForecaster

DAYS, HORIZON = 240, 28
FIRST = date(2026, 1, 5)
RHYTHM = np.array([12.0, 10.0, 9.0, 10.0, 14.0, 15.0, 0.0])
A, B, NEW = (f"{sku}{history.SEPARATOR}S" for sku in ("A", "B", "NEW"))


class Explaining:
    """As much of a trained forecaster as is asked here: it knows series A, and was trained for four weeks."""

    horizon = HORIZON

    def contributions(self, series: Sequence[str], horizon: int) -> tuple[Contribution, ...]:
        assert series == [A, B]
        assert horizon == 14
        return (Contribution(A, 130.0, {"calendar": 10.0, "promotion": 30.0, "discount": 12.0}, 182.0, 196.0),)


def line(sku: str, units: FloatArray) -> Line:
    first = FIRST + timedelta(days=DAYS - units.size)
    return Line(sku, "S", first, units, np.ones(units.size, dtype=np.bool_), np.zeros(units.size, dtype=np.bool_))


def path(mean: FloatArray, method: str) -> ForecastPath:
    return ForecastPath(mean, np.array([0.1, 0.9]), np.repeat(mean[:, None], 2, axis=1), 0.0, method, "", None)


def test_drivers_add_up_to_the_mean_of_every_series() -> None:
    lines = (line("A", np.resize(RHYTHM, DAYS)), line("B", np.full(DAYS, 3.0)), line("NEW", np.full(21, 2.0)))
    batch = Batch(UUID(int=1), "h", datetime.combine(FIRST, datetime.min.time(), UTC), "simulated")
    known = History(batch, FIRST + timedelta(days=DAYS), FIRST, lines, {}, ())
    paths = {
        A: path(np.full(HORIZON, 14.0), "lightgbm"),
        B: path(np.full(HORIZON, 4.0), "lightgbm+own-history"),
        NEW: baseline_forecast(lines[2].units, horizon=HORIZON),
    }
    told: dict[Any, Any] = {**driving.drivers(cast("TrainedForecaster", Explaining()), known, paths)}
    assert set(told) == {("A", "S"), ("B", "S"), ("NEW", "S")}
    for key, one in paths.items():
        kept = told[history.series(key)]
        assert kept["usual"] + sum(kept["parts"].values()) == pytest.approx(one.mean[:14].mean(), abs=1e-9)
    a = told["A", "S"]
    assert a["parts"]["promotion"] == pytest.approx(3.0)
    assert a["parts"]["other methods' part in the mean"] == pytest.approx(1.0)
    assert a["parts"]["level"] == pytest.approx(10.0 - RHYTHM.mean())
    # The model did not know B, so its level and weekdays are all that can be said of it.
    assert set(told["B", "S"]["parts"]) == set(told["NEW", "S"]["parts"]) == {"level", "weekday pattern"}
