"""How money, units, days and likelihoods are written, the same in every answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from tools.contract import Span

T = TypeVar("T")
MARKUP = re.compile(r"([\\`*\[\]<>|]|__|~~)")


def plain(text: str) -> str:
    """A name from the data as it is: nothing in it becomes Markdown or HTML."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def money(amount: Decimal, currency: str) -> str:
    """1,186.29 EUR; to the cent."""
    return f"{amount:,.2f} {currency}"


def units(quantity: Decimal, unit: str = "") -> str:
    """708 EA; a fraction only where there is one, to a tenth."""
    number = f"{quantity:,.1f}".removesuffix(".0")
    return f"{number} {unit}".rstrip()


def day(when: date) -> str:
    """26 Nov."""
    return f"{when.day} {when:%b}"


def moment(when: str) -> str:
    """21 Nov 2026, 06:00 UTC, from ISO text."""
    at = datetime.fromisoformat(when)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def percent(share: float) -> str:
    """84%; never 0% or 100% of what is only nearly so."""
    if 0.0 < share < 0.005:
        return "under 1%"
    if 0.995 <= share < 1.0:
        return "over 99%"
    return f"{share * 100:.0f}%"


def between(span: Span, unit: str) -> str:
    """120 EA (80% interval 95 to 150)."""
    return f"{units(span.mean, unit)} (80% interval {units(span.low)} to {units(span.high)})"


def most(things: Sequence[T], count: int) -> tuple[Sequence[T], str]:
    """The first `count`, and a sentence about the rest or ''."""
    rest = len(things) - count
    return things[:count], f"\n\n… and {rest:,} more." if rest > 0 else ""


def count(number: int, thing: str) -> str:
    """1 case, 2 cases."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def sentence(text: str) -> str:
    """Text of a tool as a sentence, or '' where there is none."""
    told = plain(text)
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith(('.', '!', '?')) else '.'}" if told else ""


def spoken(name: str) -> str:
    """A word of the code as people say it: late_supply → late supply."""
    return name.replace("_", " ")
