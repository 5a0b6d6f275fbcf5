"""What holds for any history: no leak, no crossing, units that scale, the same answer wherever it was fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.arrays import FloatArray
from planning.demand import ForecastPath
from planning.errors import InvalidField
from planning.forecasting.features import origins_of, rows_for
from planning.forecasting.panel import panel_of
from planning.forecasting.signals import Known, Scope, Signal, SignalKind
from planning.forecasting.training import TrainedForecaster, train

WEEKS, HORIZON, SERIES = 60, 3, 60
Job = TypeVar("Job")
Result = TypeVar("Result")
IN_ADVANCE = Known.in_advance()
DATES = pd.date_range("2024-01-01", periods=WEEKS + HORIZON, freq="7D")


@cache
def weekly(factor: float = 1.0) -> pd.DataFrame:
    """Twelve SKUs at five sites, wanted thrice at half the price; one starts late, one hardly sells. Do not change."""
    random, cheap = np.random.default_rng(3), offers()[:, :WEEKS] < 2.0
    rows: list[pd.DataFrame] = []
    for one in range(SERIES):
        units = random.poisson((1.0 + one / 4.0) * np.where(cheap[one // 5], 3.0, 1.0)).astype(float)
        units[random.random(WEEKS) < (0.95 if one == 7 else 0.3)] = 0.0
        start = 52 if one == 11 else 0
        sku, site = f"k{one // 5}", f"p{one % 5}"
        frame = {
            "unique_id": f"{sku}/{site}",
            "sku": sku,
            "site": site,
            "ds": DATES[start:WEEKS],
            "y": units[start:] * factor,
        }
        rows.append(pd.DataFrame(frame))
    return pd.concat(rows)


def offers() -> FloatArray:
    """(12, 63) the price of each SKU: 2, and 1 in a week out of five."""
    return np.where(np.random.default_rng(4).random((12, WEEKS + HORIZON)) < 0.2, 1.0, 2.0)


def prices(values: FloatArray, known: Known = IN_ADVANCE) -> Signal:
    """A price of each SKU for every week."""
    frames = [pd.DataFrame({"sku": f"k{one}", "ds": DATES, "value": row}) for one, row in enumerate(values)]
    return Signal("price", SignalKind.PRICE, Scope.SKU, known, pd.concat(frames))


@cache
def trained() -> TrainedForecaster:
    """One training for all tests here."""
    return train(weekly(), horizon=HORIZON, seed=5, frequency="week", signals=[prices(offers())])


def test_weeks_are_forecast_and_every_baseline_ran_beside() -> None:
    found = trained()
    paths = found.predict(HORIZON)
    assert (len(paths), found.card.frequency, found.card.first_day) == (SERIES, "week", "2025-02-24")
    methods = {one.method for one in found.metrics.methods if one.segment == "all"}
    assert {"own-history-quantiles", "moving-average", "seasonal-naive", "croston-sba", "lightgbm"} < methods
    assert all(path.reason for path in paths.values())
    assert paths["k2/p1"].reason == "only 8 weeks of history; LightGBM needs 12"
    assert all(len(one.per_origin) == 3 for one in found.metrics.methods if one.segment == "all")
    assert found.card.signals == ("price (price, in advance)",)
    assert len(found.card.features_sha256) == 64


def test_quantiles_never_cross() -> None:
    assert all((np.diff(path.quantiles, axis=1) >= 0.0).all() for path in trained().predict(HORIZON).values())


@pytest.mark.parametrize("factor", [8.0])
def test_other_units_scale_the_answer(factor: float) -> None:
    signals = [prices(offers())]
    other = train(weekly(factor), horizon=HORIZON, seed=5, frequency="week", signals=signals).predict(HORIZON)
    for name, path in trained().predict(HORIZON).items():
        assert other[name].mean == pytest.approx(factor * path.mean, rel=1e-5)
        assert other[name].quantiles == pytest.approx(factor * path.quantiles, rel=1e-5)


@pytest.mark.slow
def test_another_process_fits_the_same_model() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:

        def elsewhere(function: Callable[[Job], Result], jobs: Sequence[Job], /) -> Iterator[Result]:
            """One other process, by pickle only."""
            return pool.map(function, jobs)

        signals = [prices(offers())]
        found = train(weekly(), horizon=HORIZON, seed=5, frequency="week", signals=signals, spread=elsewhere)
    mine, theirs = trained().predict(HORIZON), found.predict(HORIZON)
    assert all(np.array_equal(theirs[name].quantiles, path.quantiles) for name, path in mine.items())
    assert all(np.array_equal(theirs[name].mean, path.mean) for name, path in mine.items())


def test_contributions_add_up_to_the_forecast() -> None:
    found = trained().contributions(["k3/p0", "k2/p1"], 2)
    assert [one.series for one in found] == ["k3/p0"]  # the other has too little history for the model
    assert found[0].base + sum(found[0].groups.values()) == pytest.approx(found[0].model_mean)
    assert {"recent demand", "price", "network trend"} < set(found[0].groups)
    with pytest.raises(InvalidField, match="nobody"):
        trained().contributions(["nobody"], 1)


@settings(max_examples=12)
@given(st.data())
def test_nothing_unknown_at_the_origin_reaches_a_feature(data: st.DataObject) -> None:
    origin, step = data.draw(st.integers(30, WEEKS)), data.draw(st.integers(1, HORIZON))
    delay = data.draw(st.sampled_from([None, 0, 2]))
    kind = data.draw(st.sampled_from(list(SignalKind)))
    values = np.random.default_rng(1).uniform(1.0, 3.0, (12, WEEKS + HORIZON))
    # A plan may be known for all time; what has a delay ends so many periods before the origin.
    first_unknown = WEEKS + HORIZON if delay is None else origin - delay
    changed = values.copy()
    changed[:, first_unknown:] += data.draw(st.sampled_from([1.0, 500.0]))
    history = weekly()
    later = history.assign(y=np.where(history["ds"] >= DATES[origin], history["y"] * 3.0 + 7.0, history["y"]))
    rows = [row_of(one, replace(prices(two, Known(delay)), kind=kind), origin, step)
            for one, two in ((history, values), (later, changed))]  # fmt: skip
    assert np.array_equal(*rows, equal_nan=True)


def row_of(history: pd.DataFrame, signal: Signal, origin: int, step: int) -> FloatArray:
    """The features of all series."""
    panel = panel_of(history, None, HORIZON, frequency="week", signals=[signal])
    step = min(step, WEEKS + HORIZON - origin)
    everybody = np.arange(SERIES)
    found = rows_for(panel, origins_of(panel, 52), everybody, np.full(SERIES, origin), np.full(SERIES, step))
    return found.features.astype(np.float64)


def stocked_out() -> tuple[pd.DataFrame, FloatArray]:
    """Poisson demand of 10 a day; on three days in ten the shelf is empty and nothing can be sold."""
    random = np.random.default_rng(8)
    days, series = 200, 12
    demand = random.poisson(10.0, (series, days)).astype(float)
    there = (random.random((series, days)) > 0.3).astype(float)
    dates = pd.date_range("2025-01-01", periods=days)
    rows = [
        pd.DataFrame({"unique_id": f"s{one}", "ds": dates, "y": demand[one] * there[one], "availability": there[one]})
        for one in range(series)
    ]
    return pd.concat(rows), demand


def level(paths: dict[str, ForecastPath]) -> float:
    """Mean units a day over all series."""
    return float(np.mean([path.mean.mean() for path in paths.values()]))


def test_a_day_out_of_stock_is_not_a_day_without_demand() -> None:
    history, _ = stocked_out()
    with_shelf = train(history, horizon=7, seed=1)
    without = train(history.drop(columns="availability"), horizon=7, seed=1)
    assert level(without.predict(7)) < 8.0  # what was sold, 7 on average
    assert level(with_shelf.predict(7)) == pytest.approx(10.0, abs=0.4)  # what was wanted
    assert "mostly out of stock" in with_shelf.card.notes[0]
    medians = [path.quantiles[:, 4].mean() for path in with_shelf.predict(7).values()]
    assert np.mean(medians) == pytest.approx(10.0, abs=0.6)


def test_half_a_day_on_the_shelf_counts_for_the_whole() -> None:
    frame = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2025-01-01", periods=3), "y": [4.0, 3.0, 0.0]})
    panel = panel_of(frame.assign(availability=[1.0, 0.5, 0.2]), None, 1)
    assert panel.values.tolist() == [[4.0, 6.0, 5.0]]
    assert panel.known.tolist() == [[True, True, False]]


def alone(units: Sequence[float], ds: Sequence[str] | None = None) -> pd.DataFrame:
    """One series."""
    dates = pd.DatetimeIndex(list(ds)) if ds else pd.date_range("2025-01-06", periods=len(units), freq="7D")
    return pd.DataFrame({"unique_id": "a", "ds": dates, "y": units})


@pytest.mark.parametrize("units", [[3.0], [0.0] * 80])
def test_one_observation_and_no_demand_have_a_named_fallback(units: list[float]) -> None:
    path = train(alone(units), horizon=2, seed=1, frequency="week").predict(2)["a"]
    assert path.method == "own-history-quantiles"
    assert "LightGBM needs" in path.reason
    assert path.mean.tolist() == [units[0]] * 2


def test_a_week_that_nobody_recorded_is_unknown_and_noted() -> None:
    history = weekly()
    found = train(history.loc[history["ds"] != DATES[40]], horizon=1, seed=1, frequency="week")
    assert found.card.notes == ("1 weeks without a row of any series: unknown, not zero",)


@pytest.mark.parametrize(
    ("field", "frame"),
    [
        ("history", alone([])),
        ("history.y", alone([1.0, -2.0])),
        ("history.y", alone([1.0, float("nan")])),
        ("history.y", alone([1.0, 2.0]).assign(y=["1 pallet", "2"])),
        ("history.ds", alone([1.0, 2.0], ["2025-01-06", "2025-01-06"])),
        ("history.ds", alone([1.0, 2.0], ["2025-01-06", "2025-01-07"])),
        ("history.ds", alone([1.0]).assign(ds="soon")),
        ("history.availability", alone([1.0]).assign(availability=1.5)),
        ("history.sku", alone([1.0, 2.0]).assign(sku=["a", "b"])),
    ],
)
def test_bad_history_is_refused_by_name(field: str, frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidField) as refused:
        train(frame, horizon=1, seed=1, frequency="week")
    assert refused.value.field == field


@pytest.mark.parametrize("price", [float("inf"), float("nan"), 0.0, -1.0])
def test_an_impossible_price_is_refused(price: float) -> None:
    values = np.full((12, 63), 2.0)
    values[3, 5] = price
    with pytest.raises(InvalidField) as refused:
        panel_of(weekly(), None, HORIZON, frequency="week", signals=[prices(values)])
    assert refused.value.field == "signals.price.value"


def test_a_frequency_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidField, match="day, week, month"):
        train(alone([1.0]), horizon=1, seed=1, frequency="year")  # pyright: ignore[reportArgumentType]


def test_months_are_months() -> None:
    dates = pd.date_range("2022-01-01", periods=40, freq="MS")
    frames = [pd.DataFrame({"unique_id": f"s{one}", "ds": dates, "y": 5.0 + one}) for one in range(3)]
    found = train(pd.concat(frames), horizon=2, seed=1, frequency="month")
    assert found.card.first_day == "2025-05-01"
    assert found.predict(2)["s2"].mean == pytest.approx(np.full(2, 7.0))
