"""The forecasts that models made, one row an item × site, model version and first day (origin).

Arrays travel as they are: `Path` is the shape of `planning.demand.ForecastPath`, which this layer does not import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
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


INSERT_FORECAST: LiteralString = """
INSERT INTO forecast (tenant, model_id, sku, site, origin_day, mean, levels, quantiles, rank_correlation, method,
                      reason, coverage80, drivers)
VALUES (%(tenant)s, %(model_id)s, %(sku)s, %(site)s, %(origin_day)s, %(mean)s, %(levels)s, %(quantiles)s,
        %(rank_correlation)s, %(method)s, %(reason)s, %(coverage80)s, %(drivers)s)"""

FORECASTS: LiteralString = """
SELECT sku, site, origin_day, mean, levels, quantiles, rank_correlation, method, reason, coverage80 FROM forecast
 WHERE model_id = %(model_id)s
   AND origin_day = (SELECT max(origin_day) FROM forecast
                      WHERE model_id = %(model_id)s AND origin_day < coalesce(%(before)s, 'infinity'::date))
   AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))
   AND (%(sites)s::text[] IS NULL OR site = ANY(%(sites)s))"""

ORIGIN: LiteralString = "SELECT max(origin_day) AS origin FROM forecast WHERE model_id = %(model_id)s"

FORGET: LiteralString = """
WITH kept AS (
    SELECT model_id FROM model_version WHERE name = %(name)s AND state = 'serving'
    UNION (SELECT model_id FROM model_version WHERE name = %(name)s ORDER BY version DESC LIMIT %(versions)s)
), starts AS (
    SELECT model_id, origin_day, row_number() OVER (PARTITION BY model_id ORDER BY origin_day DESC) AS place
      FROM (SELECT DISTINCT model_id, origin_day FROM forecast) AS distinct_starts
)
DELETE FROM forecast f USING model_version m, starts s
 WHERE m.model_id = f.model_id AND m.name = %(name)s AND s.model_id = f.model_id AND s.origin_day = f.origin_day
   AND (s.place > %(origins)s OR NOT EXISTS (SELECT FROM kept WHERE kept.model_id = f.model_id))"""


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
    connection: Connection[DictRow],
    model_id: UUID,
    make: Callable[..., P],
    skus: Names = None,
    sites: Names = None,
    *,
    before: date | None = None,
) -> dict[Series, tuple[date, P]]:
    """The newest forecasts of one version with the day each starts on; `make` is the class of the paths.

    With `before` the newest of those that start earlier than that day.
    """
    with connection.cursor(binary=True) as cursor:
        values = {"model_id": model_id, "skus": as_list(skus), "sites": as_list(sites), "before": before}
        rows = cursor.execute(FORECASTS, values, prepare=False)  # see db.network
        return {(row["sku"], row["site"]): (row["origin_day"], _path(make, row)) for row in rows}


def newest_origin(connection: Connection[DictRow], model_id: UUID) -> date | None:
    """The day that a version's newest forecasts start on; None when none are kept."""
    row = connection.execute(ORIGIN, {"model_id": model_id}).fetchone()
    return None if row is None else row["origin"]


def forget_forecasts(connection: Connection[DictRow], name: str, *, versions: int, origins: int) -> int:
    """Deletes all but the newest `origins` of each of the newest `versions` and of the one that serves; how many rows.

    A version's artefact is kept, and forecasts can be made from it anew.
    """
    return connection.execute(FORGET, {"name": name, "versions": versions, "origins": origins}).rowcount


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
