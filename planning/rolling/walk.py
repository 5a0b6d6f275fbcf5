"""A plan walked through all futures at once, compiled: what it earns, and how each planned unit changes that.

`forward` plays the periods in the order that `network` describes; orders are the plan plus the recourse (`tables`), cut
to stock and capacity. `backward` carries the derivative of the profit back through the same steps (reverse-mode
differentiation by hand; at a kink it takes one side). The futures are the innermost loop everywhere, and the last axis
of every array that knows them. Import this module inside functions only: it loads numba.
"""

from __future__ import annotations

import numba
import numpy as np

from planning.arrays import FloatArray
from planning.rolling.tables import CAPACITY, FREE, NOTHING, STOCK, Memory, Tables

# Loops instead of array expressions: those take numba several times as long to compile.
ROUNDING = 1e-9  # units missing that are none

compiled = numba.njit(cache=True, error_model="numpy")


@compiled
def _add(target: FloatArray, value: float) -> None:
    for index in range(target.size):
        target[index] += value


@compiled
def _add_times(target: FloatArray, factor: float, values: FloatArray) -> None:
    for index in range(target.size):
        target[index] += factor * values[index]


@compiled
def _spread(values: FloatArray, count: int) -> FloatArray:
    """(values, count) each value in a row of its own."""
    result = np.empty((values.size, count))
    for row in range(values.size):
        for index in range(count):
            result[row, index] = values[row]
    return result


@compiled
def _order(
    now: int, plan: FloatArray, stock: FloatArray, gap: FloatArray, profit: FloatArray, t: Tables, memory: Memory
) -> None:
    """Ships what is ordered, as far as stock and capacity go; takes the money from `profit`."""
    room = _spread(t.capacity, profit.size)
    for lane in range(t.source.size):
        answer, shipped, limit = t.answer[now, lane], memory.shipped[now, lane], memory.limit[now, lane]
        wanted, gaps, source = plan[now, lane], gap[t.target[lane]], t.source[lane]
        for future in range(shipped.size):
            asked = wanted + answer * gaps[future]
            limit[future] = FREE if asked >= 0.0 else NOTHING
            shipped[future] = max(asked, 0.0)
        if source >= 0:
            _cut(float(t.yield_rate[source]), stock[source], room[source], shipped, limit)
        _add_times(profit, -t.order_cost[now, lane], shipped)


@compiled
def _cut(rate: float, stock: FloatArray, room: FloatArray, shipped: FloatArray, limit: FloatArray) -> None:
    """Cuts what is shipped to one source's room and stock, and takes it from them."""
    for future in range(shipped.size):
        asked = shipped[future]
        if asked > room[future]:
            asked, limit[future] = room[future], CAPACITY
        if asked > rate * stock[future]:
            asked, limit[future] = rate * stock[future], STOCK
        stock[future] = max(stock[future] - asked / rate, 0.0)
        room[future] = max(room[future] - asked, 0.0)
        shipped[future] = asked


@compiled
def _receive(now: int, plan: FloatArray, stock: FloatArray, gap: FloatArray, t: Tables, memory: Memory) -> None:
    """Arrivals; and what was planned but not shipped stays a gap of the site that wanted it."""
    for lane in range(t.source.size):
        site = t.target[lane]
        _add(gap[site], plan[now, lane])
        _add_times(gap[site], -1.0, memory.shipped[now, lane])
        if now >= t.lead[lane]:
            _add_times(stock[site], 1.0, memory.shipped[now - t.lead[lane], lane])
    for site in range(stock.shape[0]):
        _add(stock[site], t.inflow[now, site])


@compiled
def _factor(missing: float, ramp: float, growth: float, decay: float) -> float:
    """Goodwill's growth or decay; between 0 and `ramp` units missing a mix, so that it has a slope."""
    if ramp > 0.0:
        return growth + (decay - growth) * min(missing / ramp, 1.0)
    return decay if missing > ROUNDING else growth


@compiled
def _change_goodwill(now: int, missing: FloatArray, ramp: float, t: Tables, memory: Memory) -> None:
    before, after, total = memory.goodwill[now], memory.goodwill[now + 1], memory.missing[now]
    growth, decay, floor, ceiling = t.growth, t.decay, t.floor, t.ceiling
    for future in range(before.size):
        total[future] = 0.0
        for market in range(missing.shape[0]):
            total[future] += missing[market, future]
        changed = before[future] * _factor(total[future], ramp, growth, decay)
        after[future] = min(ceiling, max(floor, changed))


@compiled
def _sell(
    now: int, futures: FloatArray, stock: FloatArray, gap: FloatArray, missing: FloatArray, profit: FloatArray,
    t: Tables, memory: Memory,
) -> None:  # fmt: skip
    """Demand, sales and shortage of the period; adds the money to `profit`."""
    beyond = np.empty(profit.size)
    for market in range(t.market_site.size):
        demand, wanted = memory.demand[now, market], memory.wanted[now, market]
        offered, goodwill, lacking = memory.offered[now, market], memory.goodwill[now + 1], missing[market]
        left, expected, waits = stock[t.market_site[market]], t.expected[now, market], t.waits[market]
        price, shortage, possible = t.price[market], t.shortage[market], futures[now, market]
        for future in range(profit.size):
            demand[future] = possible[future] * goodwill[future]
            wanted[future] = demand[future] + (lacking[future] if waits else 0.0)
            offered[future] = left[future]
            reach = np.inf if waits else offered[future]
            beyond[future] = min(demand[future], reach) - min(expected, reach)
            sold = min(wanted[future], offered[future])
            left[future] -= sold
            lacking[future] = wanted[future] - sold
            profit[future] += price * sold - shortage * lacking[future]
        for site in range(gap.shape[0]):
            _add_times(gap[site], t.share[site, market], beyond)


@compiled
def forward(plan: FloatArray, futures: FloatArray, ramp: float, t: Tables, memory: Memory) -> FloatArray:
    """(futures,) the profit of `plan` (periods, lanes) in `futures` (periods, markets, futures).

    What was committed before is left out.
    """
    count = futures.shape[2]
    stock, missing = _spread(t.on_hand, count), _spread(t.unfilled, count)
    gap, profit = np.zeros(stock.shape), np.zeros(count)
    for future in range(count):
        memory.goodwill[0, future] = t.level
    for now in range(futures.shape[0]):
        _order(now, plan, stock, gap, profit, t, memory)
        _receive(now, plan, stock, gap, t, memory)
        _change_goodwill(now, missing, ramp, t, memory)
        _sell(now, futures, stock, gap, missing, profit, t, memory)
        for site in range(stock.shape[0]):
            _add_times(profit, -t.holding[site], stock[site])
    return profit


@compiled
def _unsell(
    now: int, futures: FloatArray, d_stock: FloatArray, d_gap: FloatArray, d_missing: FloatArray,
    d_goodwill: FloatArray, t: Tables, memory: Memory,
) -> None:  # fmt: skip
    """Back through `_sell`."""
    for market in range(t.market_site.size - 1, -1, -1):
        demand, wanted, offered = memory.demand[now, market], memory.wanted[now, market], memory.offered[now, market]
        d_left, d_lacking, d_beyond = d_stock[t.market_site[market]], d_missing[market], np.zeros(demand.size)
        for site in range(d_gap.shape[0]):
            _add_times(d_beyond, t.share[site, market], d_gap[site])
        expected, waits, possible = t.expected[now, market], t.waits[market], futures[now, market]
        price, shortage = t.price[market], t.shortage[market]
        for future in range(demand.size):
            short = wanted[future] > offered[future]
            d_short = d_lacking[future] - shortage
            d_wanted = d_short if short else price - d_left[future]
            if short:
                d_left[future] = price - d_short
            d_demand = d_wanted
            if waits or demand[future] <= offered[future]:
                d_demand += d_beyond[future]
            else:
                d_left[future] += d_beyond[future]
            if not waits and expected > offered[future]:
                d_left[future] -= d_beyond[future]
            d_lacking[future] = d_wanted if waits else 0.0
            d_goodwill[future] += d_demand * possible[future]


@compiled
def _unchange_goodwill(
    now: int, d_goodwill: FloatArray, d_missing: FloatArray, ramp: float, t: Tables, memory: Memory
) -> None:
    """Back through `_change_goodwill`."""
    before, total = memory.goodwill[now], memory.missing[now]
    growth, decay, floor, ceiling = t.growth, t.decay, t.floor, t.ceiling
    for future in range(before.size):
        factor = _factor(total[future], ramp, growth, decay)
        if not floor <= before[future] * factor <= ceiling:
            d_goodwill[future] = 0.0
        if total[future] < ramp:
            for market in range(d_missing.shape[0]):
                d_missing[market, future] += d_goodwill[future] * before[future] * (decay - growth) / ramp
        d_goodwill[future] *= factor


@compiled
def _unreceive(
    now: int, d_stock: FloatArray, d_gap: FloatArray, d_shipped: FloatArray, slope: FloatArray, t: Tables
) -> None:
    """Back through `_receive`."""
    for lane in range(t.source.size):
        site = t.target[lane]
        if now >= t.lead[lane]:
            _add_times(d_shipped[now - t.lead[lane], lane], 1.0, d_stock[site])
        for future in range(d_gap.shape[1]):
            slope[now, lane] += d_gap[site, future]
        _add_times(d_shipped[now, lane], -1.0, d_gap[site])


@compiled
def _unorder(
    now: int, d_stock: FloatArray, d_gap: FloatArray, d_shipped: FloatArray, slope: FloatArray, t: Tables,
    memory: Memory,
) -> None:  # fmt: skip
    """Back through `_order`."""
    d_room = np.zeros(d_stock.shape)
    for lane in range(t.source.size - 1, -1, -1):
        source, limit, worth = t.source[lane], memory.limit[now, lane], d_shipped[now, lane]
        _add(worth, -t.order_cost[now, lane])
        if source >= 0:
            _uncut(float(t.yield_rate[source]), d_stock[source], d_room[source], worth, limit)
        answer, gaps, total = t.answer[now, lane], d_gap[t.target[lane]], 0.0
        for future in range(worth.size):
            if limit[future] == FREE:
                total += worth[future]
                gaps[future] += answer * worth[future]
        slope[now, lane] += total


@compiled
def _uncut(rate: float, d_stock: FloatArray, d_room: FloatArray, worth: FloatArray, limit: FloatArray) -> None:
    """Back through `_cut`: what was cut off belongs to the stock or the room that was short."""
    for future in range(worth.size):
        worth[future] -= d_stock[future] / rate + d_room[future]
        if limit[future] == CAPACITY:
            d_room[future] += worth[future]
        elif limit[future] == STOCK:
            d_stock[future] += rate * worth[future]


@compiled
def backward(futures: FloatArray, ramp: float, t: Tables, memory: Memory) -> FloatArray:
    """(periods, lanes) the derivative of the summed profit of the walk that `memory` holds."""
    count, sites = futures.shape[2], t.holding.size
    slope, d_shipped = np.zeros(t.order_cost.shape), np.zeros(memory.shipped.shape)
    d_stock, d_gap = np.zeros((sites, count)), np.zeros((sites, count))
    d_missing, d_goodwill = np.zeros((t.price.size, count)), np.zeros(count)
    for now in range(futures.shape[0] - 1, -1, -1):
        for site in range(sites):
            _add(d_stock[site], -t.holding[site])
        _unsell(now, futures, d_stock, d_gap, d_missing, d_goodwill, t, memory)
        _unchange_goodwill(now, d_goodwill, d_missing, ramp, t, memory)
        _unreceive(now, d_stock, d_gap, d_shipped, slope, t)
        _unorder(now, d_stock, d_gap, d_shipped, slope, t, memory)
    return slope


def climb(plan: FloatArray, futures: FloatArray, ramp: float, t: Tables, memory: Memory) -> tuple[float, FloatArray]:
    """The mean profit of `plan`, and (periods, lanes) how it changes with each planned unit."""
    profit = forward(plan, futures, ramp, t, memory)
    return float(profit.mean()), backward(futures, ramp, t, memory) / futures.shape[2]
