"""The drift watch: how often it cries without cause, and that it sees what matters."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator
from scipy.stats import nbinom

from planning.arrays import FloatArray
from planning.forecasting.drift import (
    LiveDays,
    Watched,
    drifted,
    references,
    signals,
    watch_errors,
    watch_input,
)
from planning.forecasting.promotion import Standing

LEVELS = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
SERIES, DAYS = 150, 14
RATES = np.exp(np.random.default_rng(5).normal(0.0, 1.2, SERIES)) * 3.0
QUANTILES = nbinom.ppf(LEVELS[None, :], 2.0, (2.0 / (2.0 + RATES))[:, None])


def sold(random: Generator, factor: float = 1.0, days: int = DAYS) -> FloatArray:
    """(series, days) negative binomial demand on which whole days are good or bad, by a tenth, for all series."""
    together = random.normal(1.0, 0.1, days).clip(0.5)
    rate = random.gamma(2.0, 1.0, (SERIES, days)) / 2.0 * RATES[:, None] * together[None, :] * factor
    return random.poisson(rate).astype(float)


def live(actual: FloatArray) -> LiveDays:
    series, day = np.indices(actual.shape)
    quantiles = np.repeat(QUANTILES, actual.shape[1], axis=0)
    return LiveDays(series.ravel(), day.ravel(), actual.ravel(), RATES[series.ravel()], quantiles, LEVELS)


def measured() -> Standing:
    """What a long back-test of the very same process finds."""
    found = watch_errors(live(sold(np.random.default_rng(1), days=400)), Standing(1, 1.0, 0.0, 0.8))
    by_name = {one.name: one.value for one in found}
    return Standing(1, by_name["wql"], by_name["bias"], by_name["coverage80"] or 0.0)


EXPECTED = measured()


def alarms(found: tuple[Watched, ...]) -> set[str]:
    return {one.name for one in found if one.drifted}


def test_it_seldom_cries_where_nothing_has_changed() -> None:
    """Less than one false alarm in twenty looks, all three tests together, days shaken together."""
    looks = 200
    false = sum(drifted(watch_errors(live(sold(np.random.default_rng(seed))), EXPECTED)) for seed in range(looks))
    assert false / looks <= 0.05


@pytest.mark.parametrize(("factor", "name"), [(1.6, "bias"), (0.5, "bias"), (2.5, "wql"), (2.0, "coverage80")])
def test_it_sees_what_matters(factor: float, name: str) -> None:
    seen = [alarms(watch_errors(live(sold(np.random.default_rng(seed), factor)), EXPECTED)) for seed in range(20)]
    assert sum(name in one for one in seen) >= 19


def test_too_little_is_not_judged() -> None:
    (found,) = watch_errors(live(sold(np.random.default_rng(3))[:, :6]), EXPECTED)
    assert not found.drifted
    assert found.value is None
    assert "over 6 days" in found.said


def history(random: Generator, weeks: int = 60) -> tuple[FloatArray, FloatArray]:
    """Demand, and promotions that half of the items have in every fifth month."""
    demand = sold(random, days=weeks * 7)
    promoted = np.zeros_like(demand)
    promoted[: SERIES // 2, (np.arange(weeks * 7) // 28) % 5 == 2] = 1.0
    return demand, promoted


def test_inputs_that_have_not_changed_raise_no_alarm_and_those_that_have_do() -> None:
    false, looks = 0, 60
    for seed in range(looks):
        demand, promoted = history(np.random.default_rng(seed), weeks=68)
        then = references(demand[:, :-56], promoted[:, :-56])
        now = signals(demand[:, :-28], promoted[:, :-28])
        false += any(watch_input(name, then[name], now[name]).drifted for name in now)
        if seed < 5:
            changed = demand.copy()
            changed[:, -28:] *= 2.5
            twice = signals(changed, promoted)
            assert watch_input("demand level", then["demand level"], twice["demand level"]).drifted
            changed[:, -28:] = 0.0
            none = signals(changed, promoted)
            name = "share of days without demand"
            assert watch_input(name, then[name], none[name]).drifted
    assert false / looks <= 0.05


def test_units_do_not_matter_to_the_inputs() -> None:
    demand, promoted = history(np.random.default_rng(2))
    for name, values in signals(demand * 1000.0, promoted).items():
        np.testing.assert_allclose(values, signals(demand, promoted)[name], atol=1e-12)


def test_series_with_unknown_days_are_left_out() -> None:
    demand, promoted = history(np.random.default_rng(2))
    demand[:5, -100:-90] = np.nan
    assert signals(demand, promoted)["demand level"].size == SERIES - 5
