"""Our split of one web shop's sales into eight demand locations: by country, and by a hash of the customer in the UK.

The data know no warehouse. The split gives them a network's shape without changing a quantity: every line goes to
exactly one location, the same one every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Kind = Literal["warehouse", "3pl"]


@dataclass(frozen=True)
class Location:
    """A demand location; `transit_days` is how far it is from the other ones."""

    site: str
    name: str
    kind: Kind
    country: str
    timezone: str
    transit_days: int


LOCATIONS = (
    Location("UK-1", "Demand location UK-1", "warehouse", "GB", "Europe/London", 1),
    Location("UK-2", "Demand location UK-2", "warehouse", "GB", "Europe/London", 1),
    Location("UK-3", "Demand location UK-3", "warehouse", "GB", "Europe/London", 1),
    Location("UK-4", "Demand location UK-4", "warehouse", "GB", "Europe/London", 1),
    Location("UK-WEB", "Demand location UK-WEB (no customer id)", "warehouse", "GB", "Europe/London", 1),
    Location("IE", "Demand location Ireland", "warehouse", "IE", "Europe/Dublin", 2),
    Location("EU", "Demand location Europe", "3pl", "NL", "Europe/Amsterdam", 3),
    Location("ROW", "Demand location rest of the world", "3pl", "GB", "Europe/London", 2),
)
EUROPE = frozenset(
    (
        "Austria", "Belgium", "Channel Islands", "Cyprus", "Czech Republic", "Denmark", "European Community", "Finland",
        "France", "Germany", "Greece", "Iceland", "Italy", "Lithuania", "Malta", "Netherlands", "Norway", "Poland",
        "Portugal", "Spain", "Sweden", "Switzerland",
    )
)  # fmt: skip


def locate(country: str, customer: str | None) -> str:
    """The demand location of a line: `customer` is the id as text, None where the file has none."""
    if country == "United Kingdom":
        return f"UK-{bucket(customer, 4) + 1}" if customer else "UK-WEB"
    if country == "EIRE":
        return "IE"
    return "EU" if country in EUROPE else "ROW"


def bucket(key: str, count: int) -> int:
    """0 … count - 1 from SHA-256 of `key`, the same on every machine."""
    return int.from_bytes(sha256(key.encode()).digest()[:8]) % count
