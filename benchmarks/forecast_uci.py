"""Weekly demand of the UCI network, 3,088 SKU × location series: the engine against its baselines on two origins.

The protocol: weeks from Monday, a series from its first sale, origins on 10 October and 7 November 2011, four weeks
ahead. WRMSSE weighs by the revenue of the last four weeks and averages SKU-location, SKU, location and total; WQL and
the coverages pool all series-weeks. Ours was tuned on origins before October 2011 and on changes of level made up in
the weeks before; looks at the final window are counted.

`uci_coverage80`, which the goal names, counts the closed interval from the 10 % to the 90 % quantile: own history's
.848 on these weeks is the .846 that the goal was set beside. Four weeks in ten are without demand, so a 10 % quantile
is 0 for most series, and a right interval then holds nine weeks in ten; .8 comes only of a lower end above nothing
where nothing is likely. `uci_coverage80_mass` counts a point mass by its share inside, for which .8 is right.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import JsonValue

from benchmarks import forecast_scores as scores
from domain.errors import NotFound
from planning.arrays import FloatArray, IntArray
from planning.forecasting.baselines import LEVELS
from planning.forecasting.calibration import probability_at
from planning.forecasting.hierarchy import Level, levels_of
from planning.forecasting.methods import Forecasts, baselines_at
from planning.forecasting.panel import panel_of
from planning.forecasting.training import train

if TYPE_CHECKING:
    import pandas as pd

DATA = Path("shared/data/demand/uci_online_retail_network_daily.parquet")
ORIGINS, HORIZON = (45, 49), 4
# Runs of ours against the final window while this was built; the baselines alone were looked at to settle the protocol.
FINAL_WINDOW_LOOKS = 2
SEED = 20_261
WQL_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
GOALS: dict[str, JsonValue] = {
    "uci_wrmsse": 0.62, "uci_wql": 0.53, "uci_coverage80": "0.78 to 0.82", "uci_coverage95": "0.94 to 0.96",
    "uci_cpu_s": 20.0, "cpu_spread": 1.2,
}  # fmt: skip
OURS = "ours"


@dataclass(frozen=True)
class Weeks:
    """(series, weeks) units and revenue, and each series' SKU and location."""

    ids: tuple[str, ...]
    sku: tuple[str, ...]
    site: tuple[str, ...]
    first: np.datetime64
    units: FloatArray
    revenue: FloatArray

    def history(self, origin: int, copies: int = 1) -> pd.DataFrame:
        """Long rows before `origin`, each series from its first sale; copies carry noise of a tenth and own names."""
        import pandas as pd

        known = self.units[:, :origin]
        begun = np.cumsum(known > 0.0, axis=1) > 0
        row, week = np.nonzero(begun)
        random = np.random.Generator(np.random.PCG64(SEED))
        sku, site = np.array(self.sku)[row], np.array(self.site)[row]
        ds = self.first + (7 * week).astype("timedelta64[D]")
        frames: list[pd.DataFrame] = []
        for copy in range(copies):
            noise = 1.0 if copy == 0 else random.uniform(0.9, 1.1, row.size)
            name = np.char.add(np.char.add(sku, f".{copy}|" if copy else "|"), site)
            units = np.round(known[row, week] * noise)
            frames.append(pd.DataFrame({
                "unique_id": name, "sku": np.char.add(sku, f".{copy}") if copy else sku, "site": site,
                "ds": ds.astype("datetime64[s]"), "y": units,
            }))  # fmt: skip
        return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class AtOrigin:
    """What happened after one origin and every method's forecast of it, the same series in all of them."""

    weeks: Weeks
    origin: int
    series: IntArray
    forecasts: dict[str, Forecasts]
    seconds: float

    @property
    def actual(self) -> FloatArray:
        """(series, HORIZON) units."""
        return self.weeks.units[self.series, self.origin : self.origin + HORIZON]


def measure(quick: bool) -> tuple[dict[str, JsonValue], dict[str, JsonValue], dict[str, JsonValue]]:
    """Figures, what there is to beat, and the goals."""
    weeks = read()
    found = [at_origin(weeks, origin) for origin in (ORIGINS[-1:] if quick else ORIGINS)]
    figures, beaten = _compared(found)
    figures |= {"uci_cpu_s": max(one.seconds for one in found), "final_window_looks": FINAL_WINDOW_LOOKS}
    figures |= _scaling(weeks, quick, float(np.mean([one.seconds for one in found])))
    return figures, beaten, dict(GOALS)


def read() -> Weeks:
    """The daily cut beside the project, summed to whole weeks; raises `NotFound` where it is not there."""
    import polars as pl

    file = Path(__file__).resolve().parents[1].parent / DATA
    if not file.exists():
        raise NotFound("The daily cut of UCI Online Retail is not beside the project.", remedy=f"Put it at ../{DATA}.")
    frame = pl.read_parquet(file)
    day = frame["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    week = (day + 3) // 7
    week -= week.min()
    kept = week < week.max() if (day.max() + 3) % 7 != 6 else week >= 0
    names, row = np.unique((frame["sku"] + "|" + frame["location"]).to_numpy().astype(str), return_inverse=True)
    units, revenue = np.zeros((2, names.size, int(week[kept].max()) + 1))
    sold = frame["units"].to_numpy().astype(np.float64)
    np.add.at(units, (row[kept], week[kept]), sold[kept])
    np.add.at(revenue, (row[kept], week[kept]), (sold * frame["price"].to_numpy())[kept])
    sku, site = zip(*(name.split("|") for name in names), strict=True)
    first = np.datetime64(int((day.min() + 3) // 7) * 7 - 3, "D")
    return Weeks(tuple(map(str, names)), sku, site, first, units, revenue)


def at_origin(weeks: Weeks, origin: int) -> AtOrigin:
    """Train on what was known, forecast, and let the baselines forecast the same."""
    history = weeks.history(origin)
    started = _cpu()
    paths = train(history, horizon=HORIZON, seed=SEED, frequency="week").predict(HORIZON)
    seconds = _cpu() - started
    place = {name: number for number, name in enumerate(weeks.ids)}
    ours = Forecasts(
        np.array([path.mean for path in paths.values()]), np.array([one.quantiles for one in paths.values()])
    )
    panel = panel_of(history, None, HORIZON, frequency="week")
    others = baselines_at(panel, np.arange(len(panel.ids)), panel.periods, HORIZON)
    return AtOrigin(weeks, origin, np.array([place[name] for name in paths]), {OURS: ours} | others, seconds)


def _compared(found: list[AtOrigin]) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """Ours, the best baseline by each score, and the paired bootstrap over series of the difference."""
    quantiles = [int(np.flatnonzero(np.isclose(LEVELS, level))[0]) for level in WQL_LEVELS]
    levels = np.array(WQL_LEVELS)
    unit = np.concatenate([np.repeat(one.series, HORIZON) for one in found])
    actual = np.concatenate([one.actual.reshape(-1) for one in found])
    stacked = {name: np.concatenate([one.forecasts[name].quantiles.reshape(-1, LEVELS.size) for one in found])
               for name in found[0].forecasts}  # fmt: skip
    losses = {name: scores.wql(actual, rows[:, quantiles], levels, unit) for name, rows in stacked.items()}
    errors = {name: float(np.mean([wrmsse(one, name) for one in found])) for name in stacked}
    others = [name for name in stacked if name != OURS]
    best_wql = min(others, key=lambda name: losses[name].value)
    best_error = min(others, key=errors.__getitem__)
    ours, mean = stacked[OURS], np.concatenate([one.forecasts[OURS].mean.reshape(-1) for one in found])
    below, upto = probability_at(actual, ours, LEVELS)
    low, high = error_difference(found, best_error)
    figures = scores.compared("uci_wql", losses[OURS], losses[best_wql])
    figures |= {
        "uci_wrmsse": errors[OURS],
        "uci_wrmsse_difference": errors[OURS] - errors[best_error],
        "uci_wrmsse_difference95": [low, high],
        "uci_coverage80": float(((actual >= ours[:, 2]) & (actual <= ours[:, 6])).mean()),
        "uci_coverage80_mass": float(_mass_inside(below, upto).mean()),
        "uci_coverage95": float((actual <= ours[:, 7]).mean()),
        "uci_bias": float(mean.sum() / actual.sum() - 1.0),
        "uci_series": int(np.unique(unit).size),
    }
    for name in others:
        figures |= {f"uci_wrmsse_{name}": errors[name], f"uci_wql_{name}": losses[name].value}
    return figures, {"uci_wrmsse": errors[best_error], "uci_wql": losses[best_wql].value}


def wrmsse(one: AtOrigin, method: str) -> float:
    """The mean over the four levels."""
    ratios = _terms(one, method)
    return float(np.mean([numerator.sum() / weight.sum() for numerator, weight in ratios]))


def error_difference(found: list[AtOrigin], rival: str, draws: int = 200) -> tuple[float, float]:
    """Ends of the 95 % interval of ours − rival: whole series are drawn anew and every level is summed up again."""
    random = np.random.Generator(np.random.PCG64(SEED))
    drawn: list[float] = []
    for _ in range(draws):
        count = random.multinomial(
            len(found[0].weeks.ids), np.full(len(found[0].weeks.ids), 1.0 / len(found[0].weeks.ids))
        )
        pairs = [(_redrawn(one, OURS, count), _redrawn(one, rival, count)) for one in found]
        drawn.append(float(np.mean([mine - theirs for mine, theirs in pairs])))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _redrawn(one: AtOrigin, method: str, count: IntArray) -> float:
    ratios = _terms(one, method, count[one.series].astype(np.float64))
    return float(np.mean([numerator.sum() / weight.sum() for numerator, weight in ratios]))


def _terms(one: AtOrigin, method: str, count: FloatArray | None = None) -> list[tuple[FloatArray, FloatArray]]:
    """Per level (members,) weight · error and weight; a series counts as often as it was drawn."""
    often = np.ones(one.series.size) if count is None else count
    past = one.weeks.units[one.series, : one.origin] * often[:, None]
    error = (one.actual - one.forecasts[method].mean) * often[:, None]
    value = one.weeks.revenue[one.series, one.origin - HORIZON : one.origin].sum(axis=1) * often
    return [_level_terms(level, past, error, value, often) for level in _levels(one)]


def _levels(one: AtOrigin) -> tuple[Level, ...]:
    chosen = [np.array(names)[one.series] for names in (one.weeks.ids, one.weeks.sku, one.weeks.site)]
    ids, sku, site = (tuple(map(str, names)) for names in chosen)
    return levels_of(ids, sku, site)


def _level_terms(
    level: Level, past: FloatArray, error: FloatArray, value: FloatArray, often: FloatArray
) -> tuple[FloatArray, FloatArray]:
    if len(level.members) == often.size:  # a series drawn twice is two series, not one of twice the size
        safe = np.maximum(often, 1.0)[:, None]
        past, error = past / safe, error / safe
    total, missed, weight = level.summed(past), level.summed(error), level.summed(value)
    begun = np.arange(total.shape[1] - 1)[None, :] >= np.argmax(total > 0.0, axis=1)[:, None]
    scale = np.where(begun, np.diff(total, axis=1) ** 2, 0.0).sum(axis=1) / np.maximum(begun.sum(axis=1), 1)
    relative = np.sqrt((missed**2).mean(axis=1) / np.where(scale > 0.0, scale, 1.0))
    return weight * np.where(scale > 0.0, relative, 0.0), weight


def _mass_inside(below: FloatArray, upto: FloatArray) -> FloatArray:
    mass = upto - below
    overlap = np.clip(np.minimum(upto, 0.9) - np.maximum(below, 0.1), 0.0, None)
    return np.where(mass > 1e-12, overlap / np.where(mass > 1e-12, mass, 1.0), (below >= 0.1) & (below <= 0.9))


def _scaling(weeks: Weeks, quick: bool, seconds: float) -> dict[str, JsonValue]:
    """CPU seconds per 1,000 series of training and predicting; copies of the panel stand for a larger network."""
    found: dict[str, JsonValue] = {"cpu_s_per_1000_at_3k": 1_000.0 * seconds / len(weeks.ids)}
    for name, copies in (("30k", 10), ("100k", 32)):
        found[f"cpu_s_per_1000_at_{name}"] = None if quick else _per_1000(weeks, copies)
    return found


def _per_1000(weeks: Weeks, copies: int) -> float:
    history = weeks.history(ORIGINS[-1], copies)
    started = _cpu()
    paths = train(history, horizon=HORIZON, seed=SEED, frequency="week").predict(HORIZON)
    return 1_000.0 * (_cpu() - started) / len(paths)


def _cpu() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
