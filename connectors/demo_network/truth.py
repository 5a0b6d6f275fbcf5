"""What was planted into the demo network, so that a test can ask whether it was found. Never part of the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Literal

Expected = Literal["automatic", "approval", "denied", "none"]


class Plant(StrEnum):
    """Kinds of planted exceptions."""

    SMALL_TRANSFER = "a cheap transfer from an overstocked neighbour solves it"
    LARGE_TRANSFER = "a transfer above the limits solves it"
    LARGE_PURCHASE = "only a large purchase solves it"
    LATE_PURCHASE = "a purchase order is late"
    OVERSTOCK = "far more than anybody needs"
    EXPIRING_LOT = "a lot will expire here and is wanted elsewhere"
    PROMOTION = "a planned promotion is not covered"
    NO_COLD_LANE = "chilled goods whose only donor has no chilled lane"
    EXPIRES_ON_THE_WAY = "the only donor's lot expires before it can be sold"
    PHANTOM_STOCK = "the record says there is stock and nothing has sold for weeks"
    TOO_NEW = "listed too recently to be forecast"
    NO_SUPPLIER = "no supplier is approved for the item"
    STOCK_ON_HOLD = "there is enough, but most of it is in quarantine"


@dataclass(frozen=True)
class Planted:
    """One planted exception: where, from which day it hurts, why, and what would be right.

    `case_kind` is the kind of case that it should open; `expected` what the gate should say to the obvious answer under
    the default policy ('none': there is nothing to propose); `donor` the site that could give.
    """

    plant: Plant
    case_kind: str
    sku: str
    site: str
    at_risk_on: date
    cause: str
    good_answer: str
    expected: Expected
    other_site: str | None = None


@dataclass(frozen=True)
class DemoTruth:
    """Everything that was planted, with the seed that makes the same network again."""

    seed: int
    today: date
    planted: tuple[Planted, ...]

    @property
    def as_of(self) -> datetime:
        """The moment that the data describe; the tenant's clock is frozen here."""
        return moment(self.today)

    def of(self, plant: Plant) -> tuple[Planted, ...]:
        """All of one kind."""
        return tuple(each for each in self.planted if each.plant is plant)


def moment(today: date) -> datetime:
    """Early in the morning, before anything has happened."""
    return datetime.combine(today, time(5), UTC)
