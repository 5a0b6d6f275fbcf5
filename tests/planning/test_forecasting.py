"""Training end to end on a small network: what serves whom and why, the same twice, kept and read back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from domain.canonical import canonical_bytes
from planning.arrays import FloatArray
from planning.demand import ForecastPath
from planning.errors import ChangedArtefact, HorizonTooShort
from planning.forecasting.training import TrainedForecaster, silent, train

DAYS, HORIZON = 300, 28
SHORT, IDLE = "short", "idle"


def network() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Twenty series with a weekly rhythm and promotions that triple demand, one just listed, one that hardly sells."""
    random = np.random.default_rng(11)
    dates = pd.date_range("2025-01-01", periods=DAYS)
    promoted = np.zeros((20, DAYS + HORIZON), dtype=bool)
    for row in promoted:
        for start in random.choice(DAYS + HORIZON - 7, 8, replace=False):
            row[start : start + 7] = True
    week = np.array([1.2, 1.0, 0.9, 1.0, 1.4, 1.5, 0.0])[np.arange(DAYS) % 7]
    rows: dict[str, FloatArray] = {
        f"s{one:02d}": random.poisson((4.0 + one) * week * np.where(promoted[one, :DAYS], 3.0, 1.0)).astype(float)
        for one in range(20)
    }
    rows[SHORT] = random.poisson(3.0, 20).astype(float)
    rows[IDLE] = (np.arange(DAYS) % 97 == 0).astype(float)
    history = pd.concat([
        pd.DataFrame({"unique_id": name, "ds": dates[DAYS - units.size :], "y": units}) for name, units in rows.items()
    ])  # fmt: skip
    series, day = np.nonzero(promoted)
    days = pd.to_datetime("2025-01-01") + pd.to_timedelta(day, unit="D")
    return history, pd.DataFrame({"unique_id": [f"s{one:02d}" for one in series], "ds": days, "discount": 0.3})


@pytest.fixture(scope="module")
def trained() -> TrainedForecaster:
    """One training for all tests here."""
    history, promotions = network()
    return train(history, exogenous=promotions, horizon=HORIZON, seed=3, progress=silent)


@pytest.fixture(scope="module")
def paths(trained: TrainedForecaster) -> dict[str, ForecastPath]:
    """Its forecasts."""
    return trained.predict(HORIZON)


def test_every_series_is_served_and_says_by_what(paths: dict[str, ForecastPath]) -> None:
    assert len(paths) == 22
    assert {path.days for path in paths.values()} == {HORIZON}
    assert paths["s05"].method == "lightgbm"
    assert paths["s05"].reason.startswith("beat steady-mean-agreed-with-sites on steady series held back")
    assert paths[SHORT].method == "own-history-quantiles"
    assert paths[SHORT].reason == "only 20 days of history; LightGBM needs 56"
    assert paths[IDLE].reason == "only 4 days with demand; LightGBM needs 8"
    assert paths[SHORT].coverage80 is None
    assert 0.6 < (paths["s05"].coverage80 or 0.0) < 0.95


def test_the_model_has_seen_promotions_and_closed_days(paths: dict[str, ForecastPath]) -> None:
    _, promotions = network()
    ahead = pd.date_range("2025-01-01", periods=DAYS + HORIZON)[DAYS:]
    closed = (np.arange(DAYS, DAYS + HORIZON) % 7) == 6
    ratios: list[float] = []
    for one in range(20):
        name = f"s{one:02d}"
        promoted = ahead.isin(promotions.loc[promotions["unique_id"] == name, "ds"])
        assert paths[name].mean[closed].max() < 0.15 * paths[name].mean.max()
        if (promoted & ~closed).any() and (~promoted & ~closed).any():
            ratios.append(paths[name].mean[promoted & ~closed].mean() / paths[name].mean[~promoted & ~closed].mean())
    assert np.mean(ratios) > 1.8


def test_the_model_is_judged_against_the_baseline(trained: TrainedForecaster) -> None:
    metrics = trained.metrics
    found = {(one.method, one.segment): one for one in metrics.methods}
    model, own = found["lightgbm", "all"], found["own-history-quantiles", "all"]
    assert (metrics.origins, metrics.reason) == (2, "")
    assert model.series == own.series == 20
    assert model.pinball < own.pinball
    assert model.wql is not None
    assert canonical_bytes(asdict(metrics))


def test_a_shorter_horizon_is_the_beginning_of_the_longer(trained: TrainedForecaster) -> None:
    long_, short = trained.predict(HORIZON), trained.predict(5)
    assert all(np.array_equal(short[name].quantiles, long_[name].quantiles[:5]) for name in long_)
    with pytest.raises(HorizonTooShort, match="28"):
        trained.predict(HORIZON + 1)


def test_the_same_seed_trains_the_same_model(paths: dict[str, ForecastPath]) -> None:
    history, promotions = network()
    shuffled = history.sample(frac=1.0, random_state=1)
    again = train(shuffled, exogenous=promotions, horizon=HORIZON, seed=3, progress=silent).predict(HORIZON)
    assert all(np.array_equal(again[name].quantiles, path.quantiles) for name, path in paths.items())
    assert all(np.array_equal(again[name].mean, path.mean) for name, path in paths.items())


def test_what_was_saved_comes_back(trained: TrainedForecaster, paths: dict[str, ForecastPath], tmp_path: Path) -> None:
    digest = trained.save(tmp_path / "model")
    back = TrainedForecaster.load(tmp_path / "model", digest)
    assert back.metrics == trained.metrics
    again = back.predict(HORIZON)
    assert again.keys() == paths.keys()
    for name, path in paths.items():
        assert np.array_equal(again[name].quantiles, path.quantiles)
        assert (again[name].method, again[name].reason) == (path.method, path.reason)
    assert trained.save(tmp_path / "again") == digest


@pytest.mark.parametrize("file", ["manifest.json", "state.npz", "tree-3.txt"])
def test_a_changed_artefact_is_not_read(trained: TrainedForecaster, tmp_path: Path, file: str) -> None:
    digest = trained.save(tmp_path)
    content = bytearray((tmp_path / file).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / file).write_bytes(content)
    with pytest.raises(ChangedArtefact, match=file):
        TrainedForecaster.load(tmp_path, digest)
    (tmp_path / file).unlink()
    with pytest.raises(ChangedArtefact, match="cannot be read"):
        TrainedForecaster.load(tmp_path, digest)


def test_a_model_that_does_not_beat_the_baseline_does_not_serve() -> None:
    # Noise of a shape of its own in every series: nothing to learn that a series' own quantiles do not know.
    random = np.random.default_rng(5)
    dates = pd.date_range("2025-01-01", periods=200)
    history = pd.concat([
        pd.DataFrame({"unique_id": f"s{one}", "ds": dates, "y": random.gamma(0.2 * 1.6**one, 5.0, 200)})
        for one in range(12)
    ])  # fmt: skip
    trained = train(history, exogenous=None, horizon=14, seed=3, progress=silent)
    losses = {one.method: one.pinball for one in trained.metrics.methods if one.segment == "steady"}
    assert losses["lightgbm"] > losses["own-history-quantiles"], "the case no longer shows what it is for"
    for path in trained.predict(14).values():
        assert path.method == "own-history-quantiles"
        assert "did not beat it on steady series" in path.reason
        assert path.coverage80 == pytest.approx(0.8, abs=0.1)


def test_a_history_too_short_to_test_on_is_served_by_the_baseline() -> None:
    dates = pd.date_range("2025-01-01", periods=70)
    history = pd.DataFrame({"unique_id": "a", "ds": dates, "y": np.tile([1.0, 2.0], 35)})
    trained = train(history, exogenous=None, horizon=14, seed=3, progress=silent)
    assert trained.predict(14)["a"].reason == "too little history to test LightGBM on"
    assert trained.metrics.methods == ()
    assert trained.metrics.reason == "too little history to hold any back for a test"
