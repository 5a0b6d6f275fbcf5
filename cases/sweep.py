"""One look at every item at every site: what is wrong now, a case for each finding, and an end to what is gone.

It stands on stored forecasts; what has none gets a baseline or says that it cannot be told.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from psycopg import Connection
from psycopg.rows import DictRow

from audit.append import append
from audit.events import Action
from cases.cold_chain import cold_chain
from cases.detect import detect
from cases.life import Moved, Told, follow
from cases.open import Opened, open_cases
from cases.situation import Situation
from cases.snapshot import load
from cases.thresholds import DEFAULT, Thresholds
from db import cases, sweeps
from db.cases import NewCase
from db.network import Names
from db.session import tenant_clock
from db.sweeps import Facts, SweepRow
from domain.context import Context


@dataclass(frozen=True)
class Sweep:
    """What a sweep saw: findings, how many item × sites, how many without forecast or count, and how long it took.

    `told` is where finding nothing means that nothing is wrong. `facts` are those at its beginning.
    """

    findings: tuple[NewCase, ...]
    pairs: int
    unforecast: int
    uncounted: int
    model: str
    seconds: float
    told: Told
    facts: Facts

    def by_kind(self) -> dict[str, int]:
        """Number of findings by kind."""
        return dict(Counter(one.kind for one in self.findings))


def sweep(
    connection: Connection[DictRow],
    *,
    skus: Names = None,
    sites: Names = None,
    thresholds: Thresholds = DEFAULT,
) -> Sweep:
    """Findings over `skus` × `sites` (None: all), most money first; nothing is written."""
    started, facts = time.monotonic(), sweeps.facts(connection)
    snapshot = load(lambda: connection, tenant_clock(connection).date(), skus=skus, sites=sites, thresholds=thresholds)
    situations = list(snapshot.situations.values())
    found = [finding for situation in situations for finding in detect(situation)]
    if skus is None:
        found += cold_chain(situations)
    return Sweep(
        findings=tuple(sorted(found, key=lambda one: (-one.money_at_risk, one.subject))),
        pairs=len(situations),
        unforecast=sum(one.forecast is None for one in situations),
        uncounted=sum(not one.is_counted for one in situations),
        model=snapshot.model,
        seconds=time.monotonic() - started,
        told=_told(situations, found, cold=skus is None),
        facts=facts,
    )


def _told(situations: Sequence[Situation], found: Sequence[NewCase], *, cold: bool) -> Told:
    """Stock that was never counted, demand without a forecast, or a record in doubt: nothing can be said there."""
    doubted = {(one.sku, one.site) for one in found if one.kind == "demand_anomaly"}
    counted = [one for one in situations if one.is_counted]
    known = {(one.item.sku, one.site.site) for one in counted if one.forecast is not None}
    rooms = {one.site.site for one in counted if one.item.storage_class != "ambient"} if cold else set[str]()
    return Told(frozenset(known - doubted), frozenset(rooms))


def sweep_and_open(
    connection: Connection[DictRow],
    context: Context,
    *,
    event: tuple[str, str] | None = None,
    thresholds: Thresholds = DEFAULT,
) -> tuple[Sweep, list[Opened]]:
    """A sweep over everything, a case for each finding, and every other case moved by what is found no longer.

    Most money first gets the lowest number. Sweeps of one tenant take turns.
    """
    sweeps.wait_for_turn(connection, context.tenant)
    seen = sweep(connection, thresholds=thresholds)
    opened = open_cases(connection, context, seen.findings, event=event)
    is_steady = sweeps.facts(connection) == seen.facts
    # An import that came in between has been read in part: what is missing then may be in the other part.
    told = seen.told if is_steady else Told((), ())
    moved = follow(connection, context, opened, told, seen.facts)
    _record(connection, context, seen, opened, moved)
    return seen, [_as_it_is(connection, one) if one.case.case_id in moved.reopened else one for one in opened]


def _as_it_is(connection: Connection[DictRow], opened: Opened) -> Opened:
    case = cases.find(connection, opened.case.case_id)
    assert case is not None  # it was moved in this transaction
    return replace(opened, case=case)


def _record(
    connection: Connection[DictRow], context: Context, seen: Sweep, opened: Sequence[Opened], moved: Moved
) -> None:
    """The newest sweep of the tenant; an audit event only where it moved something, or they would be all there is."""
    new = [one.case.case_id for one in opened if one.is_new]
    sweeps.record(
        connection,
        SweepRow(
            batch_id=seen.facts.batch_id,
            model_id=seen.facts.model_id,
            pairs=seen.pairs,
            findings=len(seen.findings),
            opened=len(new),
            reopened=len(moved.reopened),
            closed=len(moved.closed),
            seconds=seen.seconds,
        ),
    )
    changes = {"opened": new, "reopened": moved.reopened, "closed": moved.closed, "kept": moved.kept}
    if any(changes.values()):
        facts = {"batch": seen.facts.batch_id, "model": seen.facts.model_id, "pairs": seen.pairs}
        data = {**{name: list(ids) for name, ids in changes.items()}, **facts, "findings": len(seen.findings)}
        append(connection, context, Action.NETWORK_SWEPT, subject=f"sweep:{context.tenant}", data=data)
