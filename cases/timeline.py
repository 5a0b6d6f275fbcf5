"""Everything that happened to a case, in order, in words: opened, looked at, proposed, decided, approved, written.

It reads rows that others wrote and says nothing that is not in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import DictRow

from db import cases
from db.cases import CaseStep

# Rows tell these already; the audit event of the same moment would say it twice.
TOLD_BY_ROWS = frozenset(
    {
        "tool.called",
        "proposal.made",
        "gate.decided",
        "approval.granted",
        "approval.rejected",
        "write.enqueued",
        "write.sent",
        "write.confirmed",
    }
)


@dataclass(frozen=True)
class Moment:
    """One line of the time line; `fields` are the row's."""

    at: datetime
    what: str
    id: str
    actor: str
    text: str
    fields: Mapping[str, object]


def timeline(connection: Connection[DictRow], case_id: str) -> list[Moment]:
    """The case's moments, oldest first."""
    steps = cases.steps(connection, case_id)
    return [
        Moment(step.at, step.what, step.id, step.actor, text_of(step), step.fields)
        for step in steps
        if not (step.what == "audit" and step.fields.get("action") in TOLD_BY_ROWS)
    ]


def text_of(step: CaseStep) -> str:
    """One step in a few words."""
    fields = step.fields
    match step.what:
        case "evidence":
            return f"{fields['tool']}: {fields['status']}"
        case "proposal":
            worth = f"{fields['value']} {fields['currency']}"
            return f"proposed a {fields['kind']} worth {worth}; state {fields['state']}"
        case "decision":
            return f"gate ({fields['stage']}): {fields['outcome']}{_because(fields)}"
        case "approval":
            said = f": {fields['reason']}" if fields.get("reason") else ""
            return f"{fields['verdict']} as {fields['role']}{said}"
        case "write":
            return f"write to {fields['target']}: {fields['state']}{_document(fields)}"
        case _:
            return str(fields["action"]).replace(".", " ").replace("_", " ") + _note(fields)


def _note(fields: Mapping[str, object]) -> str:
    data = fields.get("data")
    return f": {data['note']}" if isinstance(data, dict) and data.get("note") else ""


def _because(fields: Mapping[str, object]) -> str:
    reasons = fields.get("reasons")
    if not isinstance(reasons, list):
        return ""
    texts = [str(reason.get("reason", "")) for reason in reasons if isinstance(reason, dict)]
    return f" because {'; '.join(text for text in texts if text)}" if any(texts) else ""


def _document(fields: Mapping[str, object]) -> str:
    document = fields.get("document")
    if isinstance(document, dict) and document.get("number"):
        return f", document {document['number']} read back as {document.get('state', 'unknown')}"
    return f" ({fields['last_error']})" if fields.get("last_error") else ""
