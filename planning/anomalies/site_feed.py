"""Days on which the records of a whole site cannot be right: nothing came, or a day came twice.

One series at zero is a quiet day; all of them at zero, on a day on which dozens usually sell, is a feed that failed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planning.anomalies.anomaly import Anomaly, Form, Kind
from planning.arrays import BoolArray, FloatArray, IntArray, count
from planning.errors import InvalidField

WEEK = 7
MEMORY_DAYS = 182
# Of series on which a day is judged; fewer can fall silent, or repeat themselves, by chance.
FEWEST_SERIES = 5
# Share of sites with any such day among the days looked at, by chance.
FALSE_ALARMS = 0.001


def site_errors(values: FloatArray, window: int) -> tuple[Anomaly, ...]:
    """Days of the last `window` that are missing, repeated, or counted twice, over all series of one site.

    `values` (series, days) units, unknown days NaN. Chances are products over the series of how often each is at
    zero on that weekday, repeats its day before, or has an even amount: series are taken to be independent, which
    makes days on which all move together look rarer than they are, so a holiday can be taken for a missing feed.
    Raises `InvalidField`.
    """
    if values.ndim != 2 or values.size == 0 or np.isinf(values).any():
        raise InvalidField("values", "must be a matrix of series and days, each day a number or NaN")
    span = min(count("window", window), values.shape[1] - WEEK)
    if values.shape[0] < FEWEST_SERIES or span < 1:
        return ()
    recent = values[:, -MEMORY_DAYS:]
    first = values.shape[1] - recent.shape[1]
    limit = FALSE_ALARMS / span
    days = range(max(recent.shape[1] - span, 1), recent.shape[1])
    found = [one for day in days for one in _of_day(recent, day, first, limit)]
    return tuple(found)


def _of_day(values: FloatArray, day: int, first: int, limit: float) -> Iterator[Anomaly]:
    """At most one anomaly: the first of missing, repeated, doubled whose chance is below `limit`."""
    today, usual = values[:, day], _usual(values, day)
    known = ~np.isnan(today)
    if known.sum() < FEWEST_SERIES:
        return
    tests = ((Form.MISSING_FEED, _missing), (Form.REPEATED_DAY, _repeated), (Form.DOUBLED_DAY, _doubled))
    for form, test in tests:
        chance = test(values[known], day)
        if chance <= limit:
            yield Anomaly(
                Kind.DATA_ERROR, form, first + day, first + day, float(today[known].sum()), float(usual[known].sum()),
                "chance of it in every series of the site on one day", chance, limit,
                min(chance / limit * FALSE_ALARMS, 1.0), 0.95, Kind.ONE_OFF,
            )  # fmt: skip
            return


def _usual(values: FloatArray, day: int) -> FloatArray:
    """(series,) mean of the same weekday, the day itself left out."""
    same = _same_weekday(values, day)
    return _mean(values[:, same])


def _missing(values: FloatArray, day: int) -> float:
    if (values[:, day] != 0.0).any():
        return 1.0
    # Half a day of sale and half of none beforehand: a weekday that never stood still may one day.
    same = values[:, _same_weekday(values, day)]
    return float(np.prod(((same == 0.0).sum(axis=1) + 0.5) / (_known(same) + 1.0)))


def _repeated(values: FloatArray, day: int) -> float:
    sold = values[:, day] > 0.0
    if sold.sum() < FEWEST_SERIES or (values[:, day] != values[:, day - 1]).any():
        return 1.0
    others, today = np.delete(values[sold], day, axis=1), values[sold, day]
    return float(np.prod(((others == today[:, None]).sum(axis=1) + 0.5) / (_known(others) + 1.0)))


def _doubled(values: FloatArray, day: int) -> float:
    """All amounts even, and together nearer to twice the usual than to the usual."""
    sold = values[:, day] > 0.0
    rows, usual = values[sold], _usual(values, day)[sold]
    if sold.sum() < FEWEST_SERIES or (rows[:, day] % 2.0 != 0.0).any() or rows[:, day].sum() < 1.5 * usual.sum():
        return 1.0
    even = (rows > 0.0) & (rows % 2.0 == 0.0)
    return float(np.prod((even.sum(axis=1) + 0.5) / ((rows > 0.0).sum(axis=1) + 1.0)))


def _same_weekday(values: FloatArray, day: int) -> BoolArray:
    place = np.arange(values.shape[1])
    return (place % WEEK == day % WEEK) & (place != day)


def _known(values: FloatArray) -> IntArray:
    """(series,) how many days are known."""
    return (~np.isnan(values)).sum(axis=1)


def _mean(values: FloatArray) -> FloatArray:
    return np.nansum(values, axis=1) / np.maximum(_known(values), 1)
