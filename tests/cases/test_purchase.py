"""Purchases on suppliers' terms: order days, cut-offs, price breaks, exclusions; the executor counts the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal

import pytest

from actions.proposals import load
from cases.appraisal import appraise
from cases.purchase import on_terms, terms_problem
from cases.terms import Buying, Ordering, Terms
from db.network import Site
from db.purchasing import OrderCalendar, PriceBreak
from db.session import Database
from tests.fix_network import BATCH, NOW, TODAY, Network, day, insert
from tests.fix_tools import Asker
from tools import proposals

BERLIN = Site("LEJ", "Leipzig", "warehouse", "Europe/Berlin", None)


def terms(ordering: Ordering | None = None, *breaks: tuple[int, str], **changed: object) -> Terms:
    row: dict[str, object] = {
        "sku": "OAT-1L", "supplier": "S-07", "supplier_name": "Hafer AG", "unit_cost": Decimal(1),
        "lead_time_days": Decimal(5), "lead_time_sd_days": Decimal(0), "minimum_order_quantity": Decimal(24),
        "order_multiple": Decimal(12), "preferred": True, "minimum_order_value": Decimal(0), "supplier_currency": "EUR",
        "provenance": "measured",
    }  # fmt: skip
    steps = tuple(PriceBreak("OAT-1L", "S-07", Decimal(start), Decimal(cost)) for start, cost in breaks)
    return Terms(**{**row, **changed}, breaks=steps, ordering=ordering or Ordering())  # pyright: ignore[reportArgumentType]


def days_of(calendar: OrderCalendar, now: datetime) -> tuple[int, ...]:
    buying = Buying(now, {}, {(calendar.supplier, calendar.site): calendar})
    return buying.ordering("S-07", BERLIN, now.date()).days[:3]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 3, 2, 12, 59, tzinfo=UTC), (0, 2, 4)),  # Monday 13:59 in Berlin
        (datetime(2026, 3, 2, 13, 1, tzinfo=UTC), (2, 4, 7)),  # one minute after the cut-off
        (datetime(2026, 3, 3, 8, 0, tzinfo=UTC), (1, 3, 6)),
        (datetime(2026, 3, 6, 23, 30, tzinfo=UTC), (3, 5, 7)),  # Saturday already in Berlin
    ],
)
def test_the_cut_off_is_in_the_sites_zone(at: datetime, expected: tuple[int, ...]) -> None:
    assert days_of(OrderCalendar("S-07", "*", [0, 2, 4], time(14, 0), None, 0), at) == expected


def test_the_suppliers_own_zone_and_the_sites_own_row_come_first() -> None:
    at = datetime(2026, 3, 2, 12, 59, tzinfo=UTC)
    there = OrderCalendar("S-07", "*", [0], time(14, 0), "Europe/Helsinki", 0)
    assert days_of(there, at) == (7, 14, 21)
    own = OrderCalendar("S-07", "LEJ", [1], None, None, 0)
    both = Buying(at, {}, {("S-07", "*"): there, ("S-07", "LEJ"): own})
    assert both.ordering("S-07", BERLIN, at.date()).days[:2] == (1, 8)


def test_what_would_arrive_among_fixed_deliveries_waits() -> None:
    made = terms(Ordering((0, 2, 4), frozen_days=7))
    assert (made.order_day, made.next_order_day, made.arrival_days) == (2, 4, 7.0)
    assert made.deliver_on(TODAY) == day(7)


def test_the_cost_is_that_of_the_break_reached() -> None:
    made = terms(None, (48, "0.9"), (96, "0.8"))
    assert [made.cost_of(Decimal(units)) for units in (24, 47, 48, 95, 96)] == [
        Decimal(one) for one in ("1", "1", "0.9", "0.9", "0.8")
    ]


def test_the_minimum_value_is_reached_at_the_price_of_the_quantity() -> None:
    """48 at 0.9 are 43.20, less than the 45 that 45 at 1 would be: 60 at 0.9 are needed."""
    made = terms(None, (48, "0.9"), minimum_order_value=Decimal(45))
    assert on_terms(made, Decimal(1)) == 60
    assert terms_problem(made, Decimal(48)).startswith("the minimum order value")
    assert terms_problem(made, Decimal(60)) == ""


@pytest.fixture
def bought(network: Network, owner_database: Database) -> Callable[..., None]:
    """Puts rows beside the small network, and takes its open order away."""

    def put(table: str, **values: object) -> None:
        with owner_database.transaction(network.tenant) as connection:
            connection.execute("DELETE FROM purchase_order_line")
            insert(connection, table, tenant=network.tenant, batch_id=BATCH, **values)

    return put


def buy(asker: Asker) -> object:
    options = asker.answer("compare_options", sku="OAT-1L", site="LEJ").options
    return next((one for one in options if one.option == "buy" and one.source == "S-07"), None)


def test_the_executor_appraises_a_purchase_on_the_same_terms_to_the_cent(
    asker: Asker, late_case: str, bought: Callable[..., None], executor_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """S-08's second tier costs 1.25 instead of 2, and it takes orders on Wednesdays only: 5 + 2 days."""
    monkeypatch.setattr(proposals, "WAITING", proposals.Waiting(seconds=0.0))
    bought("price_break", sku="OAT-1L", supplier="S-08", from_quantity=24, unit_cost="1.25")
    bought("supplier_calendar", supplier="S-08", site="*", order_days="wed")
    evidence = asker.ask("compare_options", case_id=late_case)
    proposed = asker.answer("propose_purchase", case=late_case, evidence_id=str(evidence.evidence_id), source="S-08")
    assert (proposed.order.unit_cost, proposed.order.deliver_on) == (Decimal("1.25"), day(7))
    assert proposed.value == proposed.order.quantity * Decimal("1.25")
    with executor_database.transaction(asker.network.tenant) as connection:
        again = appraise(connection, load(connection, proposed.proposal_id))
    cent = Decimal("0.01")
    assert again.expected_benefit.quantize(cent) == proposed.expected_benefit
    # What the gate compares was rounded against the purchase.
    assert 0 <= again.benefit_lower - proposed.benefit_lower < cent
    assert 0 <= again.tail_loss - proposed.tail_loss < cent
    assert evidence.output is not None
    line = next(one for one in evidence.output.options if one.source == "S-08")
    # 0.25 a unit above what the item costs.
    assert {part.name: part.amount for part in line.drivers}["unit cost"] == -line.quantity * Decimal("0.25")


def test_an_excluded_supplier_is_not_bought_from(asker: Asker, bought: Callable[..., None]) -> None:
    bought("customer", customer="K-2", name="Hotel", tier="gold")
    assert buy(asker) is not None
    bought("qualification", supplier="S-07", sku="*", customer="K-2", standing="excluded")
    assert buy(asker) is not None, "excluded for one customer only"
    bought("qualification", supplier="S-07", sku="BOLT", customer="*", standing="excluded")
    bought("qualification", supplier="S-07", sku="OAT-1L", customer="*", standing="excluded", ends_on=NOW.date())
    assert buy(asker) is None


def test_an_exclusion_ends_and_a_qualification_excludes_the_others(asker: Asker, bought: Callable[..., None]) -> None:
    bought("qualification", supplier="S-07", sku="*", customer="*", standing="excluded", ends_on=day(-1))
    assert buy(asker) is not None
    bought("qualification", supplier="S-08", sku="OAT-1L", customer="*", standing="qualified")
    assert buy(asker) is None
