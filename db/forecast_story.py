"""Reads of what stands behind one series' forecast: what drives it, and how its model was tested. It never writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row


@dataclass(frozen=True)
class ForecastStory:
    """`origin_day` is the first day forecast, `drivers` what was kept (empty: nothing), `metrics` the tests'."""

    origin_day: date
    drivers: Mapping[str, object]
    metrics: Mapping[str, object]
    trained_at: datetime


STORY: LiteralString = """
SELECT f.origin_day, f.drivers, m.metrics, m.trained_at FROM forecast f JOIN model_version m USING (tenant, model_id)
 WHERE m.name = %(name)s AND m.version = %(version)s AND f.sku = %(sku)s AND f.site = %(site)s
 ORDER BY f.origin_day DESC LIMIT 1"""


def story(connection: Connection[DictRow], label: str, sku: str, site: str) -> ForecastStory | None:
    """Of the newest forecast that the version `label` ("demand/3") made of a series; None where it made none."""
    name, _, version = label.partition("/")
    values = {"name": name, "version": int(version), "sku": sku, "site": site}
    with connection.cursor(row_factory=class_row(ForecastStory)) as cursor:
        return cursor.execute(STORY, values).fetchone()
