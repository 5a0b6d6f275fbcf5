"""Cases: reported from outside, listed in the order in which they need attention, told in full, worked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, Response
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from actions import jobs
from app.api.calling import output_of
from app.api.identity import Proposer, Reader, Reporter
from app.api.paging import LONGEST, cursor_of, where_of
from cases import events
from cases.events import Event
from cases.open import set_status
from cases.rank import ranked
from db import cases, proposals, tenants
from db.cases import CaseFile, CaseKind, CaseStatus, Severity
from db.network import Tier
from db.session import tenant_clock
from domain.errors import Conflict, NotFound
from tools.case import CaseView
from tools.contract import Code
from tools.exceptions import ExceptionLine, line_of
from tools.explain import Explanation

router = APIRouter(prefix="/v1", tags=["cases"])

CaseId = Annotated[Code, Path(examples=["C-00042"], description="A case's number.")]
# A second proposal for the same goods would only meet the first one at the gate.
UNDER_WAY = frozenset({"pending", "waiting", "approved", "sent", "unknown"})

EXAMPLES = {
    "a stock that somebody is worried about": {
        "value": {
            "specversion": "1.0", "id": "wms-4711", "source": "wms/leipzig", "type": "stock.risk",
            "time": "2026-03-02T06:00:00Z", "data": {"sku": "OAT-1L", "site": "LEJ"},
        }
    },
    "a supply that will be late": {
        "value": {
            "specversion": "1.0", "id": "asn-9", "source": "supplier-portal", "type": "supply.late",
            "time": "2026-03-02T06:00:00Z", "data": {"order_no": "PO-1", "line_no": 1, "promised_on": "2026-03-08"},
        }
    },
}  # fmt: skip


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseLink(_Frozen):
    """A case and where to follow it."""

    case_id: str
    kind: CaseKind
    status: CaseStatus
    summary: str
    location: str


class Accepted(_Frozen):
    """The event was kept and its cases are being worked; `is_new` False when this very event had come before."""

    source: str
    id: str
    is_new: bool
    cases: tuple[CaseLink, ...]


class CasePage(_Frozen):
    """Cases in the order in which they need attention; `next` leads on, None at the end. `total` counts all."""

    cases: tuple[ExceptionLine, ...]
    total: int
    next: str | None


class Queued(_Frozen):
    """The case is with the agent again."""

    case_id: str
    status: CaseStatus


class LastCase(_Frozen):
    """Where a page of cases ended: what the order is made of."""

    case_id: Code
    currency: str = Field(max_length=3)
    money_at_risk: Decimal = Field(max_digits=30, allow_inf_nan=False)
    tier: Tier | None
    severity: Severity
    at_risk_on: date | None


@router.post("/exceptions", status_code=202, summary="Report an exception")
def report(
    event: Annotated[Event, Body(openapi_examples=EXAMPLES)],  # pyright: ignore[reportArgumentType] - plain dicts
    asked: Reporter,
    response: Response,
) -> Accepted:
    """Takes a CloudEvents 1.0 event (structured JSON), opens or finds its cases and has them triaged.

    The same event again (by source and id) leads to the same cases; with other content it is a conflict.
    """
    # The agent's role: what an event opens is brought up to date like what a sweep finds.
    with asked.parts.agent.transaction(asked.context.tenant) as connection:
        taken = events.receive(connection, asked.context, event.model_dump(mode="json"))
        for case in taken.cases:
            if taken.is_new and case.status == "open":
                jobs.defer_triage(connection, asked.context.tenant, case.case_id)
    links = tuple(_link(case) for case in taken.cases)
    if len(links) == 1:
        response.headers["Location"] = links[0].location
    return Accepted(source=event.source, id=event.id, is_new=taken.is_new, cases=links)


@router.get("/cases", summary="What needs attention, ranked")
def list_cases(
    asked: Reader,
    sku: Annotated[Code | None, Query()] = None,
    site: Annotated[Code | None, Query()] = None,
    kind: CaseKind | None = None,
    severity: Severity | None = None,
    status: Annotated[Literal["open", "triaged"] | None, Query(description="Closed cases are not listed.")] = None,
    waiting: Annotated[bool, Query(description="Only those whose proposal waits for an approval.")] = False,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=LONGEST)] = None,
) -> CasePage:
    """Cases that are not closed: most money at risk first, then the higher tier, then the earlier date."""
    after = None if cursor is None else where_of(LastCase, cursor)
    with asked.parts.agent.transaction(asked.context.tenant, snapshot=True) as connection:
        found = cases.search(connection, sku=sku, site=site, kind=kind, severity=severity)
        standings = cases.standings(connection, [case.case_id for case in found])
        if status is not None:
            found = [case for case in found if case.status == status]
        if waiting:
            found = [case for case in found if (its := standings.get(case.case_id)) and its.state == "waiting"]
        page = _after(found, after, tenants.currency(connection))
        today = tenant_clock(connection).date()
    lines = tuple(line_of(case, standings.get(case.case_id), today) for case in page[:limit])
    onward = cursor_of(_last(page[limit - 1])) if len(page) > limit else None
    return CasePage(cases=lines, total=len(found), next=onward)


@router.get("/cases/{case_id}", summary="A case with its time line")
def show_case(case_id: CaseId, asked: Reader) -> CaseView:
    """Evidence, proposals, decisions, approvals and writes, oldest first."""
    return output_of(asked, "get_case", {"case_id": case_id})


@router.get("/cases/{case_id}/decision", summary="Why")
def explain_case(case_id: CaseId, asked: Reader) -> Explanation:
    """What was recommended, what data informed it, and who or what executed it."""
    return output_of(asked, "explain_decision", {"case_id": case_id})


@router.post("/cases/{case_id}/triage", status_code=202, summary="Work a case again")
def triage_again(case_id: CaseId, asked: Proposer) -> Queued:
    """Hands the case to the agent anew, unless it is closed or has a proposal under way."""
    with asked.parts.agent.transaction(asked.context.tenant) as connection:
        case = _found(connection, case_id)
        _may_be_worked(connection, case)
        if case.status != "open":
            case = set_status(connection, asked.context, case_id, "open", note="Asked for again.")
        jobs.defer_triage(connection, asked.context.tenant, case_id)
    return Queued(case_id=case_id, status=case.status)


def _found(connection: Connection[DictRow], case_id: str) -> CaseFile:
    case = cases.find(connection, case_id)
    if case is None:
        raise NotFound(f"There is no case {case_id!r}.", remedy="GET /v1/cases lists cases.")
    return case


def _may_be_worked(connection: Connection[DictRow], case: CaseFile) -> None:
    if case.status == "closed":
        raise Conflict(f"Case {case.case_id} is closed.", remedy="Report what happened as a new exception.")
    newest = proposals.newest(connection, case_id=case.case_id, limit=1)
    if newest and newest[0].state in UNDER_WAY:
        raise Conflict(
            f"Proposal {newest[0].proposal_id} of this case is {newest[0].state}.",
            remedy="Answer it, or wait until it is settled.",
        )


def _after(found: list[CaseFile], after: LastCase | None, currency: str) -> list[CaseFile]:
    """Those behind the last one seen. It stands where it stood then, wherever its case has moved since."""
    if after is None or not found:
        return ranked(found, currency)
    others = [case for case in found if case.case_id != after.case_id]
    mark = replace(found[0], **after.model_dump())
    in_order = ranked([*others, mark], currency)
    return in_order[in_order.index(mark) + 1 :]


def _last(case: CaseFile) -> LastCase:
    return LastCase.model_validate({name: getattr(case, name) for name in LastCase.model_fields})


def _link(case: CaseFile) -> CaseLink:
    return CaseLink(
        case_id=case.case_id,
        kind=case.kind,
        status=case.status,
        summary=case.summary,
        location=f"/v1/cases/{case.case_id}",
    )
