"""The walk through the days of some replications. A day: goods arrive, orders, moves, shipping, customers, expiry.

Shipments leave in the morning, before the day's own customers; where stock is short all who are owed get the same
share, and so do all who want through a dock that is full. Quantities are real numbers. What is on the way
sideways or from another site keeps the age of the lots it was taken from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from planning.arrays import FloatArray, IntArray
from planning.errors import InvalidField
from planning.simulation.demand import LEAD_TIMES, Demand, stream
from planning.simulation.network import OUTSIDE, Network
from planning.simulation.policies import Mover, Moves, Policy, View
from planning.simulation.results import Figures, Run
from planning.simulation.shocks import Effects, delays_of_series
from planning.simulation.state import Start, State

# Lead times are cut here; of a gamma distribution less than one in 50,000 lies beyond, whatever its shape up to cv 1.
STANDARD_DEVIATIONS = 10.0


@dataclass(frozen=True)
class Plan:
    """What is simulated: the network, its first morning, demand, policy, moves (or None) and shocks; `days` long."""

    network: Network
    start: Start
    demand: Demand
    policy: Policy
    mover: Mover | None
    effects: Effects
    days: int


class MassLost(AssertionError):
    """Goods appeared or vanished: a defect of the simulator, never of its input."""


def walk(plan: Plan, seed: int, first: int, replications: int) -> Run:
    """Replications `first` … `first + replications − 1` of a run with this seed."""
    return _Walk(plan, seed, range(first, first + replications)).run()


class _Walk:
    def __init__(self, plan: Plan, seed: int, numbers: range) -> None:
        network = plan.network
        self.plan, self.network, self.numbers = plan, network, numbers
        self.inside = np.flatnonzero(network.source != OUTSIDE)
        self.outside = np.flatnonzero(network.source == OUTSIDE)
        receipts = _delayed(plan)
        self.state = State(
            network, Start(plan.start.on_hand, receipts, plan.start.lots), len(numbers), self._longest(receipts)
        )
        self.demand = _drawn(plan, seed, numbers) * plan.effects.demand
        self.streams = [stream(seed, number, LEAD_TIMES) for number in numbers]
        self.figures = Figures.none(len(numbers), network.series)
        self.move_costs, self.unmoved = np.zeros(len(numbers)), np.zeros(len(numbers))
        self.stock_by_day = np.zeros((network.series, plan.days))
        self.short_by_day = np.zeros((network.series, plan.days))
        self.at_site = _one_hot(network.site, len(network.sites))
        self.to_source = _one_hot(network.source[self.inside], network.series)

    def run(self) -> Run:
        for day in range(self.plan.days):
            self.state.today = day
            before = self.state.total
            supplied, gone = self._day(day)
            scale = 1e-9 * (1.0 + before + supplied)
            if (np.abs(before + supplied - gone - self.state.total) > scale).any():
                raise MassLost(f"Units appeared or vanished on day {day}.")
        return Run(self.figures, self.move_costs, self.stock_by_day, self.short_by_day, self.unmoved)

    def _day(self, day: int) -> tuple[FloatArray, FloatArray]:
        """(replications,) units that came from outside and units that left for good."""
        self._open = np.where(self.plan.effects.closed[self.network.site, day], 0.0, 1.0)
        self._let_in, self._let_out = np.zeros((2, len(self.numbers), len(self.network.sites)))
        self._receive()
        self._order(day)
        lost = self._move(day)
        leads = self._leads(day)
        supplied = self._ship_from_suppliers(leads)
        lost = lost + self._ship_between_sites(leads)
        # What takes no day comes in before the shop opens.
        self._receive()
        self._serve(day)
        sold = self._sold
        expired = self.state.expire()
        self.figures.expired[:, self.state.perishable] += expired
        self.figures.costs[:, self.state.perishable] += expired * self.network.unit_cost[self.state.perishable]
        self._count_the_night(day)
        return supplied, sold + lost + expired.sum(axis=1)

    def _receive(self) -> None:
        share = np.broadcast_to(self._open, self.state.on_hand.shape)
        if np.isfinite(self.network.inbound_units).any():
            due = (self.state.due() * share) @ self.at_site
            room = np.minimum((self.network.inbound_units - self._let_in) / np.maximum(due, 1e-12), 1.0)
            self._let_in += due * room
            share = share * room[:, self.network.site]
        came = self.state.receive(share)
        self.figures.received[:] += came
        self.figures.costs[:] += came * self.network.freight_cost

    def _order(self, day: int) -> None:
        position = self.state.position(self._owed_by_source())
        self._view = View(day, self.state.on_hand, position, self.state.backlog)
        wanted = self.plan.policy.orders(self._view)
        if wanted.shape != position.shape or not np.isfinite(wanted).all() or (wanted < 0.0).any():
            raise InvalidField("policy", "must order a number of at least 0 units for each replication and series")
        self.state.owed += wanted
        self.figures.ordered[:] += wanted
        self.figures.orders[:] += wanted > 0.0
        self.figures.costs[:] += (wanted > 0.0) * self.network.order_cost

    def _move(self, day: int) -> FloatArray:
        """Send goods sideways; (replications,) units that will have expired on arrival."""
        lost = np.zeros(len(self.numbers))
        if self.plan.mover is None:
            return lost
        for row, number in enumerate(self.numbers):
            moves = self.plan.mover.moves(_one(self._view, row), number)
            if moves is not None and moves.units.size:
                lost[row] = self._carry_out(moves, row)
        return lost

    def _carry_out(self, moves: Moves, row: int) -> float:
        """Units that will have expired on arrival; who wants more than can leave gets the same share as others."""
        self._check_moves(moves)
        wanted = np.bincount(moves.origin, moves.units, minlength=self.network.series)
        leaving = np.minimum(wanted, self.state.on_hand[row] * self._open)
        leaving = leaving * self._room_out(leaving[None, :], self._let_out[row])[0]
        self._let_out[row] += leaving @ self.at_site
        units = moves.units * (leaving / np.where(wanted > 0.0, wanted, 1.0))[moves.origin]
        self.unmoved[row] += float((moves.units - units).sum())
        self.move_costs[row] += (moves.fixed_cost if units.any() else 0.0) + moves.unit_cost * float(units.sum())
        gone = self.state.send_sideways(row, moves.origin, moves.destination, units, moves.lead_days)
        np.add.at(self.figures.moved[row], moves.origin, units)
        np.add.at(self.figures.expired[row], moves.destination, gone)
        np.add.at(self.figures.costs[row], moves.destination, gone * self.network.unit_cost[moves.destination])
        return float(gone.sum())

    def _owed_by_source(self) -> FloatArray:
        """(replications, series) units that each series owes to other sites."""
        return self.state.owed[:, self.inside] @ self.to_source

    def _check_moves(self, moves: Moves) -> None:
        ends = np.concatenate([moves.origin, moves.destination])
        if ends.min() < 0 or ends.max() >= self.network.series:
            raise InvalidField("moves", "lead to nowhere: there is no such series")
        if (self.network.item[moves.origin] != self.network.item[moves.destination]).any():
            raise InvalidField("moves", "turn one item into another")
        if moves.lead_days.max() >= self.state.ring:
            raise InvalidField("moves", "take longer than the mover said")

    def _leads(self, day: int) -> IntArray:
        """(replications, series) days on the way for what is shipped today, drawn whether anything is or not."""
        network, delay = self.network, delays_of_series(self.network, self.plan.effects, day)
        days = np.broadcast_to(np.floor(network.lead_days + 0.5), self.state.on_hand.shape).copy()
        doubtful = np.flatnonzero((network.lead_sd_days > 0.0) & (network.lead_days > 0.0))
        if doubtful.size:
            mean, variance = network.lead_days[doubtful], network.lead_sd_days[doubtful] ** 2
            drawn = np.stack([one.standard_gamma(mean**2 / variance) for one in self.streams]) * (variance / mean)
            days[:, doubtful] = np.floor(drawn + 0.5)
        return np.minimum(days.astype(np.int64) + delay, self.state.ring - 1)

    def _ship_from_suppliers(self, leads: IntArray) -> FloatArray:
        units = np.zeros_like(self.state.owed)
        units[:, self.outside] = self.state.owed[:, self.outside]
        if np.isfinite(self.network.supplier_units).any():
            total = units[:, self.outside] @ _one_hot(self.network.supplier[self.outside], len(self.network.suppliers))
            share = np.minimum(self.network.supplier_units / np.maximum(total, 1e-12), 1.0)
            units[:, self.outside] *= share[:, self.network.supplier[self.outside]]
        self.state.owed -= units
        self.state.send_fresh(units, leads)
        return units.sum(axis=1)

    def _room_out(self, wants: FloatArray, let_out: FloatArray) -> FloatArray:
        """(1 or replications, series) share of `wants` that the docks let out, where `let_out` by site has left."""
        if not np.isfinite(self.network.outbound_units).any():
            return np.ones((1, self.network.series))
        left = np.maximum(self.network.outbound_units - let_out, 0.0)
        room = np.minimum(left / np.maximum(wants @ self.at_site, 1e-12), 1.0)
        return room[:, self.network.site]

    def _ship_between_sites(self, leads: IntArray) -> FloatArray:
        """Each site sends what it owes to others as far as it has it; (replications,) units lost on the way.

        Of a full dock it leaves today's customers their share; what they will want is known by then.
        """
        lost = np.zeros(len(self.numbers))
        if not self.inside.size or not self.state.owed[:, self.inside].any():
            return lost
        sources = self.network.source[self.inside]
        owed = self._owed_by_source()
        there = self.state.on_hand * self._open
        leaving = np.minimum(owed, there)
        wants = np.minimum(leaving + self.state.backlog + self.demand[:, :, self.state.today], there)
        leaving = leaving * self._room_out(wants, self._let_out)
        self._let_out += leaving @ self.at_site
        share = leaving / np.where(owed > 0.0, owed, 1.0)
        arriving = np.zeros_like(owed)
        arriving[:, self.inside] = self.state.owed[:, self.inside] * share[:, sources]
        taken = self.state.leave(leaving)
        gone = self.state.send_between(arriving, leads, self._lots_by_receiver(taken, leaving, arriving))
        self.state.owed -= arriving
        self.figures.expired[:] += gone
        self.figures.costs[:] += gone * self.network.unit_cost
        return gone.sum(axis=1)

    def _lots_by_receiver(self, taken: FloatArray, leaving: FloatArray, arriving: FloatArray) -> FloatArray:
        """(replications, perishable, life) the lots taken at each source, split over those it sends to."""
        lots, perishable = np.zeros_like(taken), self.state.perishable
        fed = np.flatnonzero(self.network.source[perishable] != OUTSIDE)
        if not fed.size:
            return lots
        receivers = perishable[fed]
        sources = self.network.source[receivers]
        part = arriving[:, receivers] / np.where(leaving[:, sources] > 0.0, leaving[:, sources], 1.0)
        lots[:, fed] = taken[:, np.searchsorted(perishable, sources)] * part[..., None]
        return lots

    def _serve(self, day: int) -> None:
        """Customers: those who wait first, then today's; who does not wait and finds nothing is lost."""
        network, figures, state = self.network, self.figures, self.state
        demand = self.demand[:, :, day]
        sold = np.minimum(state.on_hand * self._open, state.backlog + demand)
        sold = sold * self._room_out(sold, self._let_out)
        short = np.minimum(state.backlog + demand - sold, demand)
        margin = network.unit_margin + self.plan.effects.margin[:, day]
        state.leave(sold)
        state.backlog = np.where(network.waits, state.backlog + demand - sold, 0.0)
        figures.demand[:] += demand
        figures.sold[:] += sold
        figures.short[:] += short
        figures.short_days[:] += short > 1e-9
        figures.earned[:] += sold * margin
        figures.lost[:] += np.where(network.waits, 0.0, short * margin)
        self.short_by_day[:, day] = (short > 1e-9).mean(axis=0)
        self._sold = sold.sum(axis=1)

    def _count_the_night(self, day: int) -> None:
        state, figures = self.state, self.figures
        figures.stock[:] += state.on_hand
        figures.waiting[:] += state.backlog
        waiting_cost = np.where(self.network.waits, self.network.backorder_cost, 0.0)
        figures.costs[:] += state.on_hand * self.network.holding_cost + state.backlog * waiting_cost
        self.stock_by_day[:, day] = state.on_hand.mean(axis=0)

    def _longest(self, receipts: FloatArray) -> int:
        network = self.network
        lead = network.lead_days + STANDARD_DEVIATIONS * network.lead_sd_days
        moved = _longest_move(self.plan)
        usual = int(np.ceil(lead.max())) + int(self.plan.effects.delay.max(initial=0))
        return max(usual, receipts.shape[1], moved) + 1


def _drawn(plan: Plan, seed: int, numbers: range) -> FloatArray:
    """(replications, series, days) units; whoever draws them, they fit the network."""
    drawn = np.stack([plan.demand.draw(seed, number)[:, : plan.days] for number in numbers])
    if drawn.shape[1:] != (plan.network.series, plan.days):
        raise InvalidField("demand", f"must be drawn for {plan.network.series} series and {plan.days} days")
    if not np.isfinite(drawn).all() or drawn.min() < 0.0:
        raise InvalidField("demand", "must be numbers of at least 0 units")
    return drawn


def _one_hot(places: IntArray, count: int) -> csr_array:
    """(places, count) sparse: sums by place as a product."""
    return csr_array((np.ones(places.size), (np.arange(places.size), places)), shape=(places.size, count))


def _one(view: View, row: int) -> View:
    return View(view.day, view.on_hand[row : row + 1], view.position[row : row + 1], view.backlog[row : row + 1])


def _longest_move(plan: Plan) -> int:
    return 0 if plan.mover is None else plan.mover.longest


def _delayed(plan: Plan) -> FloatArray:
    """(series, days) the receipts on the way, those of late suppliers later."""
    receipts = plan.start.receipts
    moved = np.zeros((receipts.shape[0], receipts.shape[1] + int(plan.effects.delay.max(initial=0))))
    rows = np.arange(receipts.shape[0])
    for day in range(receipts.shape[1]):
        inside = day < plan.effects.delay.shape[1]
        later = delays_of_series(plan.network, plan.effects, day) if inside else np.zeros(rows.size, dtype=np.int64)
        moved[rows, day + later] += receipts[:, day]
    return moved
