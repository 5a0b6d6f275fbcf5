"""When a tenant's network was last looked at and on which facts, and whose turn it is to look. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row


@dataclass(frozen=True)
class Facts:
    """What every figure of the moment stands on: the newest import (`as_of` its data's moment) and serving model.

    None where there is none.
    """

    batch_id: UUID | None
    as_of: datetime | None
    imported_at: datetime | None
    model_id: UUID | None


@dataclass(frozen=True)
class SweepRow:
    """What one sweep of everything came to."""

    batch_id: UUID | None
    model_id: UUID | None
    pairs: int
    findings: int
    opened: int
    reopened: int
    closed: int
    seconds: float


FACTS: LiteralString = """
SELECT b.batch_id, b.as_of, b.imported_at, m.model_id
  FROM (SELECT 1) AS always
  LEFT JOIN (SELECT batch_id, as_of, imported_at FROM import_batch
              ORDER BY imported_at DESC, batch_id LIMIT 1) AS b ON true
  LEFT JOIN (SELECT model_id FROM model_version WHERE name = 'demand' AND state = 'serving') AS m ON true"""

# Held to the end of the transaction: who looks at a tenant's network looks alone.
LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('sweep:' || %(tenant)s, 0))"
TRY_LOCK: LiteralString = "SELECT pg_try_advisory_xact_lock(hashtextextended('sweep:' || %(tenant)s, 0)) AS mine"

IS_DUE: LiteralString = """
SELECT NOT EXISTS (SELECT FROM last_sweep
                    WHERE swept_at > now() - %(every)s AND batch_id IS NOT DISTINCT FROM %(batch_id)s
                      AND model_id IS NOT DISTINCT FROM %(model_id)s) AS due"""

RECORD: LiteralString = """
INSERT INTO last_sweep (swept_at, batch_id, model_id, pairs, findings, opened, reopened, closed, seconds)
VALUES (clock_timestamp(), %(batch_id)s, %(model_id)s, %(pairs)s, %(findings)s, %(opened)s, %(reopened)s, %(closed)s,
        %(seconds)s)
ON CONFLICT (tenant) DO UPDATE SET swept_at = EXCLUDED.swept_at, batch_id = EXCLUDED.batch_id,
       model_id = EXCLUDED.model_id, pairs = EXCLUDED.pairs, findings = EXCLUDED.findings, opened = EXCLUDED.opened,
       reopened = EXCLUDED.reopened, closed = EXCLUDED.closed, seconds = EXCLUDED.seconds"""


def facts(connection: Connection[DictRow]) -> Facts:
    """The facts of this moment."""
    with connection.cursor(row_factory=class_row(Facts)) as cursor:
        found = cursor.execute(FACTS).fetchone()
    assert found is not None  # one row whatever there is
    return found


def wait_for_turn(connection: Connection[DictRow], tenant: str) -> None:
    """Returns once nobody else looks at this tenant's network; the turn ends with the transaction."""
    connection.execute(LOCK, {"tenant": tenant})


def take_turn(connection: Connection[DictRow], tenant: str) -> bool:
    """False when somebody else is looking; else the turn is the caller's to the end of the transaction."""
    row = connection.execute(TRY_LOCK, {"tenant": tenant}).fetchone()
    return row is not None and bool(row["mine"])


def is_due(connection: Connection[DictRow], now: Facts, every: timedelta) -> bool:
    """True when nobody has looked for `every`, or the facts are others than those that were looked at."""
    values = {"every": every, "batch_id": now.batch_id, "model_id": now.model_id}
    row = connection.execute(IS_DUE, values).fetchone()
    return row is not None and bool(row["due"])


def record(connection: Connection[DictRow], sweep: SweepRow) -> None:
    """Keeps the newest sweep; there is one row a tenant."""
    connection.execute(RECORD, vars(sweep))
