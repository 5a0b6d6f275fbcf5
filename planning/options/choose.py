"""Options for one exception, compared in money against doing nothing on the same scenarios, with what would flip them.

It ranks and explains; it does not decide whether anything may be done. The gate reads `benefit_lower` and `tail_loss`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planning.arrays import FloatArray, number
from planning.drivers import Driver
from planning.errors import InvalidField
from planning.inventory.lead_time import LeadTime, arrival_days
from planning.options.benefit import Benefit, OptionName, OptionSpec, SiteState, benefit
from planning.options.flips import Flip, Rival, smallest_flip

__all__ = [
    "Comparison",
    "Driver",
    "LeadTime",
    "ModelError",
    "OptionOutcome",
    "OptionSpec",
    "SiteState",
    "appraise",
    "compare",
]


@dataclass(frozen=True)
class ModelError:
    """How wrong the level of the demand forecast may be, one standard deviation, relative.

    `relative` comes from the back-test (the forecaster's bias and calibration); the error used is
    relative · (1 + age_days / age_scale_days), so data `age_scale_days` old are trusted half as much.
    """

    relative: float
    age_days: float = 0.0
    age_scale_days: float = 7.0

    def __post_init__(self) -> None:
        number("model_error.relative", self.relative, at_least=0.0)
        number("model_error.age_days", self.age_days, at_least=0.0)
        if number("model_error.age_scale_days", self.age_scale_days) <= 0.0:
            raise InvalidField("model_error.age_scale_days", "must be positive")

    @property
    def widened(self) -> float:
        """The error after ageing, at most 90 %."""
        return min(self.relative * (1.0 + self.age_days / self.age_scale_days), 0.9)


@dataclass(frozen=True)
class OptionOutcome:
    """One option against holding, in money.

    Attributes:
        arrives_day: expected day of arrival; None for hold.
        cost: money spent for certain.
        expected_benefit: mean over the scenarios; the drivers add up to it.
        benefit_lower: mean − z·√(sampling error² + model error²).
        tail_loss: mean of the worst tenth of the scenarios; negative is a loss.
        probability_better: share of scenarios that end better than holding. Shown, never gated on: sound prevention
            usually loses a little.
    """

    name: OptionName
    quantity: float
    source: str
    arrives_day: int | None
    cost: float
    expected_benefit: float
    benefit_lower: float
    tail_loss: float
    probability_better: float
    drivers: tuple[Driver, ...]


@dataclass(frozen=True)
class Comparison:
    """Options from best to worst by expected benefit; ties go to the one that spends less."""

    options: tuple[OptionOutcome, ...]
    best: OptionOutcome
    runner_up: OptionOutcome
    flip: str
    flips: tuple[Flip, ...]
    scenarios: int
    seed: int


def compare(
    options: Sequence[OptionSpec], *, site: SiteState, seed: int, model_error: ModelError, z: float = 1.645
) -> Comparison:
    """Rank the options for `site`; hold is added when it is not among them.

    The lower bound is mean − z·√(s²/n + m²): s the standard deviation over n scenarios, m the model error, which is the
    larger change of the mean benefit when all demand is scaled by 1 ± `model_error.widened`. z = 1.645 is one-sided
    95 %.

    Raises:
        InvalidField: no options, demand matrices of different shape, parameters out of range.
        Infeasible: a transfer larger than what the source has.
    """
    number("z", z, at_least=0.0)
    specs = _with_hold(options, site)
    rivals = [_rival(spec, site, seed) for spec in specs]
    outcomes = [_outcome(rival, site, model_error, z) for rival in rivals]
    order = sorted(range(len(specs)), key=lambda i: (-outcomes[i].expected_benefit, outcomes[i].cost, i))
    ranked = tuple(outcomes[i] for i in order)
    flips = smallest_flip(rivals[order[0]], rivals[order[1]], site)
    return Comparison(
        options=ranked,
        best=ranked[0],
        runner_up=ranked[1],
        flip=flips[0].text,
        flips=flips,
        scenarios=site.demand.shape[0],
        seed=seed,
    )


def appraise(
    option: OptionSpec, *, site: SiteState, seed: int, model_error: ModelError, z: float = 1.645
) -> OptionOutcome:
    """One option against holding, in the very figures that `compare` gives it; raises as `compare`."""
    spec, *_ = _with_hold([option], site)
    return _outcome(_rival(spec, site, seed), site, model_error, z)


def worst_tenth(values: FloatArray) -> float:
    """Mean of the lowest tenth, at least one value: expected shortfall at 10 %."""
    kept = max(int(np.ceil(values.size * 0.1)), 1)
    return float(np.partition(values, kept - 1)[:kept].mean())


def _with_hold(options: Sequence[OptionSpec], site: SiteState) -> list[OptionSpec]:
    specs = list(options)
    for spec in specs:
        if spec.source_site is not None and spec.source_site.demand.shape != site.demand.shape:
            raise InvalidField(
                f"{spec.source}.demand", f"must have the shape {site.demand.shape} of the receiving site"
            )
    if not any(spec.name == "hold" for spec in specs):
        specs.append(OptionSpec("hold"))
    if len(specs) < 2:
        raise InvalidField("options", "must name at least one thing to do besides hold")
    return specs


def _rival(spec: OptionSpec, site: SiteState, seed: int) -> Rival:
    arrivals = arrival_days(spec.lead_time, site.demand.shape[0], seed)
    return Rival(spec, arrivals, benefit(spec, site, arrivals))


def _outcome(rival: Rival, site: SiteState, error: ModelError, z: float) -> OptionOutcome:
    spec, total = rival.spec, rival.benefit.total
    mean = float(total.mean())
    sampling = float(total.std(ddof=1)) / np.sqrt(total.size) if total.size > 1 else 0.0
    return OptionOutcome(
        name=spec.name,
        quantity=spec.quantity,
        source=spec.source,
        arrives_day=None if spec.name == "hold" else spec.lead_time.expected_day,
        cost=spec.cost,
        expected_benefit=mean,
        benefit_lower=mean - z * float(np.hypot(sampling, _model_error(rival, site, error.widened))),
        tail_loss=worst_tenth(total),
        probability_better=float((total > 0.0).mean()),
        drivers=_drivers(rival.benefit),
    )


def _model_error(rival: Rival, site: SiteState, relative: float) -> float:
    if relative == 0.0 or rival.spec.name == "hold":
        return 0.0
    moved = [
        float(benefit(rival.spec, site, rival.arrivals, demand_scale=1.0 + sign * relative).total.mean())
        for sign in (-1.0, 1.0)
    ]
    return max(abs(value - rival.mean) for value in moved)


def _drivers(result: Benefit) -> tuple[Driver, ...]:
    drivers = (Driver(name, float(values.mean())) for name, values in result.parts)
    return tuple(driver for driver in drivers if driver.value != 0.0)
