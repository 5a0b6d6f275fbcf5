"""What was recorded about something, for the surfaces that show it. Reads under the tenant's row-level security."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from domain.canonical import Json

TRAIL = """
SELECT event_id::text, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, action, actor_kind,
       actor_id, actor_version, actor_roles, subject, trace_id, writer, body
  FROM audit.event
 WHERE tenant = %(tenant)s AND subject = ANY(%(subjects)s)
 ORDER BY at, position
"""


@dataclass(frozen=True)
class Recorded:
    """One event as it is shown: `at` is UTC text, `writer` the database role that recorded it, `data` its content."""

    event_id: str
    at: str
    action: str
    actor_kind: str
    actor_id: str
    actor_version: str
    actor_roles: tuple[str, ...]
    subject: str
    trace_id: str
    writer: str
    data: Json


def trail_of(connection: Connection[Any], tenant: str, subjects: Sequence[str]) -> list[Recorded]:
    """The events of these subjects (`case:C-00042`, `proposal:…`), oldest first. Sealed or not: see `audit.verify`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(TRAIL, {"tenant": tenant, "subjects": list(subjects)})
        return [_recorded(row) for row in cursor]


def _recorded(row: dict[str, Any]) -> Recorded:
    data = json.loads(row.pop("body"))
    roles = tuple(row.pop("actor_roles").split())
    return Recorded(**row, actor_roles=roles, data=data)
