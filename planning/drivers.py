"""A driver: one named amount of money that adds to an expected benefit or takes from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Driver:
    """`value` is money, positive where it speaks for the action; the drivers of a result add up to its benefit."""

    name: str
    value: float
