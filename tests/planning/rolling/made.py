"""Small networks for the tests of the rolling plan, and a walk so plain that it can be checked by reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planning.arrays import FloatArray
from planning.rolling.network import Lane, Market, Site, SupplyNetwork
from planning.rolling.outlook import Goodwill, NetworkState

ONE_SHOP = SupplyNetwork(
    sites=(Site("shop", 0.5),),
    lanes=(Lane(None, "shop", 0, unit_cost=4.0),),
    markets=(Market("shop", price=10.0, waits=False),),
)
# Two makers with yield and capacity, a depot that also sells, two shops, one of which can buy outside.
TANGLED = SupplyNetwork(
    sites=(
        Site("mill", 0.1, capacity=60.0, yield_rate=0.8),
        Site("depot", 0.2),
        Site("north", 0.4),
        Site("south", 0.3, capacity=25.0),
    ),
    lanes=(
        Lane(None, "mill", 1, 1.0, 0.05),
        Lane("mill", "depot", 2, 0.3, 0.04),
        Lane("depot", "north", 1, 0.2, 0.03),
        Lane("depot", "south", 0, 0.1, 0.02),
        Lane(None, "south", 3, 4.0, 0.01),
        Lane("south", "north", 1, 0.5, 0.06),
    ),
    markets=(Market("north", 9.0, 1.0), Market("south", 8.0, 0.5, waits=False), Market("depot", 5.0, 0.2)),
)
# Without the depot's market and the lane out of a shop: nothing is sold on the way.
TREE = replace(TANGLED, lanes=TANGLED.lanes[:5], markets=TANGLED.markets[:2])


def empty(network: SupplyNetwork) -> NetworkState:
    return NetworkState(np.zeros(len(network.sites)), np.zeros((len(network.lanes), 4)), np.zeros(len(network.markets)))


def plainly(
    network: SupplyNetwork, state: NetworkState, plan: FloatArray, demand: FloatArray, goodwill: Goodwill
) -> float:
    """The profit of fixed orders, by the order of events that `planning.rolling.network` tells."""
    stock = {site.name: float(units) for site, units in zip(network.sites, state.on_hand, strict=True)}
    missing = list(state.unfilled)
    shipped = np.zeros_like(plan)
    level, profit = goodwill.level, 0.0
    way = state.arriving.copy()
    for now in range(len(plan)):
        room = {site.name: site.capacity for site in network.sites}
        arrivals = dict.fromkeys(stock, 0.0)
        for index, lane in enumerate(network.lanes):
            units = plan[now, index]
            if lane.source is not None:
                rate = network.sites[network.position[lane.source]].yield_rate
                units = min(units, room[lane.source], rate * stock[lane.source])
                stock[lane.source] -= units / rate
                room[lane.source] -= units
            shipped[now, index] = units
            profit -= lane.unit_cost * units
        for index, lane in enumerate(network.lanes):
            due = way[index, now] if now < way.shape[1] else 0.0
            arrivals[lane.target] += due + (shipped[now - lane.lead_periods, index] if now >= lane.lead_periods else 0)
        for name, units in arrivals.items():
            stock[name] += units
        level = goodwill.after(level, served=sum(missing) <= 1e-9)
        for index, market in enumerate(network.markets):
            wanted = demand[now, index] * level + (missing[index] if market.waits else 0.0)
            sold = min(wanted, stock[market.site])
            stock[market.site] -= sold
            missing[index] = wanted - sold
            profit += market.price * sold - market.shortage_cost * missing[index]
        profit -= sum(site.holding_cost * stock[site.name] for site in network.sites)
        for index, lane in enumerate(network.lanes):
            begun = shipped[max(now - lane.lead_periods + 1, 0) : now + 1, index].sum() if lane.lead_periods else 0.0
            profit -= lane.transit_cost * (begun + way[index, now + 1 :].sum())
    return profit
