"""Open orders as the supplier's record lets one expect them: scenarios of the day of arrival, or of never arriving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, gammainccinv

from planning.arrays import FloatArray, count, number, vector
from planning.demand import series_seed
from planning.errors import InvalidField
from planning.inventory.lead_time_demand import LEAD_TIME_SKEWNESS

# Delays are a gamma moved to the record's mean and spread, with the skewness that reorder points give lead times.
SHAPE = 4.0 / LEAD_TIME_SKEWNESS**2
# A delay rarer than this has left the record behind; from there on the wait is the gamma's exponential tail.
BEYOND_RECORD = 1e-9


@dataclass(frozen=True)
class LatenessRecord:
    """How a supplier delivers against the agreed day: days of delay (negative is early), and the share never seen."""

    mean_days: float
    sd_days: float
    never_share: float = 0.0

    def __post_init__(self) -> None:
        number("lateness.mean_days", self.mean_days)
        number("lateness.sd_days", self.sd_days, at_least=0.0)
        if number("lateness.never_share", self.never_share, at_least=0.0) >= 1.0:
            raise InvalidField("lateness.never_share", "must be below 1")

    @classmethod
    def of(cls, delays: FloatArray, *, never: int = 0) -> LatenessRecord:
        """The record of orders that came, by their days of delay, and of the number that never did."""
        seen = vector("delays", delays)
        lost = count("never", never, at_least=0)
        spread = float(seen.std(ddof=1)) if seen.size > 1 else 0.0
        return cls(float(seen.mean()), spread, lost / (lost + seen.size))


@dataclass(frozen=True)
class OpenOrder:
    """`quantity` units agreed for `due_day`, counted from today; negative is overdue. `order` names it."""

    order: str
    quantity: float
    due_day: int

    def __post_init__(self) -> None:
        number(f"{self.order}.quantity", self.quantity, at_least=0.0)
        count(f"{self.order}.due_day", self.due_day, at_least=-100_000)


def receipt_scenarios(
    orders: Sequence[OpenOrder], record: LatenessRecord, *, scenarios: int, days: int, seed: int
) -> FloatArray:
    """(scenarios, days) units arriving; what comes after the horizon or never is absent.

    An order that is not here yet is late by at least what it is late today: its delay is drawn from the rest of the
    distribution, and the probability that it never comes rises by Bayes' rule, q / (q + (1 − q)·P(delay beyond today)).
    Each order's luck depends on the seed and its own name alone.
    """
    rows, length = count("scenarios", scenarios), count("days", days)
    receipts = np.zeros((rows, length))
    for order in orders:
        luck = np.random.Generator(np.random.PCG64(series_seed(seed, order.order))).random((2, rows))
        survival = _still_open(record, -0.5 - order.due_day)
        never = record.never_share / (record.never_share + (1.0 - record.never_share) * max(survival, BEYOND_RECORD))
        arrival = np.floor(order.due_day + _delays(record, survival, luck[0], -order.due_day) + 0.5)
        comes = np.flatnonzero((luck[1] >= never) & (arrival < length))
        receipts[comes, np.maximum(arrival[comes], 0.0).astype(np.int64)] += order.quantity
    return receipts


def _still_open(record: LatenessRecord, delay: float) -> float:
    """P(delay > this), of orders that come at all."""
    if record.sd_days == 0.0:
        return float(record.mean_days > delay)
    return float(gammaincc(SHAPE, max(SHAPE + np.sqrt(SHAPE) * (delay - record.mean_days) / record.sd_days, 0.0)))


def _delays(record: LatenessRecord, survival: float, luck: FloatArray, overdue: int) -> FloatArray:
    """Days of delay, given that the order was still open today."""
    if record.sd_days == 0.0:
        return np.full_like(luck, max(record.mean_days, float(overdue)))
    if survival < BEYOND_RECORD:
        return overdue - np.log1p(-luck) * record.sd_days / np.sqrt(SHAPE)
    standard = (gammainccinv(SHAPE, survival * (1.0 - luck)) - SHAPE) / np.sqrt(SHAPE)
    return record.mean_days + record.sd_days * standard
