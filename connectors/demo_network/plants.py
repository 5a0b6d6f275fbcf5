"""Plants the exceptions: finds a fitting item, makes it go wrong in one known way, and says what the truth is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from connectors.demo_network.catalogue import DemoItem
from connectors.demo_network.demand import HISTORY, DemoPromotion, mean_demand
from connectors.demo_network.places import supplier_of
from connectors.demo_network.positions import cases_of, healthy, lots
from connectors.demo_network.truth import Expected, Plant, Planted
from connectors.demo_network.world import Lot, Purchase, World
from domain.errors import BadInput

# Positions in the catalogue of items that go to two sites only, straight from the supplier (see `no_cold_lane` and
# `expires_on_the_way`): Bergkeller brie, Zuckerwerk muesli bar.
TWO_SITES_ONLY: dict[int, tuple[str, ...]] = {22: ("CGN-S", "AMS-S"), 166: ("VIE-S", "MIL-S")}
Score = Callable[[int], float | None]


def plant_all(world: World) -> tuple[Planted, ...]:
    """All plants, each on an item of its own."""
    return (
        small_transfer(world, "RTM-W", "AMS-S", 40, 320, "automatic"),
        small_transfer(world, "MUC-W", "MIL-S", 35, 650, "approval"),
        small_transfer(world, "AMS-S", "CGN-S", 140, 650, "approval"),
        large_transfer(world, "BER-W", "MUC-W"),
        large_purchase(world, "HAM-DC", 8000.0),
        large_purchase(world, "LYO-DC", 3000.0),
        late_purchase(world, "LYO-DC"),
        overstock(world, "CGN-S"),
        expiring_lot(world, "MUC-W", "VIE-S"),
        promotion(world, "MUC-W"),
        no_cold_lane(world),
        expires_on_the_way(world),
        phantom_stock(world, "RTM-W"),
        too_new(world, "BER-W"),
        no_supplier(world, "HAM-DC"),
        stock_on_hold(world, "BER-W"),
    )


def small_transfer(world: World, donor: str, site: str, cover: int, most: int, expected: Expected) -> Planted:
    """Short at `site`, `cover` days at the neighbour; ten days' goods are worth 100 EUR to `most`."""
    truck = world.lanes[donor, site].truck

    def score(pair: int) -> float | None:
        item, wanted = world.pairs[pair].item, world.ahead(pair, 10)
        worth, margin = wanted * item.cost, (wanted - world.ahead(pair, 2)) * (item.price - item.cost)
        fits = _keeps(item) and _at(world, pair, donor) is not None and 100 <= worth <= most
        return margin / truck if fits else None

    pair = _best(world, site, score)
    _give(world, pair, donor, cover)
    return _short(
        world, pair, 2, Plant.SMALL_TRANSFER, expected, donor,
        f"The last replenishment went to {donor}, which has {cover} days of stock.",
        f"Move about 10 days of demand from {donor}.",
    )  # fmt: skip


def large_transfer(world: World, donor: str, site: str) -> Planted:
    """Like `small_transfer`, but worth more than the policy lets pass without a person."""

    def score(pair: int) -> float | None:
        item, wanted = world.pairs[pair].item, world.ahead(pair, 10)
        fits = _keeps(item) and _at(world, pair, donor) is not None and wanted * item.cost > 900
        return wanted * (item.price - item.cost) if fits else None

    pair = _best(world, site, score)
    _give(world, pair, donor, 80)
    return _short(
        world, pair, 2, Plant.LARGE_TRANSFER, "approval", donor,
        f"Demand here was served from {donor} until now; the stock still lies there.",
        f"Move about 10 days of demand from {donor}; above 800 EUR a supervisor approves.",
    )  # fmt: skip


def large_purchase(world: World, site: str, worth: float) -> Planted:
    """Short in a DC whose order was forgotten; a purchase for about `worth` EUR still comes in time."""

    def score(pair: int) -> float | None:
        item, kept = world.pairs[pair].item, world.parameters[pair]
        reliable = supplier_of(item.range.name).late < 1
        off = abs(world.ahead(pair, kept.lead + 7) * item.cost - worth)
        return -off if _keeps(item) and reliable and kept.lead <= 9 else None

    pair = _best(world, site, score)
    lead = world.parameters[pair].lead
    return _short(
        world, pair, lead + 1, Plant.LARGE_PURCHASE, "approval", None,
        "No purchase order was placed at the reorder point.",
        f"Buy for lead time and review now: it comes in {lead} days; the procurement manager approves.",
    )  # fmt: skip


def late_purchase(world: World, site: str) -> Planted:
    """The supplier has moved its promise; stock ends before."""

    def score(pair: int) -> float | None:
        item = world.pairs[pair].item
        late = supplier_of(item.range.name).late > 2
        return world.rate(pair) * (item.price - item.cost) if _keeps(item) and late else None

    pair = _best(world, site, score)
    lead = world.parameters[pair].lead
    quantity = cases_of(world, pair, world.rate(pair) * 21)
    world.purchases.append(Purchase(pair, quantity, -4 - lead, -4, promised=9))
    supplier = supplier_of(world.pairs[pair].item.range.name).name
    return _short(
        world, pair, 4, Plant.LATE_PURCHASE, "approval", None,
        f"{supplier} was due four days ago and now promises day 9.",
        "Expedite the order or bridge it; the supplier's record says to expect more delay.", case_kind="late_supply",
    )  # fmt: skip


def overstock(world: World, site: str) -> Planted:
    """Most of a year's demand in one place."""

    def score(pair: int) -> float | None:
        item = world.pairs[pair].item
        fits = item.range.shelf_life is None and item.cost > 2.5
        return world.rate(pair) * item.cost if fits else None

    pair = _best(world, site, score)
    world.stock[pair] = [Lot(math.ceil(world.rate(pair) * 260))]
    item = world.pairs[pair].item
    return _planted(
        world, pair, Plant.OVERSTOCK, "overstock", 0, "none", None,
        f"An order in pieces was sent as cases of {item.range.case}.",
        "Stop ordering; move what other sites need in the next weeks where the trip pays.",
    )  # fmt: skip


def expiring_lot(world: World, site: str, taker: str) -> Planted:
    """Twice what can be sold in six days expires in six days; the neighbour has three days of stock left."""

    def score(pair: int) -> float | None:
        item, other = world.pairs[pair].item, _at(world, pair, taker)
        fits = item.range.storage == "chilled" and other is not None
        return world.ahead(pair, 6) * item.cost if fits else None

    pair = _best(world, site, score)
    lot = math.ceil(world.ahead(pair, 7) * 2.4)
    world.stock[pair] = [Lot(lot, 6), Lot(math.ceil(world.ahead(pair, 9)), 30)]
    other = world.index[world.pairs[pair].item.sku, taker]
    world.stock[other] = lots(world, other, math.ceil(world.ahead(other, 3)))
    return _planted(
        world, pair, Plant.EXPIRING_LOT, "expiry_risk", 6, "automatic", taker,
        "A lot was received with little time left.",
        f"Move what cannot be sold here to {taker} over the chilled lane, the old lot first.",
    )  # fmt: skip


def promotion(world: World, site: str) -> Planted:
    """Stock for an ordinary week, and three times the demand from day three on, known for two weeks."""

    def score(pair: int) -> float | None:
        item = world.pairs[pair].item
        upcoming = any(each.applies(world.pairs[pair]) and each.starts + each.days > 0 for each in world.promotions)
        fits = _keeps(item) and not upcoming
        return world.rate(pair) * (item.price - item.cost) if fits else None

    pair = _best(world, site, score)
    ordinary = world.parameters[pair].reorder_point
    added = DemoPromotion("P-9001", world.pairs[pair].item.sku, site, 3, 7, 0.25, 3.0, -14)
    world.promotions.append(added)
    world.mean[pair] = mean_demand(
        [world.pairs[pair]], [p for p in world.promotions if p.applies(world.pairs[pair])], world.today
    )[0]
    world.stock[pair] = lots(world, pair, ordinary)
    return _planted(
        world, pair, Plant.PROMOTION, "stockout_risk", world.lasts(pair, ordinary), "approval", None,
        "The promotion P-9001 triples demand from day 3 and nobody ordered for it.",
        "Bring in a promotion's worth of stock before day 3.",
    )  # fmt: skip


def no_cold_lane(world: World) -> Planted:
    """Chilled, listed at two sites only: the one that has plenty reaches the other by an ambient lane alone."""
    pair = _special(world, 22, "CGN-S")
    _give(world, pair, "AMS-S", 18)
    return _short(
        world, pair, 1, Plant.NO_COLD_LANE, "denied", "AMS-S", "AMS-S received this store's share as well.",
        "Buy from the supplier: moving chilled goods over the ambient lane AMS-S to CGN-S is forbidden.",
    )  # fmt: skip


def expires_on_the_way(world: World) -> Planted:
    """The only other stock is a lot with four days left, two of them on the road."""
    pair = _special(world, 166, "VIE-S")
    other = world.index[world.pairs[pair].item.sku, "MIL-S"]
    world.stock[other] = [Lot(math.ceil(world.rate(other) * 40), 4)]
    world.planted.add(world.pairs[pair].item.sku)
    return _short(
        world, pair, 1, Plant.EXPIRES_ON_THE_WAY, "denied", "MIL-S",
        "The lot at MIL-S was forgotten until four days before its end.",
        "Buy from the supplier; sell the lot off at MIL-S. Moved, it would arrive with less than three days left.",
    )  # fmt: skip


def phantom_stock(world: World, site: str) -> Planted:
    """Nothing sold for three weeks, though the record shows stock and demand was steady."""

    def score(pair: int) -> float | None:
        item = world.pairs[pair].item
        return 1 / abs(world.rate(pair) - 8) if _keeps(item) and 5 < world.rate(pair) < 15 else None

    pair = _best(world, site, score)
    world.demand[pair, HISTORY - 21 :] = 0
    world.stock[pair] = [replace(lot, counted=-47) for lot in lots(world, pair, healthy(world, pair))]
    return _planted(
        world, pair, Plant.PHANTOM_STOCK, "demand_anomaly", 0, "none", None,
        "The goods are not where the record says; the last count is 47 days old.",
        "Count the shelf before ordering or moving.",
    )  # fmt: skip


def too_new(world: World, site: str) -> Planted:
    """Six days of demand are no history."""

    def score(pair: int) -> float | None:
        return world.rate(pair) if _keeps(world.pairs[pair].item) else None

    pair = _best(world, site, score)
    world.pairs[pair] = replace(world.pairs[pair], listed=6)
    world.demand[pair, : HISTORY - 6] = 0
    return _planted(
        world, pair, Plant.TOO_NEW, "demand_anomaly", 0, "none", None, "The item was listed six days ago.",
        "Say that it cannot be forecast yet; a person who knows the item decides.",
    )  # fmt: skip


def no_supplier(world: World, site: str) -> Planted:
    """Short in the DC, and the only supplier's approval was withdrawn: there is nobody to buy from."""

    def score(pair: int) -> float | None:
        item = world.pairs[pair].item
        alone = _at(world, pair, "LYO-DC") is None
        return world.rate(pair) * (item.price - item.cost) if _keeps(item) and alone else None

    pair = _best(world, site, score)
    world.unsupplied.add(world.pairs[pair].item.sku)
    former = supplier_of(world.pairs[pair].item.range.name).name
    return _short(
        world, pair, 3, Plant.NO_SUPPLIER, "denied", None, f"The approval of {former} for this item was withdrawn.",
        f"Have a supplier approved first; an order to {former} is refused.",
    )  # fmt: skip


def stock_on_hold(world: World, site: str) -> Planted:
    """Forty days of stock that may not be sold, two that may."""

    def score(pair: int) -> float | None:
        item = world.pairs[pair].item
        return world.rate(pair) * (item.price - item.cost) if _keeps(item) else None

    pair = _best(world, site, score)
    held = Lot(
        math.ceil(world.ahead(pair, 40)), 200 if world.pairs[pair].item.range.shelf_life else None, "quarantined"
    )
    planted = _short(
        world, pair, 2, Plant.STOCK_ON_HOLD, "approval", None, "A delivery is in quarantine and was not looked at.",
        "Have quality release or reject it; bridge with a transfer if that takes longer than two days.",
    )  # fmt: skip
    world.stock[pair].append(held)
    return planted


def _best(world: World, site: str, score: Score) -> int:
    """The pair at `site` with the highest score whose item has no plant yet."""
    found: list[tuple[float, int]] = []
    for at, pair in enumerate(world.pairs):
        if pair.site.site == site and pair.item.sku not in world.planted and not pair.item.intermittent:
            value = score(at)
            if value is not None:
                found.append((value, at))
    if not found:
        raise BadInput(f"No item at {site} fits an exception to be planted.", remedy="Take another seed.")
    best = max(found)[1]
    world.planted.add(world.pairs[best].item.sku)
    return best


def _special(world: World, position: int, site: str) -> int:
    sku = world.items[position].sku
    world.planted.add(sku)
    return world.index[sku, site]


def _give(world: World, pair: int, donor: str, cover: int) -> None:
    other = world.index[world.pairs[pair].item.sku, donor]
    world.stock[other] = lots(world, other, math.ceil(world.rate(other) * cover))


def _short(
    world: World, pair: int, cover: int, plant: Plant, expected: Expected, other: str | None, cause: str, answer: str,
    *, case_kind: str = "stockout_risk",
) -> Planted:  # fmt: skip
    units = math.ceil(world.ahead(pair, cover))
    world.stock[pair] = lots(world, pair, units)
    return _planted(world, pair, plant, case_kind, world.lasts(pair, units), expected, other, cause, answer)


def _planted(
    world: World, pair: int, plant: Plant, case_kind: str, day: int, expected: Expected, other: str | None, cause: str,
    answer: str,
) -> Planted:  # fmt: skip
    where = world.pairs[pair]
    return Planted(plant, case_kind, where.item.sku, where.site.site, world.day(day), cause, answer, expected, other)


def _at(world: World, pair: int, site: str) -> int | None:
    return world.index.get((world.pairs[pair].item.sku, site))


def _keeps(item: DemoItem) -> bool:
    """Neither cold nor short-lived: expiry plays no part."""
    return item.range.storage == "ambient" and (item.range.shelf_life or 999) > 200
