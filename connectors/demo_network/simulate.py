"""`generate`: the demo network as files of the data contract, and the truth about what was planted in it.

The same seed and day give the same bytes. The files are read back by the same import as a user's own.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from connectors.demo_network.plants import TWO_SITES_ONLY, plant_all
from connectors.demo_network.positions import place_orders, place_stock
from connectors.demo_network.tables import CURRENCY, contract_tables
from connectors.demo_network.truth import DemoTruth
from connectors.demo_network.world import World, make_world
from connectors.files.contracts import TABLES
from connectors.files.delivery import Progress, no_progress

__all__ = ["CURRENCY", "NAME", "NOTE", "generate"]

NAME = "Demo network (simulated)"
NOTE = (
    "This network is simulated. It was made by Quartermaster from seed {seed} for {today}; nothing in it is measured.\n"
)


def generate(seed: int, today: date, folder: Path, progress: Progress = no_progress) -> DemoTruth:
    """Writes the files of the demo network into `folder` and returns what was planted.

    Import them with provenance 'simulated' and `as_of=truth.as_of`, for a tenant of origin 'simulated'.

    Raises:
        BadInput: an exception cannot be planted with this seed.
    """
    progress("simulating", 0, 3)
    world = make_world(seed, today, TWO_SITES_ONLY)
    progress("simulating", 1, 3)
    place_stock(world)
    planted = plant_all(world)
    place_orders(world)
    progress("simulating", 2, 3)
    _write(world, folder, seed)
    progress("simulating", 3, 3)
    return DemoTruth(seed, today, planted)


def _write(world: World, folder: Path, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tables = contract_tables(world)
    for name in TABLES:
        if name == "demand":
            tables[name].write_parquet(folder / f"{name}.parquet")
        else:
            tables[name].write_csv(folder / f"{name}.csv")
    (folder / "SIMULATED.txt").write_text(NOTE.format(seed=seed, today=world.today), encoding="utf-8")
