"""Possible demands where only a short history is known: no season to learn from, perhaps no period at all.

Demand is thought of as a level that drifts, grows for a while and sometimes jumps, with Poisson noise or more. How much
of each is not known either: each of many guesses (particles) carries its own, the history decides which survive
(bootstrap particle filter; Gordon, Salmond and Smith, 1993), and the survivors are continued into the future. So a
quiet history gives narrow futures and a wild one wide ones, whose spread grows with the distance.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from planning.arrays import FloatArray, IntArray, count, number
from planning.errors import InvalidField

LOWEST, HIGHEST = -3.0, 12.0  # of the logarithm of the level, in units


@dataclass(frozen=True)
class Beliefs:
    """What is thought possible before any demand was seen; each pair is a range.

    Attributes:
        guesses: how many particles.
        level_spread: standard deviation of the logarithm of the first level around that of the prior mean.
        growth_spread: standard deviation of the first growth a period (0.03: 3 %).
        drift: standard deviation a period of the logarithm of the level, log-uniform.
        growth_drift: the same of the growth.
        growth_kept: part of the growth that is left a period later.
        pull: part a period by which the level is pulled back to its own slow average.
        jump_chance: chance of a jump in a period.
        jump_size: standard deviation of the logarithm of a jump.
        clumping: variance beyond Poisson's, as a share of the squared mean; half of the guesses have none.
    """

    guesses: int = 1500
    level_spread: float = 0.3
    growth_spread: float = 0.03
    drift: tuple[float, float] = (0.02, 0.15)
    growth_drift: tuple[float, float] = (0.005, 0.05)
    growth_kept: tuple[float, float] = (0.5, 0.95)
    pull: tuple[float, float] = (0.0, 0.1)
    jump_chance: float = 0.03
    jump_size: float = 0.6
    clumping: tuple[float, float] = (0.0, 0.3)


SLOW = 0.1  # part of the distance to the level that the slow average makes up in a period


@dataclass(frozen=True)
class _Guesses:
    """(guesses,) what each guess takes for true."""

    level: FloatArray  # logarithm
    average: FloatArray  # logarithm, slow
    growth: FloatArray
    drift: FloatArray
    growth_drift: FloatArray
    growth_kept: FloatArray
    pull: FloatArray
    clumping: FloatArray

    def take(self, chosen: IntArray) -> _Guesses:
        return _Guesses(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def sample_futures(
    history: FloatArray, periods: int, futures: int, draws: np.random.Generator, *, prior_mean: float,
    beliefs: Beliefs | None = None,
) -> FloatArray:  # fmt: skip
    """Equally likely continuations of one market's demand.

    Args:
        history: (periods so far,) demand, oldest first; may be empty. Demand, not sales: where lost demand was not
            recorded, correct it first (`planning.demand`).
        periods: how many to look ahead.
        futures: how many, at most as many as guesses.
        draws: the source of chance.
        prior_mean: units a period that were expected before any demand was seen.
        beliefs: what is thought possible.

    Returns:
        (futures, periods) whole units.
    """
    beliefs = beliefs or Beliefs()
    history = _checked(history)
    count("periods", periods)
    if count("futures", futures) > beliefs.guesses:
        raise InvalidField("futures", f"must be at most the {beliefs.guesses} guesses")
    if number("prior_mean", prior_mean) <= 0.0:
        raise InvalidField("prior_mean", "must be above 0")
    guesses = _first(beliefs, prior_mean, draws)
    for demand in history:
        guesses = _moved(_survivors(guesses, float(demand), draws), beliefs, draws)
    return _continued(guesses.take(draws.choice(beliefs.guesses, futures, replace=False)), periods, beliefs, draws)


def _checked(history: FloatArray) -> FloatArray:
    history = np.asarray(history, dtype=np.float64)
    if history.ndim != 1 or not np.isfinite(history).all() or (history < 0.0).any():
        raise InvalidField("history", "must be a vector of finite demands, none below 0; it may be empty")
    return history


def _first(beliefs: Beliefs, prior_mean: float, draws: np.random.Generator) -> _Guesses:
    size = beliefs.guesses
    level = np.log(prior_mean) + beliefs.level_spread * draws.standard_normal(size)
    return _Guesses(
        level=level,
        average=level.copy(),
        growth=beliefs.growth_spread * draws.standard_normal(size),
        drift=_log_uniform(beliefs.drift, size, draws),
        growth_drift=_log_uniform(beliefs.growth_drift, size, draws),
        growth_kept=draws.uniform(*beliefs.growth_kept, size),
        pull=draws.uniform(*beliefs.pull, size),
        clumping=np.where(draws.random(size) < 0.5, 0.0, draws.uniform(*beliefs.clumping, size)),
    )


def _log_uniform(ends: tuple[float, float], size: int, draws: np.random.Generator) -> FloatArray:
    return np.exp(draws.uniform(np.log(ends[0]), np.log(ends[1]), size))


def _moved(guesses: _Guesses, beliefs: Beliefs, draws: np.random.Generator) -> _Guesses:
    """One period later."""
    size = guesses.level.size
    average = guesses.average + SLOW * (guesses.level - guesses.average)
    growth = guesses.growth_kept * guesses.growth + guesses.growth_drift * draws.standard_normal(size)
    growth -= guesses.pull * (guesses.level - average)
    jump = (draws.random(size) < beliefs.jump_chance) * beliefs.jump_size * draws.standard_normal(size)
    level = guesses.level + growth + guesses.drift * draws.standard_normal(size) + jump
    return replace(guesses, level=np.clip(level, LOWEST, HIGHEST), average=average, growth=growth)


def _survivors(guesses: _Guesses, demand: float, draws: np.random.Generator) -> _Guesses:
    """Drawn anew by how likely each made the demand that came (systematic resampling)."""
    likelihood = _log_likelihood(demand, np.exp(guesses.level), guesses.clumping)
    weight = np.cumsum(np.exp(likelihood - likelihood.max()))
    points = (draws.random() + np.arange(weight.size)) / weight.size * weight[-1]
    return guesses.take(np.minimum(np.searchsorted(weight, points), weight.size - 1))


def _log_likelihood(demand: float, mean: FloatArray, clumping: FloatArray) -> FloatArray:
    """Poisson's, or the negative binomial's of the same mean, without what is the same for all guesses."""
    from scipy.special import gammaln

    size = 1.0 / np.maximum(clumping, 1e-3)
    clumped = gammaln(demand + size) - gammaln(size) + size * np.log(size / (size + mean))
    clumped += demand * np.log(mean / (size + mean))
    return np.where(clumping < 1e-3, demand * np.log(mean) - mean, clumped)


def _continued(guesses: _Guesses, periods: int, beliefs: Beliefs, draws: np.random.Generator) -> FloatArray:
    result = np.empty((guesses.level.size, periods))
    size = 1.0 / np.maximum(guesses.clumping, 1e-3)
    for period in range(periods):
        clump = np.where(guesses.clumping < 1e-3, 1.0, draws.gamma(size) / size)
        result[:, period] = draws.poisson(np.exp(guesses.level) * clump)
        guesses = _moved(guesses, beliefs, draws)
    return result
