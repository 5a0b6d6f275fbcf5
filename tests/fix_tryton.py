"""A real Tryton for tests: set up once a machine, one seeded network, a server of its own for every module.

The set-up (from PyPI) is kept in `var/test` or where `PYTEST_TRYTON_CACHE` says, and shared by runs and xdist workers.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.tryton import (
    SeedItem,
    SeedNetwork,
    SeedSite,
    SeedStock,
    SeedSupplier,
    Tryton,
    TrytonEnvironment,
    TrytonServer,
)
from connectors.tryton.adapter import connect, home_endpoint
from connectors.tryton.client import Endpoint
from connectors.tryton.runtime import Runtime, build

ROOT = Path(__file__).resolve().parent.parent
SKUS = tuple(f"SKU-{number:03}" for number in range(1, 21))
ON_HAND = {"MAIN": Decimal(100), "NORTH": Decimal(10)}


def small_network() -> SeedNetwork:
    """Twenty items in EA, 100 of each at MAIN and 10 at NORTH, none at SOUTH; SKU-LOT in KGM lies in two lots."""
    lots = (("L-EARLY", Decimal(30)), ("L-LATE", Decimal("12.5")))
    return SeedNetwork(
        company="Test company",
        currency="EUR",
        items=(
            *(SeedItem(sku=sku, name=f"Item {sku}", unit="EA", cost=Decimal("4.20"), price=Decimal(7)) for sku in SKUS),
            SeedItem(sku="SKU-LOT", name="Item in lots", unit="KGM", cost=Decimal(3), price=Decimal(9)),
        ),
        sites=tuple(SeedSite(code=code, name=code.title()) for code in ("MAIN", "NORTH", "SOUTH")),
        suppliers=(SeedSupplier(code="ACME", name="Acme Supplies"), SeedSupplier(code="SLOW", name="Slow & Sons")),
        stock=(
            *(SeedStock(sku=sku, site=site, quantity=number) for sku in SKUS for site, number in ON_HAND.items()),
            *(SeedStock(sku="SKU-LOT", site="MAIN", lot=lot, quantity=number) for lot, number in lots),
        ),
    )


@dataclass
class Auditor:
    """Somebody else: another user, another session, Tryton's own API by hand and none of our code."""

    endpoint: Endpoint

    def __post_init__(self) -> None:
        self.url = f"{self.endpoint.url}/{self.endpoint.database}/rpc/"
        self.http = httpx.Client(timeout=30, trust_env=False, verify=False)
        self.authorization = ""
        user, token, *_ = self.call("common.db.login", self.endpoint.user, {"password": self.endpoint.password}, "en")
        name = f"{self.endpoint.user}:{user}:{token}"
        self.authorization = "Session " + base64.b64encode(name.encode()).decode()

    def call(self, method: str, *parameters: Any) -> Any:
        headers = {"Authorization": self.authorization} if self.authorization else {}
        body = {"id": 1, "method": method, "params": parameters}
        answer = self.http.post(self.url, json=body, headers=headers).json()
        assert "result" in answer, answer
        return answer["result"]

    def search(self, model: str, domain: list[Any], *fields: str, **context: Any) -> list[dict[str, Any]]:
        return self.call(f"model.{model}.search_read", domain, 0, None, None, fields, {"company": 1, **context})

    def documents(self, key: str) -> list[dict[str, Any]]:
        """Every shipment and purchase that carries the key."""
        domain = [["quartermaster_key", "=", key]]
        return self.search("stock.shipment.internal", domain, "state") + self.search(
            "purchase.purchase", domain, "state"
        )

    def free(self, sku: str, site: str) -> float:
        """What Tryton would still reserve for a newcomer."""
        (place,) = self.search("stock.location", [["code", "=", site], ["type", "=", "warehouse"]], "storage_location")
        today = self.call("model.ir.date.today", {})
        (product,) = self.search(
            "product.product",
            [["code", "=", sku]],
            "quantity",
            locations=[place["storage_location"]],
            stock_date_end=today,
            stock_assign=True,
        )
        return product["quantity"]

    def reserved_moves(self, sku: str) -> int:
        return len(self.search("stock.move", [["product.code", "=", sku], ["state", "=", "assigned"]], "id"))


@pytest.fixture(scope="session")
def tryton_cache() -> Path:
    return Path(os.environ.get("PYTEST_TRYTON_CACHE") or ROOT / "var" / "test")


@pytest.fixture(scope="session")
def tryton_runtime(tryton_cache: Path) -> Runtime:
    """Tryton's programs and its empty database."""
    return build(tryton_cache / "tryton", lambda _: None)


@pytest.fixture(scope="session")
def tryton_setting(tryton_runtime: Runtime) -> dict[str, str]:
    """What to add to the environment of a process that would else set Tryton up anew in its own home."""
    return {"QUARTERMASTER_TRYTON_RUNTIME": str(tryton_runtime.directory.parent)}


@pytest.fixture(scope="session")
def tryton_seeded(tryton_cache: Path, tryton_runtime: Runtime) -> Path:
    """A home with the small network, never served: to be copied."""
    environment = TrytonEnvironment(tryton_cache / "seeded", tryton_runtime)
    environment.seed(small_network())
    return environment.directory


@pytest.fixture(scope="module")
def tryton_environment(
    tmp_path_factory: pytest.TempPathFactory, tryton_runtime: Runtime, tryton_seeded: Path
) -> Iterator[TrytonEnvironment]:
    """A home of this module's own with the small network; no server runs yet."""
    home = tmp_path_factory.mktemp("tryton-home")
    shutil.copytree(tryton_seeded, home / "tryton", ignore=shutil.ignore_patterns("*.lock"))
    environment = TrytonEnvironment(home, tryton_runtime)
    yield environment
    environment.stop()


@pytest.fixture(scope="module")
def tryton_server(tryton_environment: TrytonEnvironment) -> TrytonServer:
    """A running server with the small network."""
    return tryton_environment.start()


@pytest.fixture(scope="module")
def tryton_target(tryton_server: TrytonServer, tryton_environment: TrytonEnvironment) -> Iterator[Tryton]:
    """The adapter, as the executor connects it."""
    target = connect(tryton_environment.home)
    yield target
    target.close()


@pytest.fixture(scope="module")
def auditor(tryton_server: TrytonServer, tryton_environment: TrytonEnvironment) -> Auditor:
    return Auditor(home_endpoint(tryton_environment.home, "reader"))
