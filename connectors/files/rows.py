"""What a data contract is made of: a row read from text, its columns, and the rules across rows and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TableName = Literal[
    "sites", "suppliers", "customers", "items", "item_packs", "item_aliases", "item_suppliers", "item_sites", "lanes",
    "stock", "demand", "promotions", "purchase_orders", "transfer_orders", "customer_orders", "supplier_calendars",
    "supplier_capacities", "price_breaks", "qualifications", "budgets", "supersessions",
]  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """`columns` of a row must be a key of `target`; an empty cell refers to nothing, `wildcard` to all there are.

    `says`: the reason, with a {} for each column.
    """

    columns: tuple[str, ...]
    target: TableName
    says: str
    wildcard: str | None = None


@dataclass(frozen=True)
class Ordered:
    """`earlier` is not after `later`, where both are given."""

    earlier: str
    later: str


@dataclass(frozen=True)
class Falling:
    """Among rows with the same `within`, `value` falls as `along` rises."""

    within: tuple[str, ...]
    along: str
    value: str


SKU = Reference(("sku",), "items", "there is no SKU '{}'")
SITE = Reference(("site",), "sites", "there is no site '{}'")
SUPPLIER = Reference(("supplier",), "suppliers", "there is no supplier '{}'")
CUSTOMER = Reference(("customer",), "customers", "there is no customer '{}'")
SKU_OR_ALL = Reference(("sku",), "items", "there is no SKU '{}'", wildcard="*")
SUPPLIER_OR_ALL = Reference(("supplier",), "suppliers", "there is no supplier '{}'", wildcard="*")
CUSTOMER_OR_ALL = Reference(("customer",), "customers", "there is no customer '{}'", wildcard="*")
SOLD_BY = Reference(("sku", "supplier"), "item_suppliers", "SKU '{}' is not sold by '{}' (item_suppliers)")
SUCCESSOR = Reference(("successor",), "items", "there is no SKU '{}'")
SITE_OR_ALL = Reference(("site",), "sites", "there is no site '{}'", wildcard="*")
LISTED = Reference(("sku", "site"), "item_sites", "SKU '{}' is not listed at '{}' (item_sites)")
SOURCE = Reference(("source",), "sites", "there is no site '{}'")
DESTINATION = Reference(("destination",), "sites", "there is no site '{}'")
FED_FROM = Reference(("supply_from",), "sites", "there is no site '{}'")


def about(description: str, example: str, *, unit: str = "", default: object = ...) -> Any:
    """A column: what it means, an example as it stands in the file, its unit, and its value where left out."""
    return Field(default, description=description, examples=[example], json_schema_extra={"unit": unit})


class Row(BaseModel):
    """One row of a file, read from text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: ClassVar[tuple[str, ...]]
    references: ClassVar[tuple[Reference, ...]] = ()
    ordered: ClassVar[tuple[Ordered, ...]] = ()
    falling: ClassVar[Falling | None] = None
    differing: ClassVar[tuple[str, str] | None] = None
    converted: ClassVar[tuple[str, ...]] = ()  # quantities given in `unit`
    snapshot: ClassVar[bool] = False  # a delivery replaces what was there before

    @model_validator(mode="after")
    def _across_columns(self) -> Row:
        for rule in self.ordered:
            earlier, later = getattr(self, rule.earlier), getattr(self, rule.later)
            if earlier is not None and later is not None and later < earlier:
                raise ValueError(f"{rule.later} {later} is before {rule.earlier} {earlier}")
        if self.differing and getattr(self, self.differing[0]) == getattr(self, self.differing[1]):
            raise ValueError(f"{self.differing[0]} and {self.differing[1]} are the same")
        return self
