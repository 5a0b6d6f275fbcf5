"""Features against the same numbers computed by hand, and no look into the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from planning.arrays import SingleArray
from planning.errors import InvalidField
from planning.forecasting.features import Origins, origins_of, rows_for
from planning.forecasting.panel import Panel, panel_of

DAYS = 420


def history(seed: int = 1, series: int = 3) -> pd.DataFrame:
    """Poisson demand on every day; the last series starts late."""
    random = np.random.default_rng(seed)
    frames = [
        pd.DataFrame({
            "unique_id": f"s{one}",
            "ds": pd.date_range("2025-01-01", periods=DAYS)[350 if one == series - 1 else 0 :],
            "y": random.poisson(5.0, DAYS - (350 if one == series - 1 else 0)).astype(float),
        })
        for one in range(series)
    ]  # fmt: skip
    return pd.concat(frames)


def named(origins: Origins, row: SingleArray) -> dict[str, float]:
    """One row by the names of its features."""
    return dict(zip((one.name for one in origins.features), map(float, row[0]), strict=True))


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Three series with a promotion of the first on day 405 and on the third day ahead."""
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta([405, 422], unit="D")
    promotions = pd.DataFrame({"unique_id": "s0", "ds": days, "discount": 0.25})
    return panel_of(history(), promotions, 14)


def test_the_panel_is_laid_out(panel: Panel) -> None:
    assert (panel.ids, panel.periods) == (("s0", "s1", "s2"), DAYS)
    assert panel.starts.tolist() == [0, 0, 350]
    assert np.isnan(panel.values[2, :350]).all()
    flag, depth = panel.signals
    assert np.argwhere(depth.values == 0.25).tolist() == [[0, 405], [0, 422]]
    assert (flag.name, flag.delay, flag.values[0, 422]) == ("promotion", None, 1.0)


def test_states_are_what_was_known_the_day_before(panel: Panel) -> None:
    origins = origins_of(panel, 100)
    day = 400
    known = panel.values[0, :day]
    scale = known[-91:].mean()
    assert origins.scale[0, day - origins.first] == pytest.approx(scale)
    state = named(origins, rows_for(panel, origins, np.array([0]), np.array([day]), np.array([1])).features)
    assert state["mean7"] == pytest.approx(known[-7:].mean() / scale, rel=1e-4)
    assert state["mean28"] == pytest.approx(known[-28:].mean() / scale, rel=1e-4)
    assert state["spread"] == pytest.approx(known[-28:].std(ddof=1) / scale, rel=1e-4)
    assert state["top"] == pytest.approx(np.quantile(known[-182:], 0.95) / scale, rel=1e-4)
    same_weekday = [known[::-1][back::7][:8].mean() / scale for back in range(6, -1, -1)]
    assert origins.season is not None
    assert origins.season[0, day - origins.first] == pytest.approx(same_weekday, rel=1e-4)


@pytest.mark.parametrize("step", [1, 5, 8, 14])
def test_a_row_takes_the_weekday_of_its_target(panel: Panel, step: int) -> None:
    origins, day = origins_of(panel, 100), 400
    row = rows_for(panel, origins, np.array([0]), np.array([day]), np.array([step])).features
    back = (day + step - 1) - 7 * ((step - 1) // 7 + 1)
    known = panel.values[0, : back + 1][::-1][::7][:8].mean() / panel.values[0, day - 91 : day].mean()
    found = named(origins, row)
    assert found["same_place"] == pytest.approx(known, rel=1e-4)
    target = pd.Timestamp("2025-01-01") + pd.Timedelta(days=day + step - 1)
    assert (found["step"], found["weekday"]) == (step, target.weekday())


def test_rows_carry_last_year_and_the_promotion(panel: Panel) -> None:
    origins = origins_of(panel, 100)
    found = named(origins, rows_for(panel, origins, np.array([0]), np.array([DAYS]), np.array([3])).features)
    scale = panel.values[0, -91:].mean()
    target = DAYS + 2 - 364
    assert found["year_ago_around"] == pytest.approx(panel.values[0, target - 3 : target + 4].mean() / scale, rel=1e-4)
    assert found["year_ago_before"] == pytest.approx(
        panel.values[0, DAYS - 364 - 28 : DAYS - 364].mean() / scale, rel=1e-4
    )
    assert (found["promotion"], found["discount"]) == (1.0, 0.25)
    assert found["promotion_recently"] == pytest.approx(1 / 28)


def test_no_feature_sees_the_day_of_the_origin_or_later(panel: Panel) -> None:
    changed = panel.values.copy()
    changed[:, 400:] += 1000.0
    where = np.array([0, 1]), np.array([400, 390]), np.array([1, 11])
    before = rows_for(panel, origins_of(panel, 100), *where).features
    after_panel = replace(panel, values=changed)
    assert np.array_equal(before, rows_for(after_panel, origins_of(after_panel, 100), *where).features, equal_nan=True)


@pytest.mark.parametrize(
    ("field", "frame"),
    [
        ("history", pd.DataFrame({"unique_id": ["a"], "y": [1.0]})),
        ("history", pd.DataFrame({"unique_id": [], "ds": pd.to_datetime([]), "y": []})),
        ("history", pd.DataFrame({"unique_id": ["a"], "ds": pd.to_datetime(["2025-01-01"])})),
        ("history.y", pd.DataFrame({"unique_id": ["a"], "ds": pd.to_datetime(["2025-01-01"]), "y": [-1.0]})),
        ("history.y", pd.DataFrame({"unique_id": ["a"], "ds": pd.to_datetime(["2025-01-01"]), "y": [np.nan]})),
        ("history.ds", pd.DataFrame({"unique_id": ["a"], "ds": pd.to_datetime([None]), "y": [1.0]})),
        (
            "history.ds",
            pd.DataFrame({"unique_id": ["a"] * 2, "ds": pd.to_datetime(["2025-01-01"] * 2), "y": [1.0] * 2}),
        ),
    ],
)
def test_a_frame_that_cannot_be_history_is_refused(field: str, frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidField) as refused:
        panel_of(frame, None, 7)
    assert refused.value.field == field
