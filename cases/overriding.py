"""A planner's word laid over a forecast: the one place where it is applied, for tools, sweep and executor alike.

Each day's distribution is scaled as a whole, so that it stays one; who said so is named in whatever it touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from cases.forecast_view import ForecastView
from db.overrides import Override
from planning.arrays import FloatArray, IntArray


def overridden(view: ForecastView, today: date, overrides: Sequence[Override]) -> ForecastView:
    """The view with every override that holds for one of its days, each named; the same view where none does."""
    path, notes, applied = view.path, [], []
    for one in overrides:
        days = _days(one, today, view.path.days)
        if days.size == 0:
            continue
        past = (today - one.starts_on).days + int(days[0])
        factor = scale(one, path.mean[days], past=past)
        if factor is None:
            notes.append(f"{describe(one)}, not applied: the forecast expects nothing there that it could scale")
            continue
        mean, quantiles = path.mean.copy(), path.quantiles.copy()
        mean[days] *= factor
        quantiles[days] *= factor
        path = replace(path, mean=mean, quantiles=quantiles, coverage80=None)
        notes.append(describe(one))
        applied.append(label(one))
    if not notes:
        return view
    named = " + ".join([view.model, *applied])
    return replace(view, path=path, base=view.path, model=named, overrides=tuple(notes))


def scale(override: Override, mean: FloatArray, *, past: int = 0) -> float | None:
    """What the expected units (days,) are multiplied by; None where an amount is set and nothing is expected.

    `mean` begins `past` days into the override. Of an amount these days get the share that they had of the forecast it
    was judged by: the average of its whole time, laid on one quiet day alone, would be any multiple of it.
    """
    if override.multiplied_by is not None:
        return override.multiplied_by
    assert override.set_to is not None  # the database holds one of the two
    base = np.asarray(override.base, dtype=np.float64)
    expected, before = float(mean.sum()), float(base.sum())
    if expected <= 0.0 or before <= 0.0:
        return None
    judged, share = override.set_to * base.size / before, float(base[past : past + mean.size].sum())
    return judged * share / expected if share > 0.0 else judged


def label(override: Override) -> str:
    """Whose it is, until when and what it says; without the reason, as versions carry it."""
    return f"override by {override.person} until {override.ends_on:%-d %b %Y} ({_says(override)})"


def describe(override: Override) -> str:
    """In one line with the reason, for people."""
    begins = f" from {override.starts_on:%-d %b}" if override.starts_on != override.ends_on else ""
    return (
        f"override by {override.person}{begins} until {override.ends_on:%-d %b %Y}: {_says(override)}, "
        f"{override.reason}"
    )


def _says(override: Override) -> str:
    if override.multiplied_by is None:
        return f"{override.set_to:g} a day"
    return f"{(override.multiplied_by - 1.0) * 100.0:+.0f} %"


def _days(override: Override, today: date, days: int) -> IntArray:
    first = max((override.starts_on - today).days, 0)
    return np.arange(first, min((override.last_day - today).days + 1, days), dtype=np.int64)
