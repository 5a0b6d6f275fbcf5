"""How the console says things: numbers with their unit, counts as a sentence, every state a word of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

import pytest

from actions.states import ProposalState
from app.console import words
from app.console.worklist import sentence
from db.console import MomentRow


@pytest.mark.parametrize(
    ("amount", "said"),
    [("1860.4", "1,860 €"), ("-60", "−60 €"), ("0", "0 €"), ("0.126", "0.13 €"), ("-5.07", "−5.07 €"),
     ("9.999", "10.00 €")],
)  # fmt: skip
def test_money_keeps_its_sign_and_cents_only_where_they_matter(amount: str, said: str) -> None:
    assert words.money(Decimal(amount), "EUR").replace("\u00a0", " ") == said


def test_a_currency_without_a_sign_is_named() -> None:
    assert words.money(Decimal(1200), "CHF").replace("\u00a0", " ") == "1,200 CHF"


@pytest.mark.parametrize(
    ("when", "said"),
    [(date(2026, 3, 2), "Mon 2 Mar · today"), (date(2026, 3, 3), "Tue 3 Mar · tomorrow"),
     (date(2026, 3, 9), "Mon 9 Mar · in 7 days"), (date(2026, 2, 27), "Fri 27 Feb · 3 days ago"), (None, "")],
)  # fmt: skip
def test_by_when(when: date | None, said: str) -> None:
    assert words.due(when, date(2026, 3, 2)) == said


def test_every_state_of_a_proposal_has_its_own_words() -> None:
    said = [words.STATES[state][0] for state in get_args(ProposalState)]
    assert len(set(said)) == len(said)


def test_counts_are_a_sentence() -> None:
    assert sentence({"yours": 3, "others": 11, "done": 1, "left": 7}) == (
        "3 things need you, 11 wait for others, 1 was done, 7 I left alone."
    )
    assert sentence({"yours": 1, "others": 1, "done": 2, "left": 0}) == (
        "1 thing needs you, 1 waits for others, 2 were done."
    )
    assert sentence({"yours": 0, "others": 0, "done": 0, "left": 0}) == (
        "Nothing needs attention: no exception is open."
    )


def test_a_summary_is_split_into_what_it_is_about_and_what_is_the_matter() -> None:
    assert words.headline("Oat drink, Leipzig: 84% likely to run out.") == (
        "Oat drink, Leipzig", "84% likely to run out.",
    )  # fmt: skip
    assert words.headline("Somebody who knows decides") == ("Somebody who knows decides", "")


def test_times_are_said_with_their_zone() -> None:
    assert words.clock(datetime(2026, 3, 2, 6, 47, tzinfo=UTC)) == "06:47 UTC"


def test_what_somebody_wrote_becomes_no_markup_in_the_thread() -> None:
    reason = "see [here](https://evil.example) <img src=x> | **now**"
    said = words.came(
        MomentRow("k", datetime(2026, 11, 21, 6, 0, tzinfo=UTC), "rejected", "Eve *x*", "supervisor", reason, "")
    )
    assert "[here](" not in said
    assert "<img" not in said.replace("\\<img", "")
    assert "**now**" not in said
    assert "Eve \\*x\\*" in said
