"""A network that Tryton would choke on is refused before anything is built; equal content has one name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from connectors.tryton import SeedNetwork
from tests.fix_tryton import small_network


def changed(**changes: object) -> dict[str, object]:
    return small_network().model_dump() | changes


@pytest.mark.parametrize(
    ("field", "row", "reason"),
    [
        ("stock", {"sku": "SKU-404", "site": "MAIN", "quantity": 1}, "unknown SKUs"),
        ("stock", {"sku": "SKU-001", "site": "WEST", "quantity": 1}, "unknown sites"),
        ("stock", {"sku": "SKU-001", "site": "MAIN", "quantity": 1}, "stock row given twice"),
        ("stock", {"sku": "SKU-001", "site": "SOUTH", "quantity": -1}, "greater than 0"),
        ("stock", {"sku": "SKU-001", "site": "SOUTH", "quantity": "1.0001"}, "3 decimal places"),
        ("sites", {"code": "MAIN", "name": "Main again"}, "site given twice"),
        ("suppliers", {"code": "ACME", "name": "Acme again"}, "supplier given twice"),
        ("items", {"sku": "SKU-001", "name": "x", "unit": "EA", "cost": 1, "price": 1}, "SKU given twice"),
        ("items", {"sku": "NEW", "name": "x", "unit": "EA", "cost": "NaN", "price": 1}, "finite"),
    ],
)
def test_a_broken_network_is_refused(field: str, row: dict[str, object], reason: str) -> None:
    rows = [*small_network().model_dump()[field], row]
    with pytest.raises(ValidationError, match=reason):
        SeedNetwork.model_validate(changed(**{field: rows}))


def test_equal_content_has_one_hash() -> None:
    network = small_network()
    longer = network.stock[0].model_copy(update={"quantity": Decimal("100.000")})
    same = network.model_copy(update={"stock": (longer, *network.stock[1:])})
    assert same.content_hash == network.content_hash
    assert SeedNetwork.model_validate(changed(company="Other")).content_hash != network.content_hash
