"""Guaranteed-service placement on any acyclic network, by integers (OR-Tools CP-SAT), with a bound.

Service times are whole periods; each stage's cost is looked up by its net replenishment time. Exact to a rounding of
money when the search ends, else the best found with the bound reached. Money is rounded down, so that the bound is one.
"""

from __future__ import annotations

import numpy as np

from planning.arrays import number
from planning.echelons.network import EchelonNetwork
from planning.errors import Infeasible

# The dearest network's cost in whole numbers; money is rounded to a part in this many.
WHOLE = 10**9


def solve_general(network: EchelonNetwork, *, seconds: float) -> tuple[dict[str, int], float]:
    """Quoted service times by stage, and a lower bound on the cost."""
    from ortools.sat.python import cp_model

    number("seconds", seconds, at_least=0.1)
    longest = network.longest_days
    dearest = sum(_costs(network, name, longest[name])[-1] for name in network.order)
    scale = WHOLE / max(dearest, 1e-12)
    model = cp_model.CpModel()
    quoted, spent = {}, []
    for name in network.order:
        own, most = network.by_name[name], longest[name]
        limit = most if own.service_days is None else min(own.service_days, most)
        quoted[name] = model.new_int_var(0, limit, f"quoted {name}")
        inbound = model.new_int_var(own.inbound_days, most - own.processing_days, f"inbound {name}")
        for link in network.suppliers[name]:
            model.add(inbound >= quoted[link.source])
        net = model.new_int_var(0, most, f"net {name}")
        model.add(net == inbound + own.processing_days - quoted[name])
        table = [int(float(cost) * scale) for cost in _costs(network, name, most)]
        spent.append(model.new_int_var(0, table[-1], f"cost {name}"))
        model.add_element(net, table, spent[-1])
    model.minimize(sum(spent))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        # To hold all stock at every stage keeps any promise, so it is never the promises that fail.
        raise Infeasible("seconds", f"of {seconds:g} end before any placement is found", remedy="Allow more time.")
    return {name: int(solver.value(variable)) for name, variable in quoted.items()}, solver.best_objective_bound / scale


def _costs(network: EchelonNetwork, name: str, longest: int) -> np.ndarray:
    """Cost by net replenishment time."""
    own = network.by_name[name]
    return own.holding_cost * own.safety_factor * network.demand[name][1] * np.sqrt(np.arange(longest + 1))
