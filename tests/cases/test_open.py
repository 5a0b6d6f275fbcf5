from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from cases.open import Opened, open_cases, set_status
from cases.rank import ranked, severity
from db.cases import NewCase
from db.session import Database
from domain.errors import Conflict, NotFound
from tests.fix_network import Network, day

FOUND = NewCase(
    "stockout_risk", "OAT-1L", "LEJ", "stockout_risk:OAT-1L:LEJ", "low", Decimal(30), "EUR", None, day(3), "short"
)


def actions(database: Database, tenant: str) -> list[tuple[str, str]]:
    with database.transaction(tenant) as connection:
        rows = connection.execute(
            "SELECT action, subject FROM audit.event WHERE action LIKE 'case.%' ORDER BY position"
        )
        return [(row["action"], row["subject"]) for row in rows]


def test_a_subject_has_one_case(network: Network, agent_database: Database) -> None:
    for money in (30, 30, 55):
        with agent_database.transaction(network.tenant) as connection:
            (opened,) = open_cases(connection, network.context, [replace(FOUND, money_at_risk=Decimal(money))])
            assert opened.case.case_id == "C-00001"
            assert opened.case.money_at_risk == money
    assert actions(agent_database, network.tenant) == [
        ("case.opened", "case:C-00001"),
        ("case.changed", "case:C-00001"),
    ]


def test_a_late_supply_and_its_shortage_are_one_matter(network: Network, agent_database: Database) -> None:
    late = replace(FOUND, kind="late_supply", subject="late_supply:OAT-1L:LEJ")
    with agent_database.transaction(network.tenant) as connection:
        (first,) = open_cases(connection, network.context, [FOUND])
        (second,) = open_cases(connection, network.context, [late])
    assert (second.case.case_id, second.is_new, second.case.kind) == (first.case.case_id, False, "stockout_risk")


def test_a_closed_case_is_followed_by_a_new_one(network: Network, agent_database: Database) -> None:
    with agent_database.transaction(network.tenant) as connection:
        open_cases(connection, network.context, [FOUND])
        set_status(connection, network.context, "C-00001", "closed")
        (again,) = open_cases(connection, network.context, [FOUND])
        assert (again.case.case_id, again.is_new) == ("C-00002", True)
        with pytest.raises(Conflict, match="closed already"):
            set_status(connection, network.context, "C-00001", "triaged")
        with pytest.raises(NotFound):
            set_status(connection, network.context, "C-00009", "closed")


def test_two_at_once_open_one_case_between_them(network: Network, agent_database: Database) -> None:
    opened: list[Opened] = []
    together = threading.Barrier(2)

    def work(name: str) -> None:
        found = [FOUND, replace(FOUND, sku=name, subject=f"stockout_risk:{name}:LEJ")]
        together.wait()
        with agent_database.transaction(network.tenant) as connection:
            opened.extend(open_cases(connection, network.context, found))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.case.case_id for one in opened if one.is_new) == ["C-00001", "C-00002", "C-00003"]
    shared = [one for one in opened if one.case.subject == FOUND.subject]
    assert len(shared) == 2
    assert [one.is_new for one in shared].count(True) == 1
    assert len({one.case.case_id for one in shared}) == 1


def test_numbers_count_within_the_tenant(network: Network, other_network: Network, agent_database: Database) -> None:
    for place in (network, other_network):
        with agent_database.transaction(place.tenant) as connection:
            (opened,) = open_cases(connection, place.context, [FOUND])
            assert opened.case.case_id == "C-00001"


def test_what_is_rolled_back_leaves_neither_case_nor_event(network: Network, agent_database: Database) -> None:
    def fail() -> None:
        with agent_database.transaction(network.tenant) as connection:
            open_cases(connection, network.context, [FOUND])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert actions(agent_database, network.tenant) == []


def test_severity_grows_with_money_and_urgency() -> None:
    assert severity(Decimal(5000), None) == "high"
    assert severity(Decimal(300), 2) == "high"
    assert severity(Decimal(300), 30) == "medium"
    assert severity(Decimal(30), 5) == "medium"
    assert severity(Decimal(30), 30) == "low"
    assert severity(Decimal(0), 0) == "low"


def test_rank_is_money_then_tier_and_foreign_money_last(network: Network, agent_database: Database) -> None:
    found = [
        replace(FOUND, subject="s:a", money_at_risk=Decimal(10), tier="gold"),
        replace(FOUND, subject="s:b", money_at_risk=Decimal(10), tier="bronze"),
        replace(FOUND, subject="s:c", money_at_risk=Decimal(90)),
        replace(FOUND, subject="s:d", money_at_risk=Decimal(500), currency="USD"),
    ]
    with agent_database.transaction(network.tenant) as connection:
        opened = open_cases(connection, network.context, found)
    order = [case.subject for case in ranked([one.case for one in opened], "EUR")]
    assert order == ["s:c", "s:a", "s:b", "s:d"]
