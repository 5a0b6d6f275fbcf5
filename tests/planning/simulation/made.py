"""Small networks for the tests of the simulator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from planning.simulation.network import OUTSIDE, Network
from planning.simulation.state import Start


def network(sites: int = 2, items: int = 1, **changes: Any) -> Network:
    """`items` × `sites`; the first site buys from supplier S and feeds the others. Costs and life are easy numbers."""
    series = items * sites
    item, site = np.repeat(np.arange(items), sites), np.tile(np.arange(sites), items)
    made = Network(
        items=tuple(f"I{number}" for number in range(items)),
        sites=tuple(f"W{number}" for number in range(sites)),
        suppliers=("S",),
        item=item,
        site=site,
        source=np.where(site == 0, OUTSIDE, item * sites),
        supplier=np.where(site == 0, 0, OUTSIDE),
        lead_days=np.where(site == 0, 3.0, 1.0),
        lead_sd_days=np.zeros(series),
        unit_cost=np.full(series, 2.0),
        unit_margin=np.full(series, 3.0),
        holding_cost=np.full(series, 0.01),
        order_cost=np.full(series, 1.0),
        freight_cost=np.full(series, 0.1),
        backorder_cost=np.full(series, np.inf),
        shelf_life_days=np.zeros(series, dtype=np.int64),
        inbound_units=np.full(sites, np.inf),
        outbound_units=np.full(sites, np.inf),
        supplier_units=np.array([np.inf]),
    )
    return replace(made, **changes)


def start(on_hand: list[float] | np.ndarray[Any, Any], receipts: Any = None) -> Start:
    held = np.asarray(on_hand, dtype=np.float64)
    return Start(held, np.zeros((held.size, 1)) if receipts is None else np.asarray(receipts, dtype=np.float64))
