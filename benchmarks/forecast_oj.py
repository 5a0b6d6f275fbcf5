"""Dominick's orange juice, published protocol: the engine against the published LightGBM and plain ones, in one run.

913 series of weekly sales, ten rounds, two weeks ahead after a gap, prices and promotions known. Ours was tuned on
rounds whose weeks all lie before the first week of the final ones; looks at the final window are counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from benchmarks import forecast_oj_rivals as rivals
from benchmarks import forecast_scores as scores
from benchmarks.forecast_oj_data import LAST_KNOWN, Asked, Juice, load
from benchmarks.forecast_oj_engine import forecast
from benchmarks.forecast_points import least_percentage_error
from benchmarks.forecast_scores import Terms
from domain.errors import NotFound
from planning.arrays import FloatArray, IntArray

# Runs of ours against the final window while this was built and tabled.
FINAL_WINDOW_LOOKS = 1
SEED = 7
LEVELS: FloatArray = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
MOST_BIAS = 2.0
# A shorter run takes a round before the final ones, and of every eighth store.
QUICK_ROUND, QUICK_STORES = 132, 8
OURS, PUBLISHED, PLAIN = "engine", "published_lightgbm", "plain_lightgbm"
NAIVE, SEASONAL, AVERAGE, OWN = "naive", "seasonal_naive", "moving_average", "own_history"


@dataclass(frozen=True)
class Round:
    """Rows of one round, one a reported store-brand-week: what happened and every method's forecast.

    Attributes:
        actual, unit: (rows,) units, and the number of the series.
        mean: (rows,) of the engine.
        points: (rows,) by method, for MAPE.
        quantiles: (rows, levels) by method.
        seconds: CPU by method, of training and predicting.
    """

    actual: FloatArray
    unit: IntArray
    mean: FloatArray
    points: dict[str, FloatArray]
    quantiles: dict[str, FloatArray]
    seconds: dict[str, float]


@dataclass(frozen=True)
class OjResult:
    """Figures of the run, what there was to beat in it, the goals, and whether they hold."""

    figures: dict[str, JsonValue]
    to_beat: dict[str, JsonValue]
    goal: dict[str, JsonValue]
    holds: bool


def measure(quick: bool) -> OjResult:
    """All rounds; `quick` one earlier round of some stores. Raises `NotFound` where the data are not there."""
    try:
        juice = load()
    except FileNotFoundError as error:
        raise NotFound(f"{error}.", remedy="Put it at ../shared/data/demand.") from error
    if quick:
        return judged([play(juice.thinned(QUICK_STORES), Asked(QUICK_ROUND))])
    return judged([play(juice, Asked(last)) for last in LAST_KNOWN])


def play(juice: Juice, asked: Asked) -> Round:
    """One round of every method."""
    reported = juice.reported[..., asked.columns]
    unit = np.broadcast_to(np.arange(reported[..., 0].size).reshape(*reported.shape[:2], 1), reported.shape)
    clock = [time.process_time()]
    ours = forecast(juice, asked, seed=SEED)
    clock.append(time.process_time())
    table = rivals.table_of(juice, asked)
    plain = rivals.plain_quantiles(table, juice, asked, LEVELS)[reported]
    clock.append(time.process_time())
    published = rivals.published_lightgbm(table, asked)[reported]
    clock.append(time.process_time())
    places = [int(np.argmin(np.abs(ours.levels - level))) for level in LEVELS]
    quantiles = ours.quantiles[reported]
    simple = {NAIVE: rivals.naive, SEASONAL: rivals.seasonal_naive, AVERAGE: rivals.moving_average}
    points = {name: method(juice, asked)[reported] for name, method in simple.items()}
    return Round(
        actual=juice.units[..., asked.columns][reported],
        unit=unit[reported].astype(np.int64),
        mean=ours.mean[reported],
        points=points | {
            OURS: least_percentage_error(quantiles, ours.levels),
            PLAIN: least_percentage_error(plain, LEVELS),
            PUBLISHED: published,
        },
        quantiles={
            OURS: quantiles[:, places], PLAIN: plain, OWN: rivals.own_quantiles(juice, asked, LEVELS)[reported],
        },
        seconds=dict(zip((OURS, PLAIN, PUBLISHED), map(float, np.diff(clock)), strict=True)),
    )  # fmt: skip


def judged(rounds: list[Round]) -> OjResult:
    """Scores of all methods over the rounds, ours beside the best of the others."""
    actual, unit = np.concatenate([one.actual for one in rounds]), np.concatenate([one.unit for one in rounds])
    points = {name: np.concatenate([one.points[name] for one in rounds]) for name in rounds[0].points}
    quantiles = {name: np.concatenate([one.quantiles[name] for one in rounds]) for name in rounds[0].quantiles}
    errors = {name: scores.mape(actual, found, unit) for name, found in points.items()}
    losses = {name: scores.wql(actual, found, LEVELS, unit) for name, found in quantiles.items()}
    biases = {name: scores.bias(actual, points[name], unit) for name in (PUBLISHED, NAIVE, SEASONAL, AVERAGE)}
    ours = scores.bias(actual, np.concatenate([one.mean for one in rounds]), unit)
    error, loss, bias = _best(errors), _best(losses), min(biases, key=lambda name: abs(biases[name].value))
    figures = scores.compared("oj_mape", errors[OURS], errors[error], seed=SEED)
    figures |= scores.compared("oj_wql", losses[OURS], losses[loss], seed=SEED)
    figures |= scores.compared("oj_bias", ours, biases[bias], seed=SEED)
    mine = quantiles[OURS]
    figures |= {"oj_coverage90": scores.coverage(actual, mine[:, 0], mine[:, -1], unit).value}
    figures |= {f"oj_mape_{name}": found.value for name, found in errors.items() if name != OURS}
    figures |= {f"oj_wql_{name}": found.value for name, found in losses.items() if name != OURS}
    figures |= {f"oj_bias_{name}": found.value for name, found in biases.items()}
    figures |= {f"oj_cpu_s_{name}": sum(one.seconds[name] for one in rounds) for name in rounds[0].seconds}
    figures |= {"oj_rounds": len(rounds), "oj_rows": int(actual.size), "oj_final_window_looks": FINAL_WINDOW_LOOKS}
    to_beat: dict[str, JsonValue] = {
        "oj_mape": errors[error].value, "oj_wql": losses[loss].value, "oj_bias": biases[bias].value,
    }  # fmt: skip
    holds = errors[OURS].value < errors[error].value and losses[OURS].value < losses[loss].value
    goal: dict[str, JsonValue] = {
        "oj_mape": f"< {errors[error].value:.2f}", "oj_wql": f"< {losses[loss].value:.4f}", "oj_bias": "-2 to 2",
    }  # fmt: skip
    return OjResult(figures, to_beat, goal, holds and abs(ours.value) <= MOST_BIAS)


def _best(found: dict[str, Terms]) -> str:
    """The rival with the least value."""
    return min((name for name in found if name != OURS), key=lambda name: found[name].value)
