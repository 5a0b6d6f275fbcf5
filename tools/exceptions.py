"""What needs attention, ranked: open cases by money at risk, then tier, then the day it is too late."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import Field, TypeAdapter

from actions.port import Order
from cases.rank import ranked
from db import cases, tenants
from db.cases import CaseFile, CaseKind, CaseStatus, Severity, Standing
from db.network import Tier
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput
from tools.errors import NoData

ORDER: TypeAdapter[Order] = TypeAdapter(Order)


class ExceptionsQuestion(ToolInput):
    """Any of these narrows the list; `waiting` to cases whose proposal waits for somebody's approval."""

    sku: Code | None = None
    site: Code | None = None
    kind: CaseKind | None = None
    severity: Severity | None = None
    waiting: bool = False
    limit: int = Field(default=20, ge=1, le=200)


class ProposalStanding(ToolOutput):
    """The case's newest proposal: its order, `value` in `currency`, its state, and whose approval is missing."""

    proposal_id: UUID
    order: Order
    value: Decimal
    currency: str
    state: str
    asked: tuple[str, ...]


class ExceptionLine(ToolOutput):
    """One open case; `money_at_risk` in `currency`, `days_left` until it is too late (None: no such day).

    `proposal` is None where nothing was proposed.
    """

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
    proposal: ProposalStanding | None


class Exceptions(ToolOutput):
    """Cases in the order in which they need attention; `total` counts all that fit the question."""

    cases: tuple[ExceptionLine, ...]
    total: int
    money_at_risk: Decimal
    currency: str


def run(call: Call, asked: ExceptionsQuestion) -> Answer[Exceptions]:
    """Open cases in scope."""
    scope = asked.model_dump(exclude={"limit", "waiting"})
    found = cases.search(call.connection(), **scope)
    currency = tenants.currency(call.connection())
    standings = cases.standings(call.connection(), [case.case_id for case in found])
    if asked.waiting:
        found = [case for case in found if case.case_id in standings and standings[case.case_id].state == "waiting"]
    if not found:
        what = "No proposal waits for approval" if asked.waiting else "No case is open"
        raise NoData(f"{what} in this scope.", searched=scope, remedy="Run quartermaster triage to look anew.")
    in_order = ranked(found, currency)
    return Answer(
        Exceptions(
            cases=tuple(line_of(case, standings.get(case.case_id), call.today) for case in in_order[: asked.limit]),
            total=len(found),
            money_at_risk=sum((case.money_at_risk for case in found if case.currency == currency), Decimal(0)),
            currency=currency,
        )
    )


def line_of(case: CaseFile, standing: Standing | None, today: date) -> ExceptionLine:
    """One case as it is listed on the tenant's day."""
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
        proposal=None if standing is None else _standing(standing),
    )


def _standing(one: Standing) -> ProposalStanding:
    return ProposalStanding(
        proposal_id=one.proposal_id,
        order=ORDER.validate_python(one.payload),
        value=one.value,
        currency=one.currency,
        state=one.state,
        asked=tuple(one.asked),
    )


TOOL = Tool(
    name="list_exceptions",
    description="Open cases that need attention, ranked by money at risk, customer tier and time left, each with where "
    "its proposal stands. With waiting, only those whose proposal waits for somebody's approval.",
    permission="read",
    takes=ExceptionsQuestion,
    gives=Exceptions,
    run=run,
    examples=({}, {"waiting": True}, {"site": "LEJ", "severity": "high", "limit": 5}),
)
