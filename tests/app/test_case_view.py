"""What `quartermaster case` prints, from a case that was really worked: every figure as the evidence has it."""

from __future__ import annotations

import pytest

from app.cli import case_view
from app.worker.agent import triage_one
from db.session import Database
from tests.fix_network import Network
from tests.fix_tools import Asker

HOSTILE = "[red]x[/] [/b] oat drink"


def shown(asker: Asker, case_id: str, capsys: pytest.CaptureFixture[str]) -> str:
    case_view.case(asker.answer("get_case", case_id=case_id))
    return capsys.readouterr().out


def test_a_worked_case_shows_what_a_person_needs(
    asker: Asker, late_case: str, agent_database: Database, network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    triage_one(agent_database, asker.executor, network.tenant, late_case)
    text = shown(asker, late_case, capsys)
    assert "30.00 EUR at risk" in text
    assert "Stock    34 on hand, 30 available, 4 quarantined EA; 3.0 days of cover" in text
    assert "Coming   100 on order EA" in text
    assert "Promised 6 ordered by customers EA; 24 EA can be promised today" in text
    assert "Demand   10 EA a day over 28 days (80 %: 10 to 10), demand/1" in text
    assert "100% likely to run out, first on 05 Mar: 30 EA short, 30.00 EUR of margin lost, within 12 days" in text
    assert "Options for LEJ, in EUR against doing nothing" in text
    assert "related: C-00002 (surplus of the same item in Erfurt, 109.90 EUR; ERF → LEJ takes 1 d)" in text
    assert "case changed: Proposed: transfer" in text
    words = " ".join(text.split())
    for said in ("best transfer 30", "runner-up expedite 30", "hold 0.00", "What would flip it:"):
        assert said in words, text


def test_a_case_that_nobody_worked_says_that_there_are_no_figures(
    asker: Asker, late_case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Figures  none are kept for this case (yet)." in shown(asker, late_case, capsys)


def test_names_are_printed_as_they_are(
    asker: Asker, owner_database: Database, network: Network, late_case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("UPDATE case_file SET summary = %s, note = %s", [HOSTILE, HOSTILE])
        connection.execute("UPDATE site SET name = %s", [HOSTILE])
    assert shown(asker, late_case, capsys).count(HOSTILE) == 3
