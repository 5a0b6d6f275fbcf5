"""The rules one by one, and every way in which a gate can be without its rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.facts import ApprovalInput
from policies.gate import Gate
from policies.loading import DEFAULT, SCHEMA, PolicyUnusable, policy_folder
from tests.policies.sample_facts import CLICK, PURCHASE, TRANSFER, changed

CHILLED = {"sku": "MILK", "storage_class": "chilled", "perishable": True, "currency": "EUR"}
PERISHABLE = {"sku": "OAT-1", "storage_class": "ambient", "perishable": True, "currency": "EUR"}
COLD_LANE = {"chilled": True, "currency": "EUR"}
CASES: list[tuple[dict[str, Any], str, set[str], set[str]]] = [
    (changed(TRANSFER), "automatic", {"transfer-automatic"}, set()),
    (changed(PURCHASE), "automatic", {"purchase-automatic"}, set()),
    (changed(TRANSFER, value="800"), "automatic", {"transfer-automatic"}, set()),
    (changed(TRANSFER, value="800.0001"), "approval", {"transfer-value"}, {"supervisor"}),
    (changed(PURCHASE, value="500.01"), "approval", {"purchase-value"}, {"procurement_manager"}),
    (
        changed(TRANSFER, value="5000.01"),
        "approval",
        {"transfer-value", "transfer-large-value"},
        {"supervisor", "procurement_manager"},
    ),
    (
        changed(PURCHASE, value="5000.01"),
        "approval",
        {"purchase-value", "purchase-large-value"},
        {"supervisor", "procurement_manager"},
    ),
    (changed(TRANSFER, benefit_lower="-0.01"), "approval", {"transfer-benefit"}, {"supervisor"}),
    (changed(PURCHASE, tail_loss="-250.01"), "approval", {"purchase-tail-loss"}, {"procurement_manager"}),
    (changed(TRANSFER, automatic_24h="5000.01"), "approval", {"transfer-budget"}, {"supervisor"}),
    (changed(TRANSFER, order__source_after="19"), "approval", {"source-safety-stock"}, {"supervisor"}),
    (changed(TRANSFER, order__source_safety_stock=None), "approval", {"source-safety-stock"}, {"supervisor"}),
    (changed(TRANSFER, order__source_after="-1"), "denied", {"source-short"}, set()),
    (changed(TRANSFER, order__lot_after="-1"), "denied", {"source-short"}, set()),
    (changed(TRANSFER, item=CHILLED, order__shelf_life_left=9), "denied", {"cold-chain"}, set()),
    (
        changed(TRANSFER, item=CHILLED, order__shelf_life_left=9, order__lane=COLD_LANE),
        "automatic",
        {"transfer-automatic"},
        set(),
    ),
    (changed(TRANSFER, item=PERISHABLE), "denied", {"lot-expiry"}, set()),
    (changed(TRANSFER, order__shelf_life_left=2), "denied", {"lot-expiry"}, set()),
    (changed(TRANSFER, order__shelf_life_left=3), "automatic", {"transfer-automatic"}, set()),
    (changed(TRANSFER, data_age_hours=36), "automatic", {"transfer-automatic"}, set()),
    (changed(TRANSFER, data_age_hours=37), "denied", {"data-age"}, set()),
    (changed(TRANSFER, stock_derived=True), "denied", {"stock-not-counted"}, set()),
    (changed(TRANSFER, expired=True), "denied", {"expired"}, set()),
    (changed(PURCHASE, conflicts=("other",)), "denied", {"conflict"}, set()),
    (changed(TRANSFER, currency="USD"), "denied", {"transfer-currency"}, set()),
    (changed(PURCHASE, tenant_currency="USD"), "denied", {"purchase-currency"}, set()),
    (changed(TRANSFER, order__destination={"site": "DC", "kind": "dc"}), "denied", {"same-site"}, set()),
    (
        changed(PURCHASE, order__supplier={"supplier": "X", "currency": "EUR", "listed": False}),
        "denied",
        {"supplier-not-listed"},
        set(),
    ),
    (changed(PURCHASE, item__currency="USD"), "denied", {"purchase-currency"}, set()),
    (changed(TRANSFER, overstated="5.01", overstated_share="0.2501"), "denied", {"benefit-not-confirmed"}, set()),
    (changed(PURCHASE, overstated="5.01", overstated_share="0.2501"), "denied", {"benefit-not-confirmed"}, set()),
    (changed(TRANSFER, overstated="5.00", overstated_share="4"), "automatic", {"transfer-automatic"}, set()),
    (changed(TRANSFER, overstated="900", overstated_share="0.25"), "automatic", {"transfer-automatic"}, set()),
    (changed(TRANSFER, overstated="-1"), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, benefit_lower=None), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, quantity="1.0005"), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, item=None), "denied", {"entity-missing"}, set()),
    (changed(TRANSFER, order__lane=None), "denied", {"entity-missing"}, set()),
    (changed(PURCHASE, order__supplier=None), "denied", {"entity-missing"}, set()),
    (changed(TRANSFER, quantity="0"), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, quantity="-1"), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, value="NaN"), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, data_age_hours=-1), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, currency="€"), "denied", {"input-invalid"}, set()),
    (changed(TRANSFER, surprise=1), "denied", {"input-invalid"}, set()),
    # A hard rule wins over any approval, and only hard rules are named.
    (changed(TRANSFER, value="900", expired=True), "denied", {"expired"}, set()),
]


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate(DEFAULT)


@pytest.mark.parametrize(("facts", "outcome", "rules", "roles"), CASES)
def test_each_rule_decides_what_it_says(
    gate: Gate, facts: dict[str, Any], outcome: str, rules: set[str], roles: set[str]
) -> None:
    decision = gate.decide(facts)
    assert decision.outcome == outcome
    assert {reason.policy for reason in decision.reasons} == rules
    assert all(reason.reason for reason in decision.reasons)
    assert set(decision.approver_roles) == roles


def test_every_rule_of_the_default_set_is_tested() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DEFAULT.glob("*.cedar"))
    stated = {line.split('"')[1] for line in text.splitlines() if line.startswith("@id(")}
    tested = {rule for _, _, rules, _ in CASES for rule in rules} | {rule for _, _, rule in CLICKS}
    # The model of the facts refuses these before Cedar sees them; the oracle of test_oracle.py reaches the rest.
    never_seen = {"transfer-quantity", "purchase-quantity", "transfer-negative-value", "purchase-negative-value"}
    elsewhere = {"purchase-benefit", "purchase-budget", "transfer-tail-loss", "anything-may-be-proposed"}
    assert stated - tested - never_seen - elsewhere == set()


CLICKS: list[tuple[dict[str, Any], bool, str]] = [
    ({}, True, "approve-in-role"),
    ({"active": False}, False, "not-active"),
    ({"roles": ["planner"]}, False, "not-in-role"),
    ({"role": "quality", "roles": ["quality"]}, False, "role-not-asked"),
    ({"value": "1000.01"}, False, "over-limit"),
    ({"actor": "paula"}, False, "own-proposal"),
    ({"proposed_by": "sven"}, False, "own-proposal"),
    ({"approved_by": ["sven"]}, False, "two-persons"),
    ({"actor_kind": "agent"}, False, "agents-never-approve"),
    ({"actor_kind": "service"}, False, "agents-never-approve"),
    ({"expired": True}, False, "approval-expired"),
    ({"currency": "USD"}, False, "approval-currency"),
]


@pytest.mark.parametrize(("changes", "allowed", "rule"), CLICKS)
def test_a_click_counts_only_from_who_may(gate: Gate, changes: dict[str, Any], allowed: bool, rule: str) -> None:
    answer = gate.may_approve(ApprovalInput.model_validate(CLICK | changes))
    assert answer.allowed is allowed
    assert rule in {reason.policy for reason in answer.reasons}


@pytest.mark.parametrize("facts", [case[0] for case in CASES])
def test_a_decision_is_made_again_from_what_was_stored(facts: dict[str, Any]) -> None:
    first = Gate(DEFAULT).decide(facts)
    stored = json.loads(json.dumps(first.input))
    again = Gate(DEFAULT).decide(stored)
    assert again == first


BROKEN = {
    "missing folder": None,
    "no file": {},
    "empty file": {"a.cedar": "  \n"},
    "no parse": {"a.cedar": "permit (principal, action"},
    "unknown attribute": {"a.cedar": '@id("a") @reason("b") permit (principal, action, resource) when { resource.x };'},
    "no id": {"a.cedar": "permit (principal, action, resource);"},
    "no reason": {"a.cedar": '@id("a") permit (principal, action, resource);'},
    "id twice": {"a.cedar": '@id("a") @reason("b") permit (principal, action, resource);\n' * 2},
    "unknown approver": {
        "a.cedar": '@id("a") @reason("b") @approver("friend") forbid (principal, action, resource);',
    },
    "empty approver": {"a.cedar": '@id("a") @reason("b") @approver("") forbid (principal, action, resource);'},
    "approver on a permit": {
        "a.cedar": '@id("a") @reason("b") @approver("supervisor") permit (principal, action, resource);',
    },
}


@pytest.mark.parametrize("files", BROKEN.values(), ids=BROKEN.keys())
def test_without_usable_policies_everything_is_denied(tmp_path: Path, files: dict[str, str] | None) -> None:
    folder = tmp_path / "policies"
    if files is not None:
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    gate = Gate(folder)
    decision = gate.decide(TRANSFER)
    assert (decision.outcome, decision.policy_hash) == ("denied", "")
    assert decision.reasons[0].policy == "policies-unusable"
    assert not gate.may_approve(ApprovalInput.model_validate(CLICK)).allowed
    with pytest.raises(PolicyUnusable) as raised:
        gate.ready()
    assert raised.value.remedy


def test_without_the_schema_everything_is_denied(tmp_path: Path) -> None:
    assert Gate(DEFAULT, schema=tmp_path / "none").decide(TRANSFER).outcome == "denied"


def test_an_evaluation_error_denies(tmp_path: Path) -> None:
    """A forbid that errs is skipped by Cedar; the overflow passes its validator."""
    rule = """@id("overflow") @reason("Never.") forbid (principal, action in Action::"write", resource)
    when { context.data_age_hours * 9223372036854775807 > 5 };"""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(DEFAULT.glob("*.cedar")))
    (tmp_path / "all.cedar").write_text(text + rule, encoding="utf-8")
    gate = Gate(tmp_path)
    gate.ready()
    assert gate.decide(TRANSFER).reasons[0].policy == "evaluation-error"
    assert gate.decide(changed(TRANSFER, data_age_hours=0)).outcome == "automatic"


def test_a_changed_file_changes_the_hash(tmp_path: Path) -> None:
    for path in DEFAULT.glob("*.cedar"):
        text = path.read_text(encoding="utf-8").replace("800.00", "900.00")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    other = Gate(tmp_path)
    assert other.policy_hash not in ("", Gate(DEFAULT).policy_hash)
    assert other.decide(changed(TRANSFER, value="850")).outcome == "automatic"


def test_the_setting_names_the_folder(tmp_path: Path) -> None:
    assert policy_folder({"QUARTERMASTER_POLICIES": str(tmp_path)}) == tmp_path
    assert policy_folder({}) == DEFAULT
    assert SCHEMA.is_file()
