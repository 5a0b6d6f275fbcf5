"""How the serving version does on the newest import: errors of days that have passed, and inputs against training.

What is found is kept and shown; drift is an audit event, and the trainer's reason to train anew.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from psycopg import Connection
from psycopg.rows import DictRow

from app.models import history
from audit.append import append
from audit.events import Action
from db import demand, forecasts, models, network
from db.demand import DemandRows
from db.models import Model, Watch
from db.session import Database
from domain.context import Context
from planning.demand import ForecastPath
from planning.forecasting.drift import (
    DriftLimits,
    LiveDays,
    Reference,
    Watched,
    drifted,
    signals,
    watch_errors,
    watch_input,
)
from planning.forecasting.promotion import Standing

if TYPE_CHECKING:
    from planning.arrays import FloatArray

# The last window of the inputs and the three before it, as `planning.forecasting.drift.signals` takes them.
WINDOW_DAYS = 28
# Errors are judged on at most so many days of the forecast: farther ahead it is another question.
LIVE_DAYS = 28


def watch_if_due(database: Database, context: Context) -> Watch | None:
    """Looks once at each import with each serving version; None where nothing serves or this was looked at."""
    with database.transaction(context.tenant) as connection:
        model, batch = models.serving_model(connection), network.newest_batch(connection)
        last = models.last_watch(connection, model.model_id) if model else None
    if model is None or batch is None or (last is not None and last.batch_id == batch.batch_id):
        return None
    return watch(database, context, model)


def watch(database: Database, context: Context, model: Model) -> Watch:
    """Looks, keeps what was found and records drift."""
    known = history.read(database, context.tenant, horizon=0, days=4 * WINDOW_DAYS)
    with database.transaction(context.tenant) as connection:
        found = (*_errors(connection, model), *_inputs(known, model))
        watched = models.save_watch(
            connection, model.model_id, known.batch.batch_id, [asdict(one) for one in found], drifted=drifted(found)
        )
        if watched.drifted:
            said = [one.said for one in found if one.drifted]
            data = {"batch": known.batch.batch_id, "found": said}
            append(connection, context, Action.MODEL_DRIFTED, subject=f"model:{model.label}", data=data)
    return watched


def _errors(connection: Connection[DictRow], model: Model) -> tuple[Watched, ...]:
    if not model.standing:
        said = "the version was never back-tested, so there is nothing to hold its errors against"
        return (Watched("errors", None, None, None, drifted=False, said=said),)
    live = _live(connection, model)
    if live is None:
        said = f"no forecast of it is {DriftLimits().fewest_days} days old yet"
        return (Watched("errors", None, None, None, drifted=False, said=said),)
    return watch_errors(live, Standing(**model.standing))  # pyright: ignore[reportArgumentType] - as it was kept


def _live(connection: Connection[DictRow], model: Model) -> LiveDays | None:
    """The newest forecasts that are old enough, on the days whose demand is known and was not cut off."""
    last = demand.newest_day(connection)
    if last is None:
        return None
    before = last - timedelta(days=DriftLimits().fewest_days - 2)
    paths = forecasts.load_forecasts(connection, model.model_id, ForecastPath, before=before)
    if not paths:
        return None
    origin = min(first for first, _ in paths.values())
    rows = demand.demand(connection, skus=None, sites=None, since=origin, before=last + timedelta(days=1))
    sold = {(row.sku, row.site): row for row in rows}
    days = min((last - origin).days + 1, LIVE_DAYS)
    parts = [
        _series(number, path, sold.get(pair), origin, days) for number, (pair, (_, path)) in enumerate(paths.items())
    ]
    return _joined(parts, next(iter(paths.values()))[1].levels)


def _series(number: int, path: ForecastPath, sold: DemandRows | None, origin: date, days: int) -> LiveDays:
    length = min(days, path.days)
    actual, known = np.zeros(length), np.ones(length, dtype=np.bool_)
    if sold is not None:
        offsets = np.array([(day - origin).days for day in sold.days])
        inside = offsets < length
        actual[offsets[inside]] = np.maximum(np.array(sold.quantities)[inside], 0.0)
        known[offsets[inside]] = ~np.array(sold.stocked_out)[inside]
    day = np.flatnonzero(known)
    return LiveDays(np.full(day.size, number), day, actual[day], path.mean[day], path.quantiles[day], path.levels)


def _joined(parts: list[LiveDays], levels: FloatArray) -> LiveDays:
    return LiveDays(
        np.concatenate([one.series for one in parts]),
        np.concatenate([one.day for one in parts]),
        np.concatenate([one.actual for one in parts]),
        np.concatenate([one.mean for one in parts]),
        np.concatenate([one.quantiles for one in parts]),
        levels,
    )


def _inputs(known: history.History, model: Model) -> tuple[Watched, ...]:
    if not model.inputs:
        return (Watched("inputs", None, None, None, drifted=False, said="its history was too short to compare with"),)
    now = signals(*known.matrices(4 * WINDOW_DAYS), WINDOW_DAYS)
    return tuple(watch_input(name, _reference(then), now[name]) for name, then in model.inputs.items() if name in now)


def _reference(kept: object) -> Reference:
    assert isinstance(kept, dict)  # written by `app.training` from a Reference
    fields: dict[str, object] = kept
    edges, shares = fields["edges"], fields["shares"]
    assert isinstance(edges, list)
    assert isinstance(shares, list)
    return Reference(tuple(edges), tuple(shares), int(str(fields["count"])), float(str(fields["widest"])))
