"""The checks at the door of a purchase problem: whole numbers, exact money, names. They refuse and never repair."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from planning.errors import InvalidField

# What an int64 of the solver can hold once quantities are multiplied by money; sums are checked again when built.
LARGEST_QUANTITY = 10**9
LARGEST_DAY = 10**5


def name(field: str, value: object) -> str:
    """A text with something in it."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidField(field, f"must be a name, not {value!r}")
    return value


def whole(field: str, value: object, *, at_least: int = 0, at_most: int = LARGEST_QUANTITY) -> int:
    """An int (no bool, no float, however whole it looks) in the closed range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidField(field, f"must be a whole number, not {value!r}")
    if not at_least <= value <= at_most:
        raise InvalidField(field, f"must be between {at_least} and {at_most}, not {value}")
    return value


def member(field: str, value: object, kind: type[StrEnum]) -> None:
    """One of the enumeration, not merely its text."""
    if not isinstance(value, kind):
        raise InvalidField(field, f"must be a {kind.__name__}, not {value!r}")


def day(field: str, value: object) -> int:
    """A day number, 0 being the day of planning."""
    return whole(field, value, at_most=LARGEST_DAY)


def money(field: str, value: object, *, at_most: Decimal | None = None) -> Decimal:
    """A finite, non-negative Decimal. Floats are refused: 0.1 as a float is not a tenth."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise InvalidField(field, f"must be a Decimal, not {value!r}", remedy="Make it from text: Decimal('12.50').")
    result = Decimal(value)
    if not result.is_finite():
        raise InvalidField(field, f"must be finite, not {value}")
    if result < 0:
        raise InvalidField(field, f"must not be negative, not {value}")
    if at_most is not None and result > at_most:
        raise InvalidField(field, f"must be at most {at_most}, not {value}")
    return result


def distinct(field: str, names: Iterable[object]) -> None:
    """No name twice."""
    seen: set[object] = set()
    for one in names:
        if one in seen:
            raise InvalidField(field, f"holds {one!r} twice")
        seen.add(one)


def known(field: str, names: Iterable[str] | None, among: set[str], kind: str) -> None:
    """Every name is that of an existing thing."""
    for one in names or ():
        if one not in among:
            raise InvalidField(field, f"names an unknown {kind}, {one!r}")
