"""Forecasts of the product's engine on two public panels, each beside the best baseline of the same run.

UCI: weekly demand of a network of 400 SKUs at 8 locations. Orange juice: Dominick's stores with known prices and
promotions, published protocol. Intervals are paired bootstraps over series. Cost is CPU seconds, whatever else runs.
"""

from __future__ import annotations

import sys

from pydantic import JsonValue

from benchmarks import forecast_oj, forecast_uci
from benchmarks.report import Report, make_report, run
from domain.errors import NotFound

CONTRACT = (
    "uci_wrmsse", "uci_wql", "uci_coverage80", "uci_coverage95", "uci_bias", "oj_wql", "oj_bias", "oj_mape",
    "cpu_s_per_1000_at_3k", "cpu_s_per_1000_at_30k", "cpu_s_per_1000_at_100k",
)  # fmt: skip
Part = tuple[dict[str, JsonValue], dict[str, JsonValue], dict[str, JsonValue], bool]


def measure(quick: bool) -> Report:
    """Both panels; figures of one whose data are absent are None. Raises `NotFound` where neither could be measured."""
    parts, missing = list[Part](), list[NotFound]()
    for part in (_uci, _juice):
        try:
            parts.append(part(quick))
        except NotFound as error:
            missing.append(error)
    if not parts:
        raise missing[0]
    figures: dict[str, JsonValue] = dict.fromkeys(CONTRACT)
    to_beat: dict[str, JsonValue] = dict.fromkeys(CONTRACT)
    goal: dict[str, JsonValue] = {}
    for found, beaten, aimed, _ in parts:
        figures, to_beat, goal = figures | found, to_beat | beaten, goal | aimed
    holds = not missing and all(held for *_, held in parts)
    return make_report("forecast", figures, to_beat=to_beat, goal=goal, holds=holds)


def _juice(quick: bool) -> Part:
    found = forecast_oj.measure(quick)
    return found.figures, found.to_beat, found.goal, found.holds


def _uci(quick: bool) -> Part:
    figures, to_beat, goal = forecast_uci.measure(quick)
    return figures, to_beat, goal, _holds(figures)


def _holds(figures: dict[str, JsonValue]) -> bool:
    """Every UCI goal; what was not measured does not hold."""
    costs = [_number(figures.get(f"cpu_s_per_1000_at_{size}")) for size in ("3k", "30k", "100k")]
    return (
        _number(figures["uci_wrmsse"]) <= 0.62
        and _number(figures["uci_wql"]) <= 0.53
        and 0.78 <= _number(figures["uci_coverage80"]) <= 0.82
        and 0.94 <= _number(figures["uci_coverage95"]) <= 0.96
        and _number(figures["uci_cpu_s"]) <= 20.0
        and all(cost <= 1.2 * other for cost in costs for other in costs)
    )


def _number(figure: JsonValue) -> float:
    return float(figure) if isinstance(figure, int | float) else float("nan")


if __name__ == "__main__":
    sys.exit(run(measure))
