"""The demo network: the same for a seed, fit for the contract, healthy but for what was planted, and that is there."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from connectors.demo_network.demand import HISTORY, draw
from connectors.demo_network.plants import TWO_SITES_ONLY, plant_all
from connectors.demo_network.positions import place_orders, place_stock
from connectors.demo_network.simulate import generate
from connectors.demo_network.truth import DemoTruth, Plant, Planted
from connectors.demo_network.world import REVIEW, World, make_world
from connectors.files.delivery import no_progress
from connectors.files.loading import check_sheets
from connectors.files.reading import read_contract
from connectors.files.references import Known

TODAY = date(2026, 11, 21)
SEED = 7


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, generate(SEED, TODAY, folder)


@pytest.fixture(scope="module")
def tables(network: tuple[Path, DemoTruth]) -> dict[str, pl.DataFrame]:
    folder, _ = network
    read = {path.stem: pl.read_csv(path, infer_schema_length=None) for path in folder.glob("*.csv")}
    return read | {"demand": pl.read_parquet(folder / "demand.parquet")}


@pytest.fixture(scope="module")
def world() -> World:
    made = make_world(SEED, TODAY, TWO_SITES_ONLY)
    place_stock(made)
    plant_all(made)
    place_orders(made)
    return made


def only(truth: DemoTruth, plant: Plant) -> Planted:
    (found,) = truth.of(plant)
    return found


def stock_of(tables: dict[str, pl.DataFrame], sku: str, site: str, state: str = "available") -> int:
    found = tables["stock"].filter((pl.col("sku") == sku) & (pl.col("site") == site) & (pl.col("state") == state))
    return int(found["quantity"].sum())


def daily(tables: dict[str, pl.DataFrame], sku: str, site: str, days: int = 28) -> float:
    since = TODAY - timedelta(days=days)
    found = tables["demand"].filter((pl.col("sku") == sku) & (pl.col("site") == site) & (pl.col("day") >= since))
    return float(found["quantity"].sum()) / days


def cover(tables: dict[str, pl.DataFrame], sku: str, site: str) -> float:
    return stock_of(tables, sku, site) / daily(tables, sku, site)


def test_the_same_seed_and_day_give_the_same_bytes(network: tuple[Path, DemoTruth], tmp_path: Path) -> None:
    folder, truth = network
    assert generate(SEED, TODAY, tmp_path) == truth
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
    assert generate(SEED + 1, TODAY, tmp_path).planted != truth.planted


@pytest.mark.parametrize(("seed", "today"), [(1, date(2026, 1, 5)), (2, date(2027, 7, 4)), (3, date(2028, 2, 29))])
def test_any_seed_and_season_has_every_plant(seed: int, today: date) -> None:
    made = make_world(seed, today, TWO_SITES_ONLY)
    place_stock(made)
    planted = plant_all(made)
    assert {each.plant for each in planted} == set(Plant)
    assert len({each.sku for each in planted}) == len(planted)


def test_every_row_fits_the_contract(network: tuple[Path, DemoTruth]) -> None:
    folder, truth = network
    delivery = read_contract(folder, no_progress)
    ready = check_sheets(delivery, Known(), truth.as_of, no_progress)
    assert [(sheet.sheet.name, fault) for sheet in ready for fault in sheet.faults] == []
    assert delivery.ignored == ("SIMULATED.txt",)
    assert "simulated" in (folder / "SIMULATED.txt").read_text(encoding="utf-8")


def test_it_has_the_size_and_mix_that_was_asked_for(tables: dict[str, pl.DataFrame]) -> None:
    assert Counter(tables["sites"]["kind"]) == {"dc": 2, "warehouse": 3, "store": 4, "3pl": 1}
    assert len(tables["items"]) == 300
    assert 1250 <= len(tables["item_sites"]) <= 1350
    assert len(tables["suppliers"]) == 12
    assert tables["items"]["name"].is_unique().all()
    chilled = (tables["items"]["storage_class"] == "chilled").mean()
    assert chilled == pytest.approx(0.2)
    days = tables["demand"]["day"]
    assert (days.min(), days.max()) == (TODAY - timedelta(days=HISTORY), TODAY - timedelta(days=1))
    upcoming = tables["promotions"].filter(pl.col("starts_on") > str(TODAY))
    assert len(upcoming) > 5
    assert (upcoming["known_on"] <= str(TODAY)).all()


def test_demand_has_a_week_a_season_and_promotions(world: World) -> None:
    store = [at for at, pair in enumerate(world.pairs) if pair.site.kind == "store"]
    weekday = np.array([world.day(day).weekday() for day in range(-HISTORY, 0)])
    assert world.demand[store][:, weekday == 6].sum() == 0
    assert world.demand[store][:, weekday == 5].mean() > 1.5 * world.demand[store][:, weekday == 1].mean()
    drinks = [at for at, pair in enumerate(world.pairs) if pair.item.range.name == "Soft drinks"]
    month = np.array([world.day(day).month for day in range(-HISTORY, 0)])
    assert world.demand[drinks][:, month == 7].mean() > 1.6 * world.demand[drinks][:, month == 1].mean()
    promotion = next(each for each in world.promotions if -HISTORY < each.starts < -7 and each.uplift > 1.8)
    inside = [at for at, pair in enumerate(world.pairs) if promotion.applies(pair)]
    during = world.demand[inside, promotion.starts + HISTORY : promotion.starts + HISTORY + 7].sum()
    assert during > 1.3 * world.demand[inside, promotion.starts + HISTORY - 7 : promotion.starts + HISTORY].sum()


def test_what_was_not_planted_is_healthy(world: World) -> None:
    """By the true process: within lead time and review, under 5 % of the pairs run out in a fifth of the futures."""
    rng = np.random.default_rng(1)
    futures = 60
    short = np.zeros(len(world.pairs))
    on_hand = np.array([sum(lot.quantity for lot in world.stock[at]) for at in range(len(world.pairs))])
    horizon = np.array([kept.lead + REVIEW for kept in world.parameters])
    ahead = np.where(np.arange(40) < horizon[:, None], world.mean[:, HISTORY : HISTORY + 40], 0.0)
    for _ in range(futures):
        short += draw(rng, world.pairs, ahead).sum(axis=1) > on_hand
    free = np.array([pair.item.sku not in world.planted for pair in world.pairs])
    assert (short[free] / futures > 0.2).mean() < 0.05
    days = np.array([world.lasts(at, float(on_hand[at])) for at in range(len(world.pairs))])
    assert (days[free] > 90).mean() < 0.02


def test_late_suppliers_have_a_record(tables: dict[str, pl.DataFrame]) -> None:
    closed = tables["purchase_orders"].drop_nulls("received_on")
    late = pl.col("received_on").str.to_date() - pl.col("due_on").str.to_date()
    by_supplier = dict(closed.group_by("supplier").agg(late.dt.total_days().mean()).rows())
    assert set(by_supplier) == set(tables["suppliers"]["supplier"])
    assert min(by_supplier[each] for each in ("S-05", "S-07", "S-11")) > 1.8
    assert max(by_supplier[each] for each in ("S-01", "S-09", "S-12")) < 0.6


def test_short_ones_are_short_and_their_donors_are_not(
    network: tuple[Path, DemoTruth], tables: dict[str, pl.DataFrame]
) -> None:
    _, truth = network
    for each in (*truth.of(Plant.SMALL_TRANSFER), *truth.of(Plant.LARGE_TRANSFER)):
        assert each.other_site is not None
        assert cover(tables, each.sku, each.site) < 5
        assert cover(tables, each.sku, each.other_site) > 30
        lane = (pl.col("source") == each.other_site) & (pl.col("destination") == each.site)
        assert len(tables["lanes"].filter(lane)) == 1


def test_values_lie_on_the_right_side_of_the_limits(
    network: tuple[Path, DemoTruth], tables: dict[str, pl.DataFrame]
) -> None:
    """Ten days of demand at cost: small transfers under 800 EUR, the others over their limits (800, 500)."""
    _, truth = network
    cost = dict(tables["items"].select("sku", "unit_cost").rows())
    worth = {each: 10 * daily(tables, each.sku, each.site) * cost[each.sku] for each in truth.planted}
    assert all(worth[each] < 780 for each in truth.of(Plant.SMALL_TRANSFER))
    assert all(worth[each] > 800 for each in truth.of(Plant.LARGE_TRANSFER))
    assert all(worth[each] > 750 for each in truth.of(Plant.LARGE_PURCHASE))
    assert max(worth[each] for each in truth.of(Plant.LARGE_PURCHASE)) > 2000


def test_each_other_plant_is_in_the_data(network: tuple[Path, DemoTruth], tables: dict[str, pl.DataFrame]) -> None:
    _, truth = network
    late = only(truth, Plant.LATE_PURCHASE)
    orders = tables["purchase_orders"].filter((pl.col("sku") == late.sku) & pl.col("received_on").is_null())
    assert orders["due_on"].to_list() == [str(TODAY - timedelta(days=4))]
    assert orders["promised_on"].to_list() == [str(TODAY + timedelta(days=9))]

    much = only(truth, Plant.OVERSTOCK)
    assert cover(tables, much.sku, much.site) > 150

    lot = only(truth, Plant.EXPIRING_LOT)
    lots = tables["stock"].filter((pl.col("sku") == lot.sku) & (pl.col("site") == lot.site))
    first = lots.sort("expires_on").row(0, named=True)
    assert first["expires_on"] == str(lot.at_risk_on) == str(TODAY + timedelta(days=6))
    assert first["quantity"] > 6 * 1.5 * daily(tables, lot.sku, lot.site)

    phantom = only(truth, Plant.PHANTOM_STOCK)
    assert stock_of(tables, phantom.sku, phantom.site) > 0
    assert daily(tables, phantom.sku, phantom.site, 21) == 0
    assert daily(tables, phantom.sku, phantom.site, 180) > 3

    new = only(truth, Plant.TOO_NEW)
    listing = tables["item_sites"].filter((pl.col("sku") == new.sku) & (pl.col("site") == new.site))
    assert listing["listed_on"].to_list() == [str(TODAY - timedelta(days=6))]

    orphan = only(truth, Plant.NO_SUPPLIER)
    assert orphan.sku not in tables["item_suppliers"]["sku"].to_list()

    held = only(truth, Plant.STOCK_ON_HOLD)
    assert stock_of(tables, held.sku, held.site, "quarantined") > 5 * stock_of(tables, held.sku, held.site)

    promoted = only(truth, Plant.PROMOTION)
    coming = tables["promotions"].filter((pl.col("sku") == promoted.sku) & (pl.col("site") == promoted.site))
    assert coming["starts_on"].to_list() == [str(TODAY + timedelta(days=3))]


def test_the_denied_ones_break_a_hard_rule(network: tuple[Path, DemoTruth], tables: dict[str, pl.DataFrame]) -> None:
    _, truth = network
    cold = only(truth, Plant.NO_COLD_LANE)
    lane = tables["lanes"].filter((pl.col("source") == cold.other_site) & (pl.col("destination") == cold.site))
    assert lane["chilled"].to_list() == [False]
    assert tables["items"].filter(pl.col("sku") == cold.sku)["storage_class"].to_list() == ["chilled"]
    assert set(tables["stock"].filter(pl.col("sku") == cold.sku)["site"]) == {cold.site, cold.other_site}

    stale = only(truth, Plant.EXPIRES_ON_THE_WAY)
    way = tables["lanes"].filter((pl.col("source") == stale.other_site) & (pl.col("destination") == stale.site))
    last = tables["stock"].filter((pl.col("sku") == stale.sku) & (pl.col("site") == stale.other_site))["expires_on"]
    left = date.fromisoformat(last[0]) - TODAY - timedelta(days=way["lead_time_days"][0])
    assert left.days < 3


def test_cold_rooms_hold_what_is_cold(tables: dict[str, pl.DataFrame]) -> None:
    cold = tables["stock"].join(tables["items"], on="sku").filter(pl.col("storage_class") != "ambient")
    volume = dict(cold.group_by("site").agg((pl.col("quantity") * pl.col("unit_volume")).sum()).rows())
    room = dict(tables["sites"].select("site", "cold_capacity").rows())
    assert all(volume[site] <= room[site] for site in volume)
    assert room["ANR-3"] is None


def test_it_is_made_quickly(tmp_path: Path) -> None:
    started = time.process_time()
    generate(SEED, TODAY, tmp_path)
    assert time.process_time() - started < 10
