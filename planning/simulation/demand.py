"""What customers ask for in each replication: drawn from forecasts, drawn from moments, or replayed from history.

Every replication has random streams of its own, from the seed and its number: a plan and its rival meet the same days
(common random numbers), and a run is the same on one worker and on many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from planning.arrays import FloatArray, matrix, vector
from planning.demand import ForecastPath, sample_demand
from planning.errors import HorizonTooShort, InvalidField

DEMAND, LEAD_TIMES = 0, 1


class Demand(Protocol):
    """Demand of all series."""

    @property
    def days(self) -> int:
        """Days it reaches."""
        ...

    def draw(self, seed: int, replication: int) -> FloatArray:
        """(series, days) units of one replication."""
        ...


def stream(seed: int, replication: int, purpose: int) -> np.random.Generator:
    """The random stream of one replication for one purpose."""
    return np.random.Generator(np.random.PCG64([seed, replication, purpose]))


@dataclass(frozen=True)
class Replayed:
    """History as it was, (series, days) units; the same in every replication."""

    history: FloatArray

    def __post_init__(self) -> None:
        matrix("history", self.history, at_least=0.0)

    @property
    def days(self) -> int:
        """Days of history."""
        return int(self.history.shape[1])

    def draw(self, seed: int, replication: int) -> FloatArray:
        """The history."""
        return self.history


@dataclass(frozen=True)
class Counted:
    """Independent days with a mean and a variance-to-mean ratio: Poisson at 1, negative binomial above it.

    `mean` (series, days) units a day; `dispersion` (series,) at least 1.
    """

    mean: FloatArray
    dispersion: FloatArray

    def __post_init__(self) -> None:
        mean = matrix("mean", self.mean, at_least=0.0)
        vector("dispersion", self.dispersion, length=mean.shape[0], at_least=1.0)

    @property
    def days(self) -> int:
        """Days of means."""
        return int(self.mean.shape[1])

    def draw(self, seed: int, replication: int) -> FloatArray:
        """Counts: a Poisson whose rate is the mean, or gamma with that mean where it is overdispersed."""
        generator = stream(seed, replication, DEMAND)
        excess = (self.dispersion - 1.0)[:, None]
        shape = self.mean / np.where(excess > 0.0, excess, 1.0)
        rate = np.where(excess > 0.0, generator.standard_gamma(shape) * excess, self.mean)
        return generator.poisson(rate).astype(np.float64)


@dataclass(frozen=True)
class Forecast:
    """Demand as forecast, one path a series, all of the same length."""

    paths: tuple[ForecastPath, ...]

    def __post_init__(self) -> None:
        if not self.paths:
            raise InvalidField("paths", "are empty")
        if len({path.days for path in self.paths}) > 1:
            raise HorizonTooShort("paths", "do not all reach equally far")

    @property
    def days(self) -> int:
        """Days of the forecasts."""
        return self.paths[0].days

    def draw(self, seed: int, replication: int) -> FloatArray:
        """One scenario of each path; series are independent of each other."""
        seeds = stream(seed, replication, DEMAND).integers(0, 2**62, len(self.paths))
        drawn = [sample_demand(path, scenarios=1, seed=int(one)) for path, one in zip(self.paths, seeds, strict=True)]
        return np.concatenate(drawn)
