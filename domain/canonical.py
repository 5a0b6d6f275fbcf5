"""One byte string for one value, so that hashes bind: RFC 8785 over JSON in which money and times are strings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias
from uuid import UUID

import rfc8785
from pydantic import BaseModel

from domain.errors import BadInput

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def to_json(value: object) -> Json:
    """Plain JSON for any of our values; raises `BadInput` for what has no one form (NaN, unaware times, sets)."""
    match value:
        case Enum():
            return to_json(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return _finite(value)
        case Decimal():
            return _decimal(value)
        case datetime():
            return _instant(value)
        case date() | UUID():
            return str(value)
        case BaseModel():
            return to_json(value.model_dump())
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return to_json(asdict(value))
        case _:
            raise BadInput(f"{type(value).__name__} has no canonical form.")


def canonical_bytes(value: object) -> bytes:
    """The RFC 8785 bytes of `value`."""
    return rfc8785.dumps(to_json(value))


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(value: object) -> str:
    """SHA-256 over the canonical bytes."""
    return sha256_hex(canonical_bytes(value))


def _finite(value: float) -> float:
    if value != value or value in (float("inf"), float("-inf")):
        raise BadInput(f"{value} has no canonical form.")
    return value


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise BadInput(f"{value} has no canonical form.")
    # 1.50 and 1.5 are the same amount and must hash alike.
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "0") else text


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise BadInput(f"{value} has no time zone.")
    return value.astimezone(UTC).isoformat(timespec="microseconds")
