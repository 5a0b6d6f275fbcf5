"""The state of a network on one day in many replications, and the only ways in which goods come, go and perish.

Goods are on hand or on the way; every change goes through a method here, so that none is made or lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, IntArray, matrix, vector
from planning.errors import InvalidField
from planning.simulation.lots import after_a_night, aged, take
from planning.simulation.network import Network


@dataclass(frozen=True)
class Start:
    """The first morning: `on_hand` (series,) units, `receipts` (series, days) already on the way by day of arrival.

    `lots` (perishable series, life) splits the stock of those series by remaining days; None: all of it is fresh.
    """

    on_hand: FloatArray
    receipts: FloatArray
    lots: FloatArray | None = None

    def check(self, network: Network) -> None:
        """Raises `InvalidField` where it does not fit the network."""
        vector("on_hand", self.on_hand, length=network.series, at_least=0.0)
        if matrix("receipts", self.receipts, at_least=0.0).shape[0] != network.series:
            raise InvalidField("receipts", f"must have a row for each of {network.series} series")
        if self.lots is None:
            return
        longest = int(network.shelf_life_days.max(initial=0))
        lots = matrix("lots", self.lots, shape=(network.perishable.size, longest), at_least=0.0)
        if not np.allclose(lots.sum(axis=1), self.on_hand[network.perishable], rtol=1e-9, atol=1e-9):
            raise InvalidField("lots", "do not add up to the stock on hand")


class State:
    """Units by replication and series; `today` is advanced by the engine."""

    def __init__(self, network: Network, start: Start, replications: int, longest: int) -> None:
        """`longest` is the most days that anything can be on the way."""
        self.network = network
        self.today = 0
        self.ring = longest + 1
        shape = replications, network.series
        self.on_hand = np.broadcast_to(start.on_hand, shape).astype(np.float64)
        self.backlog = np.zeros(shape)
        self.owed = np.zeros(shape)
        self.coming = np.zeros((self.ring, *shape))
        self.on_the_way = np.zeros(shape)
        self.perishable = network.perishable
        self.life = int(network.shelf_life_days.max(initial=0))
        self.lots = np.zeros((replications, self.perishable.size, self.life))
        self.coming_lots = np.zeros((self.ring, *self.lots.shape))
        self._place_lots(start)
        for day in range(start.receipts.shape[1]):
            self._expect_fresh(np.broadcast_to(start.receipts[:, day], shape), np.full(shape, day, dtype=np.int64))

    @property
    def total(self) -> FloatArray:
        """(replications,) units on hand and on the way."""
        return (self.on_hand + self.on_the_way).sum(axis=1)

    def position(self, owed_to_others: FloatArray) -> FloatArray:
        """On hand plus ordered less what customers and other sites wait for."""
        return self.on_hand + self.on_the_way + self.owed - self.backlog - owed_to_others

    def receive(self, share: FloatArray) -> FloatArray:
        """Let in `share` (replications, series) of what is due today, the rest tomorrow; what came in."""
        slot = self.today % self.ring
        came = self.coming[slot] * share
        self._defer(slot, share)
        self.on_hand += came
        self.on_the_way -= came
        return came

    def due(self) -> FloatArray:
        """Units that arrive today."""
        return self.coming[self.today % self.ring]

    def _defer(self, slot: int, share: FloatArray) -> None:
        following = (slot + 1) % self.ring
        self.coming[following] += self.coming[slot] * (1.0 - share)
        self.coming[slot] = 0.0
        if self.perishable.size:
            part = share[:, self.perishable, None]
            self.lots += self.coming_lots[slot] * part
            self.coming_lots[following] += self.coming_lots[slot] * (1.0 - part)
            self.coming_lots[slot] = 0.0

    def leave(self, units: FloatArray) -> FloatArray:
        """Take `units` (replications, series), at most what is on hand; the lots taken, of perishable series."""
        self.on_hand -= units
        taken = take(self.lots, units[:, self.perishable])
        self.lots -= taken
        return taken

    def send_fresh(self, units: FloatArray, days: IntArray) -> None:
        """Suppliers ship `units` that arrive in `days` (replications, series)."""
        self._expect_fresh(units, days)

    def send_between(self, units: FloatArray, days: IntArray, lots: FloatArray) -> FloatArray:
        """Units already taken elsewhere, with their lots by receiving series; what will have expired on arrival."""
        alive = units
        if self.perishable.size:
            places, kept = aged(lots, days[:, self.perishable])
            arriving = np.zeros(lots.shape[:2])
            np.add.at(arriving, places[:2], kept)
            alive = units.copy()
            alive[:, self.perishable] = arriving
            slots = (self.today + days[:, self.perishable])[places[:2]] % self.ring
            np.add.at(self.coming_lots, (slots, *places), kept)
        self._expect(alive, days)
        return units - alive

    def send_sideways(
        self, row: int, origins: IntArray, destinations: IntArray, units: FloatArray, days: IntArray
    ) -> FloatArray:
        """(moves,) units of one replication that will have expired on arrival; `units` are there, in sum by origin."""
        gone = np.zeros(units.size)
        for move in np.flatnonzero((self.network.shelf_life_days[origins] > 0) & (units > 0.0)):
            origin, destination = np.searchsorted(self.perishable, [origins[move], destinations[move]])
            taken = take(self.lots[None, None, row, origin], units[None, None, move])[0, 0]
            self.lots[row, origin] -= taken
            alive = taken[days[move] :]
            self.coming_lots[(self.today + days[move]) % self.ring, row, destination, : alive.size] += alive
            gone[move] = units[move] - alive.sum()
        np.subtract.at(self.on_hand[row], origins, units)
        np.maximum(self.on_hand[row], 0.0, out=self.on_hand[row])
        np.add.at(self.coming[:, row], ((self.today + days) % self.ring, destinations), units - gone)
        np.add.at(self.on_the_way[row], destinations, units - gone)
        return gone

    def expire(self) -> FloatArray:
        """(replications, perishable) units whose last day it was; the others get a day older."""
        gone = self.lots[..., 0].copy() if self.life else np.zeros(self.lots.shape[:2])
        if self.perishable.size:
            self.lots = after_a_night(self.lots)
            self.on_hand[:, self.perishable] = self.lots.sum(axis=2)
        return gone

    def _place_lots(self, start: Start) -> None:
        if not self.perishable.size:
            return
        if start.lots is not None:
            self.lots[:] = start.lots
        else:
            places = np.arange(self.perishable.size)
            self.lots[:, places, self._newest()] = start.on_hand[self.perishable]

    def _newest(self) -> IntArray:
        return self.network.shelf_life_days[self.perishable] - 1

    def _expect_fresh(self, units: FloatArray, days: IntArray) -> None:
        if self.perishable.size:
            ours, when = units[:, self.perishable], days[:, self.perishable]
            rows, places = np.nonzero(ours)
            slots = (self.today + when[rows, places]) % self.ring
            np.add.at(self.coming_lots, (slots, rows, places, self._newest()[places]), ours[rows, places])
        self._expect(units, days)

    def _expect(self, units: FloatArray, days: IntArray) -> None:
        rows, places = np.nonzero(units)
        slots = (self.today + days[rows, places]) % self.ring
        self.coming[slots, rows, places] += units[rows, places]
        self.on_the_way += units
