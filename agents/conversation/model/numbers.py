"""Numbers in text, and whether they were given: a number may be said when a source rounds to it as it is written.

"84%", "0.84" and 0.8412 are one number; so are "1,234.5", "1234.50" and "1.234,5". "About 1,200" may stand
for 1,186.29, a bare "1,200" may not. Nothing is added, subtracted or averaged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NUMERAL = re.compile(
    r"(?<![\w.,'])[-+]?(?P<digits>\d+(?:[.,'\u00a0\u202f ]\d{3}(?!\d))*(?:[.,]\d+)?)"
    r"(?P<scale> ?(?:thousand|million|k|m|bn|billion)\b)?(?P<percent> ?(?:%|percent\b|per cent\b))?",
    re.IGNORECASE,
)
APPROXIMATE = re.compile(
    r"(?:about|around|roughly|approximately|approx\.?|nearly|almost|some|over|under|ca\.?|~|≈)\s*$", re.I
)
NEVER = Decimal(-1)
SCALES = {"thousand": 1000, "k": 1000, "million": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9}
MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
)}  # fmt: skip
# Whole names and their short forms: "2 separate orders" and "a margin 45" are no days.
MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
DATES = (
    re.compile(r"\b(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?{MONTH}(?:,? (?P<year>\d{{4}}))?\b", re.IGNORECASE),
    re.compile(rf"\b{MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>\d{{4}}))?", re.IGNORECASE),
    re.compile(r"\b(?P<day>\d{1,2})[./](?P<number>\d{1,2})[./](?P<year>\d{4})\b"),
)
CLOCK = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
# What the words mean in every result: the interval of an estimate, the bound of a benefit.
TERMS = re.compile(
    r"\b80 ?% (?:prediction |confidence )?(?:interval|band|range)|\b95 ?% (?:lower )?(?:bound|sure|confiden\w+)", re.I
)
ORDINAL_AT_START = re.compile(r"^\s*(?:[-*#]+ )?\(?\d{1,2}[.)]\s", re.MULTILINE)
SMALL = {
    "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
ONES = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
        "ten": 10, "eleven": 11, "twelve": 12}  # fmt: skip
BIG = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
WORD_NUMBER = re.compile(
    rf"\b(?:(?:{'|'.join([*ONES, *SMALL])})[ -])?(?:{'|'.join([*SMALL, *BIG])})"
    rf"(?:[ -](?:and )?(?:{'|'.join([*ONES, *SMALL, *BIG])}))*\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Said:
    """A number as written, and half a step of its last digit: a source must lie within."""

    text: str
    value: Decimal
    half_step: Decimal
    percent: bool


@dataclass(frozen=True)
class SaidDay:
    """A day as written; the year is None where it was left out."""

    text: str
    year: int | None
    month: int
    day: int


def said_in(text: str) -> tuple[list[Said], list[SaidDay]]:
    """Every number and day in the text, but for numbers of lists, clock times and the terms that results share."""
    plain = unicodedata.normalize("NFKC", text)
    plain = ORDINAL_AT_START.sub(" ", TERMS.sub(" ", plain))
    days, plain = _days(plain)
    plain = CLOCK.sub(" ", plain)
    return [*_numerals(plain), *_words(NUMERAL.sub(" ", plain))], days


def is_given(said: Said, given: Iterable[Decimal]) -> bool:
    """Whether a source rounds to what was said; the sign is not compared, as "a loss of 60" has none."""
    return any(abs(abs(source) - said.value) <= said.half_step for source in given)


def is_given_day(said: SaidDay, given: Iterable[date]) -> bool:
    """Whether a source names the day."""
    return any((one.month, one.day) == (said.month, said.day) and said.year in (None, one.year) for one in given)


def reading(digits: str) -> tuple[Decimal, int] | None:
    """The value of a numeral and its decimal places, as English writes it; as German does where English does not."""
    bare = re.sub(r"['\u00a0\u202f ]", "", digits)
    if re.fullmatch(r"\d{1,3}(,\d{3})*(\.\d+)?|\d+(\.\d+)?", bare):
        plain = bare.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(\.\d{3})*(,\d+)?|\d+(,\d+)?", bare):
        plain = bare.replace(".", "").replace(",", ".")
    else:
        return None
    return Decimal(plain), len(plain.partition(".")[2])


def _days(text: str) -> tuple[list[SaidDay], str]:
    days: list[SaidDay] = []
    for pattern in DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = int(parts["number"]) if parts.get("number") else MONTHS[str(parts.get("month"))[:3].lower()]
            days.append(SaidDay(match[0], int(parts["year"]) if parts["year"] else None, month, int(parts["day"])))
        text = pattern.sub(" ", text)
    return days, text


def _numerals(text: str) -> Iterator[Said]:
    for match in NUMERAL.finditer(text):
        scale = Decimal(SCALES[match["scale"].strip().lower()] if match["scale"] else 1)
        near = bool(APPROXIMATE.search(text[max(0, match.start() - 16) : match.start()]))
        found = reading(match["digits"])
        # What is no numeral of any country cannot be compared, and so was not given.
        value, half = (found[0] * scale, _half_step(*found, near) * scale) if found else (NEVER, Decimal(0))
        yield Said(match[0], value, half, bool(match["percent"]))


def _half_step(value: Decimal, places: int, near: bool) -> Decimal:
    """Half a unit of the last digit; after "about", trailing zeros are rounding as well, up to two digits' worth."""
    step = Decimal(1).scaleb(-places)
    if near and places == 0:
        zeros = len(str(int(value))) - len(str(int(value)).rstrip("0"))
        step = Decimal(10) ** min(zeros, max(len(str(int(value))) - 1, 0))
    return step / 2


def _words(text: str) -> Iterator[Said]:
    for match in WORD_NUMBER.finditer(text):
        total, part = 0, 0
        for word in re.split(r"[ -]+", match[0].lower()):
            if word in BIG:
                part = max(part, 1) * BIG[word]
                total, part = (total + part, 0) if BIG[word] >= 1000 else (total, part)
            else:
                part += ONES.get(word, SMALL.get(word, 0))
        yield Said(match[0], Decimal(total + part), Decimal(0), False)
