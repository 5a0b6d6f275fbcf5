"""One transfer and one purchase that every default rule is content with; tests change one thing at a time."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

TRANSFER: dict[str, Any] = {
    "proposal_id": "4f7c",
    "stage": "proposal",
    "proposed_by": "quartermaster",
    "quantity": "10",
    "value": "100",
    "currency": "EUR",
    "reversible": True,
    "expected_benefit": "9",
    "benefit_lower": "5",
    "tail_loss": "-3",
    "overstated": "0",
    "overstated_share": "0",
    "claimed": {
        "value": "100",
        "reversible": True,
        "expected_benefit": "9",
        "benefit_lower": "5",
        "tail_loss": "-3",
        "probability_better": "0.9",
        "data_as_of": "2026-03-02T06:00:00Z",
        "expires_at": "2026-03-03T06:00:00Z",
    },
    "item": {"sku": "OAT-1", "storage_class": "ambient", "perishable": False, "currency": "EUR"},
    "order": {
        "kind": "transfer",
        "source": {"site": "DC", "kind": "dc"},
        "destination": {"site": "S1", "kind": "store"},
        "lane": {"chilled": False, "currency": "EUR"},
        "lot_after": "50",
        "source_after": "50",
        "source_safety_stock": "20",
        "shelf_life_left": None,
    },
    "tenant_currency": "EUR",
    "data_age_hours": 2,
    "stock_derived": False,
    "expired": False,
    "conflicts": (),
    "automatic_24h": "100",
}
PURCHASE: dict[str, Any] = TRANSFER | {
    "order": {
        "kind": "purchase",
        "site": {"site": "DC", "kind": "dc"},
        "supplier": {"supplier": "ACME", "currency": "EUR", "listed": True},
    },
}
CLICK: dict[str, Any] = {
    "proposal_id": "4f7c",
    "kind": "transfer",
    "value": "900",
    "currency": "EUR",
    "tenant_currency": "EUR",
    "proposed_by": "quartermaster",
    "requested_by": "paula",
    "actor": "sven",
    "actor_kind": "person",
    "roles": ["supervisor"],
    "active": True,
    "approval_limit": "1000",
    "role": "supervisor",
    "asked": ["supervisor"],
    "approved_by": [],
    "expired": False,
}


def changed(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """`base` with changes; `order__lane=None` reaches into `order`."""
    facts = deepcopy(base)
    for path, value in changes.items():
        target, *rest = path.split("__")
        if rest:
            facts[target][rest[0]] = value
        else:
            facts[target] = value
    return facts
