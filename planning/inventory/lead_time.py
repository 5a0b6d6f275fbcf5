"""Lead times as distributions over days from today. It knows nothing of suppliers or lanes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaincinv

from planning.arrays import FloatArray, IntArray, number


@dataclass(frozen=True)
class LeadTime:
    """Gamma-distributed days from order to availability; `sd_days` 0 means certain."""

    mean_days: float
    sd_days: float = 0.0

    def __post_init__(self) -> None:
        number("lead_time.mean_days", self.mean_days, at_least=0.0)
        number("lead_time.sd_days", self.sd_days, at_least=0.0)

    @property
    def is_certain(self) -> bool:
        """True where the spread is too small for a distribution to be told from its mean."""
        return self.sd_days <= 1e-6 * self.mean_days or self.mean_days <= 1e-6 * self.sd_days

    @property
    def expected_day(self) -> int:
        """The day index on which the goods are expected, rounded half up."""
        return int(np.floor(self.mean_days + 0.5))


def arrival_days(lead_time: LeadTime, scenarios: int, seed: int) -> IntArray:
    """(scenarios,) day index of arrival, rounded to whole days; the same uniforms for every lead time of one seed."""
    if lead_time.is_certain:
        return np.full(scenarios, lead_time.expected_day, dtype=np.int64)
    uniforms = np.random.Generator(np.random.PCG64([seed, 1])).random(scenarios)
    shape, scale = _gamma(lead_time)
    return np.floor(scale * gammaincinv(shape, uniforms) + 0.5).astype(np.int64)


def day_probabilities(lead_time: LeadTime, longest: int) -> FloatArray:
    """(longest + 1,) probability of a whole-day lead time 0 … `longest`; what is missing to 1 takes longer."""
    if lead_time.is_certain:
        return (np.arange(longest + 1) == lead_time.expected_day).astype(np.float64)
    shape, scale = _gamma(lead_time)
    below = gammainc(shape, (np.arange(longest + 1) + 0.5) / scale)
    return np.diff(below, prepend=0.0)


def _gamma(lead_time: LeadTime) -> tuple[float, float]:
    variance = lead_time.sd_days**2
    return lead_time.mean_days**2 / variance, variance / lead_time.mean_days


def delivered(quantity: float, days_of_arrival: IntArray, days: int) -> FloatArray:
    """(scenarios, days) units: `quantity` on each scenario's day of arrival; later than the horizon is absent."""
    receipts = np.zeros((days_of_arrival.size, days))
    inside = np.flatnonzero(days_of_arrival < days)
    receipts[inside, days_of_arrival[inside]] = quantity
    return receipts
