"""How finely a quantity may be given: whole for what is counted, to the thousandth for what is measured.

One rule for what is proposed, judged and written, so that nobody rounds what somebody else has approved.
"""

from __future__ import annotations

from decimal import Decimal

from domain.errors import BadInput

# Digits after the point that a target system can hold; grams of a kilogram, millilitres of a litre.
FINEST = 3

# UN/ECE Recommendation 20 and 21: what exists in pieces, pairs, dozens and packages. Any other unit is measured.
COUNTED = frozenset({
    "EA", "C62", "H87", "NMP", "PA", "PR", "DZN", "GRO", "SET", "KT", "MIL", "RO",
    "BE", "BG", "BJ", "BO", "BX", "CA", "CR", "CS", "CT", "CX", "DR", "JR", "PF", "PK", "PX", "SA", "TB", "TN", "TU",
})  # fmt: skip


def places(unit: str) -> int:
    """Digits after the point that a quantity in this unit may have."""
    return 0 if unit in COUNTED else FINEST


def check_quantity(quantity: Decimal, unit: str) -> None:
    """Raises `BadInput` for a quantity that is finer than its unit allows."""
    if quantity != round(quantity, places(unit)):
        finest = "whole numbers" if unit in COUNTED else f"{FINEST} digits after the point"
        raise BadInput(f"{quantity:f} {unit} is finer than {unit} is kept in.", remedy=f"Give it in {finest}.")
