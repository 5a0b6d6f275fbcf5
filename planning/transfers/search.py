"""Which lanes run: a search over sets of open lanes, every item re-solved exactly as a flow on the lanes it may use.

Deterministic: the effort is counted in flows solved, never in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.transfers.bound import Network
from planning.transfers.local import improve, without_double_roles

Progress = Callable[[str, int, int], None]
GAIN = 1e-9


class Search:
    """A plan under improvement; `plan[i]` are the lots of item i per option, `worth[i]` their exact money.

    `scarcity` (lanes,) prices space on lanes that are asked to carry too much; `effort` limits the flows solved by
    trying to open lanes.
    """

    def __init__(self, network: Network, scarcity: FloatArray, opened: BoolArray, effort: int) -> None:
        self.network = network
        self.scarcity = scarcity
        self.opened = opened
        self.effort = effort
        self.known: dict[tuple[int, bytes], tuple[IntArray, float]] = {}
        solved = [self._item(number, opened) for number in range(len(network.items))]
        self.plan = [lots for lots, _ in solved]
        self.worth = [worth for _, worth in solved]

    def run(self, progress: Progress) -> None:
        """Close lanes, open and exchange lanes while the effort lasts, then perfect single lots within capacities."""
        self._close_lanes(progress)
        while self.effort > 0 and self._open_lanes(progress):
            self._close_lanes(progress)
        self._fit()
        self._improve()
        self._drop_lanes_that_do_not_pay()

    @property
    def value(self) -> float:
        """Exact expected money of the plan, fixed costs included."""
        return sum(self.worth) - float(self.network.fixed[self._used()].sum())

    def _used(self) -> BoolArray:
        return self.network.space(self.plan) > 0.0

    def _close_lanes(self, progress: Progress) -> None:
        """Close one lane at a time, those that carry least for their cost first, as long as money is gained."""
        self.opened &= self._used()
        gained = True
        while gained:
            gained = False
            order = self._by_earning()
            for done, lane in enumerate(order):
                progress("closing lanes", done, len(order))
                gained |= self._try(closed=[lane])

    def _open_lanes(self, progress: Progress) -> bool:
        """Try every closed lane, alone or in exchange for one that shares an end with it."""
        gained = False
        closed = [int(lane) for lane in np.flatnonzero(~self.opened & (self.network.usable > 0.0))]
        for done, lane in enumerate(closed):
            progress("opening lanes", done, len(closed))
            if self.effort <= 0:
                return False
            rivals = [int(other) for other in np.flatnonzero(self._used() & self.network.related[lane])]
            gained |= self._try(opened=[lane]) or any(self._try(opened=[lane], closed=[other]) for other in rivals)
        return gained

    def _by_earning(self) -> list[int]:
        earned = -self.network.fixed
        for item, lots, worth in zip(self.network.items, self.plan, self.worth, strict=True):
            for number in np.flatnonzero(lots):
                without = lots.copy()
                without[number] = 0
                earned[item.options[number].lane] += worth - item.exact(without)
        return sorted((int(lane) for lane in np.flatnonzero(self._used())), key=lambda lane: earned[lane])

    def _try(self, *, opened: Sequence[int] = (), closed: Sequence[int] = ()) -> bool:
        """Switch lanes and keep the change if it gains money."""
        trial = self.opened.copy()
        trial[list(opened)], trial[list(closed)] = True, False
        changed = {number: self._item(number, trial) for number in self._touched(opened, closed)}
        plan = list(self.plan)
        for number, (lots, _) in changed.items():
            plan[number] = lots
        gain = sum(worth - self.worth[number] for number, (_, worth) in changed.items())
        if gain - self._priced(plan) + self._priced(self.plan) <= GAIN:
            return False
        self.opened, self.plan = trial, plan
        for number, (_, worth) in changed.items():
            self.worth[number] = worth
        return True

    def _touched(self, opened: Sequence[int], closed: Sequence[int]) -> list[int]:
        return [
            number
            for number, (item, lots) in enumerate(zip(self.network.items, self.plan, strict=True))
            if np.isin(item.lane_of, opened).any() or np.isin(item.lane_of[lots > 0], closed).any()
        ]

    def _priced(self, plan: Sequence[IntArray]) -> float:
        """Fixed cost of the lanes used plus the price of scarce space."""
        space = self.network.space(plan)
        return float(self.network.fixed[space > 0.0].sum() + self.scarcity @ space)

    def _item(self, number: int, opened: BoolArray) -> tuple[IntArray, float]:
        item = self.network.items[number]
        allowed = opened[item.lane_of]
        key = (number, allowed.tobytes())
        if key not in self.known:
            self.effort -= 1
            lots = without_double_roles(item, self.scarcity, allowed)
            self.known[key] = lots, item.exact(lots)
        return self.known[key]

    def _fit(self) -> None:
        """Take the least valuable lots off lanes that carry too much."""
        full = np.flatnonzero(self.network.space(self.plan) > self.network.capacity + GAIN)
        for lane in map(int, full):
            while self.network.space(self.plan)[lane] > self.network.capacity[lane] + GAIN:
                self._drop_cheapest(lane)

    def _improve(self) -> None:
        """Perfect each item on the lanes that run anyway, within the room left on them."""
        for number, item in enumerate(self.network.items):
            space = self.network.space(self.plan)
            allowed = (space > 0.0)[item.lane_of]
            self._set(number, improve(item, self.plan[number], allowed, self.network.capacity - space))

    def _drop_cheapest(self, lane: int) -> None:
        best: tuple[float, int, IntArray] | None = None
        for number, item in enumerate(self.network.items):
            for option in np.flatnonzero((item.lane_of == lane) & (self.plan[number] > 0)):
                lots = self.plan[number].copy()
                lots[option] -= 1
                loss = (self.worth[number] - item.exact(lots)) / item.space
                if best is None or loss < best[0]:
                    best = loss, number, lots
        if best is not None:
            self._set(best[1], best[2])

    def _drop_lanes_that_do_not_pay(self) -> None:
        """Leave out, one by one, every lane whose lots are worth less than its fixed cost."""
        for lane in self._by_earning():
            kept = [
                np.where(item.lane_of == lane, 0, lots)
                for item, lots in zip(self.network.items, self.plan, strict=True)
            ]
            worth = [item.exact(lots) for item, lots in zip(self.network.items, kept, strict=True)]
            if sum(worth) + float(self.network.fixed[lane]) > sum(self.worth):
                self.plan, self.worth = kept, worth

    def _set(self, number: int, lots: IntArray) -> None:
        self.plan[number] = lots
        self.worth[number] = self.network.items[number].exact(lots)
