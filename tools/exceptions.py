"""What needs attention, ranked: open cases by money at risk, then tier, then the day it is too late."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import Field

from cases.rank import ranked
from db import cases, tenants
from db.cases import CaseFile, CaseKind, CaseStatus, Severity
from db.network import Tier
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput
from tools.errors import NoData


class ExceptionsQuestion(ToolInput):
    """Any of these narrows the list."""

    sku: Code | None = None
    site: Code | None = None
    kind: CaseKind | None = None
    severity: Severity | None = None
    limit: int = Field(default=20, ge=1, le=200)


class ExceptionLine(ToolOutput):
    """One open case; `money_at_risk` in `currency`, `days_left` until it is too late (None: no such day)."""

    case_id: str
    kind: CaseKind
    sku: str | None
    site: str | None
    status: CaseStatus
    severity: Severity
    money_at_risk: Decimal
    currency: str
    tier: Tier | None
    at_risk_on: date | None
    days_left: int | None
    summary: str


class Exceptions(ToolOutput):
    """Cases in the order in which they need attention; `total` counts all that fit the question."""

    cases: tuple[ExceptionLine, ...]
    total: int
    money_at_risk: Decimal
    currency: str


def run(call: Call, asked: ExceptionsQuestion) -> Answer[Exceptions]:
    """Open cases in scope."""
    scope = asked.model_dump(exclude={"limit"})
    found = cases.search(call.connection(), **scope)
    currency = tenants.currency(call.connection())
    if not found:
        raise NoData("No case is open in this scope.", searched=scope, remedy="Run quartermaster triage to look anew.")
    in_order = ranked(found, currency)
    return Answer(
        Exceptions(
            cases=tuple(_line(case, call.today) for case in in_order[: asked.limit]),
            total=len(found),
            money_at_risk=sum((case.money_at_risk for case in found if case.currency == currency), Decimal(0)),
            currency=currency,
        )
    )


def _line(case: CaseFile, today: date) -> ExceptionLine:
    return ExceptionLine(
        case_id=case.case_id,
        kind=case.kind,
        sku=case.sku,
        site=case.site,
        status=case.status,
        severity=case.severity,
        money_at_risk=case.money_at_risk,
        currency=case.currency,
        tier=case.tier,
        at_risk_on=case.at_risk_on,
        days_left=None if case.at_risk_on is None else (case.at_risk_on - today).days,
        summary=case.summary,
    )


TOOL = Tool(
    name="list_exceptions",
    description="Open cases that need attention, ranked by money at risk, customer tier and time left.",
    permission="read",
    takes=ExceptionsQuestion,
    gives=Exceptions,
    run=run,
    examples=({}, {"site": "LEJ", "severity": "high", "limit": 5}),
)
