"""What drives each forecast, told while the model is at hand: the agent reads it from the database alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from app.models import history
from app.models.history import History
from planning.forecasting.explanation import EXPLAINED_DAYS, Drivers, of_baseline, of_model, usual_level

if TYPE_CHECKING:
    from db.forecasts import Series
    from planning.arrays import FloatArray
    from planning.demand import ForecastPath
    from planning.forecasting.contributions import Contribution
    from planning.forecasting.training import TrainedForecaster

MODEL = "lightgbm"


def drivers(
    forecaster: TrainedForecaster, known: History, paths: dict[str, ForecastPath]
) -> dict[Series, dict[str, object]]:
    """By series, as `db.forecasts.save_forecasts` keeps them."""
    modelled = [name for name, path in paths.items() if path.method.startswith(MODEL)]
    days = min(EXPLAINED_DAYS, forecaster.horizon)
    told = {one.series: one for one in forecaster.contributions(modelled, days)} if modelled else {}
    units = {one.key: one.units for one in known.lines}
    return {
        history.series(name): asdict(_of(units[name], path.mean[:days], told.get(name))) for name, path in paths.items()
    }


def _of(units: FloatArray, mean: FloatArray, told: Contribution | None) -> Drivers:
    if told is None:
        return of_baseline(units, mean)
    return of_model(usual_level(units), mean.size, told.base, told.groups, told.served_mean)
