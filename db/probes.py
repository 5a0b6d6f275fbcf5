"""What a probe of the database runs: statements that do what a role is for, undone or only read."""

from __future__ import annotations

from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow

WRITE_EVIDENCE: LiteralString = """
INSERT INTO evidence
    (tenant, tool, arguments, status, result, as_of, versions, fingerprint, actor, trace_id, duration_ms)
VALUES (%(tenant)s, 'doctor', '{}', 'success', '{}', now(), '{}', '', 'doctor', '', 0)"""
UNKNOWN_WRITES: LiteralString = "SELECT count(*) AS count FROM outbox WHERE state = 'unknown'"


def write_evidence(connection: Connection[DictRow], tenant: str) -> None:
    """A row as the agent writes them; the caller rolls it back."""
    connection.execute(WRITE_EVIDENCE, {"tenant": tenant})


def unknown_writes(connection: Connection[DictRow]) -> int:
    """Writes that were sent and whose outcome is not known."""
    row = connection.execute(UNKNOWN_WRITES).fetchone()
    return 0 if row is None else row["count"]
