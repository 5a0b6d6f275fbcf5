"""What a recommendation stands on, as a person can read and check it: evidence, versions, the rows of the data."""

from __future__ import annotations

from typing import Any

from agents.conversation.answers.words import plain
from app.api.parts import Parts
from app.console import words
from app.console.person import Visitor
from domain.errors import NotFound, QuartermasterError
from tools.explain import DataRow, Explanation

MOST_ROWS = 12


def evidence_note(parts: Parts, asking: Visitor, case_id: str) -> str:
    """Markdown; the tool that answers it is the one that the agent and the command line use."""
    result = parts.tools.call(asking.context, "explain_decision", {"case_id": case_id}, case_id=case_id)
    found: Any = result.output
    if not isinstance(found, Explanation):
        raise (NotFound if result.status == "no_data" else QuartermasterError)(result.error)
    return "\n".join(_lines(found))


def _lines(found: Explanation) -> list[str]:
    data = found.data
    lines = [f"**What {found.case_id} stands on**", ""]
    if data.evidence_id is not None:
        seen = f", as of {words.day(data.as_of.date())} {words.clock(data.as_of)}" if data.as_of else ""
        lines.append(f"- Evidence `{data.evidence_id}`{seen}; fingerprint `{data.evidence_fingerprint[:16]}…`")
    lines += [f"- {name.replace('_', ' ')}: `{_short(value)}`" for name, value in data.versions.items() if value]
    if data.rows:
        lines += ["", "| row of the data | file |", "|---|---|", *(_row(one) for one in data.rows[:MOST_ROWS])]
    if len(data.rows) > MOST_ROWS:
        lines.append(f"\n… and {len(data.rows) - MOST_ROWS} more rows: `quartermaster why {found.case_id}`")
    lines += ["", f"**Carried out**: {found.executed.state} {found.executed.document}"]
    return lines + [f"- {plain(step)}" for step in found.executed.steps]


def _row(one: DataRow) -> str:
    where = f"{one.file} row {one.row}" if one.row else one.file
    return f"| {one.table} {plain(one.key)} | {plain(where)} · {one.provenance} · `{one.sha256[:12]}…` |"


def _short(value: str) -> str:
    return f"{value[:16]}…" if len(value) > 40 else value
