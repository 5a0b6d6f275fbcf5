"""Where a case stands and who did what: its file, the figures of its evidence, related cases, and its time line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from cases.timeline import Moment, timeline
from db import cases, evidence
from db.cases import CaseFile, CaseKind, CaseStatus, Severity
from domain.canonical import to_json
from domain.errors import NotFound
from tools.case_figures import TOOLS, CaseFigures, figures
from tools.case_relations import RelatedCase, relations
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput


class CaseQuestion(ToolInput):
    """The case's number, e.g. C-00042."""

    case_id: Code


class MomentLine(ToolOutput):
    """One thing that happened: evidence, proposal, decision, approval, write, or another audited event."""

    at: datetime
    what: str
    id: str
    actor: str
    text: str
    fields: Mapping[str, object]


class CaseView(ToolOutput):
    """The case's file, and its moments, oldest first.

    `note` is what there is to say about it now; `figures` are as its newest evidence has them.
    """

    case_id: str
    kind: CaseKind
    sku: str | None
    site: str | None
    status: CaseStatus
    severity: Severity
    money_at_risk: Decimal
    currency: str
    at_risk_on: date | None
    summary: str
    opened_at: datetime
    closed_at: datetime | None
    moments: tuple[MomentLine, ...]
    note: str
    figures: CaseFigures
    related: tuple[RelatedCase, ...]


def run(call: Call, asked: CaseQuestion) -> Answer[CaseView]:
    """The case as it stands."""
    case = cases.find(call.connection(), asked.case_id)
    if case is None:
        raise NotFound(f"There is no case {asked.case_id!r}.", remedy="List cases with list_exceptions.")
    moments = timeline(call.connection(), case.case_id)
    return Answer(
        CaseView(
            case_id=case.case_id,
            kind=case.kind,
            sku=case.sku,
            site=case.site,
            status=case.status,
            severity=case.severity,
            money_at_risk=case.money_at_risk,
            currency=case.currency,
            at_risk_on=case.at_risk_on,
            summary=case.summary,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            moments=tuple(
                MomentLine(
                    at=one.at, what=one.what, id=one.id, actor=one.actor, text=one.text, fields=_plain(one.fields)
                )
                for one in moments
            ),
            note=case.note,
            figures=_figures(call, case, moments),
            related=relations(call, case),
        )
    )


def _figures(call: Call, case: CaseFile, moments: Sequence[Moment]) -> CaseFigures:
    """Options are those that the newest proposal stands on, where there is one."""
    kept = evidence.newest(call.connection(), [case.case_id], TOOLS)
    made = [one for one in moments if one.what == "proposal"]
    compared = UUID(str(made[-1].fields["evidence_id"])) if made else None
    if compared is not None and all(row.evidence_id != compared for row in kept):
        found = evidence.find(call.connection(), compared)
        kept += [found] if found else []
    return figures(kept, case.sku, case.site, compared)


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    return {key: to_json(value) for key, value in fields.items()}


TOOL = Tool(
    name="get_case",
    description="Where a case stands and who did what: stock, demand, risk and compared options as its evidence has "
    "them, related cases, and evidence, proposals, decisions, approvals and writes in order.",
    permission="read",
    takes=CaseQuestion,
    gives=CaseView,
    run=run,
    examples=({"case_id": "C-00042"},),
)
