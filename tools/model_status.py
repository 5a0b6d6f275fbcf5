"""Which forecast model serves, how good it is beside the baselines, whether it drifts, and who moved it and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from cases import override_value
from cases.override_value import OverrideValue
from cases.overriding import describe
from db import forecasts, models
from db.models import Model, Move, Watch
from tools.contract import Answer, Call, Tool, ToolInput, ToolOutput
from tools.errors import NoData

HISTORY = 20


class ModelQuestion(ToolInput):
    """Of the demand model, the only one there is."""

    model: Literal["demand"] = Field(default="demand")


class MethodScore(ToolOutput):
    """One method in one segment of the back-test; shares, `wql` the weighted quantile loss. None: nothing to tell."""

    segment: str
    method: str
    series: int
    wql: float | None
    coverage80: float | None
    bias: float | None


class CheckLine(ToolOutput):
    """One condition of the gate or of the drift watch, with its number and its limit."""

    name: str
    value: float | None
    limit: float | None
    well: bool
    said: str


class VersionLine(ToolOutput):
    """One version: what it is used for, from which data and by whom, and what the gate said of it."""

    model: str
    state: Literal["candidate", "serving", "retired", "rejected"]
    trained_at: datetime
    trained_by: str
    owner: str
    data_batch: str
    artefact: str
    gate: str


class MoveLine(ToolOutput):
    """Who moved which version to what, when and why."""

    model: str
    state: str
    at: datetime
    by: str
    reason: str


class DriftLine(ToolOutput):
    """The newest look at the serving version; `checks` with what was found, on the import named."""

    drifted: bool
    at: datetime
    data_batch: str
    checks: tuple[CheckLine, ...]


class OverrideLine(ToolOutput):
    """A planner's override and what it was worth in units; None while its demand has not come."""

    override: str
    sku: str
    site: str
    days_known: int
    error_without: float | None
    error_with: float | None
    gained: float | None


class ModelStatus(ToolOutput):
    """The serving version with its back-test, drift, the versions there are and the newest overrides.

    `code`, `libraries`, `features` and `sources` are what made it. `forecasts_from` is the first day of its forecasts.
    """

    serving: VersionLine
    forecasts_from: str
    code: str
    libraries: dict[str, str]
    features: tuple[str, ...]
    features_hash: str
    sources: tuple[str, ...]
    back_test: tuple[MethodScore, ...]
    back_test_reason: str
    drift: DriftLine | None
    versions: tuple[VersionLine, ...]
    moves: tuple[MoveLine, ...]
    overrides: tuple[OverrideLine, ...]


def run(call: Call, asked: ModelQuestion) -> Answer[ModelStatus]:
    """All that is on record."""
    connection = call.connection()
    serving = models.serving_model(connection, asked.model)
    if serving is None:
        raise NoData(
            "No model serves; forecasts are named baselines.",
            searched={"model": asked.model},
            remedy="Train one: quartermaster forecast train.",
        )
    watch = models.last_watch(connection, serving.model_id)
    origin = forecasts.newest_origin(connection, serving.model_id)
    status = ModelStatus(
        serving=_version(serving),
        forecasts_from=origin.isoformat() if origin else "",
        code=serving.code,
        libraries=dict(serving.libraries),
        features=tuple(serving.features),
        features_hash=serving.features_hash,
        sources=tuple(serving.sources),
        back_test=_scores(serving),
        back_test_reason=str(serving.metrics.get("reason") or ""),
        drift=None if watch is None else _drift(watch),
        versions=tuple(_version(one) for one in models.versions(connection, asked.model, newest=HISTORY)),
        moves=tuple(_move(one) for one in models.moves(connection, asked.model, newest=HISTORY)),
        overrides=tuple(_override(one) for one in override_value.values(call.connection(), newest=HISTORY)),
    )
    return Answer(status, model=serving.label)


def _version(model: Model) -> VersionLine:
    failures = str(model.gate.get("failures") or "")
    return VersionLine(
        model=model.label,
        state=model.state,
        trained_at=model.trained_at,
        trained_by=model.trained_by,
        owner=model.owner,
        data_batch=str(model.batch_id),
        artefact=model.artefact_hash,
        gate=failures or ("passed" if model.gate.get("passed") else "not judged"),
    )


def _scores(model: Model) -> tuple[MethodScore, ...]:
    kept = model.metrics.get("methods")
    rows: list[Mapping[str, object]] = kept if isinstance(kept, list) else []
    return tuple(
        MethodScore(
            segment=str(row["segment"]),
            method=str(row["method"]),
            series=int(str(row["series"])),
            wql=_number(row.get("wql")),
            coverage80=_number(row.get("coverage80")),
            bias=_number(row.get("bias")),
        )
        for row in rows
    )


def _drift(watch: Watch) -> DriftLine:
    return DriftLine(
        drifted=watch.drifted,
        at=watch.watched_at,
        data_batch=str(watch.batch_id),
        checks=tuple(
            CheckLine(
                name=str(one["name"]),
                value=_number(one["value"]),
                limit=_number(one["limit"]),
                well=not one["drifted"],
                said=str(one["said"]),
            )
            for one in watch.checks
        ),
    )


def _move(move: Move) -> MoveLine:
    return MoveLine(model=move.label, state=move.state, at=move.moved_at, by=move.moved_by, reason=move.reason)


def _override(value: OverrideValue) -> OverrideLine:
    known = value.gained is not None
    return OverrideLine(
        override=describe(value.override),
        sku=value.override.sku,
        site=value.override.site,
        days_known=value.days,
        error_without=abs(value.without - value.actual) if known else None,
        error_with=abs(value.with_override - value.actual) if known else None,
        gained=value.gained,
    )


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


TOOL = Tool(
    name="get_model_status",
    description="Which forecast model serves and how good it is: version, owner, back-test beside the baselines, drift "
    "of errors and inputs, the versions with who promoted or rolled them back and why, and what overrides were worth.",
    permission="read",
    takes=ModelQuestion,
    gives=ModelStatus,
    run=run,
    examples=({},),
)
