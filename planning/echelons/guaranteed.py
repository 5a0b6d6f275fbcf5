"""Guaranteed-service placement: which stages hold safety stock so that every promise is kept at least cost.

Each stage quotes a service time to those it supplies and covers demand bounded by μ·τ + z·σ·√τ over its net
replenishment time τ = inbound service time + processing − quoted service time. Exact on trees by dynamic programming
(Graves and Willems, "Optimizing strategic safety stock placement in supply chains", Manufacturing & Service Operations
Management 2 (2000) 68–83; its serial case is Simpson 1958); other acyclic networks go to `general`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray
from planning.echelons.general import solve_general
from planning.echelons.network import EchelonNetwork


@dataclass(frozen=True)
class StagePlan:
    """One stage: times in periods, stock in units, `cost` in money per period for its safety stock.

    `base_stock` covers the bounded demand over `net_days`; `safety_stock` is what of it exceeds mean demand.
    """

    stage: str
    inbound_days: int
    service_days: int
    net_days: int
    base_stock: float
    safety_stock: float
    cost: float


@dataclass(frozen=True)
class Placement:
    """`cost` is the safety stock's holding cost per period; no placement costs less than `bound`."""

    stages: tuple[StagePlan, ...]
    cost: float
    bound: float
    method: str

    def of(self, stage: str) -> StagePlan:
        """One stage's plan."""
        return next(one for one in self.stages if one.stage == stage)


def place_guaranteed(network: EchelonNetwork, *, seconds: float = 20.0) -> Placement:
    """The service times of least cost: proven on trees, with a bound elsewhere.

    `seconds` limits the search on networks that are no trees.
    """
    if network.is_forest:
        quoted = _Tree(network).solve()
        found = _placement(network, quoted, "tree programme")
        return Placement(found.stages, found.cost, found.cost, found.method)
    quoted, bound = solve_general(network, seconds=seconds)
    found = _placement(network, quoted, "integer programme")
    return Placement(found.stages, found.cost, min(bound, found.cost), found.method)


def _placement(network: EchelonNetwork, quoted: dict[str, int], method: str) -> Placement:
    plans: list[StagePlan] = []
    for own in network.stages:
        inbound = max([own.inbound_days, *(quoted[link.source] for link in network.suppliers[own.stage])])
        net = inbound + own.processing_days - quoted[own.stage]
        mean, sd = network.demand[own.stage]
        safety = own.safety_factor * sd * float(np.sqrt(net))
        cost = own.holding_cost * safety
        plans.append(StagePlan(own.stage, inbound, quoted[own.stage], net, mean * net + safety, safety, cost))
    total = sum(plan.cost for plan in plans)
    return Placement(tuple(plans), total, total, method)


class _Tree:
    """The dynamic programme: each stage is solved for every time shared with the stage it hangs from.

    `tables[k]` holds the least cost of the part of the tree below k by the time that k shares with its parent: its
    quoted time where the parent is its customer, its inbound time where the parent is its supplier. `choices[k]` holds
    the other one of the two times.
    """

    def __init__(self, network: EchelonNetwork) -> None:
        self.network = network
        self.size = max(network.longest_days.values()) + 1
        self.tables: dict[str, FloatArray] = {}
        self.choices: dict[str, np.ndarray] = {}

    def solve(self) -> dict[str, int]:
        quoted: dict[str, int] = {}
        for root in self.network.order:
            if root in quoted:
                continue
            walk = self._walk(root)
            for name, parent in reversed(walk):
                self._table(name, parent)
            self._read(walk, quoted)
        return quoted

    def _walk(self, root: str) -> list[tuple[str, str | None]]:
        """Stages with the one each hangs from, parents first."""
        found: list[tuple[str, str | None]] = [(root, None)]
        for name, parent in found:
            found += [(other, name) for other in self._neighbours(name) if other != parent]
        return found

    def _neighbours(self, name: str) -> list[str]:
        ups = [link.source for link in self.network.suppliers[name]]
        return ups + [link.target for link in self.network.customers[name]]

    def _table(self, name: str, parent: str | None) -> None:
        costs = self._costs(name, parent)
        if parent in {link.source for link in self.network.suppliers[name]}:
            self.tables[name], self.choices[name] = costs.min(axis=0), costs.argmin(axis=0)
        else:
            self.tables[name], self.choices[name] = costs.min(axis=1), costs.argmin(axis=1)

    def _costs(self, name: str, parent: str | None) -> FloatArray:
        """(quoted, inbound) cost of this stage and all that hangs from it; infinite where that cannot be."""
        own, times = self.network.by_name[name], np.arange(self.size)
        net = times[None, :] + own.processing_days - times[:, None]
        cost = own.holding_cost * own.safety_factor * self.network.demand[name][1] * np.sqrt(np.maximum(net, 0))
        cost[(net < 0) | (times[None, :] < own.inbound_days)] = np.inf
        if own.service_days is not None:
            cost[own.service_days + 1 :, :] = np.inf
        for link in self.network.suppliers[name]:
            if link.source != parent:  # Inbound time is at least what the supplier quotes.
                cost += np.minimum.accumulate(self.tables[link.source])[None, :]
        for link in self.network.customers[name]:
            if link.target != parent:  # A customer's inbound time is at least what is quoted to it.
                cost += np.minimum.accumulate(self.tables[link.target][::-1])[::-1][:, None]
        return cost

    def _read(self, walk: list[tuple[str, str | None]], quoted: dict[str, int]) -> None:
        """Follow the choices from the root down."""
        inbound: dict[str, int] = {}
        for name, parent in walk:
            table = self.tables[name]
            if parent in {link.source for link in self.network.suppliers[name]}:
                least = quoted[parent]
                inbound[name] = least + int(table[least:].argmin())
                quoted[name] = int(self.choices[name][inbound[name]])
                continue
            most = self.size - 1 if parent is None else inbound[parent]
            quoted[name] = int(table[: most + 1].argmin())
            inbound[name] = int(self.choices[name][quoted[name]])
