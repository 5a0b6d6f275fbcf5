"""The demo's ERP: Tryton, loaded with the network that was imported, started as a process of its own."""

from __future__ import annotations

from app.progress import Progress
from app.wiring import operator_database, settings
from connectors.tryton import TrytonServer, prepare
from connectors.tryton.adapter import keep_tenant
from connectors.tryton.network import SeedItem, SeedNetwork, SeedSite, SeedStock, SeedSupplier
from db import network


def set_up(progress: Progress) -> None:
    """Tryton's own environment, once; needs no data of ours, so it can run beside the import."""
    prepare(settings().home, lambda stage: progress(f"Tryton: {stage}", 0, 0))


def start(tenant: str, progress: Progress) -> TrytonServer:
    """Load the tenant's network where it is not loaded yet, and start the server."""
    environment = prepare(settings().home)
    environment.seed(_network_of(tenant), lambda stage: progress(f"Tryton: {stage}", 0, 0))
    keep_tenant(settings().home, tenant)
    return environment.start()


def _network_of(tenant: str) -> SeedNetwork:
    with operator_database() as database, database.transaction(tenant) as connection:
        items = network.items(connection)
        sites = network.sites(connection)
        terms = network.item_suppliers(connection)
        stock = network.stock(connection)
    names = {row.supplier: row.supplier_name for row in terms}
    return SeedNetwork(
        company="Quartermaster demo",
        currency=items[0].currency,
        items=tuple(
            SeedItem(sku=item.sku, name=item.name, unit=item.unit, cost=item.unit_cost, price=item.unit_price)
            for item in items
        ),
        sites=tuple(SeedSite(code=site.site, name=site.name) for site in sites),
        suppliers=tuple(SeedSupplier(code=code, name=name) for code, name in sorted(names.items())),
        stock=tuple(
            SeedStock(sku=row.sku, site=row.site, lot=row.lot or None, quantity=row.quantity, expires_on=row.expires_on)
            for row in stock
            if row.state == "available" and row.quantity > 0
        ),
    )
