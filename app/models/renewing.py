"""Forecasts made anew by a version that exists, from its artefact and the newest history; nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from psycopg import Connection
from psycopg.rows import DictRow

from app.models import artefacts, driving, history
from app.models.artefacts import ArtefactMissing
from app.models.judging import prepared
from audit.append import append
from audit.events import Action
from db import forecasts, models
from db.models import Model
from db.session import Database
from domain.context import Context
from planning.errors import InvalidField

if TYPE_CHECKING:
    from planning.demand import ForecastPath


@dataclass(frozen=True)
class Renewed:
    """A version's forecasts from `first_day` on, by key of the series, with what drives them."""

    model: Model
    first_day: date
    paths: dict[str, ForecastPath]
    drivers: dict[forecasts.Series, dict[str, object]]


def renewed(database: Database, tenant: str, model: Model) -> Renewed:
    """What the version forecasts from the newest history.

    Raises `ArtefactMissing` where its files are not here, `planning.errors.InvalidField` where the history gives other
    features than it learned from.
    """
    forecaster = artefacts.load(model, tenant)
    known = history.read(database, tenant, horizon=forecaster.horizon)
    newer = forecaster.renewed(prepared(known, forecaster.horizon))
    paths = newer.predict(newer.horizon)
    return Renewed(model, known.today, paths, driving.drivers(newer, known, paths))


def keep(connection: Connection[DictRow], context: Context, made: Renewed) -> None:
    """Keeps them beside the earlier ones of the version; nothing where it has some from that day already."""
    if forecasts.newest_origin(connection, made.model.model_id) == made.first_day:
        return
    paths = ((history.series(key), path) for key, path in made.paths.items())
    count = forecasts.save_forecasts(
        connection, context.tenant, made.model.model_id, made.first_day, paths, drivers=made.drivers
    )
    data = {"series": count, "from": made.first_day}
    append(connection, context, Action.MODEL_FORECAST, subject=f"model:{made.model.label}", data=data)


def renew_serving(database: Database, context: Context) -> str:
    """Lets the serving version forecast from the newest day; '' or why it could not, to be read after a reason."""
    with database.transaction(context.tenant) as connection:
        serving = models.serving_model(connection)
    if serving is None:
        return ""
    try:
        made = renewed(database, context.tenant, serving)
    except (ArtefactMissing, InvalidField) as error:
        return f"; {serving.label} serves with its old forecasts, as it cannot forecast anew: {error}"
    with database.transaction(context.tenant) as connection:
        keep(connection, context, made)
    return ""
