"""The model registry: versions, what each is used for and since when, and how the serving one does. It decides nothing.

A version's facts never change. Of each name at most one version serves; the database holds to that, not this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb

State = Literal["candidate", "serving", "retired", "rejected"]
MoverKind = Literal["person", "service"]
DEMAND = "demand"


@dataclass(frozen=True)
class NewModel:
    """A model that was trained.

    Attributes:
        name: what it forecasts; versions count up within a name.
        batch_id: the import that it learned from.
        artefact_hash: of its files, checked whenever they are loaded.
        parameters: what training was given.
        metrics: the back-test, by method and segment.
        trained_by: the person or service.
        owner: the person who answers for it.
        features: names of its features in order; `features_hash` is over them.
        code: the program's version and a digest of the forecasting code.
        libraries: versions of the libraries that made it.
        sources: what it was permitted to learn from, `table:provenance`.
        standing: the back-test of what serves, all series together.
        inputs: how its inputs were distributed while it learned, by signal.
        gate: the checks before promotion.
    """

    name: str
    batch_id: UUID
    artefact_hash: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, object]
    trained_by: str
    owner: str = ""
    features: Sequence[str] = ()
    features_hash: str = ""
    code: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict[str, str])
    sources: Sequence[str] = ()
    standing: Mapping[str, object] = field(default_factory=dict[str, object])
    inputs: Mapping[str, object] = field(default_factory=dict[str, object])
    gate: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, kw_only=True)
class Model(NewModel):
    """A kept model."""

    model_id: UUID
    version: int
    state: State
    trained_at: datetime

    @property
    def label(self) -> str:
        """The version as results carry it, e.g. demand/3."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True)
class Move:
    """One change of a version's state: who moved it, when and why."""

    label: str
    state: State
    moved_at: datetime
    moved_by: str
    kind: MoverKind
    reason: str


@dataclass(frozen=True)
class Watch:
    """One look at the serving version on the data of one import; `checks` as they were told."""

    model_id: UUID
    batch_id: UUID
    watched_at: datetime
    drifted: bool
    checks: Sequence[Mapping[str, object]]


COLUMNS: LiteralString = """name, batch_id, artefact_hash, parameters, metrics, trained_by, owner, features,
       features_hash, code, libraries, sources, standing, inputs, gate, model_id, version, state, trained_at"""

INSERT: LiteralString = (
    """
INSERT INTO model_version (tenant, name, version, batch_id, artefact_hash, parameters, metrics, trained_by, owner,
                           features, features_hash, code, libraries, sources, standing, inputs, gate)
SELECT %(tenant)s, %(name)s, coalesce(max(version), 0) + 1, %(batch_id)s, %(artefact_hash)s, %(parameters)s,
       %(metrics)s, %(trained_by)s, %(owner)s, %(features)s, %(features_hash)s, %(code)s, %(libraries)s, %(sources)s,
       %(standing)s, %(inputs)s, %(gate)s
  FROM model_version WHERE tenant = %(tenant)s AND name = %(name)s
RETURNING """
    + COLUMNS
)

KEPT: LiteralString = (
    """
SELECT """
    + COLUMNS
    + """
  FROM model_version m WHERE m.name = %(name)s"""
)
SERVING: LiteralString = KEPT + " AND m.state = 'serving'"
VERSION: LiteralString = KEPT + " AND m.version = %(version)s"
ALL: LiteralString = KEPT + " ORDER BY m.version DESC LIMIT %(n)s"

SET_STATE: LiteralString = "UPDATE model_version SET state = %(state)s WHERE model_id = %(model_id)s"

INSERT_MOVE: LiteralString = """
INSERT INTO model_move (model_id, state, moved_by, kind, reason)
VALUES (%(model_id)s, %(state)s, %(moved_by)s, %(kind)s, %(reason)s)"""

MOVES: LiteralString = """
SELECT m.name || '/' || m.version AS label, v.state, v.moved_at, v.moved_by, v.kind, v.reason
  FROM model_move v JOIN model_version m USING (tenant, model_id)
 WHERE m.name = %(name)s ORDER BY v.move_id DESC LIMIT %(n)s"""

INSERT_WATCH: LiteralString = """
INSERT INTO model_watch (model_id, batch_id, drifted, checks)
VALUES (%(model_id)s, %(batch_id)s, %(drifted)s, %(checks)s)
RETURNING model_id, batch_id, watched_at, drifted, checks"""

LAST_WATCH: LiteralString = """
SELECT model_id, batch_id, watched_at, drifted, checks FROM model_watch
 WHERE model_id = %(model_id)s ORDER BY watch_id DESC LIMIT 1"""

# Held to the end of the transaction: who trains or moves a tenant's model does it alone.
TRY_LOCK: LiteralString = "SELECT pg_try_advisory_xact_lock(hashtextextended('model:' || %(tenant)s, 0)) AS mine"
LOCK_MOVES: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('model-move:' || %(tenant)s, 0))"


def save_model(connection: Connection[DictRow], tenant: str, model: NewModel) -> Model:
    """Keeps a new version as a candidate; the caller appends `model.trained` in the same transaction."""
    as_json = ("parameters", "metrics", "libraries", "standing", "inputs", "gate")
    values = {**vars(model), **{name: Jsonb(getattr(model, name)) for name in as_json}}
    values |= {"features": list(model.features), "sources": list(model.sources), "tenant": tenant}
    with connection.cursor(row_factory=class_row(Model)) as cursor:
        row = cursor.execute(INSERT, values).fetchone()
    assert row is not None  # an INSERT … RETURNING of one row
    return row


def move(connection: Connection[DictRow], model: Model, state: State, *, by: str, kind: MoverKind, reason: str) -> None:
    """Uses a version for something else from now on, and keeps who said so and why.

    Where it is to serve, the one that serves has to be moved away first.
    """
    connection.execute(SET_STATE, {"state": state, "model_id": model.model_id})
    values = {"model_id": model.model_id, "state": state, "moved_by": by, "kind": kind, "reason": reason}
    connection.execute(INSERT_MOVE, values)


def serve(
    connection: Connection[DictRow],
    model: Model,
    *,
    by: str,
    kind: MoverKind,
    reason: str,
    instead: State = "retired",
) -> Model | None:
    """Lets a version serve from now on, alone; the one that served until now becomes `instead` and is returned.

    The caller has waited for its turn (`wait_to_move`) and appends the audit event in the same transaction.
    """
    present = serving_model(connection, model.name)
    if present is not None:
        move(connection, present, instead, by=by, kind=kind, reason=reason)
    move(connection, model, "serving", by=by, kind=kind, reason=reason)
    return present


def serving_model(connection: Connection[DictRow], name: str = DEMAND) -> Model | None:
    """The version that serves, or None when none ever did."""
    return _one(connection, SERVING, {"name": name})


def find_version(connection: Connection[DictRow], version: int, name: str = DEMAND) -> Model | None:
    """One version, or None."""
    return _one(connection, VERSION, {"name": name, "version": version})


def served_before(connection: Connection[DictRow], name: str = DEMAND) -> Model | None:
    """The version that was retired last; None when none served before the one that serves now."""
    retired = {one.label: one for one in versions(connection, name) if one.state == "retired"}
    last = (one.label for one in moves(connection, name) if one.state == "retired" and one.label in retired)
    # Where no move of theirs is on record, the newest of them.
    label = next(last, next(iter(retired), None))
    return None if label is None else retired[label]


def versions(connection: Connection[DictRow], name: str = DEMAND, *, newest: int = 100) -> list[Model]:
    """The newest versions, newest first."""
    with connection.cursor(row_factory=class_row(Model)) as cursor:
        return cursor.execute(ALL, {"name": name, "n": newest}).fetchall()


def moves(connection: Connection[DictRow], name: str = DEMAND, *, newest: int = 100) -> list[Move]:
    """Who moved which version to what, newest first."""
    with connection.cursor(row_factory=class_row(Move)) as cursor:
        return cursor.execute(MOVES, {"name": name, "n": newest}).fetchall()


def save_watch(
    connection: Connection[DictRow],
    model_id: UUID,
    batch_id: UUID,
    checks: Sequence[Mapping[str, object]],
    *,
    drifted: bool,
) -> Watch:
    """Keeps a look; the caller appends `model.drifted` in the same transaction where it was found."""
    values = {"model_id": model_id, "batch_id": batch_id, "drifted": drifted, "checks": Jsonb(list(checks))}
    with connection.cursor(row_factory=class_row(Watch)) as cursor:
        row = cursor.execute(INSERT_WATCH, values).fetchone()
    assert row is not None  # an INSERT … RETURNING of one row
    return row


def last_watch(connection: Connection[DictRow], model_id: UUID) -> Watch | None:
    """The newest look at a version, or None."""
    with connection.cursor(row_factory=class_row(Watch)) as cursor:
        return cursor.execute(LAST_WATCH, {"model_id": model_id}).fetchone()


def take_turn(connection: Connection[DictRow], tenant: str) -> bool:
    """False when somebody else is training for the tenant; else the turn is the caller's to the end of the transaction.

    The server ends the turn of a process that dies. Reading alone, the transaction holds nobody up however long it is.
    """
    row = connection.execute(TRY_LOCK, {"tenant": tenant}).fetchone()
    return row is not None and bool(row["mine"])


def wait_to_move(connection: Connection[DictRow], tenant: str) -> None:
    """Returns once nobody else moves a version of this tenant; the turn ends with the transaction."""
    connection.execute(LOCK_MOVES, {"tenant": tenant})


def _one(connection: Connection[DictRow], query: LiteralString, values: Mapping[str, object]) -> Model | None:
    with connection.cursor(row_factory=class_row(Model)) as cursor:
        return cursor.execute(query, values).fetchone()
