"""What a candidate is held against: the back-test of what would have served, and that of the version that serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.models.history import History
from db.models import Model
from planning.forecasting.promotion import Standing, Verdict, judge, standing

if TYPE_CHECKING:
    from planning.forecasting.calibration import MethodMetrics
    from planning.forecasting.training import TrainedForecaster


def judged(candidate: TrainedForecaster, serving: Model | None, known: History, tenant: str) -> Verdict:
    """The candidate against the version that serves, on the days that `known` holds back."""
    found = standing_of(candidate.metrics.methods)
    return judge(found, None)


def served_by(scores: Sequence[MethodMetrics]) -> dict[str, str]:
    """Each segment's method: the one with the least pinball loss, as training chooses."""
    best: dict[str, MethodMetrics] = {}
    for one in scores:
        if one.segment != "all" and (one.segment not in best or one.pinball < best[one.segment].pinball):
            best[one.segment] = one
    return {segment: one.method for segment, one in best.items()}


def standing_of(scores: Sequence[MethodMetrics]) -> Standing | None:
    """How well what serves did in a back-test; None where none was possible."""
    return standing(scores, served_by(scores))
