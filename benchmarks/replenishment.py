"""Stock decisions against published results: a network's orders, placement, purchases, the simulator.

    python -m benchmarks.replenishment

gym-invmgmt 0.2.1, 22 scenarios × 10 seeds of 30 periods, held episode by episode against the published results. The
published seeds are played for the table only: tuning, tests and `--quick` use others.
"""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
from pydantic import JsonValue

from benchmarks import purchases
from benchmarks.echelon_instances import echelon_errors
from benchmarks.gym_episodes import (
    DATA,
    MODES,
    PERIODS,
    PUBLISHED_SEEDS,
    TUNING_SEEDS,
    Episode,
    Mode,
    Scenario,
    oracle_differences,
    play,
    published,
    scenarios,
    told_outlook_is_indifferent,
)
from benchmarks.report import Report, make_report, run
from benchmarks.simulator_speed import site_item_days_per_second
from planning.arrays import FloatArray

# Full runs of the engine on the published seeds so far, the one in docs/benchmarks.md included. Raise it with each.
FINAL_WINDOW_LOOKS = 1
RIVALS: dict[Mode, str] = {"blind": "MSSP", "informed": "MSSP-I", "informed_goodwill": "MSSP-I"}
MORE_THAN = {"gym_blind": 982.5, "gym_informed": 1322.0}
AT_MOST = {"purchases_widest_gap_100": 0.0, "purchases_median_seconds_100": 10.0, "purchases_widest_gap_1000": 0.01}
QUICK = slice(2, None, 7)  # one with goodwill, one where customers do not wait, one that is stationary
DRAWS = 2_000
INSTALL = "The gym figures are null: uv pip install -r requirements/dev.txt, and the published results beside it."

Plays = dict[tuple[Mode, str, int], Episode]


def measure(quick: bool) -> Report:
    """The whole benchmark."""
    figures: dict[str, JsonValue] = {"gym_blind": None, "gym_informed": None, "gym_informed_goodwill": None}
    to_beat: dict[str, JsonValue] = {}
    if importlib.util.find_spec("gym_invmgmt") is None or not DATA.exists():
        print(INSTALL, file=sys.stderr)
    else:
        to_beat = _play_all(quick, figures)
    errors = echelon_errors()
    figures["echelons_max_relative_error"] = errors.largest
    figures["echelons_exact_max_relative_error"] = errors.exact
    figures["simulator_site_item_days_per_second"] = site_item_days_per_second(quick)
    for name, figure in purchases.run(quick).figures().items():
        figures[f"purchases_{name}"] = figure
    to_beat |= {f"purchases_margin_{size}": figures[f"purchases_buyer_margin_{size}"] for size in purchases.SIZES}
    goal: dict[str, JsonValue] = {**MORE_THAN, **AT_MOST}
    return make_report("replenishment", figures, to_beat=to_beat, goal=goal, holds=_holds(figures))


def _holds(figures: dict[str, JsonValue]) -> bool:
    more = all(isinstance(value := figures[name], float) and value > goal for name, goal in MORE_THAN.items())
    return more and all(isinstance(value := figures[name], float) and value <= goal for name, goal in AT_MOST.items())


def _play_all(quick: bool, figures: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Plays, fills `figures`, and returns what there is to beat."""
    chosen = scenarios()[QUICK] if quick else scenarios()
    seeds = TUNING_SEEDS[:1] if quick else PUBLISHED_SEEDS
    play(chosen[0], TUNING_SEEDS[0], "blind")  # compiles, so that no figure holds that
    plays = _plays(chosen, seeds)
    for mode in MODES:
        _describe(mode, chosen, seeds, plays, figures, final=not quick)
    figures["final_window_looks"] = FINAL_WINDOW_LOOKS
    if quick:
        return {}
    figures["oracle_max_difference"] = max(oracle_differences(chosen, seeds))
    figures["by_scenario"] = [_line(scenario, seeds, plays) for scenario in chosen]
    return _to_beat()


def _plays(chosen: list[Scenario], seeds: tuple[int, ...]) -> Plays:
    plays: Plays = {}
    for scenario in chosen:
        for mode in MODES:
            same = told_outlook_is_indifferent(scenario, mode)
            for seed in seeds:
                known = plays["informed", scenario.key, seed] if same else play(scenario, seed, mode)
                plays[mode, scenario.key, seed] = known
        print(_line(scenario, seeds, plays), file=sys.stderr, flush=True)
    return plays


def _describe(
    mode: Mode, chosen: list[Scenario], seeds: tuple[int, ...], plays: Plays, figures: dict[str, JsonValue], *,
    final: bool,
) -> None:  # fmt: skip
    ours = [[plays[mode, scenario.key, seed] for seed in seeds] for scenario in chosen]
    profits = np.array([[episode.profit for episode in row] for row in ours])
    name = f"gym_{mode}"
    figures[name] = float(profits.mean())
    figures[f"{name}_fill_rate"] = float(np.mean([[episode.fill_rate for episode in row] for row in ours]))
    spent = sum(episode.seconds for row in ours for episode in row)
    figures[f"{name}_cpu_ms_per_decision"] = 1000.0 * spent / (profits.size * PERIODS)
    if final:
        figures[f"{name}_share_of_oracle"] = float(profits.mean() / _profits("Oracle", chosen, seeds).mean())
        difference, low, high = paired_difference(profits, _profits(RIVALS[mode], chosen, seeds))
        figures[f"{name}_over_{RIVALS[mode].lower().replace('-', '_')}"] = difference
        figures[f"{name}_over_{RIVALS[mode].lower().replace('-', '_')}_interval"] = [low, high]


def paired_difference(ours: FloatArray, theirs: FloatArray) -> tuple[float, float, float]:
    """The mean difference of (scenarios, seeds) and its 95 % bootstrap interval; seeds drawn anew in each scenario."""
    difference = ours - theirs
    draws = np.random.default_rng(5).integers(difference.shape[1], size=(DRAWS, *difference.shape))
    means = np.take_along_axis(difference[None], draws, axis=2).mean(axis=(1, 2))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(difference.mean()), float(low), float(high)


def _profits(policy: str, chosen: list[Scenario], seeds: tuple[int, ...]) -> FloatArray:
    known = published(policy)
    return np.array([[known[scenario.key, seed].profit for seed in seeds] for scenario in chosen])


def _to_beat() -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {}
    for mode, rival in RIVALS.items():
        episodes = published(rival).values()
        result[f"gym_{mode}"] = float(np.mean([episode.profit for episode in episodes]))
        result[f"gym_{mode}_fill_rate"] = float(np.mean([episode.fill_rate for episode in episodes]))
    return result


def _line(scenario: Scenario, seeds: tuple[int, ...], plays: Plays) -> str:
    """A scenario's mean profits in one line."""
    means = [np.mean([plays[mode, scenario.key, seed].profit for seed in seeds]) for mode in MODES]
    return f"{scenario.key}: " + ", ".join(f"{mode} {mean:.0f}" for mode, mean in zip(MODES, means, strict=True))


if __name__ == "__main__":
    sys.exit(run(measure))
