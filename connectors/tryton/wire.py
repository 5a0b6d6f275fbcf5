"""Tryton's JSON: dates and decimals travel as tagged objects, quantities as floats."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from domain.quantity import FINEST

# What a call may carry: JSON, dates and decimals.
Value = object
Record = dict[str, object]


def encode(value: Value) -> bytes:
    """The body of a request."""
    return json.dumps(value, default=_tagged).encode()


def decode(body: bytes) -> Value:
    """The value of an answer; raises `ValueError` when it is not JSON."""
    return json.loads(body, object_hook=_untagged)


def quantity(value: Value) -> Decimal:
    """Tryton's float as the decimal it stands for; no unit is kept finer than that."""
    amount = round(Decimal(str(value)), FINEST)
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()


def _tagged(value: object) -> Record:
    match value:
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case _:
            raise TypeError(f"{type(value).__name__} does not travel to Tryton.")


def _untagged(value: Record) -> Value:
    match value:
        case {"__class__": "date", "year": int(year), "month": int(month), "day": int(day)}:
            return date(year, month, day)
        case {"__class__": "Decimal", "decimal": str(text)}:
            return Decimal(text)
        case _:
            return value
