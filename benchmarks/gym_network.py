"""gym-invmgmt's environment as our network: the one place that knows both, and all that a policy may see of it.

`look` reads a running environment the way an operator would: stock, what is on the way, what is missing, past demand.
It never reads the demand engine. `told` is the only function that does, for the informed mode.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from planning.arrays import FloatArray
from planning.rolling.network import Lane, Market, Site, SupplyNetwork
from planning.rolling.outlook import INDIFFERENT, Goodwill, NetworkState


@dataclass(frozen=True)
class Seen:
    """What is known before the orders of a period: (periods so far, markets) demand, and the network's state."""

    history: FloatArray
    state: NetworkState


@dataclass(frozen=True)
class Told:
    """The true demand process from now on: (periods left,) means at today's goodwill, noise as a share of Poisson's.

    `goodwill` holds the rule by which shortages change demand, or `INDIFFERENT` where it is not told.
    """

    means: FloatArray
    noise: float
    goodwill: Goodwill


def translate(env: Any) -> SupplyNetwork:
    """The environment's graph. Transfer prices inside the network cancel out; a factory's cost falls on its lanes."""
    graph, topology = env.graph, env.network
    inside = {int(node) for node in topology.main_nodes}
    lanes = [_lane(graph, edge, edge[0] in inside) for edge in topology.reorder_links]
    markets = [
        Market(str(site), float(graph.edges[site, market]["p"]), float(graph.edges[site, market]["b"]), env.backlog)
        for site, market in topology.retail_links
    ]
    return SupplyNetwork(tuple(_site(graph, node) for node in sorted(inside)), tuple(lanes), tuple(markets))


def look(env: Any, network: SupplyNetwork) -> Seen:
    """What can be seen now; nothing of the future and nothing of how demand is made."""
    now = int(env.period)
    on_hand = np.array([env.X[now, env.network.node_map[int(site.name)]] for site in network.sites])
    arriving = np.zeros((len(network.lanes), max(int(network.lead.max()), 1)))
    for lane, lead in enumerate(network.lead):
        for ahead in range(int(lead)):
            placed = now - int(lead) + ahead
            if placed >= 0:
                arriving[lane, ahead] = env.R[placed, lane]
    unfilled = env.U[now - 1].copy() if now else np.zeros(len(network.markets))
    return Seen(history=env.D[:now].copy(), state=NetworkState(on_hand.clip(min=0.0), arriving, unfilled.clip(min=0.0)))


def told(env: Any, *, with_goodwill: bool) -> Told:
    """What the demand engine says of the future, as the published informed policies ask it; goodwill's rule if wanted.

    The means are those of `get_current_mu`: later periods at today's goodwill.
    """
    engine, now = env.demand_engine, int(env.period)
    means = np.array([engine.get_current_mu(period) for period in range(now, env.num_periods)])
    goodwill = INDIFFERENT
    if with_goodwill and engine.use_goodwill:
        # The engine leaves goodwill alone before its first period; ours changes it before each.
        first = engine.gw_growth if now == 0 else 1.0
        level = float(engine.sentiment)
        goodwill = Goodwill(level / first, engine.gw_growth, engine.gw_decay, engine.gw_floor, engine.gw_cap)
        means = means / level
    return Told(means=means, noise=float(engine.noise_scale), goodwill=goodwill)


def _site(graph: Any, node: int) -> Site:
    facts = graph.nodes[node]
    return Site(str(node), float(facts["h"]), float(facts.get("C", math.inf)), float(facts.get("v", 1.0)))


def _lane(graph: Any, edge: tuple[int, int], inside: bool) -> Lane:
    facts, source = graph.edges[edge], graph.nodes[edge[0]]
    made = float(source["o"]) / float(source["v"]) if inside and "C" in source else 0.0
    cost = made if inside else float(facts["p"])
    return Lane(str(edge[0]) if inside else None, str(edge[1]), int(facts["L"]), cost, float(facts["g"]))
