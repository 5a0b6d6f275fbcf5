"""Train the demand model on a tenant's history and keep its forecasts: one version, one batch, one hashed artefact.

Runs in the operator's role, as a scheduled job or `quartermaster forecast train`; triage only reads what was kept.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from app.progress import Progress
from app.wiring import operator_context, operator_database, settings
from audit.append import append
from audit.events import Action
from db import forecasts, network
from db.session import Database, tenant_clock
from domain.context import Context
from domain.errors import NotFound

if TYPE_CHECKING:
    import pandas as pd

    from planning.forecasting.training import TrainedForecaster

HORIZON_DAYS = 56
HISTORY_DAYS = 740
SEED = 20_261
SEPARATOR = "\x1f"  # joins SKU and site in the library's one key; no code may contain it


@dataclass(frozen=True)
class TrainingReport:
    """What was trained and how good it was in the back-test; `methods` counts the series each method serves."""

    model: str
    series: int
    methods: dict[str, int]
    metrics: dict[str, object]
    artefact_hash: str
    seconds: float


@dataclass(frozen=True)
class _History:
    """One tenant's demand as the trainer wants it; `today` is the first forecast day."""

    batch: network.Batch
    today: date
    demand: pd.DataFrame
    promotions: pd.DataFrame | None


def train(tenant: str, person: str, progress: Progress) -> TrainingReport:
    """Train, back-test, forecast and keep; raises `NotFound` when nothing was imported."""
    started = time.monotonic()
    context = operator_context(tenant, person)
    with operator_database() as database:
        progress("reading the demand history", 0, 1)
        history = _read(database, tenant)
        forecaster = _fit(history, progress)
        artefact = forecaster.save(settings().home / "models" / tenant / history.batch.batch_id.hex)
        progress("keeping the forecasts", 0, 1)
        model, methods = _keep(database, context, history, forecaster, artefact)
        progress("keeping the forecasts", 1, 1)
    return TrainingReport(
        model=model.label,
        series=sum(methods.values()),
        methods=methods,
        metrics=asdict(forecaster.metrics),
        artefact_hash=artefact,
        seconds=round(time.monotonic() - started, 1),
    )


def _read(database: Database, tenant: str) -> _History:
    with database.transaction(tenant) as connection:
        today = tenant_clock(connection).date()
        batch = network.newest_batch(connection)
        if batch is None:
            raise NotFound(f"Tenant {tenant!r} has no data.", remedy="Import some: quartermaster import PATH.")
        since = today - timedelta(days=HISTORY_DAYS)
        listed = network.item_sites(connection)
        rows = network.demand(connection, skus=None, sites=None, since=since, before=today)
        until = today + timedelta(days=HORIZON_DAYS)
        promotions = network.promotions(connection, skus=None, since=since, until=until, today=today)
    demand = _daily(listed, rows, since, today)
    return _History(batch, today, demand, _promoted(listed, promotions, since, until) if promotions else None)


def _fit(history: _History, progress: Progress) -> TrainedForecaster:
    from planning.forecasting import training

    return training.train(
        history.demand, exogenous=history.promotions, horizon=HORIZON_DAYS, seed=SEED, progress=progress
    )


def _keep(
    database: Database, context: Context, history: _History, forecaster: TrainedForecaster, artefact: str
) -> tuple[forecasts.Model, dict[str, int]]:
    paths = forecaster.predict(HORIZON_DAYS)
    methods: dict[str, int] = {}
    for path in paths.values():
        methods[path.method] = methods.get(path.method, 0) + 1
    new = forecasts.NewModel(
        name="demand",
        batch_id=history.batch.batch_id,
        artefact_hash=artefact,
        parameters={"horizon_days": HORIZON_DAYS, "history_days": HISTORY_DAYS, "seed": SEED},
        metrics=asdict(forecaster.metrics),
        trained_by=context.actor.id,
    )
    with database.transaction(context.tenant) as connection:
        model = forecasts.save_model(connection, context.tenant, new)
        series = ((_series(key), path) for key, path in paths.items())
        forecasts.save_forecasts(connection, context.tenant, model.model_id, history.today, series)
        append(
            connection,
            context,
            Action.MODEL_TRAINED,
            subject=f"model:{model.label}",
            data={"batch": new.batch_id, "artefact": artefact, "series": len(paths), "methods": methods},
        )
    return model, methods


def _daily(listed: list[network.ItemSite], rows: list[network.DemandRows], since: date, today: date) -> pd.DataFrame:
    """Every day of every series from its listing on; a day without a row is a day of zero demand."""
    import numpy as np
    import pandas as pd

    recorded = {(row.sku, row.site): row for row in rows}
    keys: list[str] = []
    starts: list[date] = []
    values: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    for place in listed:
        first = max(place.listed_on, since)
        days = (today - first).days
        if days <= 0:
            continue
        quantities = np.zeros(days)
        row = recorded.get((place.sku, place.site))
        if row is not None:
            offsets = [(day - first).days for day in row.days]
            kept = [(offset, sold) for offset, sold in zip(offsets, row.quantities, strict=True) if offset >= 0]
            # A day of net returns is a day on which nothing was wanted.
            quantities[[offset for offset, _ in kept]] = np.maximum([sold for _, sold in kept], 0.0)
        keys.append(place.sku + SEPARATOR + place.site)
        starts.append(first)
        values.append(quantities)
    lengths = [len(quantities) for quantities in values]
    days = [np.datetime64(first) + np.arange(length) for first, length in zip(starts, lengths, strict=True)]
    return pd.DataFrame(
        {
            "unique_id": np.repeat(keys, lengths),
            "ds": pd.to_datetime(np.concatenate(days)) if days else pd.to_datetime([]),
            "y": np.concatenate(values) if values else np.array([]),
        }
    )


def _promoted(
    listed: list[network.ItemSite], promotions: list[network.Promotion], since: date, until: date
) -> pd.DataFrame:
    """The discount of each promoted day of each series, past and known future; the deepest where several overlap."""
    import pandas as pd

    sites: dict[str, list[str]] = {}
    for place in listed:
        sites.setdefault(place.sku, []).append(place.site)
    rows = [
        (promotion.sku + SEPARATOR + site, day, float(promotion.discount))
        for promotion in promotions
        for site in sites.get(promotion.sku, [])
        if promotion.site in ("*", site)
        for day in pd.date_range(max(promotion.starts_on, since), min(promotion.ends_on, until))
    ]
    frame = pd.DataFrame(rows, columns=pd.Index(["unique_id", "ds", "discount"]))
    return frame.groupby(["unique_id", "ds"]).agg({"discount": "max"}).reset_index()


def _series(key: str) -> forecasts.Series:
    sku, site = key.split(SEPARATOR)
    return sku, site
