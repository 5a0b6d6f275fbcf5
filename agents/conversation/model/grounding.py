"""What may be said: a sentence whose every number, day, code and citation was given, and that claims no deed.

Given is what tools returned in this thread, what the person wrote, and nothing else. The rest is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from agents.conversation.model.citations import Cited, cited_in, found_in
from agents.conversation.model.deeds import false_claim
from agents.conversation.model.numbers import is_given, is_given_day, said_in
from agents.conversation.state import CallRecord
from domain.canonical import Json

TOKEN = re.compile(r"[^\W_]+(?:[-/_][^\W_]+)*")
WITH_UNIT = re.compile(r"\d+-?[^\W\d_]+")
ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.I)
PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Not before a digit: "approx. 45. Order now" is one sentence, and "45. " alone would pass for the number of a list.
SENTENCE = re.compile(r"(?<=[.!?])[^\S\n]+(?=[^\s\d])|\n+")


@dataclass
class Given:
    """Everything that may be repeated; `percents` are shares and percentages.

    `said` is what tools returned, in lower case, without the documents' text, which is `quoted`: what a document says
    was done has not happened.
    """

    numbers: set[Decimal] = field(default_factory=set[Decimal])
    percents: set[Decimal] = field(default_factory=set[Decimal])
    days: set[date] = field(default_factory=set[date])
    codes: set[str] = field(default_factory=set[str])
    sections: set[Cited] = field(default_factory=set[Cited])
    said: str = ""
    quoted: str = ""
    proposed: bool = False

    @classmethod
    def of(cls, results: Iterable[CallRecord], texts: Iterable[str]) -> Given:
        """From tool results (their keys are no source) and from what the person wrote."""
        given = cls()
        words: list[str] = []
        quoted: list[str] = []
        for call in results:
            evidence = call["evidence_id"]
            found = [*_leaves(call["output"]), call["error"], evidence, evidence[:8]]
            is_document = call["name"] == "search_sops"
            (quoted if is_document else words).extend(str(one) for one in found)
            given.sections |= found_in([call["output"]]) if is_document else set()
            given.proposed |= call["name"].startswith("propose_") and call["status"] == "success"
            for leaf in found:
                given._take(leaf)
        asked = list(texts)
        for text in asked:
            given._take(text)
        given.said, given.quoted = ("\n".join(found).casefold() for found in (words, quoted))
        return given

    def _take(self, leaf: object) -> None:
        if isinstance(leaf, bool) or leaf is None:
            return
        if isinstance(leaf, float):
            # Decimals arrive as text; what is a float is a probability or a share.
            self.percents.add(Decimal(repr(leaf)) * 100)
        text = repr(leaf) if isinstance(leaf, float) else str(leaf)
        if PLAIN_NUMBER.fullmatch(text):
            self.numbers.add(Decimal(text))
            return
        found, bare = codes(text)
        self.codes.update(found)
        numbers, days = said_in(bare)
        for one in numbers:
            (self.percents if one.percent else self.numbers).add(one.value)
        # An instant is written as its day: 2026-11-21T06:00Z.
        numbers, also = said_in(text)
        for one in [*days, *also]:
            if one.year and (day := _day(one.year, one.month, one.day)):
                self.days.add(day)
                self.numbers.add(Decimal(day.year))


@dataclass(frozen=True)
class Verdict:
    """Whether a sentence may be said; `reason` says in a few words why not."""

    allowed: bool
    reason: str = ""


def judge(sentence: str, given: Given) -> Verdict:
    """The verdict on one sentence."""
    citations, bare = cited_in(sentence)
    holds = f"{given.said}\n{given.quoted}"
    claim = false_claim(sentence, holds if citations else given.said, holds, proposed=given.proposed)
    if claim:
        return Verdict(False, claim)
    for words_of_it, cited in citations:
        if not cited.stands_in(given.sections):
            return Verdict(False, f"{words_of_it} came from no search of the procedures")
    found, bare = codes(bare)
    for code in found - given.codes:
        return Verdict(False, f"{code} came from no tool")
    numbers, days = said_in(bare)
    for day in days:
        if not is_given_day(day, given.days):
            return Verdict(False, f"the date {day.text} came from no tool")
    for number in numbers:
        if not is_given(number, given.percents if number.percent else given.numbers):
            return Verdict(False, f"the number {number.text.strip()} came from no tool")
    return Verdict(True)


def codes(text: str) -> tuple[set[str], str]:
    """Words of letters and digits (QM-0158, C-00042), in lower case, and the text without them; 500ml is no code."""
    found = {
        token for token in TOKEN.findall(text)
        if any(char.isdigit() for char in token) and any(char.isalpha() for char in token)
        and not WITH_UNIT.fullmatch(token) and not ORDINAL.fullmatch(token)
    }  # fmt: skip
    bare = TOKEN.sub(lambda match: " " if match[0] in found else match[0], text)
    return {token.casefold() for token in found}, bare


def sentences(text: str) -> Iterator[str]:
    """The text in pieces that are judged one by one; joined they are the text."""
    start = 0
    for match in SENTENCE.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield text[start:]


def _leaves(value: Json) -> Iterator[object]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        yield len(value)
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
