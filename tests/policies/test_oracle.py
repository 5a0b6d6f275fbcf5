"""Random and malformed facts against the rules written a second time in Python, and against two broken wrappers.

The mutants are the two mistakes that Cedar makes easy: no schema at the request, and errors ignored. They must be
caught here, or this test shows nothing about the wrapper.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import cedarpy
import pytest

from policies import gate as module
from policies.entities import Record
from policies.gate import Gate, GateDecision, _Answer
from policies.loading import DEFAULT
from tests.policies.sample_facts import PURCHASE, TRANSFER, changed

CALLS = 5000


def _maybe(chance: float, value: Any, otherwise: Any, source: random.Random) -> Any:
    return value if source.random() < chance else otherwise


def _transfer(source: random.Random) -> dict[str, Any]:
    storage = source.choice(["ambient", "ambient", "chilled", "frozen"])
    item = {"sku": "A", "storage_class": storage, "perishable": source.random() < 0.2, "currency": "EUR"}
    lane = {"chilled": source.random() < 0.7, "currency": _maybe(0.03, "USD", "EUR", source)}
    return changed(
        TRANSFER,
        **_common(source),
        item=_maybe(0.1, None, item, source),
        order__lane=_maybe(0.03, None, lane, source),
        order__source=_maybe(0.03, {"site": "S1", "kind": "store"}, {"site": "DC", "kind": "dc"}, source),
        order__source_after=str(source.choice([-1, 0, 10, 20, 50, 80])),
        order__source_safety_stock=source.choice([None, "0", "20"]),
        order__shelf_life_left=source.choice([None, None, -4, 2, 3, 40]),
    )


def _purchase(source: random.Random) -> dict[str, Any]:
    supplier = {
        "supplier": "ACME",
        "currency": _maybe(0.05, "USD", "EUR", source),
        "listed": source.random() < 0.9,
    }
    return changed(
        PURCHASE,
        **_common(source),
        order__supplier=_maybe(0.15, None, supplier, source),
        item__currency=_maybe(0.05, "USD", "EUR", source),
    )


def _common(source: random.Random) -> dict[str, Any]:
    return {
        "value": source.choice(["0", "499.99", "500", "500.01", "800", "800.01", "5000.01", "-1", "NaN", 1.5, "1e3"]),
        "quantity": source.choice(["1", "1", "40", "0", "-2"]),
        "currency": _maybe(0.05, "USD", "EUR", source),
        "benefit_lower": source.choice(["5", "5", "0", "-0.0001", "-9"]),
        "tail_loss": source.choice(["0", "-250", "-250.0001"]),
        "overstated": source.choice(["0", "0", "0", "4", "80"]),
        "overstated_share": source.choice(["0", "0", "0.25", "0.3", "-1"]) if source.random() < 0.3 else "0",
        "data_age_hours": source.choice([0, 3, 36, 37, 400, -1, "x"]) if source.random() < 0.4 else 4,
        "stock_derived": source.random() < 0.03,
        "expired": source.random() < 0.05,
        "conflicts": _maybe(0.05, ["p2"], [], source),
        "automatic_24h": source.choice(["0", "5000", "5000.01"]),
    }


def _truth(facts: dict[str, Any]) -> str:
    """The rules again, by hand; 'denied' for anything that is not plainly in order."""
    try:
        number = {name: Decimal(str(facts[name])) for name in ("value", "quantity", "benefit_lower", "tail_loss")}
        spent, age = Decimal(facts["automatic_24h"]), int(facts["data_age_hours"])
        hard = _hard(facts, number, age) or _overstated(facts)
    except (ValueError, ArithmeticError, TypeError, KeyError):
        return "denied"
    if hard or facts["stock_derived"] or facts["expired"] or facts["conflicts"] or facts["currency"] != "EUR":
        return "denied"
    limit = 800 if facts["order"]["kind"] == "transfer" else 500
    small = number["value"] <= limit and spent <= 5000
    proven = number["benefit_lower"] >= 0 and number["tail_loss"] >= -250
    return "automatic" if small and proven and not _soft(facts["order"]) else "approval"


def _hard(facts: dict[str, Any], number: dict[str, Decimal], age: int) -> bool:
    if not number["value"].is_finite() or number["value"] < 0 or number["quantity"] <= 0 or not 0 <= age <= 36:
        return True
    item, order = facts["item"], facts["order"]
    if order["kind"] == "purchase":
        supplier = order["supplier"]
        if supplier is None or not supplier["listed"]:
            return True
        return supplier["currency"] != "EUR" or item["currency"] != "EUR"
    if item is None or order["lane"] is None or order["lane"]["currency"] != "EUR":
        return True
    cold = item["storage_class"] != "ambient" and not order["lane"]["chilled"]
    left = order["shelf_life_left"]
    old = item["perishable"] if left is None else left < 3
    return cold or old or Decimal(order["source_after"]) < 0 or order["source"]["site"] == "S1"


def _overstated(facts: dict[str, Any]) -> bool:
    money, share = Decimal(facts["overstated"]), Decimal(facts["overstated_share"])
    return share < 0 or (money > 5 and share > Decimal("0.25"))


def _soft(order: dict[str, Any]) -> bool:
    if order["kind"] == "purchase":
        return False
    safety = order["source_safety_stock"]
    return safety is None or Decimal(order["source_after"]) < Decimal(safety)


def _wrong(decide: Callable[[dict[str, Any]], str]) -> tuple[int, int, int]:
    """Calls in which more was granted than the oracle allows; calls that were automatic; all that disagree."""
    source, beyond, automatic, differ = random.Random(20261121), 0, 0, 0
    rank = {"denied": 0, "approval": 1, "automatic": 2}
    for _ in range(CALLS):
        facts = _transfer(source) if source.random() < 0.6 else _purchase(source)
        answer, truth = decide(facts), _truth(facts)
        beyond += rank[answer] > rank[truth]
        automatic += answer == "automatic"
        differ += answer != truth
    return beyond, automatic, differ


def test_the_gate_never_grants_more_than_the_oracle() -> None:
    gate = Gate(DEFAULT)
    beyond, automatic, differ = _wrong(lambda facts: gate.decide(facts).outcome)
    assert beyond == 0
    assert automatic > CALLS / 200
    assert differ == 0


class _Careless(Gate):
    """Asks Cedar as its first example does: one request, no look at errors, no look at missing entities."""

    pass_schema: bool = False

    def _ask(self, requests: Sequence[Record], given: list[Record]) -> list[_Answer]:
        assert self._loaded is not None
        schema = self._loaded.schema if self.pass_schema else None
        results = cedarpy.is_authorized_batch(list(requests), self._loaded.policies, json.dumps(given), schema=schema)
        return [_Answer(answer.allowed, (), answer.reasons) for answer in map(self._answer, results)]

    def _combine(self, execute: _Answer, propose: _Answer, plain: dict[str, Any]) -> GateDecision:
        return self._decision("automatic" if execute.allowed else "denied", execute.reasons, plain)


def test_a_wrapper_without_the_schema_would_be_caught() -> None:
    """Without it the groups of actions are not known, and no rule about all writes matches: no error is reported."""
    gate = _Careless(DEFAULT)
    beyond, _, _ = _wrong(lambda facts: gate.decide(facts).outcome)
    assert beyond > CALLS / 200


def test_a_wrapper_that_ignores_errors_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = _Careless(DEFAULT)
    gate.pass_schema = True
    monkeypatch.setattr(module.entities, "missing", lambda facts: ())
    beyond, _, _ = _wrong(lambda facts: gate.decide(facts).outcome)
    assert beyond > 0
