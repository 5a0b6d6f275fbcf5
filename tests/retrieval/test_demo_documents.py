"""The demo's documents say what the program does: limits of policies, thresholds of the sweep, names of the network."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from actions.proposals import VALID_FOR
from cases.thresholds import DEFAULT as THRESHOLDS
from connectors.demo_network.places import SITES, SUPPLIERS
from connectors.demo_network.world import SERVICE
from policies.loading import DEFAULT as POLICIES
from policies.loading import load
from retrieval.demo import FOLDER
from retrieval.document import Document
from retrieval.folder import read_folder

RULE = re.compile(r'@id\("([\w-]+)"\)(.*?);', re.DOTALL)
DOCUMENTS = read_folder(FOLDER)
# Sections of the versions in force that state a limit, with the rules that hold it.
STATED = {
    "SOP-02 4": ("transfer-automatic", "transfer-value", "transfer-large-value", "transfer-tail-loss"),
    "SOP-03 5": ("purchase-value", "purchase-large-value"),
    "POL-01 1": ("transfer-value", "purchase-value", "transfer-large-value", "purchase-large-value"),
    "POL-01 2": ("transfer-tail-loss", "purchase-tail-loss", "transfer-budget", "purchase-budget"),
}


def newest() -> dict[str, Document]:
    return {document.front.code: document for document in DOCUMENTS}


def text(name: str) -> str:
    code, number = name.split(" ")
    found = [section.body for section in newest()[code].sections if section.number == number]
    return " ".join(found[0].split())


def limits(rule: str) -> set[str]:
    """The amounts of a rule as a person writes them: 5000.00 is '5,000 EUR'."""
    rules = dict(RULE.findall("\n".join(file.read_text(encoding="utf-8") for file in sorted(POLICIES.glob("*.cedar")))))
    amounts = {float(amount) for amount in re.findall(r'decimal\("-?([0-9.]+)"\)', rules[rule])} - {0.0}
    assert amounts, rule
    return {f"{amount:,.0f} EUR" for amount in amounts}


@pytest.mark.parametrize("name", STATED)
def test_a_procedure_states_the_limits_of_the_policies(name: str) -> None:
    for rule in STATED[name]:
        if rule == "transfer-automatic":
            assert limits(rule) <= {"800 EUR", "250 EUR", "5,000 EUR"}
        else:
            assert {one for one in limits(rule) if one not in text(name)} == set(), rule


def test_no_amount_in_the_table_of_authority_is_another() -> None:
    known = {amount for rule in STATED["POL-01 1"] for amount in limits(rule)}
    assert set(re.findall(r"[\d,]+ EUR", text("POL-01 1"))) <= known


def test_the_roles_are_those_that_the_policies_ask() -> None:
    asked = {rule.id: rule.approver.replace("_", " ") for rule in load(POLICIES).rules.values()}
    table = text("POL-01 1")
    row = r"\| {} \| [\d,]+ EUR \| {} \| {} \|"
    for kind in ("transfer", "purchase"):
        roles = asked[f"{kind}-value"], asked[f"{kind}-large-value"]
        assert re.search(row.format(kind, *roles), table), kind


def test_what_never_happens_is_what_the_policies_never_allow() -> None:
    reasons = {rule.id: rule.reason for rule in load(POLICIES).rules.values()}
    never = text("POL-01 3")
    [days] = re.findall(r"(\d+) days", reasons["lot-expiry"])
    [hours] = re.findall(r"(\d+) hours", reasons["data-age"])
    assert f"within {days} days of arrival" in never
    assert f"older than {hours} hours" in never
    assert f"within {days} days of their arrival" in text("SOP-02 5")
    assert f"less than {days} days left" in text("SOP-05 4")
    assert f"within {VALID_FOR.total_seconds() / 3600:.0f} hours expires" in text("POL-01 5")


def test_the_thresholds_are_those_of_the_sweep() -> None:
    detection, grading, assumed = THRESHOLDS.detection, THRESHOLDS.grading, THRESHOLDS.assumptions
    assert f"reaches {detection.stockout_probability:.0%}".replace("%", " %") in text("SOP-01 1")
    assert f"{detection.smallest_money} EUR of margin" in text("SOP-01 1")
    assert f"{grading.high_money:,} EUR or more" in text("SOP-01 1")
    assert f"{grading.medium_money} EUR or more" in text("SOP-01 1")
    assert f"within {grading.urgent_days} days" in text("SOP-01 5")
    assert f"within {grading.soon_days} days" in text("SOP-01 5")
    assert f"{detection.overstock_probability:.0%}".replace("%", " %") in text("SOP-04 1")
    assert f"{detection.cover_days} days of demand" in text("SOP-04 1")
    assert f"{detection.late_days} days or more" in text("SOP-07 1")
    assert f"{assumed.overdue_days} days where none is known" in text("SOP-07 2")
    assert f"for {detection.quiet_days} days" in text("SOP-08 1")
    assert f"{assumed.shelf_life_on_arrival} more days" in text("SOP-05 4")
    assert f"{assumed.expedite_cost_share:.0%}".replace("%", " %") in text("SOP-03 4")
    assert f"service level of {SERVICE:.0%}".replace("%", " %") in text("COM-01 2")


def test_every_supplier_stands_in_the_rule_sheet_with_its_terms() -> None:
    sheet = text("SUP-01 1")
    for each in SUPPLIERS:
        assert f"| {each.supplier} | {each.name} | {each.minimum:,} EUR | {each.lead} days |" in sheet


def test_the_sites_are_the_demo_networks() -> None:
    sites = {site.site for site in SITES}
    cold = {site.site for site in SITES if site.cold}
    assert all(set(document.front.sites) <= sites for document in DOCUMENTS)
    assert set(newest()["SOP-06"].front.sites) == cold
    named = set(re.findall(r"\b[A-Z]{3}-(?:DC|[WS3])\b", " ".join(s.body for d in DOCUMENTS for s in d.sections)))
    assert named <= sites


def test_two_documents_have_a_past_and_all_say_who_answers_for_them() -> None:
    codes = [document.front.code for document in DOCUMENTS]
    assert len({code for code in codes if codes.count(code) > 1}) >= 2
    assert len(set(codes)) >= 12
    assert all(4 <= len(document.sections) <= 9 for document in newest().values())
    assert all(document.front.effective_from < date(2026, 6, 1) for document in DOCUMENTS)


def test_references_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for section in document.sections:
            for code, number in re.findall(r"\b([A-Z]{3}-\d\d)\b(?:, section (\d))?", section.body):
                target = newest().get(code)
                assert target is not None or code.startswith("S-"), (document.name, code)
                assert not number or number in {s.number for s in newest()[code].sections}


def test_nothing_but_documents_and_their_vectors_is_shipped() -> None:
    assert {path.suffix for path in Path(FOLDER).iterdir() if path.is_file()} == {".md", ".py", ".txt"}
