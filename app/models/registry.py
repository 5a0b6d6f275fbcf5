"""Which version serves, and who says so: by itself where the gate lets it, by a person's word, and back in one command.

Each is one transaction with its audit event. A person's word is a command in the operator's role; what the gate refuses
a person cannot promote either. Rolling back is not judged: it is for when something is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from app.models import renewing
from app.models.artefacts import ArtefactMissing
from app.models.people import require_role, said
from app.models.renewing import Renewed
from app.wiring import operator_context, operator_database
from audit.append import append
from audit.events import Action
from cases.forecast_view import FEWEST_DAYS
from db import forecasts, models
from db.models import Model
from db.session import Database, tenant_clock
from domain.context import Context
from domain.errors import BadInput, Conflict, NotFound
from planning.errors import InvalidField
from planning.forecasting.promotion import Verdict

PROMOTING_ROLES = frozenset({"supervisor"})


@dataclass(frozen=True)
class Moved:
    """What serves now instead of what, and whether forecasts of it reach from today; `problem` says where not."""

    model: str
    instead_of: str
    reason: str
    forecasts_from: str
    problem: str


def admit(
    connection: Connection[DictRow], context: Context, model: Model, verdict: Verdict, against: UUID | None
) -> tuple[models.State, str]:
    """Lets a candidate serve by itself where the gate passes against the version that serves; its state and why.

    `against` is the version that it was judged against; None where none served. The caller has its turn to move.
    """
    serving = models.serving_model(connection)
    if (serving.model_id if serving else None) != against:
        return "candidate", "another version began to serve while this one was trained"
    if not verdict.passed:
        return "candidate", verdict.failures
    if serving is not None and not verdict.compared:
        return "candidate", "the serving version could not be judged on the same days; a person may promote this one"
    reason = "first version, the gate passes" if serving is None else f"the gate passes against {serving.label}"
    _serve(connection, context, model, reason, Action.MODEL_PROMOTED, "retired")
    return "serving", reason


def promote(tenant: str, person: str, version: str, reason: str) -> Moved:
    """Lets a candidate serve by a person's word.

    Raises `Forbidden` without a role for it, `Conflict` where the gate refuses the candidate or was asked about another
    serving version, or where it is none.
    """
    context = operator_context(tenant, person)
    with operator_database() as database, database.transaction(tenant) as connection:
        require_role(connection, person, PROMOTING_ROLES, "promote a model")
        models.wait_to_move(connection, tenant)
        model = _version(connection, version)
        _may_serve(connection, model)
        return _moved(connection, context, model, said(reason), Action.MODEL_PROMOTED, "retired")


def roll_back(tenant: str, person: str, version: str, reason: str) -> Moved:
    """Lets an earlier version serve again, without a name the one that served before; its forecasts serve at once.

    Where they have run out or are no longer kept it forecasts anew from its artefact first; where that cannot be it
    serves all the same, and says so. The version that is left is rejected and never serves again.

    Raises `Forbidden` without a role for it, `NotFound` where nothing served before, `Conflict` where the version never
    served.
    """
    context, why = operator_context(tenant, person), said(reason)
    with operator_database() as database:
        with database.transaction(tenant) as connection:
            require_role(connection, person, PROMOTING_ROLES, "roll a model back")
            is_short = not _reaches(connection, _earlier(connection, version))
        made, problem = _anew(database, tenant, version) if is_short else (None, "")
        with database.transaction(tenant) as connection:
            models.wait_to_move(connection, tenant)
            model = _earlier(connection, version)
            if made is not None and made.model.model_id == model.model_id:
                renewing.keep(connection, context, made)
            moved = _moved(connection, context, model, why, Action.MODEL_ROLLED_BACK, "rejected")
    return replace(moved, problem=problem or moved.problem)


def _earlier(connection: Connection[DictRow], version: str) -> Model:
    """The version to go back to."""
    model = _version(connection, version) if version else models.served_before(connection)
    if model is None:
        raise NotFound("No version served before the one that serves.", remedy="See: forecast status.")
    if model.state != "retired":
        raise Conflict(
            f"{model.label} is {model.state}; only a version that served before can serve again.",
            remedy="See which did: forecast status.",
        )
    return model


def _anew(database: Database, tenant: str, version: str) -> tuple[Renewed | None, str]:
    """Forecasts of the version from today, or why there are none."""
    with database.transaction(tenant) as connection:
        model = _earlier(connection, version)
    try:
        return renewing.renewed(database, tenant, model), ""
    except (ArtefactMissing, InvalidField) as error:
        return None, f"It cannot forecast anew, so named baselines serve until the next training: {error}"


def _reaches(connection: Connection[DictRow], model: Model) -> bool:
    """Whether its forecasts are kept and begin late enough to be of use."""
    origin, today = forecasts.newest_origin(connection, model.model_id), tenant_clock(connection).date()
    days = model.parameters.get("horizon_days")
    return origin is not None and isinstance(days, int) and days - (today - origin).days >= FEWEST_DAYS


def _may_serve(connection: Connection[DictRow], model: Model) -> None:
    if model.state != "candidate":
        raise Conflict(
            f"{model.label} is {model.state}, not a candidate.",
            remedy="Back to a version that served: forecast rollback.",
        )
    serving = models.serving_model(connection)
    if model.gate.get("passed") is not True:
        raise Conflict(
            f"The gate refuses {model.label}: {model.gate.get('failures') or 'it was never judged'}.",
            remedy="Train again when there are newer data; the gate holds for people as well.",
        )
    if serving is not None and model.gate.get("against") != serving.label:
        raise Conflict(
            f"{model.label} was judged against {model.gate.get('against') or 'nothing'}, and {serving.label} serves.",
            remedy="Train again, so that it is judged against what serves: forecast train.",
        )


def _moved(
    connection: Connection[DictRow], context: Context, model: Model, reason: str, action: Action, instead: models.State
) -> Moved:
    before = _serve(connection, context, model, reason, action, instead)
    origin = forecasts.newest_origin(connection, model.model_id)
    problem = "" if _reaches(connection, model) else "Its forecasts have run out: train anew with `forecast train`."
    return Moved(model.label, before.label if before else "", reason, origin.isoformat() if origin else "", problem)


def _serve(
    connection: Connection[DictRow], context: Context, model: Model, reason: str, action: Action, instead: models.State
) -> Model | None:
    actor = context.actor
    kind = "person" if actor.kind == "person" else "service"
    before = models.serve(connection, model, by=actor.id, kind=kind, reason=reason, instead=instead)
    data = {
        "instead_of": before.label if before else None,
        "reason": reason,
        "artefact": model.artefact_hash,
        "gate": model.gate,
    }
    append(connection, context, action, subject=f"model:{model.label}", data=data)
    return before


def _version(connection: Connection[DictRow], version: str) -> Model:
    """`3` or `demand/3`."""
    name, _, number = version.rpartition("/")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise BadInput(f"{version[:40]!r} is no version.", remedy="Write its number, such as 3 or demand/3.")
    found = models.find_version(connection, int(number), name or models.DEMAND)
    if found is None:
        raise NotFound(f"There is no version {version!r}.", remedy="See which there are: forecast status.")
    return found
