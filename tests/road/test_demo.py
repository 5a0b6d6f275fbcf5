"""The road as somebody walks it who has just cloned the repository: one run of the real `quartermaster demo`.

Nothing here looks into our own tables for what Tryton can tell: an auditor with a session of its own reads it there.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.demo import SEED
from cases.thresholds import DEFAULT
from connectors.demo_network.simulate import generate
from connectors.demo_network.truth import DemoTruth, Plant
from tests.fix_tryton import Auditor
from tests.home import Home, Ran, temporary_home

pytestmark = [pytest.mark.tryton, pytest.mark.slow, pytest.mark.xdist_group("demo")]

CONTRACT = {"id", "kind", "sku", "site", "proposal", "outcome", "state", "document"}
OUTCOMES = {"automatic", "approval", "denied", "observed", "none"}
APPROVERS = {"supervisor": "sven", "procurement_manager": "petra"}
# The figure is the benchmark's and is measured on a machine that does nothing else; this one shares its cores.
SECOND_START_SECONDS = 90.0
MONEY_KINDS = {"stockout_risk", "late_supply", "overstock", "expiry_risk"}


@pytest.fixture(scope="module")
def home(tryton_setting: dict[str, str]) -> Iterator[Home]:
    with temporary_home("demo", tryton_setting) as made:
        yield made


@pytest.fixture(scope="module")
def demo(home: Home) -> Ran:
    """The one run, from nothing."""
    return home.run("demo", "--once", "--json")


@pytest.fixture(scope="module")
def cases(demo: Ran) -> list[dict[str, Any]]:
    return demo.json["cases"]


@pytest.fixture(scope="module")
def truth(home: Home, demo: Ran, tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoTruth, Path]:
    """The same network made again: what was planted, and the very files that were imported."""
    del demo
    ((today,),) = home.rows("SELECT clock_at::date FROM tenant WHERE tenant = 'demo'")
    folder = tmp_path_factory.mktemp("network")
    return generate(SEED, today, folder), folder


@pytest.fixture(scope="module")
def auditor(home: Home, demo: Ran) -> Auditor:
    """Somebody else, in the server of that home, which the demo had stopped."""
    del demo
    home.start_tryton()
    return home.auditor()


def in_state(cases: list[dict[str, Any]], state: str) -> list[dict[str, Any]]:
    return [case for case in cases if case["state"] == state]


def order_in_tryton(auditor: Auditor, number: str) -> dict[str, Any]:
    """What Tryton holds under the number, in the words of our orders."""
    return _transfer(auditor, number) if number.startswith("INT") else _purchase(auditor, number)


def _transfer(auditor: Auditor, number: str) -> dict[str, Any]:
    fields = ("state", "warehouse.code", "to_warehouse.code", "planned_start_date", "planned_date")
    (shipment,) = auditor.search(
        "stock.shipment.internal", [["number", "=", number]], "internal_transit_location", *fields
    )
    domain = [
        ["shipment", "=", f"stock.shipment.internal,{shipment['id']}"],
        ["from_location", "!=", shipment["internal_transit_location"]],
    ]
    moves = auditor.search("stock.move", domain, "product.code", "unit.symbol", "quantity", "state")
    assert shipment["state"] == "assigned"
    assert {move["state"] for move in moves} == {"assigned"}
    return {
        "sku": moves[0]["product."]["code"], "source": shipment["warehouse."]["code"],
        "destination": shipment["to_warehouse."]["code"], "unit": moves[0]["unit."]["symbol"],
        "quantity": sum(Decimal(str(move["quantity"])) for move in moves),
        "ship_on": _day(shipment["planned_start_date"]), "arrive_on": _day(shipment["planned_date"]),
    }  # fmt: skip


def _purchase(auditor: Auditor, number: str) -> dict[str, Any]:
    fields = ("state", "party.code", "warehouse.code", "currency.code", "delivery_date")
    (purchase,) = auditor.search("purchase.purchase", [["number", "=", number]], *fields)
    (line,) = auditor.search(
        "purchase.line", [["purchase", "=", purchase["id"]]], "product.code", "unit.symbol", "quantity", "unit_price"
    )
    assert purchase["state"] == "quotation"
    return {
        "sku": line["product."]["code"], "site": purchase["warehouse."]["code"],
        "supplier": purchase["party."]["code"], "unit": line["unit."]["symbol"],
        "quantity": Decimal(str(line["quantity"])), "unit_cost": Decimal(line["unit_price"]["decimal"]),
        "currency": purchase["currency."]["code"], "deliver_on": _day(purchase["delivery_date"]),
    }  # fmt: skip


def _day(read: dict[str, int]) -> str:
    return date(read["year"], read["month"], read["day"]).isoformat()


def assert_stands_as_ordered(auditor: Auditor, case: dict[str, Any]) -> None:
    read = order_in_tryton(auditor, case["document"])
    ordered = {name: case["payload"][name] for name in read}
    for name in ("quantity", "unit_cost"):
        if name in ordered:
            ordered[name] = Decimal(ordered[name])
    assert read == ordered


def documents(auditor: Auditor) -> Counter[str]:
    """Every document that carries a key of ours, by number."""
    ours = [["quartermaster_key", "!=", None]]
    found = auditor.search("stock.shipment.internal", ours, "number") + auditor.search(
        "purchase.purchase", ours, "number"
    )
    return Counter(document["number"] for document in found)


def test_the_demo_prints_the_shape_that_others_rely_on(demo: Ran, cases: list[dict[str, Any]]) -> None:
    assert demo.json["simulated"] is True
    assert cases
    for case in cases:
        assert case.keys() >= CONTRACT
        assert case["outcome"] in OUTCOMES
        assert (case["document"] is not None) == (case["state"] == "confirmed")
    assert "Traceback" not in demo.err


def test_one_is_confirmed_one_waits_one_is_denied_with_its_reason(cases: list[dict[str, Any]]) -> None:
    states = Counter(case["state"] for case in cases)
    assert states["confirmed"] >= 1, states
    assert states["waiting"] >= 1, states
    assert states["denied"] >= 1, states
    for case in in_state(cases, "confirmed"):
        assert case["outcome"] == "automatic"
    for case in in_state(cases, "denied"):
        assert case["outcome"] == "denied"
        assert all(reason["reason"] for reason in case["reasons"])
        assert case["reasons"]


def test_every_confirmed_document_stands_in_tryton_as_it_was_ordered(
    auditor: Auditor, cases: list[dict[str, Any]]
) -> None:
    confirmed = in_state(cases, "confirmed")
    assert confirmed
    for case in confirmed:
        assert_stands_as_ordered(auditor, case)
    assert documents(auditor) == Counter(case["document"] for case in confirmed)


def test_the_audit_store_verifies(home: Home, demo: Ran, tmp_path: Path) -> None:
    assert demo.json["audit_intact"] is True
    report = home.json("audit", "verify")
    assert (report["problems"], report["first_problem"]) == (0, None)
    assert report["sealed"] > 0
    home.run("audit", "export", str(tmp_path / "export"))
    # Offline: another home, in which there is neither a database nor a secret.
    away = Home(tmp_path / "nowhere", {})
    offline = away.json("audit", "verify", str(tmp_path / "export"))
    assert (offline["problems"], offline["sealed"]) == (0, report["sealed"])
    assert not away.path.exists()


def test_what_was_planted_has_a_case(home: Home, cases: list[dict[str, Any]], truth: tuple[DemoTruth, Path]) -> None:
    found = {(kind, sku, site) for kind, sku, site in home.rows("SELECT kind, sku, site FROM case_file")}
    planted = truth[0].planted
    missed = [f"{one.plant.name} {one.sku} {one.site}" for one in planted
              if (one.case_kind, one.sku, one.site) not in found]  # fmt: skip
    assert missed == []
    worth = "SELECT min(money_at_risk) FROM case_file WHERE kind = ANY (%s)"
    assert home.rows(worth, list(MONEY_KINDS))[0][0] >= DEFAULT.detection.smallest_money


def test_what_must_not_pass_alone_did_not(cases: list[dict[str, Any]], truth: tuple[DemoTruth, Path]) -> None:
    by_place = {(case["sku"], case["site"]): case for case in cases}
    for one in truth[0].planted:
        case = by_place.get((one.sku, one.site))
        if case is None:
            continue
        if one.plant in (Plant.LARGE_TRANSFER, Plant.LARGE_PURCHASE):
            assert case["outcome"] != "automatic", case
        if one.plant in (Plant.NO_COLD_LANE, Plant.EXPIRES_ON_THE_WAY):
            assert case["action"] != "transfer" or case["outcome"] == "denied", case
        if one.expected == "none":
            assert case["outcome"] in ("none", "denied"), case


def test_why_answers_the_three_questions(
    home: Home, cases: list[dict[str, Any]], truth: tuple[DemoTruth, Path]
) -> None:
    case = in_state(cases, "confirmed")[0]
    told = home.json("why", case["id"])
    assert told["recommended"]["order"] == case["payload"]
    assert told["executed"]["document"] == case["document"]
    assert told["executed"]["state"] == "confirmed"
    assert any(case["document"] in step for step in told["executed"]["steps"])
    rows = told["data"]["rows"]
    assert {row["table"] for row in rows} >= {"demand", "items", "item_sites", "stock"}
    for row in rows:
        read = (truth[1] / row["file"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(read).hexdigest(), row["file"]
        if row["file"].endswith(".csv") and row["row"]:
            # Row 1 is the header, as a spreadsheet counts.
            line = list(csv.DictReader(read.decode().splitlines()))[row["row"] - 2]
            assert line.get("sku", case["sku"]) == case["sku"]


def test_approval_by_the_wrong_the_planner_and_the_right(
    home: Home, auditor: Auditor, cases: list[dict[str, Any]]
) -> None:
    case = next(one for one in in_state(cases, "waiting") if len(one["approvers"]) == 1)
    right = APPROVERS[case["approvers"][0]]
    wrong = next(person for person in APPROVERS.values() if person != right)
    assert case["id"] in {one["case"] for one in home.json("approvals", "--as", right)["approvals"]}
    assert case["id"] not in {one["case"] for one in home.json("approvals", "--as", wrong)["approvals"]}
    seen = ("--fingerprint", case["fingerprint"][:12])
    for person in (wrong, "paula"):
        error = home.json("approve", case["id"], "--as", person, *seen, code=4)["error"]
        assert "role" in error["message"], error
    assert home.json("approve", case["id"], "--as", right, *seen)["state"] == "approved"

    home.run("worker", "executor", "--drain")

    told = home.json("why", case["id"])
    assert told["executed"]["state"] == "confirmed"
    assert any(right in step for step in told["executed"]["steps"])
    assert_stands_as_ordered(auditor, case | {"document": told["executed"]["document"]})
    shown = home.json("case", case["id"])
    assert any(told["executed"]["document"] in moment["text"] for moment in shown["moments"])


def test_a_second_start_doubles_nothing(home: Home, auditor: Auditor, cases: list[dict[str, Any]]) -> None:
    before = documents(auditor)
    again = home.run("demo", "--once", "--json")
    assert again.seconds < SECOND_START_SECONDS
    now = {case["id"]: case for case in again.json["cases"]}
    for case in in_state(cases, "confirmed"):
        assert case["id"] not in now or now[case["id"]]["document"] == case["document"]
    home.start_tryton()
    after = documents(home.auditor())
    assert set(after.values()) == {1}
    assert before <= after
    new = {case["document"] for case in again.json["cases"]} - {None}
    assert set(after) - set(before) <= new
    assert home.json("audit", "verify")["problems"] == 0
