"""The network that a fresh Tryton is loaded with: master data and opening stock, checked before anything is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.canonical import fingerprint

Key = TypeVar("Key")

Word = Annotated[str, Field(min_length=1, max_length=200)]
Price = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=4, allow_inf_nan=False)]
Quantity = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3, allow_inf_nan=False)]


class Row(BaseModel):
    """One record; immutable and strict about its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedItem(Row):
    """An item: `unit` is its base unit, `cost` and `price` are per base unit in the network's currency."""

    sku: Word
    name: Word
    unit: Word
    cost: Price
    price: Price


class SeedSite(Row):
    """A site; it becomes a warehouse with one storage location."""

    code: Word
    name: Word


class SeedSupplier(Row):
    """A supplier; it becomes a party."""

    code: Word
    name: Word


class SeedStock(Row):
    """Stock on hand, in the item's base unit; `lot` None for items that are not kept by lot."""

    sku: Word
    site: Word
    lot: Word | None = None
    quantity: Quantity
    expires_on: date | None = None


class SeedNetwork(Row):
    """Everything that Tryton has to know; equal content gives an equal `content_hash`."""

    company: Word
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    items: tuple[SeedItem, ...]
    sites: tuple[SeedSite, ...]
    suppliers: tuple[SeedSupplier, ...]
    stock: tuple[SeedStock, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        skus = _unique("SKU", (item.sku for item in self.items))
        sites = _unique("site", (site.code for site in self.sites))
        _unique("supplier", (supplier.code for supplier in self.suppliers))
        _unique("stock row", ((row.sku, row.site, row.lot) for row in self.stock))
        if strangers := {row.sku for row in self.stock} - skus:
            raise ValueError(f"stock of unknown SKUs: {sorted(strangers)[:5]}")
        if strangers := {row.site for row in self.stock} - sites:
            raise ValueError(f"stock at unknown sites: {sorted(strangers)[:5]}")
        return self

    @property
    def content_hash(self) -> str:
        """SHA-256 over the canonical content."""
        return fingerprint(self)


def _unique(what: str, values: Iterable[Key]) -> set[Key]:
    counts = Counter(values)
    if twice := [value for value, count in counts.items() if count > 1]:
        raise ValueError(f"{what} given twice: {twice[:5]}")
    return set(counts)
