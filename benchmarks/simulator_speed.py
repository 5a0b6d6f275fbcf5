"""How fast the simulator walks: a made-up year of 300 items at 10 sites, one replication."""

from __future__ import annotations

import time

import numpy as np

from planning.simulation.demand import Counted
from planning.simulation.network import OUTSIDE, Network
from planning.simulation.policies import OrderUpTo
from planning.simulation.run import simulate
from planning.simulation.state import Start

ITEMS, SITES, DAYS, LEAD_DAYS = 300, 10, 365, 3.0


def site_item_days_per_second(quick: bool) -> float:
    """Series × days over CPU seconds; a month when `quick`."""
    days = 30 if quick else DAYS
    network = _network()
    mean = np.random.default_rng(11).gamma(1.0, 2.0, network.series) + 0.05
    demand = Counted(np.repeat(mean[:, None], days, axis=1), np.full(network.series, 1.5))
    level = (LEAD_DAYS + 2.0) * mean + 3.0 * np.sqrt((LEAD_DAYS + 2.0) * mean)
    # The first site of each item supplies the others.
    level = np.where(network.source == OUTSIDE, level * SITES, level)
    start = Start(level.copy(), np.zeros((network.series, 1)))
    began = time.process_time()
    simulate(network, start, demand, OrderUpTo(level, level), days=days, replications=1, seed=1)
    return network.series * days / (time.process_time() - began)


def _network() -> Network:
    series = ITEMS * SITES
    item, site = np.repeat(np.arange(ITEMS), SITES), np.tile(np.arange(SITES), ITEMS)
    return Network(
        items=tuple(f"I{number}" for number in range(ITEMS)),
        sites=tuple(f"W{number}" for number in range(SITES)),
        suppliers=("S",),
        item=item,
        site=site,
        source=np.where(site == 0, OUTSIDE, item * SITES),
        supplier=np.where(site == 0, 0, OUTSIDE),
        lead_days=np.where(site == 0, LEAD_DAYS, 1.0),
        lead_sd_days=np.where(site == 0, 1.0, 0.0),
        unit_cost=np.full(series, 2.0),
        unit_margin=np.full(series, 3.0),
        holding_cost=np.full(series, 0.01),
        order_cost=np.full(series, 1.0),
        freight_cost=np.full(series, 0.1),
        backorder_cost=np.full(series, np.inf),
        shelf_life_days=np.zeros(series, dtype=np.int64),
        inbound_units=np.full(SITES, np.inf),
        outbound_units=np.full(SITES, np.inf),
        supplier_units=np.array([np.inf]),
    )
