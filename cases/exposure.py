"""One item across the sites that could help each other, on common days and common luck.

Each site counts only the demand that it must meet from what it has: until a replenishment ordered at its next review
could arrive. Later demand is masked, or every option would take credit for shortages that ordinary ordering prevents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from cases.situation import Situation
from planning.arrays import FloatArray
from planning.options.choose import ModelError, SiteState


@dataclass(frozen=True)
class Exposure:
    """The receiving site and the horizon in days that all sites share; `full_demand` is the site's, unmasked."""

    site: Situation
    days: int
    full_demand: FloatArray
    seed: int
    _states: dict[str, SiteState] = field(default_factory=dict[str, SiteState], repr=False)

    @classmethod
    def of(cls, site: Situation, others: Iterable[Situation]) -> Exposure | None:
        """None when the site's own stock or demand is not known."""
        full = site.demand(site.thresholds.assumptions.longest_horizon) if site.is_counted else None
        if full is None:
            return None
        known = [one for one in (site, *others) if one.forecast is not None and one.is_counted]
        reach = min(one.forecast.path.days for one in known if one.forecast is not None)
        wanted = max(one.exposed_days for one in known)
        return cls(site, min(reach, wanted), full, site.thresholds.simulation.seed)

    def demand(self, situation: Situation) -> FloatArray:
        """(scenarios, days) units, nothing after the site's own exposed days."""
        drawn = situation.demand(self.days)
        if drawn is None:
            raise ValueError(f"{situation.site.site} has no forecast")
        masked = drawn.copy()
        masked[:, situation.exposed_days :] = 0.0
        return masked

    def state(self, situation: Situation) -> SiteState:
        """A site as the mathematics takes it."""
        name = situation.site.site
        if name not in self._states:
            self._states[name] = SiteState(
                site=name,
                demand=self.demand(situation),
                on_hand=situation.lasting(self.days),
                receipts=situation.receipts_by_day(self.days),
                unit_margin=situation.unit_margin,
                holding_cost_per_unit_day=situation.holding_cost_per_unit_day,
            )
        return self._states[name]

    def doomed_state(self, situation: Situation, units: float) -> SiteState:
        """A site that can only lose: units that nobody there will buy and that are thrown away at their cost."""
        nothing = np.zeros((self.full_demand.shape[0], self.days))
        loss = float(situation.item.unit_cost)
        return SiteState(situation.site.site, nothing, units, nothing[0], 0.0, leftover_loss_per_unit=loss)

    def sells_between(self, first: date, last: date) -> float:
        """Units that the receiving site sells from `first` to `last` in nine of ten scenarios."""
        start, stop = ((day - self.site.today).days for day in (first, last))
        return float(np.quantile(self.full_demand[:, start : stop + 1].sum(axis=1), 0.1))

    def model_error(self, data_age_days: float) -> ModelError:
        """How far the forecast's level may be off, wider for a baseline, a planner's word and old data."""
        assumed, view = self.site.thresholds.assumptions, self.site.forecast
        is_baseline = view is None or view.is_baseline or bool(view.overrides)
        relative = assumed.baseline_error if is_baseline else assumed.model_error
        return ModelError(relative, max(data_age_days, 0.0), assumed.age_scale_days)
