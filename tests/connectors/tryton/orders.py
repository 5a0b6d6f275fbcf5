"""Requests for the small network of `tests/fix_tryton.py`."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from actions.port import Precondition, PurchaseOrder, TransferOrder, WriteRequest
from domain.canonical import fingerprint

TODAY = date.today()


def request(order: TransferOrder | PurchaseOrder, *, key: str = "", expected: Decimal | None = None) -> WriteRequest:
    return WriteRequest(
        idempotency_key=key or f"acme:{uuid.uuid4()}:1",
        fingerprint=fingerprint(order),
        tenant="acme",
        order=order,
        precondition=Precondition(expected_available=expected),
    )


def transfer(sku: str, **changes: Any) -> TransferOrder:
    values: dict[str, Any] = {
        "sku": sku,
        "source": "MAIN",
        "destination": "SOUTH",
        "quantity": Decimal(40),
        "unit": "EA",
        "lot": None,
        "ship_on": TODAY + timedelta(days=1),
        "arrive_on": TODAY + timedelta(days=3),
    }
    return TransferOrder(**values | changes)


def purchase(sku: str, **changes: Any) -> PurchaseOrder:
    values: dict[str, Any] = {
        "sku": sku,
        "site": "NORTH",
        "supplier": "ACME",
        "quantity": Decimal("60.5"),
        "unit": "EA",
        "unit_cost": Decimal("4.2075"),
        "currency": "EUR",
        "deliver_on": TODAY + timedelta(days=14),
    }
    return PurchaseOrder(**values | changes)
