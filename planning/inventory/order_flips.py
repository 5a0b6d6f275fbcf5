"""The smallest change that would turn an order into none, or into the runner-up. It recomputes; it never guesses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from planning.arrays import FloatArray, matrix
from planning.inventory.ordering import Replenishment
from planning.inventory.purchase_terms import ReplenishmentSpec, order_window
from planning.inventory.reorder import reorder_point

# Halvings of the interval of lead times; a day is cut into parts of a second.
STEPS = 20


@dataclass(frozen=True)
class OrderFlip:
    """A change of one quantity that turns the recommendation.

    `change` is in the quantity's own unit (units, days, money per unit; for demand a share), `relative` its size
    against today's value (infinite where that is 0). `instead` is the quantity that would then be ordered, or be worth
    as much; None where it depends on what else has changed by then.
    """

    kind: Literal["demand", "on_hand", "lead_time", "unit_cost"]
    change: float
    relative: float
    instead: float | None
    text: str


def order_flips(demand: FloatArray, spec: ReplenishmentSpec, found: Replenishment) -> tuple[OrderFlip, ...]:
    """Every flip there is, the relatively smallest first; none where one is due but the terms leave nothing to buy.

    Stock on hand is exact, and so is demand for a cycle service: an order is due when the position is at or below the
    reorder point, which scales with demand (for a fill rate nearly). The lead time is found by bisection between none
    and the longest that the scenarios can judge; it keeps its standard deviation. The unit cost is exact against the
    runner-up: each unit sold or wasted pays it.
    """
    paths = matrix("demand", demand, at_least=0.0)
    if found.inventory_position < found.reorder.reorder_point and found.planned_quantity == 0.0:
        return ()
    flips = (
        _on_hand(spec, found), _demand(found), _lead_time(paths, spec, found), _unit_cost(spec, found)
    )  # fmt: skip
    return tuple(sorted((flip for flip in flips if flip is not None), key=lambda flip: abs(flip.relative)))


def _on_hand(spec: ReplenishmentSpec, found: Replenishment) -> OrderFlip | None:
    change = found.reorder.reorder_point - found.inventory_position
    if change < -spec.on_hand:
        return None  # Even with nothing on hand the open orders are enough.
    orders = found.planned_quantity > 0.0
    direction = "more" if change >= 0.0 else "fewer"
    text = f"with {abs(change):,.1f} units {direction} on hand {_turns(orders)}"
    relative = change / spec.on_hand if spec.on_hand else float("inf")
    return OrderFlip("on_hand", change, relative, 0.0 if orders else None, text)


def _demand(found: Replenishment) -> OrderFlip | None:
    point, orders = found.reorder.reorder_point, found.planned_quantity > 0.0
    if point <= 0.0:
        return None
    change = found.inventory_position / point - 1.0
    direction = "higher" if change >= 0.0 else "lower"
    text = f"with demand {abs(change):.0%} {direction} than forecast {_turns(orders)}"
    return OrderFlip("demand", change, change, 0.0 if orders else None, text)


def _lead_time(demand: FloatArray, spec: ReplenishmentSpec, found: Replenishment) -> OrderFlip | None:
    window, orders = order_window(spec), found.planned_quantity > 0.0
    start, today = float(window.first), spec.lead_time.mean_days

    def is_due(mean_days: float) -> bool:
        point = reorder_point(
            demand,
            lead_time_mean=start + mean_days,
            lead_time_sd=spec.lead_time.sd_days,
            service_level=spec.service_level,
            review_days=window.gap,
            order_quantity=max(found.planned_quantity, found.order_up_to - found.reorder.reorder_point) or None,
        )
        return found.inventory_position <= point.reorder_point

    # The last day that an order may be expected on, rounded half up, within the horizon.
    longest = demand.shape[1] - window.gap - window.first - 0.51
    far = 0.0 if orders else longest
    if (not orders and far <= today) or is_due(far) == orders:
        return None
    change = _turn(is_due, today, far) - today
    direction = "longer" if change >= 0.0 else "shorter"
    text = f"with a lead time {abs(change):.1f} days {direction} {_turns(orders)}"
    relative = change / today if today else float("inf")
    return OrderFlip("lead_time", change, relative, 0.0 if orders else None, text)


def _unit_cost(spec: ReplenishmentSpec, found: Replenishment) -> OrderFlip | None:
    rival = found.runner_up
    if rival is None or found.units_at_stake == rival.units_at_stake:
        return None
    gap = found.expected_benefit - rival.expected_benefit
    change = gap / (found.units_at_stake - rival.units_at_stake)
    if spec.unit_cost + change < 0.0:
        return None  # Not even for nothing.
    direction = "dearer" if change >= 0.0 else "cheaper"
    instead = "not ordering" if rival.quantity == 0.0 else f"ordering {rival.quantity:,.1f}"
    text = f"with units {abs(change):,.2f} {direction} {instead} would be worth as much"
    relative = change / spec.unit_cost if spec.unit_cost else float("inf")
    return OrderFlip("unit_cost", change, relative, rival.quantity, text)


def _turn(is_due: Callable[[float], bool], today: float, far: float) -> float:
    """Where `is_due` turns between today's lead time and the far one; a longer lead time never turns it back."""
    first, low, high = is_due(today), today, far
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if is_due(middle) == first else (low, middle)
    return high


def _turns(orders: bool) -> str:
    return "nothing would be ordered" if orders else "an order would be due"
