"""Trained models and the forecasts they made, one row an item × site and model version.

Arrays travel as they are: `Path` is the shape of `planning.demand.ForecastPath`, which this layer does not import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString, Protocol, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from db.demand import Names, as_list

Series = tuple[str, str]


class Path(Protocol):
    """A demand forecast: (days,) mean, (levels,) levels, (days, levels) quantiles, and where it comes from."""

    @property
    def mean(self) -> NDArray[np.float64]: ...
    @property
    def levels(self) -> NDArray[np.float64]: ...
    @property
    def quantiles(self) -> NDArray[np.float64]: ...
    @property
    def rank_correlation(self) -> float: ...
    @property
    def method(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def coverage80(self) -> float | None: ...


P = TypeVar("P", bound=Path)


@dataclass(frozen=True)
class NewModel:
    """A model that was trained: its artefact's hash, parameters and back-test metrics."""

    name: str
    batch_id: UUID
    artefact_hash: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, object]
    trained_by: str


@dataclass(frozen=True)
class Model(NewModel):
    """A kept model; versions count up within its name."""

    model_id: UUID
    version: int
    trained_at: datetime

    @property
    def label(self) -> str:
        """The version as results carry it, e.g. demand/3."""
        return f"{self.name}/{self.version}"


INSERT_MODEL: LiteralString = """
INSERT INTO model_version (tenant, name, version, batch_id, artefact_hash, parameters, metrics, trained_by)
SELECT %(tenant)s, %(name)s, coalesce(max(version), 0) + 1, %(batch_id)s, %(artefact_hash)s, %(parameters)s,
       %(metrics)s, %(trained_by)s
  FROM model_version WHERE tenant = %(tenant)s AND name = %(name)s
RETURNING name, batch_id, artefact_hash, parameters, metrics, trained_by, model_id, version, trained_at"""

NEWEST: LiteralString = """
SELECT name, batch_id, artefact_hash, parameters, metrics, trained_by, model_id, version, trained_at
  FROM model_version WHERE name = %(name)s ORDER BY version DESC LIMIT 1"""

INSERT_FORECAST: LiteralString = """
INSERT INTO forecast (tenant, model_id, sku, site, origin_day, mean, levels, quantiles, rank_correlation, method,
                      reason, coverage80, drivers)
VALUES (%(tenant)s, %(model_id)s, %(sku)s, %(site)s, %(origin_day)s, %(mean)s, %(levels)s, %(quantiles)s,
        %(rank_correlation)s, %(method)s, %(reason)s, %(coverage80)s, %(drivers)s)"""

DRIVERS: LiteralString = """
SELECT drivers FROM forecast WHERE model_id = %(model_id)s AND sku = %(sku)s AND site = %(site)s
 ORDER BY origin_day DESC LIMIT 1"""

FORECASTS: LiteralString = """
SELECT sku, site, origin_day, mean, levels, quantiles, rank_correlation, method, reason, coverage80 FROM forecast
 WHERE model_id = %(model_id)s AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))
   AND (%(sites)s::text[] IS NULL OR site = ANY(%(sites)s))"""


def save_model(connection: Connection[DictRow], tenant: str, model: NewModel) -> Model:
    """Keeps a new version of `model.name`; the caller appends `model.trained` in the same transaction."""
    values = {**vars(model), "parameters": Jsonb(model.parameters), "metrics": Jsonb(model.metrics)}
    row = connection.execute(INSERT_MODEL, {**values, "tenant": tenant}).fetchone()
    assert row is not None  # an INSERT … RETURNING of one row
    return Model(**row)


def newest_model(connection: Connection[DictRow], name: str = "demand") -> Model | None:
    """The newest version of a model, or None when none was trained."""
    row = connection.execute(NEWEST, {"name": name}).fetchone()
    return None if row is None else Model(**row)


def save_forecasts(
    connection: Connection[DictRow],
    tenant: str,
    model_id: UUID,
    origin_day: date,
    paths: Iterable[tuple[Series, Path]],
    *,
    drivers: Mapping[Series, Mapping[str, object]] | None = None,
) -> int:
    """Keeps the forecasts of one model version, all starting at `origin_day`, with what drives them; how many."""
    told = drivers or {}
    rows = [_row(tenant, model_id, origin_day, series, path, told.get(series, {})) for series, path in paths]
    with connection.cursor() as cursor:
        cursor.executemany(INSERT_FORECAST, rows)
    return len(rows)


def load_forecasts(
    connection: Connection[DictRow], model_id: UUID, make: Callable[..., P], skus: Names = None, sites: Names = None
) -> dict[Series, tuple[date, P]]:
    """Forecasts of one model version with the day each starts on; `make` is the class of the paths."""
    with connection.cursor(binary=True) as cursor:
        values = {"model_id": model_id, "skus": as_list(skus), "sites": as_list(sites)}
        rows = cursor.execute(FORECASTS, values, prepare=False)  # see db.network
        return {(row["sku"], row["site"]): (row["origin_day"], _path(make, row)) for row in rows}


def load_drivers(connection: Connection[DictRow], model_id: UUID, sku: str, site: str) -> Mapping[str, object]:
    """What drives the newest forecast of one series, as it was kept; empty where nothing was."""
    row = connection.execute(DRIVERS, {"model_id": model_id, "sku": sku, "site": site}).fetchone()
    return {} if row is None else row["drivers"]


def _row(
    tenant: str, model_id: UUID, origin_day: date, series: Series, path: Path, drivers: Mapping[str, object]
) -> dict[str, object]:
    return {
        "tenant": tenant,
        "model_id": model_id,
        "sku": series[0],
        "site": series[1],
        "origin_day": origin_day,
        "mean": np.asarray(path.mean, dtype=np.float64).tolist(),
        "levels": np.asarray(path.levels, dtype=np.float64).tolist(),
        "quantiles": np.asarray(path.quantiles, dtype=np.float64).tolist(),
        "rank_correlation": float(path.rank_correlation),
        "method": path.method,
        "reason": path.reason,
        "coverage80": None if path.coverage80 is None else float(path.coverage80),
        "drivers": Jsonb(drivers),
    }


def _path(make: Callable[..., P], row: DictRow) -> P:
    return make(
        mean=np.array(row["mean"], dtype=np.float64),
        levels=np.array(row["levels"], dtype=np.float64),
        quantiles=np.array(row["quantiles"], dtype=np.float64),
        rank_correlation=row["rank_correlation"],
        method=row["method"],
        reason=row["reason"],
        coverage80=row["coverage80"],
    )
