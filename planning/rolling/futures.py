"""Possible demands where the process behind them is known: Poisson around given means.

The uncertain numbers come from the caller's generator; the same generator gives the same futures.
"""

from __future__ import annotations

import numpy as np

from planning.arrays import FloatArray, count, number, vector


def poisson_futures(
    means: FloatArray, futures: int, draws: np.random.Generator, *, noise: float = 1.0
) -> FloatArray:  # fmt: skip
    """Equally likely demands of one market, independent from period to period.

    Stratified in each period (Latin hypercube; McKay, Beckman and Conover, 1979), so that few futures already have the
    right distribution in each period.

    Args:
        means: (periods,) mean demand.
        futures: how many.
        draws: the source of chance.
        noise: the distance from the mean is that of a Poisson variable times this; 0: the mean itself.

    Returns:
        (futures, periods) units, not below 0.
    """
    from scipy.stats import poisson

    means = vector("means", means, at_least=0.0)
    shape = (count("futures", futures), means.size)
    number("noise", noise, at_least=0.0)
    strata = np.argsort(draws.random(shape), axis=0)
    drawn = poisson.ppf((strata + draws.random(shape)) / futures, means)
    return np.maximum(means + noise * (drawn - means), 0.0)
