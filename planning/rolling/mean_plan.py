"""The best plan if demand came as expected: a linear program over the whole horizon.

Exact for the demand it is given, end of the horizon included: nothing is ordered that cannot be sold any more. It knows
no uncertainty; `improve` starts from it. Where a site sells and also supplies others it may hold goods back from its
market, which a real site would not: there its profit is an upper bound. Solved by GLOP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from planning.arrays import FloatArray
from planning.errors import Infeasible
from planning.rolling.network import SupplyNetwork
from planning.rolling.outlook import NetworkState


@dataclass(frozen=True)
class MeanPlan:
    """The optimum for one demand.

    Attributes:
        orders: (periods, lanes) units.
        unfilled: (periods, markets) units missing at the end of each period.
        profit: money over the horizon, transit of what was ordered before included.
    """

    orders: FloatArray
    unfilled: FloatArray
    profit: float


@dataclass
class _Rows:
    """Constraints as they are written down: triplets and bounds."""

    row: list[int] = field(default_factory=list[int])
    column: list[int] = field(default_factory=list[int])
    value: list[float] = field(default_factory=list[float])
    low: list[float] = field(default_factory=list[float])
    high: list[float] = field(default_factory=list[float])

    def add(self, terms: list[tuple[int, float]], low: float, high: float) -> None:
        for column, value in terms:
            self.row.append(len(self.low))
            self.column.append(column)
            self.value.append(value)
        self.low.append(low)
        self.high.append(high)


class _Program:
    """Variables, period by period: orders by lane, then stock by site, sales and units missing by market."""

    def __init__(self, network: SupplyNetwork, state: NetworkState, demand: FloatArray) -> None:
        self.network, self.state, self.demand = network, state, demand
        self.periods = demand.shape[0]
        self.inflow = state.inflow(network, self.periods)
        self.stock_from = len(network.lanes)
        self.sold_from = self.stock_from + len(network.sites)
        self.missing_from = self.sold_from + len(network.markets)
        self.width = self.missing_from + len(network.markets)
        self.rows = _Rows()
        sites = range(len(network.sites))
        self.lanes_in = [np.flatnonzero(network.target == site).tolist() for site in sites]
        self.lanes_out = [np.flatnonzero(network.source == site).tolist() for site in sites]
        self.sellers = [np.flatnonzero(network.market_site == site).tolist() for site in sites]
        self.leads: list[int] = network.lead.tolist()

    def objective(self) -> FloatArray:
        network, worth = self.network, np.zeros((self.periods, self.width))
        worth[:, : self.stock_from] = -order_costs(network, self.periods)
        worth[:, self.stock_from : self.sold_from] = [-site.holding_cost for site in network.sites]
        worth[:, self.sold_from : self.missing_from] = [market.price for market in network.markets]
        worth[:, self.missing_from :] = [-market.shortage_cost for market in network.markets]
        return worth.ravel()

    def constrain(self) -> None:
        for period in range(self.periods):
            for site in range(len(self.network.sites)):
                self._balance(period, site)
                self._limit(period, site)
            for market in range(len(self.network.markets)):
                self._sell(period, market)

    def _balance(self, period: int, site: int) -> None:
        """Stock at the end = stock before + arrivals − what left."""
        base = period * self.width
        terms = [(base + self.stock_from + site, 1.0), *self._stock_before(period, site)]
        for lane in self.lanes_in[site]:
            ordered = period - self.leads[lane]
            if ordered >= 0:
                terms.append((ordered * self.width + lane, -1.0))
        terms += self._leaving(period, site)
        terms += [(base + self.sold_from + market, 1.0) for market in self.sellers[site]]
        known = self.inflow[period, site] + (self.state.on_hand[site] if period == 0 else 0.0)
        self.rows.add(terms, known, known)

    def _limit(self, period: int, site: int) -> None:
        """What leaves on lanes was there when the period began, and is not more than the capacity."""
        leaving = self._leaving(period, site)
        if not leaving:
            return
        known = self.state.on_hand[site] if period == 0 else 0.0
        self.rows.add([*leaving, *self._stock_before(period, site)], -np.inf, known)
        if np.isfinite(self.network.sites[site].capacity):
            self.rows.add([(column, 1.0) for column, _ in leaving], -np.inf, self.network.sites[site].capacity)

    def _sell(self, period: int, market: int) -> None:
        """Sold + missing = demanded + missing before, where customers wait."""
        base = period * self.width
        terms = [(base + self.sold_from + market, 1.0), (base + self.missing_from + market, 1.0)]
        known = float(self.demand[period, market])
        if self.network.waits[market]:
            if period:
                terms.append((base - self.width + self.missing_from + market, -1.0))
            else:
                known += float(self.state.unfilled[market])
        self.rows.add(terms, known, known)

    def _stock_before(self, period: int, site: int) -> list[tuple[int, float]]:
        return [((period - 1) * self.width + self.stock_from + site, -1.0)] if period else []

    def _leaving(self, period: int, site: int) -> list[tuple[int, float]]:
        used = 1.0 / self.network.sites[site].yield_rate
        return [(period * self.width + lane, used) for lane in self.lanes_out[site]]

    def solve(self) -> FloatArray:
        """(periods, width) the values of all variables."""
        from ortools.linear_solver.python import model_builder_helper  # a second of import, for those who optimise
        from scipy.sparse import csr_matrix

        self.constrain()
        rows, size = self.rows, self.periods * self.width
        matrix = csr_matrix((rows.value, (rows.row, rows.column)), shape=(len(rows.low), size))
        model = model_builder_helper.ModelBuilderHelper()
        # OR-Tools' stub puts the element type where the shape belongs; the arrays are what it asks for.
        bounds: list[Any] = [np.zeros(size), np.full(size, np.inf), np.array(rows.low), np.array(rows.high)]
        objective: Any = self.objective()
        model.fill_model_from_sparse_data(bounds[0], bounds[1], objective, bounds[2], bounds[3], matrix)
        model.set_maximize(True)
        solver = model_builder_helper.ModelSolverHelper("GLOP")
        solver.solve(model)
        if not solver.has_solution():
            raise Infeasible("demand", f"leaves no plan ({solver.status_string()})")
        return np.asarray(solver.variable_values()).reshape(self.periods, self.width)


def order_costs(network: SupplyNetwork, periods: int) -> FloatArray:
    """(periods, lanes) money per unit ordered then: its cost, and its transit until it arrives or the horizon ends."""
    left = periods - np.arange(periods)[:, None]
    unit = np.array([lane.unit_cost for lane in network.lanes])
    transit = np.array([lane.transit_cost for lane in network.lanes])
    return unit + transit * np.minimum(network.lead[None, :], left)


def committed_cost(network: SupplyNetwork, state: NetworkState, periods: int) -> float:
    """Money for the transit of what is on its way already."""
    transit = np.array([lane.transit_cost for lane in network.lanes])
    charged = np.minimum(np.arange(state.arriving.shape[1]), periods)
    return float(transit @ (state.arriving @ charged))


def plan_for(network: SupplyNetwork, state: NetworkState, demand: FloatArray) -> MeanPlan:
    """The optimum if `demand` (periods, markets) comes exactly so.

    Raises:
        Infeasible: the solver found no plan; with checked input that is a numerical failure.
    """
    program = _Program(network, state, demand)
    values = program.solve()
    profit = float(program.objective() @ values.ravel()) - committed_cost(network, state, demand.shape[0])
    orders = np.maximum(values[:, : program.stock_from], 0.0)
    return MeanPlan(orders=orders, unfilled=np.maximum(values[:, program.missing_from :], 0.0), profit=profit)
