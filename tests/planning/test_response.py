"""The answer of demand to elastic signals: found, carried beyond what was seen, and blind to what came later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planning.errors import InvalidField
from planning.forecasting.panel import Panel, panel_of
from planning.forecasting.response import Response, response_of
from planning.forecasting.signals import Known, Scope, Signal, SignalKind

WEEKS, HORIZON, SERIES = 90, 3, 60
ELASTICITY = -3.0
DATES = np.datetime64("2023-01-02") + 7 * np.arange(WEEKS + HORIZON)


def shop(*, later: float = 1.0) -> Panel:
    """Demand of 100·p⁻³ with noise at prices between .8 and 1.2, and .5 in the last week; the last 10 times `later`."""
    random = np.random.default_rng(3)
    price = random.choice([0.8, 1.0, 1.2], (SERIES, WEEKS + HORIZON))
    price[:, -1] = 0.5
    units = 100.0 * price**ELASTICITY * np.exp(random.normal(0.0, 0.1, price.shape))
    units[:, WEEKS - 10 : WEEKS] *= later
    names = np.array([f"item|{number}" for number in range(SERIES)])
    table = pd.DataFrame({"unique_id": np.repeat(names, DATES.size), "ds": np.tile(DATES, SERIES)})
    known = np.tile(np.arange(DATES.size) < WEEKS, SERIES)
    history = pd.DataFrame({
        "unique_id": np.repeat(names, WEEKS), "ds": np.tile(DATES[:WEEKS], SERIES),
        "y": units.reshape(-1)[known], "sku": "item",
    })  # fmt: skip
    prices = Signal(
        "price", SignalKind.PRICE, Scope.SERIES, Known.in_advance(), table.assign(value=price.reshape(-1)), elastic=True
    )
    return panel_of(history, None, HORIZON, frequency="week", signals=[prices])


def answer(panel: Panel) -> Response:
    found = response_of(panel)
    assert found is not None
    return found


def test_an_answer_is_carried_beyond_the_lowest_price_ever_seen() -> None:
    everyone = np.arange(SERIES)
    found = answer(shop()).expected(everyone, np.full(SERIES, WEEKS), np.full(SERIES, HORIZON))
    expected = np.log(100.0 * 0.5**ELASTICITY)
    assert np.median(found.plain) == pytest.approx(expected, abs=0.2)
    assert found.periods.max() < 0.01


def test_nothing_after_an_origin_changes_what_was_expected_then() -> None:
    """Not one bit, and after those weeks it does."""
    everyone, early, late = np.arange(SERIES), np.full(SERIES, WEEKS - 10), np.full(SERIES, WEEKS)
    one, other = answer(shop()), answer(shop(later=5.0))
    ahead = np.ones(SERIES, np.int64)
    before, after = (found.expected(everyone, early, ahead) for found in (one, other))
    assert np.array_equal(before.plain, after.plain)
    assert np.array_equal(before.similar, after.similar)
    before, after = (found.expected(everyone, late, ahead) for found in (one, other))
    assert (after.plain > before.plain + 0.5).all()


def test_similar_periods_are_those_at_the_same_price() -> None:
    """Of three prices, about a third of the weeks; what was sold then."""
    panel, ahead = shop(), np.ones(SERIES, np.int64)
    found = answer(panel).expected(np.arange(SERIES), np.full(SERIES, WEEKS), ahead)
    price = panel.signals[0].values[panel.signals[0].row, WEEKS]
    assert found.similar == pytest.approx(np.log(100.0 * price**ELASTICITY), abs=0.15)
    assert (found.periods > 3.0).all()


def test_there_is_no_answer_without_an_elastic_signal() -> None:
    history = pd.DataFrame({"unique_id": "a", "ds": DATES[:20], "y": 1.0})
    assert response_of(panel_of(history, None, HORIZON, frequency="week")) is None


def test_what_is_only_measured_afterwards_cannot_be_elastic() -> None:
    table = pd.DataFrame({"ds": DATES, "value": 1.0})
    weather = Signal("rain", SignalKind.MEASURE, Scope.ALL, Known.after(0), table, elastic=True)
    history = pd.DataFrame({"unique_id": "a", "ds": DATES[:20], "y": 1.0})
    with pytest.raises(InvalidField, match="known in advance"):
        panel_of(history, None, HORIZON, frequency="week", signals=[weather])
