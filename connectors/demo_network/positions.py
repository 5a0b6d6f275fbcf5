"""Puts stock and open orders where a sensible reorder policy would have put them: nearly everything is healthy."""

from __future__ import annotations

import math

from connectors.demo_network.demand import HISTORY
from connectors.demo_network.places import supplier_of
from connectors.demo_network.world import REVIEW, Lot, Purchase, Transfer, World

YEAR = 365


def place_stock(world: World) -> None:
    """Stock of every pair, by lot where the item keeps a limited time."""
    for pair in range(len(world.pairs)):
        world.stock[pair] = lots(world, pair, healthy(world, pair))


def healthy(world: World, pair: int) -> int:
    """Enough for lead time and review with room to spare; a review's demand more or less on top."""
    kept = world.parameters[pair]
    horizon = kept.lead + REVIEW
    fresh = world.pairs[pair].item.range.storage == "chilled"
    margin = float(world.rng.uniform(2.3, 2.9)) * world.spread(pair, horizon)
    cycle = float(world.rng.uniform(0, 2 if fresh else REVIEW)) * world.rate(pair)
    return math.ceil(world.ahead(pair, horizon) + margin + cycle)


def lots(world: World, pair: int, units: int) -> list[Lot]:
    """One to three lots that will be sold, first expired first, well before their last day."""
    shelf = world.pairs[pair].item.range.shelf_life
    if shelf is None or units == 0:
        return [Lot(units)]
    parts = min(units, 3 if units > 40 else 2)
    made: list[Lot] = []
    before = 0
    for number in range(1, parts + 1):
        upto = units * number // parts
        wanted = math.ceil(1.6 * world.lasts(pair, upto)) + 5
        oldest = math.ceil(shelf * (0.3 + 0.6 * number / parts))
        made.append(Lot(upto - before, min(max(wanted, oldest), shelf)))
        before = upto
    return made


def place_orders(world: World) -> None:
    """A year of purchase history, and what is on its way now; planted items get theirs from their plant."""
    for pair, listing in enumerate(world.pairs):
        if world.parameters[pair].source is None:
            _history(world, pair)
            if listing.item.sku not in world.planted and world.rng.random() < 0.3:
                _open_purchase(world, pair)
        elif listing.item.sku not in world.planted and world.rng.random() < 0.07:
            _open_transfer(world, pair)


def cases_of(world: World, pair: int, units: float) -> int:
    """Units in whole cases, at least one."""
    case = world.pairs[pair].item.range.case
    return max(1, math.ceil(units / case)) * case


def _history(world: World, pair: int) -> None:
    """Past orders with agreed and real days of receipt: the supplier's record."""
    terms = supplier_of(world.pairs[pair].item.range.name)
    step = REVIEW + int(world.rng.integers(7, 21))
    ordered = -YEAR + int(world.rng.integers(0, step))
    listed = -world.pairs[pair].listed
    while ordered + terms.lead + 15 < 0:
        late = max(-1, round(float(world.rng.normal(terms.late, terms.late_spread))))
        due = ordered + terms.lead
        units = world.mean[pair, HISTORY + ordered : HISTORY + ordered + step].sum()
        if ordered > listed:
            world.purchases.append(
                Purchase(pair, cases_of(world, pair, float(units)), ordered, due, None, min(due + late, -1))
            )
        ordered += step


def _open_purchase(world: World, pair: int) -> None:
    lead = world.parameters[pair].lead
    due = int(world.rng.integers(1, lead + 1))
    quantity = cases_of(world, pair, world.rate(pair) * REVIEW)
    world.purchases.append(Purchase(pair, quantity, due - lead, due))


def _open_transfer(world: World, pair: int) -> None:
    kept = world.parameters[pair]
    if kept.source is None:
        return
    due = int(world.rng.integers(1, kept.lead + 1))
    quantity = cases_of(world, pair, world.rate(pair) * 3)
    world.transfers.append(Transfer(pair, kept.source, quantity, due - kept.lead, due))
