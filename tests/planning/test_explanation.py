"""Drivers that add up to the forecast, and past periods like the one ahead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.errors import InvalidField
from planning.forecasting.baselines import LONGEST_MEMORY, own_history
from planning.forecasting.comparable import Known, comparable
from planning.forecasting.explanation import LEVEL, WEEKDAY, of_baseline, split, usual_level

logs = st.lists(st.floats(-3.0, 3.0), min_size=14, max_size=14)


@given(st.floats(0.0, 500.0), st.lists(st.floats(0.0, 500.0), min_size=14, max_size=14), logs, logs)
@settings(max_examples=50)
def test_parts_add_up_to_the_mean(usual: float, mean: list[float], price: list[float], calendar: list[float]) -> None:
    drivers = split(usual, np.array(mean), {"price": np.array(price), "calendar": np.array(calendar)})
    assert drivers.usual + sum(drivers.parts.values()) == pytest.approx(drivers.mean, abs=1e-9)
    assert drivers.mean == pytest.approx(np.mean(mean))
    assert set(drivers.parts) == {"price", "calendar", LEVEL}


def test_a_promotion_that_doubles_is_worth_the_usual_again() -> None:
    drivers = split(10.0, np.full(7, 20.0), {"promotion": np.full(7, np.log(2.0)), "calendar": np.zeros(7)})
    assert drivers.parts["promotion"] == pytest.approx(10.0)
    assert [drivers.parts["calendar"], drivers.parts[LEVEL]] == pytest.approx([0.0, 0.0])
    assert next(iter(drivers.parts)) == "promotion"


def test_without_usual_demand_all_is_level() -> None:
    assert split(0.0, np.full(7, 2.0), {"promotion": np.ones(7)}).parts == {LEVEL: 2.0, "promotion": 0.0}


def test_a_baseline_is_its_level_and_its_weekdays() -> None:
    history = np.append(np.full(273, 8.0), np.full(91, 4.0))
    mean, _ = own_history(history, 28)
    drivers = of_baseline(history, mean, LONGEST_MEMORY)
    assert (drivers.usual, drivers.parts[LEVEL]) == (4.0, 3.0)
    assert abs(drivers.parts[WEEKDAY]) < 1e-9
    weekend = np.resize([0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 7.0], 364)
    two_days, _ = own_history(weekend, 2)
    assert of_baseline(weekend, two_days, LONGEST_MEMORY).parts[WEEKDAY] == pytest.approx(-2.0)


@pytest.mark.parametrize(
    ("usual", "mean", "part"), [(-1.0, [1.0], [0.0]), (1.0, [np.nan], [0.0]), (1.0, [1.0], [0.0, 0.0])]
)
def test_what_cannot_be_split_is_refused(usual: float, mean: list[float], part: list[float]) -> None:
    with pytest.raises(InvalidField):
        split(usual, np.array(mean), {"a": np.array(part)})


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
