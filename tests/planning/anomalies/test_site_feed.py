"""A day on which a whole site's records cannot be right."""

from __future__ import annotations

import numpy as np
import pytest

from planning.anomalies.anomaly import Form
from planning.anomalies.site_feed import site_errors
from planning.arrays import FloatArray
from planning.errors import InvalidField

DAYS, WINDOW = 200, 91


def site(seed: int, series: int = 30) -> FloatArray:
    """Series from one sale a week to forty a day, hardly anything on Sundays."""
    random = np.random.default_rng(seed)
    rates = np.geomspace(0.15, 40.0, series)[:, None] * np.where(np.arange(DAYS) % 7 == 6, 0.02, 1.0)[None, :]
    return random.poisson(rates).astype(float)


def test_a_usual_site_has_no_such_day() -> None:
    assert [site_errors(site(seed), WINDOW) for seed in range(20)] == [()] * 20


@pytest.mark.parametrize("day", [DAYS - 1, DAYS - 42])
def test_each_error_is_found_on_its_day(day: int) -> None:
    missing, repeated, doubled = site(1), site(2), site(3)
    missing[:, day] = 0.0
    repeated[:, day] = repeated[:, day - 1]
    doubled[:, day] *= 2.0
    for values, form in ((missing, Form.MISSING_FEED), (repeated, Form.REPEATED_DAY), (doubled, Form.DOUBLED_DAY)):
        (found,) = site_errors(values, WINDOW)
        assert (found.form, found.first, found.last) == (form, day, day)
        assert found.value <= found.threshold
        assert found.strength <= 0.001


def test_few_slow_series_prove_nothing() -> None:
    values = site(4)[:4]
    values[:, -1] = 0.0
    assert site_errors(values, WINDOW) == ()
    slow = np.random.default_rng(1).poisson(0.1, (8, DAYS)).astype(float)
    slow[:, -1] = 0.0
    assert site_errors(slow, WINDOW) == ()


def test_series_that_begin_later_are_left_out_until_then() -> None:
    values = site(5)
    values[:20, :120] = np.nan
    assert site_errors(values, WINDOW) == ()
    for wrong in (values[0], np.where(np.isnan(values), np.inf, values)):
        with pytest.raises(InvalidField, match="values"):
            site_errors(wrong, WINDOW)


def test_days_that_are_not_known_make_no_quiet_day_rare() -> None:
    # Eight slow series listed two weeks ago: that all are at zero today says nothing.
    values = np.full((8, DAYS), np.nan)
    values[:, -14:] = np.random.default_rng(1).poisson(0.3, (8, 14))
    values[:, -1] = 0.0
    assert site_errors(values, WINDOW) == ()
