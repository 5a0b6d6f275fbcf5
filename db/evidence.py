"""Evidence: what a tool was asked and what it answered, kept as it was given and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row
from psycopg.types.json import Jsonb

from domain.canonical import fingerprint

Status = Literal["success", "error", "no_data", "denied"]


@dataclass(frozen=True)
class Evidence:
    """One tool call; `fingerprint` is over what was asked, what came back and on which data."""

    evidence_id: UUID
    case_id: str | None
    tool: str
    arguments: Mapping[str, object]
    status: Status
    result: Mapping[str, object]
    as_of: datetime
    versions: Mapping[str, object]
    fingerprint: str
    actor: str
    trace_id: str
    duration_ms: float


@dataclass(frozen=True)
class KeptEvidence(Evidence):
    """Evidence as it was kept, with the moment of keeping."""

    created_at: datetime


INSERT: LiteralString = """
INSERT INTO evidence (tenant, evidence_id, case_id, tool, arguments, status, result, as_of, versions, fingerprint,
                      actor, trace_id, duration_ms)
VALUES (%(tenant)s, %(evidence_id)s, %(case_id)s, %(tool)s, %(arguments)s, %(status)s, %(result)s, %(as_of)s,
        %(versions)s, %(fingerprint)s, %(actor)s, %(trace_id)s, %(duration_ms)s)
ON CONFLICT DO NOTHING RETURNING evidence_id"""

KEPT: LiteralString = """
SELECT evidence_id, case_id, tool, arguments, status, result, as_of, versions, fingerprint, actor, trace_id,
       duration_ms, created_at
  FROM evidence"""

ONE: LiteralString = KEPT + " WHERE evidence_id = %(evidence_id)s"

OF_CASE: LiteralString = KEPT + " WHERE case_id = %(case_id)s ORDER BY created_at, evidence_id"

NEWEST: LiteralString = (
    KEPT
    + """
 WHERE case_id = ANY (%(case_ids)s) AND tool = ANY (%(tools)s) AND status = 'success'
 ORDER BY created_at DESC, evidence_id LIMIT %(most)s"""
)
MOST = 40


def content_fingerprint(
    tool: str,
    arguments: Mapping[str, object],
    status: Status,
    result: Mapping[str, object],
    as_of: datetime,
    versions: Mapping[str, object],
) -> str:
    """The hash that binds an answer to its question and its data; a reader can recompute it from the row."""
    parts = {"tool": tool, "arguments": arguments, "status": status, "result": result}
    return fingerprint({**parts, "as_of": as_of, "versions": versions})


def insert_once(connection: Connection[DictRow], tenant: str, evidence: Evidence) -> bool:
    """Keeps the evidence; False when an earlier try of the same call has kept it."""
    values = {key: Jsonb(value) if isinstance(value, Mapping) else value for key, value in vars(evidence).items()}
    return connection.execute(INSERT, {**values, "tenant": tenant}).fetchone() is not None


def find(connection: Connection[DictRow], evidence_id: UUID) -> KeptEvidence | None:
    """The evidence, or None when this tenant has none of that id."""
    with connection.cursor(row_factory=class_row(KeptEvidence)) as cursor:
        return cursor.execute(ONE, {"evidence_id": evidence_id}).fetchone()


def of_case(connection: Connection[DictRow], case_id: str) -> list[KeptEvidence]:
    """All evidence of a case, oldest first."""
    with connection.cursor(row_factory=class_row(KeptEvidence)) as cursor:
        return cursor.execute(OF_CASE, {"case_id": case_id}).fetchall()


def newest(connection: Connection[DictRow], case_ids: Sequence[str], tools: Sequence[str]) -> list[KeptEvidence]:
    """The newest answers of these tools for these cases, newest first; only what succeeded, at most `MOST`."""
    values = {"case_ids": list(case_ids), "tools": list(tools), "most": MOST}
    with connection.cursor(row_factory=class_row(KeptEvidence)) as cursor:
        return cursor.execute(NEWEST, values).fetchall()
