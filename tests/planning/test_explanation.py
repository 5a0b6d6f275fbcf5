"""Drivers that add up to the forecast, and past periods like the one ahead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.errors import InvalidField
from planning.forecasting.baselines import own_history
from planning.forecasting.comparable import Known, comparable
from planning.forecasting.explanation import BLEND, LEVEL, WEEKDAY, of_baseline, of_model, usual_level

units = st.floats(-500.0, 500.0)


@given(st.floats(0.0, 50.0), st.integers(1, 60), st.floats(0.0, 900.0), units, units, st.floats(0.0, 900.0))
@settings(max_examples=50)
def test_parts_add_up_to_the_mean(
    usual: float, days: int, base: float, price: float, calendar: float, served: float
) -> None:
    drivers = of_model(usual, days, base, {"price": price, "calendar": calendar}, served)
    assert set(drivers.parts) <= {"price", LEVEL, BLEND}
    assert drivers.usual + sum(drivers.parts.values()) == pytest.approx(drivers.mean, abs=1e-6)
    assert drivers.mean == served / days


def test_a_promotion_is_worth_what_it_adds_a_day() -> None:
    drivers = of_model(10.0, 7, 77.0, {"promotion": 30.0, "discount": 40.0, "level": -7.0}, 140.0)
    assert list(drivers.parts) == ["promotion", LEVEL]
    assert drivers.parts["promotion"] == pytest.approx(10.0)
    assert drivers.parts[LEVEL] == pytest.approx(0.0)


def test_a_blend_is_said_to_be_one() -> None:
    assert of_model(10.0, 7, 70.0, {"promotion": 70.0}, 154.0).parts[BLEND] == pytest.approx(2.0)


def test_a_baseline_is_its_level_and_its_weekdays() -> None:
    history = np.append(np.full(273, 8.0), np.full(91, 4.0))
    mean, _ = own_history(history, 28)
    drivers = of_baseline(history, mean)
    assert (drivers.usual, drivers.parts[LEVEL]) == (4.0, 3.0)
    assert abs(drivers.parts[WEEKDAY]) < 1e-9
    weekend = np.resize([0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 7.0], 364)
    nine_days, _ = own_history(weekend, 9)
    assert of_baseline(weekend, nine_days).parts[WEEKDAY] == pytest.approx(14.0 / 9.0 - 2.0)


@pytest.mark.parametrize(("usual", "days", "served"), [(-1.0, 7, 1.0), (1.0, 0, 1.0), (1.0, 7, float("nan"))])
def test_what_cannot_be_split_is_refused(usual: float, days: int, served: float) -> None:
    with pytest.raises(InvalidField):
        of_model(usual, days, 1.0, {}, served)


def known(days: int = 800, horizon: int = 28) -> Known:
    rhythm = 10.0 + 5.0 * np.sin(2 * np.pi * np.arange(days) / 364)
    nothing = np.zeros(days, dtype=np.bool_)
    return Known(rhythm, nothing, np.zeros(days + horizon, dtype=np.bool_), np.full(days, 2.0))


def test_the_same_weeks_of_the_years_before_come_first() -> None:
    found = comparable(known(), 28)
    assert 800 - 364 in [one.first for one in found]
    year_ago = next(one for one in found if one.first == 800 - 364)
    assert year_ago.same_season
    assert year_ago.sold == pytest.approx(known().demand[436:464].sum())
    assert all(abs(one.first - other.first) >= 28 for one in found for other in found if one != other)
    assert all((800 - one.first) % 7 == 0 for one in found)
    assert usual_level(known().demand) == pytest.approx(known().demand[-91:].mean())


def test_a_promotion_ahead_is_compared_with_one_before() -> None:
    series = known()
    series.promoted[800:828] = True
    series.promoted[576:604] = True
    series.demand[576:604] *= 3.0
    first = comparable(series, 28)[0]
    assert (first.first, first.promoted_days) == (576, 28)
    assert first.same_promotion
    assert not first.same_season
    assert first.sold > 1.9 * first.own_history


def test_a_price_of_its_own_is_less_like_now() -> None:
    series = known()
    series.price[:700] = 3.0
    prices = {one.first: (one.price, one.same_price) for one in comparable(series, 28)}
    assert any(same and price == 2.0 for price, same in prices.values())
    assert all(same == (price == 2.0) for price, same in prices.values())


def test_too_short_a_history_has_nothing_to_compare() -> None:
    assert comparable(known(days=70), 28) == ()
    with pytest.raises(InvalidField, match="promoted"):
        Known(np.ones(5), np.zeros(5, dtype=np.bool_), np.zeros(3, dtype=np.bool_), np.ones(5))
