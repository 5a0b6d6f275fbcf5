"""Numbers of the mathematics as people and the database read them: decimals, rounded once, at the very end."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from domain.money import CENT

UNIT_STEP = Decimal("0.001")


def money(amount: float) -> Decimal:
    """To the cent, half to even."""
    return Decimal(repr(float(amount))).quantize(CENT, ROUND_HALF_EVEN)


def units(amount: float) -> Decimal:
    """To a thousandth of the base unit."""
    return Decimal(repr(float(amount))).quantize(UNIT_STEP, ROUND_HALF_EVEN)


def share(probability: float) -> float:
    """A probability to four decimals; scenarios do not carry more."""
    return round(float(probability), 4)
