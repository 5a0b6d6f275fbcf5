"""A candidate is held against the version that serves: both by their back-tested models, on the same held-back days."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.models import artefacts
from app.models.artefacts import ArtefactMissing
from app.models.history import History
from db.models import Model
from planning.errors import InvalidField
from planning.forecasting.backtest import SERVED
from planning.forecasting.promotion import Standing, Verdict, alone, judge, standing

if TYPE_CHECKING:
    from planning.forecasting.calibration import MethodMetrics
    from planning.forecasting.renewal import Prepared
    from planning.forecasting.training import TrainedForecaster

log = logging.getLogger(__name__)


def judged(candidate: TrainedForecaster, serving: Model | None, known: History, tenant: str) -> Verdict:
    """The candidate against the version that serves, on the last block that `known` holds back.

    Where that cannot be measured by the files that were kept, the candidate is judged alone, which only a person may
    act upon.
    """
    if serving is None:
        return alone(standing_of(candidate.metrics.methods))
    newer = prepared(known, candidate.horizon)
    try:
        return judge(candidate.judged_on(newer), artefacts.load(serving, tenant).judged_on(newer))
    except (ArtefactMissing, InvalidField) as error:
        log.warning("%s: %s cannot be judged on the same days: %s", tenant, serving.label, error)
        return alone(standing_of(candidate.metrics.methods))


def prepared(known: History, horizon: int) -> Prepared:
    """The history with its features, for versions that exist."""
    from planning.forecasting.renewal import prepare

    return prepare(known.demand(), exogenous=known.promotions(), horizon=horizon)


def standing_of(scores: Sequence[MethodMetrics]) -> Standing | None:
    """How well what serves did in its own back-test; None where none was possible.

    On the last block, corrected as it would have been then; where only one block was held back, uncorrected.
    """
    segments = {one.segment for one in scores if one.segment != "all"}
    corrected = {one.segment for one in scores if one.method == SERVED}
    return standing(
        scores, {segment: SERVED if segment in corrected else _best(scores, segment) for segment in segments}
    )


def _best(scores: Sequence[MethodMetrics], segment: str) -> str:
    return min((one for one in scores if one.segment == segment), key=lambda one: one.pinball).method
