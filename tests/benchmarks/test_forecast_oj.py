"""The protocol of the orange juice as published, rivals that see nothing they may not, and the points of a forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.forecast_oj_data import LAST_KNOWN, Asked, Juice, carried
from benchmarks.forecast_oj_rivals import moving_average, naive, own_quantiles, seasonal_naive, table_of
from benchmarks.forecast_oj_signals import signals_of
from benchmarks.forecast_points import least_percentage_error

WEEKS, ASKED = 117, Asked(135)


@pytest.fixture(scope="module")
def juice() -> Juice:
    """Two stores, three brands; the first store missed the last known week."""
    random = np.random.default_rng(5)
    shape = 2, 3, WEEKS
    units = random.integers(64, 9_000, shape).astype(float)
    price = random.uniform(0.03, 0.06, shape)
    flags = [(random.random(shape) < 0.2).astype(float) for _ in range(2)]
    units[0, :, ASKED.known - 1] = np.nan
    monday = np.datetime64("1990-06-11") + 7 * np.arange(WEEKS)
    return Juice(np.array([2, 5]), monday, units, price, price / price.mean(axis=1, keepdims=True), *flags)


def test_rounds_are_the_published_ones() -> None:
    """Known to 135, 137, … 153; asked for two weeks after the week between: 137 and 138, … 155 and 156."""
    assert tuple(range(135, 154, 2)) == LAST_KNOWN
    assert (ASKED.columns + 40).tolist() == [137, 138]
    assert (Asked(LAST_KNOWN[-1]).columns + 40).tolist() == [155, 156]


def test_fewer_stores_keep_their_weeks(juice: Juice) -> None:
    found = juice.thinned(2)
    assert found.stores.tolist() == [2]
    assert np.array_equal(found.price, juice.price[:1])
    assert found.monday is juice.monday


def test_a_week_without_a_report_is_the_one_before() -> None:
    found = carried(np.array([[np.nan, 1.0, np.nan, 3.0], [4.0, np.nan, np.nan, 5.0]]))
    assert found.tolist() == [[1.0, 1.0, 1.0, 3.0], [4.0, 4.0, 4.0, 5.0]]


def test_simple_rivals_by_hand(juice: Juice) -> None:
    known = juice.units[..., : ASKED.known]
    assert np.array_equal(naive(juice, ASKED)[0, :, 0], known[0, :, -2])
    assert np.array_equal(seasonal_naive(juice, ASKED), juice.units[..., ASKED.columns - 52])
    assert moving_average(juice, ASKED)[1, 0, 1] == pytest.approx(known[1, 0, -8:].mean())
    assert own_quantiles(juice, ASKED, np.array([0.5]))[1, 2, 0, 0] == np.median(known[1, 2, -52:])


def test_no_rival_and_no_signal_sees_a_sale_after_the_last_known_week(juice: Juice) -> None:
    blind = juice.units.copy()
    blind[..., ASKED.known :] = 1.0
    other = replace(juice, units=blind)
    assert np.array_equal(table_of(juice, ASKED).features, table_of(other, ASKED).features, equal_nan=True)
    weeks = ASKED.known + 3
    for one, same in zip(signals_of(juice, weeks), signals_of(other, weeks), strict=True):
        assert one.values.equals(same.values)


def test_no_signal_sees_a_price_after_the_weeks_asked_for(juice: Juice) -> None:
    changed = juice.price.copy()
    changed[..., ASKED.known + 3 :] = 9.0
    for one, same in zip(
        signals_of(juice, ASKED.known + 3), signals_of(replace(juice, price=changed), ASKED.known + 3), strict=True
    ):
        assert one.values.equals(same.values)


def test_the_point_for_a_percentage_error_beats_the_median() -> None:
    """Of a lognormal distribution with spread .6 it is the median times e^-.36."""
    levels = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    random = np.random.default_rng(1)
    draws = np.exp(7.0 + 0.6 * random.standard_normal(20_000))
    point = least_percentage_error(np.quantile(draws, levels)[None, :], levels)[0]
    assert point == pytest.approx(np.exp(7.0 - 0.36), rel=0.03)
    assert (np.abs(point - draws) / draws).mean() < (np.abs(np.median(draws) - draws) / draws).mean()
