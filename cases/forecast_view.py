"""A demand forecast as seen from today: the stored one of the serving model, else a named baseline, else none.

Whatever is used says what it is. A stored forecast that has run out is not stretched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from db.demand import DemandRows
from planning.arrays import FloatArray
from planning.demand import ForecastPath

# A stored forecast with fewer days left is as good as none.
FEWEST_DAYS = 7


@dataclass(frozen=True)
class ForecastView:
    """A path whose first day is today; `model` names model and version, or the baseline, and who overrode it.

    `reason` says why a baseline serves, '' for a model; why any method serves is the path's own `reason`.

    `overrides` tells each override in a line with its reason; `base` is then the path without them.
    """

    path: ForecastPath
    model: str
    is_baseline: bool
    reason: str
    base: ForecastPath | None = None
    overrides: tuple[str, ...] = ()

    def first(self, days: int) -> ForecastPath:
        """The path's first days; shorter when it does not reach so far."""
        return _part(self.path, 0, min(days, self.path.days))


def stored_view(origin: date, path: ForecastPath, today: date, model: str) -> ForecastView | None:
    """The stored forecast from today on; None when it begins later or has (nearly) run out."""
    skipped = (today - origin).days
    if skipped < 0 or path.days - skipped < FEWEST_DAYS:
        return None
    is_baseline = not path.method.startswith("lightgbm")
    reason = path.reason if is_baseline else ""
    return ForecastView(_part(path, skipped, path.days), model, is_baseline, reason)


def dense_history(rows: DemandRows | None, since: date, before: date) -> FloatArray:
    """(days,) units from `since` up to `before`; a day without a row is a day without demand, returns count as none."""
    days = max((before - since).days, 0)
    history = np.zeros(days)
    if rows is not None and days:
        offsets = np.array([(day - since).days for day in rows.days])
        inside = (offsets >= 0) & (offsets < days)
        history[offsets[inside]] = np.maximum(np.array(rows.quantities)[inside], 0.0)
    return history


def _part(path: ForecastPath, start: int, stop: int) -> ForecastPath:
    return replace(path, mean=path.mean[start:stop], quantiles=path.quantiles[start:stop])
