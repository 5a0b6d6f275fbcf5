"""Train the demand model on a tenant's history and keep its forecasts: one version, one batch, one hashed artefact.

Runs in the operator's role, as a scheduled job or `quartermaster forecast train`; triage only reads what was kept. A
new version serves at once where the gate lets it; else it waits as a candidate, with the reasons.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from app.cluster import engine
from app.models import artefacts, describing, driving, history, registry
from app.models.history import History
from app.models.judging import judged, standing_of
from app.models.renewing import renew_serving
from app.progress import Progress
from app.wiring import operator_context, operator_database
from audit.append import append
from audit.events import Action
from db import forecasts, models
from db.session import Database
from domain.context import Context
from domain.errors import Conflict

if TYPE_CHECKING:
    from planning.demand import ForecastPath
    from planning.forecasting.calibration import MethodMetrics
    from planning.forecasting.promotion import Check, Verdict
    from planning.forecasting.training import TrainedForecaster

HORIZON_DAYS = 56
SEED = 20_261
# Forecasts of so many versions are kept, and of each from so many first days; artefacts are kept for good.
KEPT_VERSIONS, KEPT_ORIGINS = 5, 9


@dataclass(frozen=True)
class TrainingReport:
    """What was trained and how good it was in the back-test; `methods` counts the series each method serves.

    `state` is serving or candidate; `checks` are the conditions of the gate, `reason` why it serves or waits.
    """

    model: str
    state: models.State
    reason: str
    checks: tuple[Check, ...]
    series: int
    methods: dict[str, int]
    metrics: dict[str, object]
    artefact_hash: str
    seconds: float


@dataclass(frozen=True)
class BackTestReport:
    """Every method in every segment on `origins` held-back origins; `reason` why none was possible."""

    series: int
    origins: int
    reason: str
    methods: tuple[MethodMetrics, ...]
    seconds: float


def train(tenant: str, person: str, progress: Progress, *, owner: str = "") -> TrainingReport:
    """Train, back-test, judge, forecast and keep.

    Raises `NotFound` when nothing was imported, `Conflict` while somebody else trains for the tenant.
    """
    with operator_database() as database:
        return retrain(database, operator_context(tenant, person), owner or person, "asked for", progress)


def back_test(tenant: str, progress: Progress) -> BackTestReport:
    """How good each method would have been; nothing is kept. Raises `NotFound` when nothing was imported."""
    started = time.monotonic()
    with operator_database() as database:
        known = history.read(database, tenant, horizon=HORIZON_DAYS)
    found = fit(known, progress).metrics
    return BackTestReport(
        series=len(known.lines),
        origins=found.origins,
        reason=found.reason,
        methods=found.methods,
        seconds=round(time.monotonic() - started, 1),
    )


def retrain(database: Database, context: Context, owner: str, why: str, progress: Progress) -> TrainingReport:
    """The same in an open database; `why` is kept with the version, `owner` answers for it."""
    started = time.monotonic()
    with _alone(database, context.tenant):
        progress("reading the demand history", 0, 1)
        known = history.read(database, context.tenant, horizon=HORIZON_DAYS)
        forecaster = fit(known, progress)
        progress("judging", 0, 1)
        with database.transaction(context.tenant) as connection:
            serving = models.serving_model(connection)
        verdict = judged(forecaster, serving, known, context.tenant)
        trained = _Trained(known, forecaster, forecaster.predict(HORIZON_DAYS), verdict, serving)
        new = _described(trained, context, owner, why)
        progress("keeping the forecasts", 0, 1)
        model, state, reason = _keep(database, context, new, trained)
        if state == "candidate":
            # What serves was not replaced, and yet there are newer data to forecast from.
            reason += renew_serving(database, context)
        progress("keeping the forecasts", 1, 1)
    return TrainingReport(
        model=model.label,
        state=state,
        reason=reason,
        checks=verdict.checks,
        series=len(trained.paths),
        methods=trained.methods,
        metrics=asdict(forecaster.metrics),
        artefact_hash=model.artefact_hash,
        seconds=round(time.monotonic() - started, 1),
    )


def fit(known: History, progress: Progress) -> TrainedForecaster:
    """A forecaster of the history, with its back-test; nothing is kept."""
    from planning.forecasting import training

    with engine() as spread:
        return training.train(
            known.demand(),
            exogenous=known.promotions(),
            horizon=HORIZON_DAYS,
            seed=SEED,
            spread=spread,
            progress=progress,
        )


@contextmanager
def _alone(database: Database, tenant: str) -> Generator[None]:
    """While the block runs nobody else trains for the tenant; a process that dies gives its turn back."""
    with database.transaction(tenant) as turn:
        if not models.take_turn(turn, tenant):
            raise Conflict(
                f"A model is being trained for {tenant} already.", remedy="Wait for it: forecast status shows it."
            )
        yield


@dataclass(frozen=True)
class _Trained:
    """A forecaster with what it learned from, what it forecasts, and how it was judged against what serves."""

    known: History
    forecaster: TrainedForecaster
    paths: dict[str, ForecastPath]
    verdict: Verdict
    serving: models.Model | None

    @property
    def methods(self) -> dict[str, int]:
        """How many series each method serves."""
        return dict(Counter(path.method for path in self.paths.values()))


def _described(trained: _Trained, context: Context, owner: str, why: str) -> models.NewModel:
    from planning.forecasting.drift import references

    known, card, verdict = trained.known, trained.forecaster.card, trained.verdict
    metrics = trained.forecaster.metrics
    found = standing_of(metrics.methods)
    signals = references(*known.matrices(history.HISTORY_DAYS))
    return models.NewModel(
        name=models.DEMAND,
        batch_id=known.batch.batch_id,
        artefact_hash=artefacts.keep(trained.forecaster, context.tenant),
        parameters={
            "horizon_days": HORIZON_DAYS, "history_days": history.HISTORY_DAYS, "seed": SEED, "why": why,
            "first_day": card.first_day, "signals": card.signals, "notes": card.notes, "mean_method": card.mean_method,
        },
        metrics=asdict(metrics),
        trained_by=context.actor.id,
        owner=owner,
        features=[one.name for one in card.features],
        features_hash=card.features_sha256,
        code=describing.code(),
        libraries=card.libraries,
        sources=known.sources,
        standing=asdict(found) if found else {},
        inputs={name: asdict(one) for name, one in signals.items()},
        gate={
            "passed": verdict.passed, "compared": verdict.compared,
            "against": trained.serving.label if trained.serving else "", "failures": verdict.failures,
            "checks": [asdict(check) for check in verdict.checks],
        },
    )  # fmt: skip


def _keep(
    database: Database, context: Context, new: models.NewModel, trained: _Trained
) -> tuple[models.Model, models.State, str]:
    """Version, forecasts and state in one transaction: a kill before its end leaves everything as it was."""
    tenant, against = context.tenant, trained.serving
    drivers = driving.drivers(trained.forecaster, trained.known, trained.paths)
    with database.transaction(tenant) as connection:
        models.wait_to_move(connection, tenant)
        model = models.save_model(connection, tenant, new)
        data = {
            "batch": new.batch_id, "artefact": new.artefact_hash, "series": len(trained.paths),
            "methods": trained.methods, "why": new.parameters["why"],
        }  # fmt: skip
        append(connection, context, Action.MODEL_TRAINED, subject=f"model:{model.label}", data=data)
        paths = ((history.series(key), path) for key, path in trained.paths.items())
        forecasts.save_forecasts(connection, tenant, model.model_id, trained.known.today, paths, drivers=drivers)
        state, reason = registry.admit(
            connection, context, model, trained.verdict, against.model_id if against else None
        )
        forecasts.forget_forecasts(connection, model.name, versions=KEPT_VERSIONS, origins=KEPT_ORIGINS)
    return model, state, reason
