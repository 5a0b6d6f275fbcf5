"""Tryton's master data by our codes; what Tryton does not know is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from actions.errors import TargetRejected
from connectors.tryton.client import TrytonClient
from connectors.tryton.wire import Record, Value, quantity


@dataclass(frozen=True)
class Product:
    """An item as Tryton knows it; `unit` is its base unit's symbol."""

    id: int
    unit_id: int
    unit: str


@dataclass(frozen=True)
class Site:
    """A site: its warehouse, and the location that holds its stock."""

    warehouse: int
    storage: int


class Masters:
    """Look-ups for one order; nothing is kept, because codes may be given to other records meanwhile."""

    def __init__(self, client: TrytonClient) -> None:
        self._client = client

    def product(self, sku: str, unit: str) -> Product:
        """The item, whose base unit must be `unit`; raises `TargetRejected`."""
        found = self._one("product.product", [["code", "=", sku]], ["default_uom", "default_uom.symbol"], f"SKU {sku}")
        symbol = text(nested(found, "default_uom"), "symbol")
        if symbol != unit:
            reason = f"{sku} is kept in {symbol} in Tryton, the order says {unit}."
            raise TargetRejected(reason, reason=reason, remedy="Correct the item's unit on one side.")
        return Product(number(found, "id"), number(found, "default_uom"), symbol)

    def site(self, code: str) -> Site:
        """The warehouse that carries the site's code."""
        domain = [["code", "=", code], ["type", "=", "warehouse"]]
        found = self._one("stock.location", domain, ["storage_location"], f"site {code}")
        return Site(number(found, "id"), number(found, "storage_location"))

    def supplier(self, code: str) -> int:
        """The party that carries the supplier's code."""
        return number(self._one("party.party", [["code", "=", code]], ["id"], f"supplier {code}"), "id")

    def currency(self, code: str) -> int:
        """The currency with this ISO 4217 code."""
        return number(self._one("currency.currency", [["code", "=", code]], ["id"], f"currency {code}"), "id")

    def lot(self, product: Product, lot: str) -> int:
        """The item's lot."""
        domain = [["number", "=", lot], ["product", "=", product.id]]
        return number(self._one("stock.lot", domain, ["id"], f"lot {lot}"), "id")

    def free_stock(self, product: Product, site: Site, lot: int | None) -> Decimal:
        """What lies at the site's storage and is reserved for nobody, in the base unit."""
        context: Record = {"locations": [site.storage], "stock_date_end": self._client.today(), "stock_assign": True}
        model, record = ("product.product", product.id) if lot is None else ("stock.lot", lot)
        (found,) = self._client.records(model, [["id", "=", record]], ["quantity"], context=context)
        return quantity(found["quantity"] or 0)

    def _one(self, model: str, domain: Sequence[Value], fields: Sequence[str], what: str) -> Record:
        found = self._client.records(model, domain, fields)
        if len(found) == 1:
            return found[0]
        reason = f"Tryton knows {'no' if not found else 'more than one'} {what}."
        raise TargetRejected(reason, reason=reason, remedy="Bring the master data of both sides together.")


def number(record: Record, name: str) -> int:
    """An integer of Tryton's; raises `TargetRejected` when it holds something else."""
    match record.get(name):
        case int(value):
            return value
        case value:
            raise TargetRejected(f"Tryton holds {value!r} as {name}.", reason="unreadable")


def text(record: Record, name: str) -> str:
    """A text of Tryton's; what is empty there is empty here."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def nested(record: Record, name: str) -> Record:
    """What Tryton read through the relation `name`; empty where there is none."""
    value = record.get(f"{name}.")
    return value if isinstance(value, dict) else {}
