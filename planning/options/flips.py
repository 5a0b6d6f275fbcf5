"""The smallest change that would make the runner-up the better choice. It recomputes; it never guesses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from planning.arrays import IntArray
from planning.options.benefit import Benefit, OptionSpec, SiteState, benefit

STEPS = 24
LARGEST_DEMAND_CHANGE = 0.5


@dataclass(frozen=True)
class Rival:
    """An option with its luck and its benefit on the scenarios."""

    spec: OptionSpec
    arrivals: IntArray
    benefit: Benefit

    @property
    def mean(self) -> float:
        """Expected benefit against holding."""
        return float(self.benefit.total.mean())


@dataclass(frozen=True)
class Flip:
    """A change in one quantity that evens two options; `relative` is its size against today's value."""

    kind: Literal["cost", "demand", "on_hand"]
    change: float
    relative: float
    text: str


def smallest_flip(best: Rival, runner_up: Rival, site: SiteState) -> tuple[Flip, ...]:
    """Every flip found, the relatively smallest first; the cost flip is always there.

    Cost is exact (benefit falls one for one with it). Demand (at all sites, up to ±50 %) and stock on hand at the
    receiving site (from nothing to twice as much) are found by bisection along each direction, which finds one
    crossing; a gap that does not change sign at the far end counts as no flip.
    """
    gap = best.mean - runner_up.mean
    found = [_cost_flip(best, runner_up, gap), *_demand_flips(best, runner_up, site)]
    found += _stock_flips(best, runner_up, site)
    return tuple(sorted(found, key=lambda flip: abs(flip.relative)))


def _cost_flip(best: Rival, runner_up: Rival, gap: float) -> Flip:
    changed, word, sign = (best, "more", 1.0) if best.spec.name != "hold" else (runner_up, "less", -1.0)
    relative = gap / changed.spec.cost if changed.spec.cost > 0.0 else float("inf")
    text = f"the {changed.spec.name} would have to cost {gap:.2f} {word}"
    if word == "less" and gap > changed.spec.cost:
        text += f", which even a free {changed.spec.name} would not reach"
    return Flip("cost", sign * gap, sign * relative, text)


def _demand_flips(best: Rival, runner_up: Rival, site: SiteState) -> list[Flip]:
    def gap(change: float) -> float:
        return _mean(best, site, 1.0 + change) - _mean(runner_up, site, 1.0 + change)

    changes = (_crossing(gap, sign * LARGEST_DEMAND_CHANGE) for sign in (-1.0, 1.0))
    return [
        Flip(
            "demand",
            change,
            change,
            f"demand would have to be {abs(change):.0%} {_direction(change, 'higher', 'lower')} than forecast",
        )
        for change in changes
        if change is not None
    ]


def _stock_flips(best: Rival, runner_up: Rival, site: SiteState) -> list[Flip]:
    if site.on_hand == 0.0:
        return []

    def gap(change: float) -> float:
        moved = replace(site, on_hand=site.on_hand * (1.0 + change))
        return _mean(best, moved, 1.0) - _mean(runner_up, moved, 1.0)

    changes = (_crossing(gap, far) for far in (-1.0, 1.0))
    return [_stock_flip(site, change) for change in changes if change is not None]


def _stock_flip(site: SiteState, change: float) -> Flip:
    units, direction = change * site.on_hand, _direction(change, "more", "fewer")
    text = f"{site.site} would have to hold {abs(units):.1f} units {direction}"
    return Flip("on_hand", units, change, text)


def _mean(rival: Rival, site: SiteState, demand_scale: float) -> float:
    return float(benefit(rival.spec, site, rival.arrivals, demand_scale=demand_scale).total.mean())


def _crossing(gap: Callable[[float], float], far: float) -> float | None:
    """The change between 0 and `far` at which the gap reaches nothing, by bisection."""
    if gap(far) > 0.0:
        return None
    low, high = 0.0, far
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if gap(middle) > 0.0 else (low, middle)
    return high


def _direction(change: float, up: str, down: str) -> str:
    return up if change > 0 else down
