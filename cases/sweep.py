"""One look at every item at every site: what is wrong now, and opening a case for each finding.

It stands on stored forecasts; what has none gets a baseline or says that it cannot be told.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import DictRow

from cases.cold_chain import cold_chain
from cases.detect import detect
from cases.open import Opened, open_cases
from cases.snapshot import load
from cases.thresholds import DEFAULT, Thresholds
from db.cases import NewCase
from db.network import Names
from db.session import tenant_clock
from domain.context import Context


@dataclass(frozen=True)
class Sweep:
    """What a sweep saw: findings, how many item × sites, how many without forecast or count, and how long it took."""

    findings: tuple[NewCase, ...]
    pairs: int
    unforecast: int
    uncounted: int
    model: str
    seconds: float

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
    started = time.monotonic()
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
    )


def sweep_and_open(
    connection: Connection[DictRow],
    context: Context,
    *,
    event: tuple[str, str] | None = None,
    thresholds: Thresholds = DEFAULT,
) -> tuple[Sweep, list[Opened]]:
    """A sweep over everything, and a case for each finding; most money first gets the lowest number."""
    seen = sweep(connection, thresholds=thresholds)
    return seen, open_cases(connection, context, seen.findings, event=event)
