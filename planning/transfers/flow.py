"""One item's transfers as a convex min-cost flow in whole lots, solved exactly by OR-Tools.

Money becomes integers: gains are rounded up and costs down, so that the optimum of the integer problem is never below
that of the real one. With `largest` the largest amount on any arc and GRID steps for it, an arc is off by less than
largest / GRID, a lot passes three arcs, so the objective is off by less than 3 · lots · largest / GRID.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.errors import Infeasible
from planning.transfers.value import ItemValue

GRID = 10**9
FROM, TO = 0, 1


@dataclass(frozen=True)
class Flow:
    """Lots per option of the item, the money the flow model gives them, and its largest rounding error."""

    lots: IntArray
    value: float
    rounding: float


@dataclass(frozen=True)
class Arcs:
    """Parallel arrays of arcs; cost in money per lot."""

    tail: IntArray
    head: IntArray
    capacity: IntArray
    cost: FloatArray


def solve(item: ItemValue, prices: FloatArray, allowed: BoolArray, haircut: FloatArray | None = None) -> Flow:
    """The best flow when space on lane number i costs `prices[i]` more and only `allowed` options may be used.

    A destination's gain is that of its fastest allowed lane, less `haircut` (per option, money per lot) for slower
    ones. Without haircut the value is an upper bound on every plan: no arrival helps more than the same lots earlier.
    """
    extra = np.zeros(len(item.options)) if haircut is None else haircut
    chosen = np.flatnonzero(allowed)
    nothing = Flow(np.zeros(len(item.options), dtype=np.int64), 0.0, 0.0)
    if chosen.size == 0:
        return nothing
    lane = _lane_arcs(item, chosen, prices, extra)
    receive, send = _receive_arcs(item, chosen), _send_arcs(item, chosen)
    supply = int(min(receive.capacity.sum(), send.capacity.sum()))
    arcs = _joined(lane, receive, send, _arcs(FROM, TO, [supply], [0.0]))
    flows, cost, unit = _minimise(arcs, supply, 2 + 2 * len(item.sites))
    lots = nothing.lots.copy()
    lots[chosen] = flows[: chosen.size]
    return Flow(lots, -cost * unit, 3.0 * float(lots.sum()) * unit)


def _lane_arcs(item: ItemValue, chosen: IntArray, prices: FloatArray, extra: FloatArray) -> Arcs:
    options = [item.options[number] for number in chosen]
    sites = len(item.sites)
    cost = [option.cost_per_lot + prices[option.lane] * item.space for option in options]
    return Arcs(
        np.array([2 + option.source for option in options]),
        np.array([2 + sites + option.destination for option in options]),
        np.array([option.most_lots for option in options]),
        np.array(cost) + extra[chosen],
    )


def _receive_arcs(item: ItemValue, chosen: IntArray) -> Arcs:
    parts: list[Arcs] = []
    for site in sorted({item.options[number].destination for number in chosen}):
        into = [item.options[number] for number in chosen if item.options[number].destination == site]
        fastest = min(option.lead for option in into)
        useful = item.sites[site].into[fastest].useful_lots(item.lot)
        lots = int(min(sum(option.most_lots for option in into), useful, item.sites[site].in_limit))
        gains = item.gains(site, fastest, lots)
        parts.append(_arcs(2 + len(item.sites) + site, TO, np.ones(lots), -gains))
    return _joined(*parts)


def _send_arcs(item: ItemValue, chosen: IntArray) -> Arcs:
    parts: list[Arcs] = []
    for site in sorted({item.options[number].source for number in chosen}):
        out = sum(item.options[number].most_lots for number in chosen if item.options[number].source == site)
        lots = min(out, item.sites[site].out_lots)
        parts.append(_arcs(FROM, 2 + site, np.ones(lots), item.losses(site, lots)))
    return _joined(*parts)


def _arcs(tail: int, head: int, capacity: FloatArray | list[int], cost: FloatArray | list[float]) -> Arcs:
    size = len(cost)
    ends = np.full(size, tail), np.full(size, head)
    return Arcs(*ends, np.asarray(capacity, dtype=np.int64), np.asarray(cost, dtype=np.float64))


def _joined(*parts: Arcs) -> Arcs:
    return Arcs(
        np.concatenate([part.tail for part in parts]),
        np.concatenate([part.head for part in parts]),
        np.concatenate([part.capacity for part in parts]),
        np.concatenate([part.cost for part in parts]),
    )


def _minimise(arcs: Arcs, supply: int, nodes: int) -> tuple[IntArray, int, float]:
    """Flow per arc, integer cost, and the money of one integer step."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow  # a second of import, for those who optimise

    unit = max(float(np.abs(arcs.cost).max()), 1e-12) / GRID
    # Every cost is rounded down: a gain is a negative cost, so it grows.
    costs = np.floor(arcs.cost / unit).astype(np.int64)
    solver: Any = SimpleMinCostFlow()  # its stubs declare arrays with impossible type arguments
    solver.add_arcs_with_capacity_and_unit_cost(arcs.tail, arcs.head, arcs.capacity, costs)
    supplies = np.zeros(nodes, dtype=np.int64)
    supplies[FROM], supplies[TO] = supply, -supply
    solver.set_nodes_supplies(np.arange(nodes), supplies)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise Infeasible("transfers", f"could not be solved as a flow (status {status})")
    return solver.flows(np.arange(costs.size)), int(solver.optimal_cost()), unit
