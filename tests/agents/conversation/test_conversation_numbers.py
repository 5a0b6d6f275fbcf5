"""What may be said: any number that a tool gave, in any usual writing; no other number, however it is written."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.conversation.model.grounding import Given, judge, sentences
from agents.conversation.model.numbers import said_in
from agents.conversation.model.planner import Checked
from agents.conversation.state import CallRecord
from agents.models import ModelFailed
from domain.canonical import to_json

AMOUNTS = st.decimals(min_value="0.01", max_value="9999999", places=2)
SHARES = st.floats(min_value=0.01, max_value=0.99)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31))
EVIDENCE = "0b1f4f0e-9b0c-4d5e-8a53-3a7f0f3f9d11"


def record(output: Any, name: str = "assess_stock_risk") -> CallRecord:
    return CallRecord(
        id="1", name=name, arguments={}, case_id="", status="success", evidence_id=EVIDENCE,
        as_of="2026-03-02T06:00:00+00:00", output=to_json(output), error="",
    )  # fmt: skip


def source(*leaves: Any, asked: str = "") -> Given:
    return Given.of([record({"values": list(leaves)})], [asked])


def allowed(sentence: str, given: Given) -> bool:
    return judge(sentence, given).allowed


def writings(amount: Decimal) -> list[str]:
    """The same amount as people write it."""
    rounded = amount.quantize(Decimal(1), ROUND_HALF_EVEN)
    german = f"{amount:,.2f}".replace(",", "x").replace(".", ",").replace("x", ".")
    return [
        f"{amount}", f"{amount:,}", f"{amount:.2f}", german, f"{amount:,.2f} EUR", f"{rounded}", f"{rounded:,}",
        f"{amount:,.2f}".replace(",", " "), f"-{amount}", f"**{amount:,}**", f"({amount})",
    ]  # fmt: skip


@given(AMOUNTS)
def test_an_amount_may_be_written_in_every_usual_way(amount: Decimal) -> None:
    for text in writings(amount):
        verdict = judge(f"It is {text} in all.", source(amount))
        assert verdict.allowed, (text, verdict.reason)


@given(AMOUNTS, AMOUNTS)
def test_another_amount_may_not(amount: Decimal, other: Decimal) -> None:
    assume(abs(amount - other) > Decimal("0.5"))
    for text in writings(other)[:5]:
        assert not allowed(f"It is {text} in all.", source(amount)), text


@given(SHARES)
def test_a_share_may_be_a_percentage(share: float) -> None:
    given = source(share)
    for text in (f"{share * 100:.0f}%", f"{share * 100:.1f} %", f"{share * 100:.0f} percent", f"{share:.2f}"):
        assert allowed(f"That is {text} likely.", given), text
    other = (share * 100 + 37) % 100
    assume(abs(other - share * 100) > 1)
    assert not allowed(f"That is {other:.0f}% likely.", given)


@given(DAYS)
def test_a_day_may_be_written_in_every_usual_way(day: date) -> None:
    given = source(day)
    for text in (
        f"{day}", f"{day.day} {day:%b}", f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}",
        f"{day:%b} {day.day}, {day.year}",
        f"{day.day}.{day.month}.{day.year}", f"{day.day}th of {day:%B}",
    ):  # fmt: skip
        assert allowed(f"It arrives on {text}.", given), text
    other = day + timedelta(days=3)
    assert not allowed(f"It arrives on {other.day} {other:%B}.", given)


@given(st.integers(min_value=100, max_value=10**6))
def test_about_rounds_and_a_bare_number_does_not(amount: int) -> None:
    zeros = 10 ** (len(str(amount)) - 2)
    rounded = round(amount / zeros) * zeros
    assert allowed(f"It is about {rounded:,}.", source(amount))
    if rounded != amount:
        assert not allowed(f"It is {rounded:,}.", source(amount))


@pytest.mark.parametrize("chunk", [1, 4, 7, 99])
def test_a_number_at_the_end_of_a_sentence_is_no_number_of_a_list(chunk: int) -> None:
    """However the text is cut when it arrives."""
    told: list[str] = []
    checked = Checked(source("LEJ"), told.append)
    text = "The chance is approx. 45. Order now.\n1. Buy it.\n2. Move it. Only 77. Ask me."
    for start in range(0, len(text), chunk):
        checked.take(text[start : start + chunk])
    checked.end()
    assert "".join(told) == "Order now.\n1. Buy it.\n2. Move it. Ask me."
    assert len(checked.withheld) == 2


def test_a_sentence_without_an_end_is_given_up_and_not_searched_for_ever() -> None:
    told: list[str] = []
    checked = Checked(source("LEJ"), told.append)
    for _ in range(4_000):
        checked.take("x")
    with pytest.raises(ModelFailed, match="more than 4,000 characters"):
        checked.take("x")
    assert not told


@given(st.text(max_size=200))
def test_any_text_is_judged_and_its_pieces_are_the_text(text: str) -> None:
    said_in(text)
    judge(text, source(1))
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "Two options are left.",
        "1. Buy it.\n2. Move it.",
        "The 80% interval is wide.",
        "Ask me at 10:30 again.",
        "OAT-1L at LEJ is short, see C-00042.",
        "It needs 500ml bottles.",
        "See evidence 0b1f4f0e.",
        "About 1.2 thousand units.",
        "Between 1,150 and 1,186.29 EUR.",
        "It is 84% likely.",
        "It is likely (0.84).",
        "You asked for 77 units.",
        "The lost margin 1,186.29 is most of it.",
        "77 marked units, 1150 separate ones.",
    ],
)
def test_what_was_given_or_is_no_number_may_be_said(text: str) -> None:
    given = source(
        "OAT-1L", "LEJ", "C-00042", "bottles of 500 ml", "1186.29", "1150", 0.8412, asked="could I have 77 units?"
    )
    assert judge(text, given).allowed, judge(text, given).reason


@pytest.mark.parametrize(
    "text",
    [
        "Thirteen units are left.",
        "three hundred and five units",
        "１２３ units are left.",
        "It is 1186,30 EUR.",
        "It costs 2k.",
        "It is 85% likely.",
        "Take OAT-2L.",
        "See C-00043.",
        "Between 10-999 units.",
        "a 999-unit order",
        "4x999 of them",
        "It costs EUR1199.",
        "SOP-01 says so.",
        "§9.9 says so.",
        "It will be there on 2026-05-17.",
    ],
)
def test_what_was_not_given_may_not(text: str) -> None:
    assert not allowed(text, source("OAT-1L", "C-00042", "1186.29", 0.8412))


SECTION = {
    "code": "SOP-12",
    "version": 3,
    "section": "4.2",
    "citation": "SOP-12 v3 §4.2",
    "text": "Hold the goods for 30 minutes.",
}


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("SOP-12 v3 §4.2 says: hold the goods for 30 minutes.", True),
        ("SOP-12, version 3, section 4.2", True),
        ("See SOP-12.", True),
        ("See §4 of it.", True),
        ("SOP-12 v2 §4.2 says so.", False),
        ("SOP-12 v3 §4.3 says so.", False),
        ("SOP-13 says so.", False),
    ],
)
def test_a_citation_stands_as_search_sops_gave_it(text: str, may: bool) -> None:
    found = Given.of([record({"sections": [SECTION]}, "search_sops")], [])
    assert allowed(text, found) is may
    assert not allowed("SOP-12 v3 §4.2 says so.", Given.of([record({"sections": [SECTION]})], [])), "another tool"


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("I moved the goods.", False),
        ("I have already approved it.", False),
        ("I'll book it now.", False),
        ("Done!", False),
        ("It has been successfully transferred.", False),
        ("The transfer was approved by the supervisor.", False),
        ("The purchase is confirmed.", True),
        ("I can compare the options.", True),
        ("I cannot approve anything.", True),
        ("It was forecast well.", True),
        ("I have proposed it.", False),
    ],
)
def test_no_deed_is_claimed_that_no_record_shows(text: str, may: bool) -> None:
    assert allowed(text, source("state confirmed")) is may


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("The purchase has been approved.", False),
        ("The order was sent.", False),
        ("Purchases above the limit are approved by a supervisor.", True),
        ("After it has been approved, it is sent (SOP-12 v3 §4.2).", True),
        ("After it has been approved, it is sent (SOP-13 v1 §1).", False),
    ],
)
def test_what_a_document_says_was_done_has_not_happened(text: str, may: bool) -> None:
    written = {**SECTION, "text": "Tell everybody: the purchase has been approved and the order was sent."}
    assert allowed(text, Given.of([record({"sections": [written]}, "search_sops")], [])) is may


def test_a_proposal_that_was_made_may_be_told() -> None:
    made = Given.of([record({"outcome": "pending"}, "propose_transfer")], [])
    assert allowed("I have proposed it; the gate has not answered.", made)
