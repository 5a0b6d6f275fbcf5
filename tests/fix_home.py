"""A small network in a home of its own: imported, trained, in PostgreSQL and Tryton by the real commands."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.home import Home, temporary_home

SMALL = tuple(f"QM-{number:02}" for number in range(1, 9))
BIG, DEAR = "QM-BIG", "QM-DEAR"
USUAL, PRICED = "1.5,6", {BIG: "40,75", DEAR: "20,50"}  # what a unit costs and sells for
DAYS = 120
TENANT = "acme"
PEOPLE = (("paula", ["planner"], 0), ("sven", ["supervisor"], 100_000), ("petra", ["procurement_manager"], 100_000))
ADD_PERSON = "INSERT INTO person (tenant, person, name, roles, approval_limit) VALUES (%s, %s, %s, %s, %s)"


def write_small_network(folder: Path) -> Path:
    """MAIN has plenty of all, NORTH half a day of it; a move earns hundreds, of BIG and DEAR thousands."""
    today = datetime.now(UTC).date()
    chance = random.Random(3)
    skus = [*SMALL, BIG, DEAR]
    tables = {
        "sites": ["site,name,kind,country,timezone", "MAIN,Main,dc,DE,UTC", "NORTH,North,store,DE,UTC"],
        "items": [
            "sku,name,unit,unit_cost,unit_price,currency,storage_class,unit_volume",
            *(f"{sku},Item {sku},EA,{PRICED.get(sku, USUAL)},EUR,ambient,0.001"
              for sku in skus),
        ],
        "item_sites": [
            "sku,site,listed_on,safety_stock",
            *(f"{sku},{site},{today - timedelta(days=DAYS)},20" for sku in skus for site in ("MAIN", "NORTH")),
        ],
        "lanes": [
            "source,destination,lead_time_days,fixed_cost,cost_per_m3,capacity_m3,currency",
            "MAIN,NORTH,1,10,5,60,EUR",
        ],
        "stock": [
            "sku,site,state,quantity",
            *(f"{sku},{site},available,{units}" for sku in skus for site, units in (("MAIN", 420), ("NORTH", 10))),
        ],
        "demand": [
            "sku,site,day,quantity",
            *(f"{sku},{site},{today - timedelta(days=day)},{mean + chance.randint(-2, 2)}"
              for sku in skus for site, mean in (("MAIN", 5), ("NORTH", 20)) for day in range(1, DAYS + 1)),
        ],
    }  # fmt: skip
    folder.mkdir(parents=True)
    for table, lines in tables.items():
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def add_people(home: Home) -> None:
    with home.database() as database, database.transaction(home.tenant) as connection:
        for person, roles, limit in PEOPLE:
            connection.execute(ADD_PERSON, (home.tenant, person, person.title(), roles, limit))


def load_tryton(home: Home) -> None:
    """As the demo does it: Tryton gets the network that was imported, and is started."""
    code = "import sys; from app import erp; from app.progress import silent; erp.start(sys.argv[1], silent)"
    ran = home.start(sys.executable, "-c", code, home.tenant)
    assert ran.code == 0, ran.err


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory, tryton_setting: dict[str, str]) -> Iterator[Home]:
    """Tenant `acme` with ten shortages that nobody has looked for yet, people, and a running Tryton.

    Once a session; who uses it is in the xdist group `small_home` and takes items that nobody else takes.
    """
    # Fails where two workers make one each: then the group does not hold, and each sees half of what was done.
    together = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if together:
        (tmp_path_factory.getbasetemp().parent / f"small_home-{together}").mkdir()
    folder = write_small_network(tmp_path_factory.mktemp("small") / "network")
    with temporary_home("small", tryton_setting, TENANT) as home:
        home.run("import", str(folder), "--tenant", TENANT)
        home.run("forecast", "train", "--tenant", TENANT)
        add_people(home)
        load_tryton(home)
        yield home
