"""Orders committed events into each tenant's tree and signs its head. Runs under its own role, with its own key.

It never changes an event, and never signs a head that does not extend the one before. What it takes is everything below
the snapshot horizon: a transaction below it is finished, so nothing can appear there later. `id > last` would miss
rows, because ids are handed out before their transactions commit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection
from psycopg.rows import TupleRow

from audit.anchor import Anchored, AnchorFile
from audit.entry import leaf_of
from audit.errors import SealRefused
from audit.heads import (
    Head,
    Horizon,
    add_checkpoint,
    add_leaves,
    add_sealing,
    head_of,
    heads_of_last_sealing,
    horizon_of,
)
from audit.keys import signing_key
from audit.merkle import Frontier
from audit.note import Checkpoint, sign_checkpoint
from audit.rows import BATCH, event_of, select, stream
from audit.settings import AuditSettings
from audit.stored import LOCK
from db.session import Database
from domain.errors import Unavailable

PAUSE = 0.05  # seconds between two tries to catch up
EVERY_TENANT = "*"  # the sealer reads under a policy of its own, whatever the session's tenant

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s) AS mine"
UNSEALED_BELOW_HORIZON = """
SELECT e.position, {event} FROM audit.event e
 WHERE e.transaction_id >= %(low)s::xid8 AND e.transaction_id < %(high)s::xid8
   AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.position = e.position)
 ORDER BY e.tenant, e.position
"""
# After a restore the stored transaction ids are another server's. What is visible is committed; take all of it, once.
UNSEALED_ANYWHERE = """
SELECT e.position, {event} FROM audit.event e
 WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.position = e.position)
 ORDER BY e.tenant, e.position
"""
WAITING = """
SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(e.at)), 0)::float8 AS lag
  FROM audit.event e
 WHERE e.transaction_id >= %(high)s::xid8 AND e.transaction_id < pg_snapshot_xmax(pg_current_snapshot())
   AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.position = e.position)
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TenantSeal:
    """One tenant's tree after a pass: `sealed` events were added, `size` are in it, `root` in hex."""

    tenant: str
    sealed: int
    size: int
    root: str


@dataclass(frozen=True)
class SealReport:
    """One pass.

    `waiting` events are committed but not yet below the horizon, because an older transaction is open; the oldest of
    them is `lag_seconds` old. `busy`: another sealer is at work, and this one did nothing.
    """

    sealed: int = 0
    tenants: tuple[TenantSeal, ...] = ()
    waiting: int = 0
    lag_seconds: float = 0.0
    busy: bool = False

    def followed_by(self, later: SealReport) -> SealReport:
        """This pass and a later one as one."""
        tenants = {seal.tenant: seal for seal in self.tenants}
        for seal in later.tenants:
            before = tenants.get(seal.tenant)
            tenants[seal.tenant] = replace(seal, sealed=seal.sealed + (before.sealed if before else 0))
        return replace(later, sealed=self.sealed + later.sealed, tenants=tuple(tenants.values()))


def seal_once(database: Database, settings: AuditSettings) -> SealReport:
    """Seals everything below the horizon; raises `SealRefused` when the past does not fit what was sealed."""
    return Sealer(database, settings).seal()


def seal_all(database: Database, settings: AuditSettings, *, patience: float = 10.0) -> SealReport:
    """Passes until nothing committed waits, or for `patience` seconds; what they did together.

    For commands and tests that want what they just recorded to be sealed: any open writing transaction on the server,
    in another database too, can hold a single pass back.
    """
    sealer, deadline = Sealer(database, settings), time.monotonic() + patience
    total = sealer.seal()
    while (total.waiting or total.busy) and time.monotonic() < deadline:
        time.sleep(PAUSE)
        total = total.followed_by(sealer.seal())
    return total


def seal_forever(
    database: Database,
    settings: AuditSettings,
    stop: threading.Event,
    *,
    interval: float = 10.0,
    on_report: Callable[[SealReport], None] = lambda _: None,
) -> None:
    """A pass every `interval` seconds until `stop`; events younger than that are the unsealed window.

    A database or a key that is not there is tried again at the next pass. `SealRefused` ends it: somebody has to look.
    """
    sealer = Sealer(database, settings)
    while not stop.is_set():
        try:
            on_report(sealer.seal())
        except Unavailable as error:
            log.warning("Nothing was sealed: %s", error)
        stop.wait(interval)


class Sealer:
    """One sealing process. The lock is held over database and file together, by a transaction that writes nothing."""

    def __init__(self, database: Database, settings: AuditSettings) -> None:
        self._database = database
        self._settings = settings
        self._anchors = AnchorFile(settings.checkpoints)

    def seal(self) -> SealReport:
        """One pass; see `seal_once`."""
        with self._database.transaction(EVERY_TENANT) as guard:
            lock = guard.execute(TRY_LOCK, {"lock": LOCK}).fetchone()
            if not (lock and lock["mine"]):
                return SealReport(busy=True)
            self._anchors.refresh()
            with self._database.transaction(EVERY_TENANT) as connection:
                self._catch_up(connection)
            with self._database.transaction(EVERY_TENANT) as connection:
                report, anchors = self._seal(connection)
            self._anchors.append(anchors)
        return report

    def _catch_up(self, connection: Connection[Any]) -> None:
        """Writes to the file what a crash after the last commit kept from it, and nothing older than that."""
        missing: list[Anchored] = []
        for head in heads_of_last_sealing(connection):
            known = self._anchors.last(self._origin(head.tenant))
            if known == head.note:
                continue
            if known != head.previous_note:
                raise _other_past(self._anchors, head.tenant)
            missing.append(head.anchored())
        self._anchors.append(missing)

    def _seal(self, connection: Connection[Any]) -> tuple[SealReport, list[Anchored]]:
        horizon = horizon_of(connection)
        key = signing_key(self._settings, create=horizon.is_first)
        sealing = add_sealing(connection, horizon) if horizon.is_foreign else None
        seals: list[TenantSeal] = []
        anchors: list[Anchored] = []
        query = select(UNSEALED_ANYWHERE if horizon.is_foreign else UNSEALED_BELOW_HORIZON)
        with stream(connection, query, {"low": horizon.low, "high": horizon.high}) as rows:
            for tenant, events in groupby(rows, key=lambda row: str(row[1])):
                sealing = sealing or add_sealing(connection, horizon)
                seal, anchored = self._extend(connection, tenant, events, key, sealing)
                seals.append(seal)
                anchors.append(anchored)
        return _report(connection, horizon, seals), anchors

    def _extend(
        self, connection: Connection[Any], tenant: str, events: Iterator[TupleRow], key: Ed25519PrivateKey, sealing: int
    ) -> tuple[TenantSeal, Anchored]:
        """Adds one tenant's events to its tree and signs the new head."""
        head = head_of(connection, tenant)
        frontier = self._frontier(tenant, head, key)
        before = frontier.size
        while chunk := list(islice(events, BATCH)):
            start = frontier.size
            leaves = [leaf_of(event_of(row, 1)) for row in chunk]
            for leaf in leaves:
                frontier.append(leaf)
            add_leaves(connection, tenant, start, [row[0] for row in chunk], leaves)
        checkpoint = Checkpoint(self._origin(tenant), frontier.size, frontier.root())
        anchored = add_checkpoint(connection, tenant, checkpoint, frontier, sign_checkpoint(checkpoint, key), sealing)
        return TenantSeal(tenant, frontier.size - before, frontier.size, checkpoint.root.hex()), anchored

    def _frontier(self, tenant: str, head: Head | None, key: Ed25519PrivateKey) -> Frontier:
        """The tree as it was last signed; raises `SealRefused` when database, file and key do not agree on it."""
        known = self._anchors.last(self._origin(tenant))
        if known != (head.note if head else None):
            raise _other_past(self._anchors, tenant)
        if head is None:
            return Frontier()
        return head.checked_frontier(self._settings.key_of(tenant, key.public_key().public_bytes_raw()))

    def _origin(self, tenant: str) -> str:
        return self._settings.origin_of(tenant)


def _other_past(anchors: AnchorFile, tenant: str) -> SealRefused:
    return SealRefused(
        f"The checkpoints of tenant {tenant} in {anchors.path} and in the database are not the same: one of the two "
        "was cut, replaced or restored from an older copy.",
        remedy="Run the verifier, find out which, and restore that one; nothing is signed until then.",
    )


def _report(connection: Connection[Any], horizon: Horizon, seals: list[TenantSeal]) -> SealReport:
    row = connection.execute(WAITING, {"high": horizon.high}).fetchone()
    waiting, lag = (row["waiting"], row["lag"]) if row else (0, 0.0)
    return SealReport(sum(seal.sealed for seal in seals), tuple(seals), waiting, lag)
