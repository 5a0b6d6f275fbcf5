"""The grammar of one cell: which text is a number, a day, a key. Both validators read it from here.

A `Cell` is a Pydantic validator (called with the text) that `vectors` finds in the model and compiles to Polars. What
the two could read differently (exponents, time zones, digits of other scripts) is settled by `pattern`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from annotated_types import Ge, Gt, Lt
from pydantic import AfterValidator, BeforeValidator, ValidationInfo

CellKind = Literal["text", "number", "whole", "day", "instant", "flag"]

DAY = r"(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
# Neither C0 nor C1 controls nor direction overrides: a name is shown in terminals and must not steer them.
TEXT = r"[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
# 15 digits before the point keep the sign and the bounds of every number exact in a double as well.
LARGEST = Decimal(10) ** 15
FINEST = 30  # digits after the point, however the number is written
ANY_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
DIGITS = f"has more than 15 digits before the point or {FINEST} after it"


@dataclass(frozen=True)
class Cell:
    """One kind of cell: `pattern` (without anchors, the same in Python and Rust) and what it says when it fails."""

    kind: CellKind
    pattern: str
    says: str

    def __call__(self, value: object) -> object:
        """The value behind the text; raises `ValueError` with the plain reason. What is no text passes unread."""
        if not isinstance(value, str):
            return value
        if re.fullmatch(self.pattern, value) is None:
            too_long = self.kind == "number" and re.fullmatch(ANY_NUMBER, value)
            raise ValueError(DIGITS if too_long else self.says)
        return READ[self.kind](value)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -FINEST:
        raise ValueError(DIGITS)
    return number


READ: dict[CellKind, Callable[[str], object]] = {
    "text": str,
    "number": _number,
    "whole": lambda text: int(text.partition(".")[0]),
    "day": date.fromisoformat,
    "instant": datetime.fromisoformat,
    "flag": lambda text: text.lower() in ("true", "1", "yes"),
}

NUMBER = Cell(
    "number", r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?", "is not a number such as 12 or 12.5"
)
WHOLE = Cell("whole", r"[+-]?[0-9]{1,9}(?:\.0+)?", "is not a whole number such as 12")
DATE = Cell("day", DAY, "is not a day such as 2026-03-31")
INSTANT = Cell("instant", f"{DAY}[T ]{CLOCK}{ZONE}", "is not a time with its zone such as 2026-03-31T06:00:00Z")
FLAG = Cell("flag", "(?i:true|false|1|0|yes|no)", "is not true or false")


def text(longest: int) -> Cell:
    """Printable text of 1 to `longest` characters."""
    return Cell("text", TEXT + f"{{1,{longest}}}", f"is longer than {longest} characters or holds a control character")


def code(pattern: str, says: str) -> Cell:
    """Text of one fixed form."""
    return Cell("text", pattern, says)


KEY = text(64)
NAME = text(200)
COUNTRY = code("[A-Z]{2}", "is not a country code such as DE (ISO 3166-1 alpha-2)")
CURRENCY = code("[A-Z]{3}", "is not a currency code such as EUR (ISO 4217)")
UNIT = code("[A-Z0-9]{2,3}", "is not a unit code such as EA, CS or KGM (UN/ECE Recommendation 20 or 21)")
GTIN = code("[0-9]{8}|[0-9]{12,14}", "is not a GTIN of 8, 12, 13 or 14 digits")
GLN = code("[0-9]{13}", "is not a GLN of 13 digits")

_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
WEEKDAYS = code(f"{_DAY}(?: {_DAY}){{0,6}}", "is not a list of days such as mon wed fri")
TIME_OF_DAY = code("(?:[01][0-9]|2[0-3]):[0-5][0-9]", "is not a time of day such as 14:00")


def not_after_as_of(value: date | datetime, info: ValidationInfo) -> date | datetime:
    """The day or instant is in the past of the delivery (`as_of` of the validation context): raises otherwise."""
    as_of = (info.context or {}).get("as_of")
    if as_of is None:
        return value
    late = value > as_of if isinstance(value, datetime) else value > as_of.date()
    if late:
        raise ValueError(f"is after {as_of:%Y-%m-%d}, the day that the data describe")
    return value


def known_zone(value: str) -> str:
    """A name of the IANA database; raises otherwise."""
    if value not in _zones():
        raise ValueError("is not a time zone such as Europe/Berlin (IANA)")
    return value


@cache
def _zones() -> set[str]:
    return available_timezones()


Key = Annotated[str, BeforeValidator(KEY)]
Name = Annotated[str, BeforeValidator(NAME)]
Zone = Annotated[str, BeforeValidator(NAME), AfterValidator(known_zone)]
Country = Annotated[str, BeforeValidator(COUNTRY)]
Currency = Annotated[str, BeforeValidator(CURRENCY)]
Unit = Annotated[str, BeforeValidator(UNIT)]
Gtin = Annotated[str, BeforeValidator(GTIN)]
Gln = Annotated[str, BeforeValidator(GLN)]
Weekdays = Annotated[str, BeforeValidator(WEEKDAYS)]
TimeOfDay = Annotated[str, BeforeValidator(TIME_OF_DAY)]
Signed = Annotated[Decimal, BeforeValidator(NUMBER), Gt(-LARGEST), Lt(LARGEST)]
Amount = Annotated[Decimal, BeforeValidator(NUMBER), Ge(0), Lt(LARGEST)]
Positive = Annotated[Decimal, BeforeValidator(NUMBER), Gt(0), Lt(LARGEST)]
Share = Annotated[Decimal, BeforeValidator(NUMBER), Ge(0), Lt(1)]
OpenShare = Annotated[Decimal, BeforeValidator(NUMBER), Gt(0), Lt(1)]
Count = Annotated[int, BeforeValidator(WHOLE), Ge(0)]
PositiveCount = Annotated[int, BeforeValidator(WHOLE), Gt(0)]
Day = Annotated[date, BeforeValidator(DATE)]
PastDay = Annotated[date, BeforeValidator(DATE), AfterValidator(not_after_as_of)]
PastInstant = Annotated[datetime, BeforeValidator(INSTANT), AfterValidator(not_after_as_of)]
Flag = Annotated[bool, BeforeValidator(FLAG)]
