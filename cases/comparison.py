"""Options for one item at one site, ranked in money on the same scenarios, each with the order that it would place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from actions.port import Order
from cases.choices import Choice, Choices, choices
from cases.exposure import Exposure
from cases.snapshot import Snapshot
from planning.options.choose import Comparison, OptionOutcome, OptionSpec, appraise, compare

SOLVER = "ortools-min-cost-flow"


@dataclass(frozen=True)
class Ranked:
    """One option's outcome with its order; hold and expedite have none."""

    outcome: OptionOutcome
    order: Order | None


@dataclass(frozen=True)
class Compared:
    """Options from best to worst; `flip` is empty where there is nothing but hold."""

    ranked: tuple[Ranked, ...]
    flip: str
    notes: tuple[str, ...]
    scenarios: int
    days: int


def exposure_of(snapshot: Snapshot, sku: str, site: str) -> Exposure | None:
    """The item at the site together with all sites that have a lane to it; None when stock or demand is not known."""
    situation = snapshot.situations[sku, site]
    sources = {lane.source for lane in situation.lanes}
    return Exposure.of(situation, [one for one in snapshot.of_sku(sku) if one.site.site in sources])


def compared(
    snapshot: Snapshot, exposure: Exposure, *, data_as_of: datetime, now: datetime, check: Callable[[], None]
) -> Compared:
    """All options that are possible."""
    possible = choices(snapshot, exposure, check)
    return rank(exposure, possible, (now - data_as_of).total_seconds() / 86_400.0)


def rank(exposure: Exposure, possible: Choices, data_age_days: float) -> Compared:
    """The given options and hold, ranked."""
    scenarios = exposure.full_demand.shape[0]
    if not possible.found:
        hold = OptionOutcome("hold", 0.0, "", None, 0.0, 0.0, 0.0, 0.0, 0.0, ())
        return Compared((Ranked(hold, None),), "", possible.notes, scenarios, exposure.days)
    outcome = _compare(exposure, possible.found, data_age_days)
    orders = {_key(choice.spec): choice.order for choice in possible.found}
    ranked = tuple(Ranked(option, orders.get((option.name, option.source))) for option in outcome.options)
    return Compared(ranked, outcome.flip, possible.notes, scenarios, exposure.days)


def appraised(exposure: Exposure, choice: Choice, data_age_days: float) -> OptionOutcome:
    """One option alone, in the figures that it has in a ranking."""
    return appraise(
        choice.spec,
        site=exposure.state(exposure.site),
        seed=exposure.seed,
        model_error=exposure.model_error(data_age_days),
    )


def _compare(exposure: Exposure, found: Sequence[Choice], data_age_days: float) -> Comparison:
    return compare(
        [choice.spec for choice in found],
        site=exposure.state(exposure.site),
        seed=exposure.seed,
        model_error=exposure.model_error(data_age_days),
    )


def _key(spec: OptionSpec) -> tuple[str, str]:
    return spec.name, spec.source
