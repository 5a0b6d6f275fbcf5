"""get_case: figures from kept evidence, and cases that know of each other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from db.session import Database
from tests.fix_network import Network
from tests.fix_tools import Asker


@pytest.fixture
def surplus(asker: Asker, late_case: str) -> str:
    """The case of the oat drink that Erfurt has too much of."""
    del late_case
    (line,) = asker.answer("list_exceptions", kind="overstock", sku="OAT-1L").cases
    return line.case_id


def run(database: Database, network: Network, query: str) -> None:
    with database.transaction(network.tenant) as connection:
        connection.execute(query.encode())


def test_figures_are_those_of_the_newest_evidence_about_the_place(
    asker: Asker, network: Network, owner_database: Database, late_case: str
) -> None:
    place = {"sku": "OAT-1L", "site": "LEJ"}
    before: Any = asker.answer("get_case", case_id=late_case).figures
    assert (before.stock, before.demand, before.risk, before.options, before.days_of_cover) == (None,) * 5
    asker.answer("get_inventory_position", case=late_case, **place)
    asker.answer("forecast_demand", case=late_case, skus=["OAT-1L"], sites=["LEJ"])
    risks = asker.answer("assess_stock_risk", case=late_case, **place)
    compared: Any = asker.ask("compare_options", case=late_case, **place)
    # About another place: of no use here.
    asker.answer("get_inventory_position", case=late_case, sku="BOLT", site="ERF")
    run(owner_database, network, "UPDATE stock SET quantity = 7")

    now = asker.answer("get_case", case_id=late_case).figures
    assert (now.stock.available, now.stock.on_order, now.stock.quarantined) == (30, 100, 4)
    assert (now.demand.low, now.demand.mean, now.demand.high, now.demand.days) == (10, 10, 10, 28)
    assert now.days_of_cover == Decimal("3.0")
    assert now.risk.expected_lost_margin == risks.risks[0].expected_lost_margin
    assert (now.options.evidence_id, now.options.options) == (compared.evidence_id, compared.output.options)
    assert now.options.notes == compared.output.notes


def test_evidence_of_an_older_shape_is_left_out(
    asker: Asker, network: Network, owner_database: Database, late_case: str
) -> None:
    asker.answer("get_inventory_position", case=late_case, sku="OAT-1L", site="LEJ")
    run(owner_database, network, """UPDATE evidence SET result = '{"output": {"old": 1}}'""")
    assert asker.answer("get_case", case_id=late_case).figures.stock is None


def test_surplus_and_shortage_know_of_each_other(asker: Asker, late_case: str, surplus: str) -> None:
    (there,) = asker.answer("get_case", case_id=late_case).related
    assert (there.case_id, there.why) == (surplus, "surplus of the same item in Erfurt")
    (back,) = asker.answer("get_case", case_id=surplus).related
    assert (back.case_id, back.why) == (late_case, "shortage of the same item in Leipzig")
    assert (back.source, back.destination, back.lead_time_days, back.better) == ("ERF", "LEJ", 1, "")


@pytest.mark.parametrize(
    "unusable",
    [
        "DELETE FROM lane WHERE source = 'ERF'",
        "UPDATE lane SET currency = 'USD'",
        "UPDATE item SET storage_class = 'chilled' WHERE sku = 'OAT-1L'",
        "UPDATE lane SET capacity_m3 = 0.0001",
        "UPDATE case_file SET status = 'closed', closed_at = now() WHERE kind = 'overstock'",
    ],
    ids=["no lane", "foreign money", "not chilled", "too small", "closed"],
)
def test_without_a_usable_lane_they_are_strangers(
    asker: Asker, network: Network, owner_database: Database, late_case: str, unusable: str
) -> None:
    run(owner_database, network, unusable)
    assert asker.answer("get_case", case_id=late_case).related == ()


def test_a_better_transfer_is_named_where_the_evidence_says_so(asker: Asker, late_case: str, surplus: str) -> None:
    compared: Any = asker.ask("compare_options", case=late_case, sku="OAT-1L", site="LEJ")
    options = {one.option: one for one in compared.output.options}
    assert options["transfer"].expected_benefit > options["buy"].expected_benefit
    asker.answer("propose_purchase", case=late_case, evidence_id=str(compared.evidence_id))
    for case_id in (late_case, surplus):
        (other,) = asker.answer("get_case", case_id=case_id).related
        assert "ranks the transfer from ERF above the proposed purchase" in other.better


def test_where_a_transfer_was_proposed_nothing_is_said(asker: Asker, late_case: str) -> None:
    compared: Any = asker.ask("compare_options", case=late_case, sku="OAT-1L", site="LEJ")
    asker.answer("propose_transfer", case=late_case, evidence_id=str(compared.evidence_id))
    (other,) = asker.answer("get_case", case_id=late_case).related
    assert other.better == ""
