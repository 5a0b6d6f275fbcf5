"""The cases that a case should know of: a surplus of the item at the other end of a lane, or a shortage.

It says that a transfer would be better than a proposed purchase only where a kept comparison says so.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from cases.rank import SHORTAGES, SURPLUSES
from db import evidence, related_cases
from db.cases import CaseFile, CaseKind, CaseStatus
from db.related_cases import RelatedRow
from tools.case_figures import comparison
from tools.contract import Call, ToolOutput
from tools.options import OptionLine, OptionsCompared

# A proposal that has ended is not what anybody is about to do.
STANDS = frozenset({"pending", "waiting", "approved"})


class RelatedCase(ToolOutput):
    """Another open case on the item, why it is related, and the lane: from the surplus to the shortage.

    `better` is empty unless kept evidence ranks that transfer above the shortage's proposed purchase.
    """

    case_id: str
    kind: CaseKind
    status: CaseStatus
    site: str
    why: str
    source: str
    destination: str
    lead_time_days: int
    money_at_risk: Decimal
    currency: str
    better: str


def relations(call: Call, case: CaseFile) -> tuple[RelatedCase, ...]:
    """Most money at risk first; none for a case that is not about one item at one site."""
    found = related_cases.related(call.connection(), case.case_id, shortages=SHORTAGES, surpluses=SURPLUSES)
    return tuple(_related(call, case, row) for row in found)


def _related(call: Call, case: CaseFile, row: RelatedRow) -> RelatedCase:
    what = "shortage" if row.kind in SHORTAGES else "surplus"
    return RelatedCase(
        case_id=row.case_id,
        kind=row.kind,
        status=row.status,
        site=row.site,
        why=f"{what} of the same item in {row.site_name}",
        source=row.source,
        destination=row.destination,
        lead_time_days=row.lead_time_days,
        money_at_risk=row.money_at_risk,
        currency=row.currency,
        better=_better(call, case, row),
    )


def _better(call: Call, case: CaseFile, row: RelatedRow) -> str:
    shortage = row.case_id if row.kind in SHORTAGES else case.case_id
    proposed = related_cases.newest_order(call.connection(), shortage)
    if proposed is None or proposed.state not in STANDS or proposed.payload.get("kind") != "purchase":
        return ""
    kept = evidence.newest(call.connection(), [case.case_id, row.case_id], ["compare_options"])
    newest = next(
        ((one, parsed) for one in kept if (parsed := comparison(one)) and parsed.site == row.destination), None
    )
    return "" if newest is None else _said(newest[0].as_of, newest[1], row.source, str(proposed.payload["supplier"]))


def _said(as_of: datetime, compared: OptionsCompared, source: str, supplier: str) -> str:
    move, buy = _option(compared, "transfer", source), _option(compared, "buy", supplier)
    if move is None or buy is None or move.expected_benefit <= buy.expected_benefit:
        return ""
    return (
        f"The comparison as of {as_of:%d %b %Y %H:%M} ranks the transfer from {source} above the proposed "
        f"purchase: {move.expected_benefit:,.2f} {compared.currency} of benefit against {buy.expected_benefit:,.2f}."
    )


def _option(compared: OptionsCompared, name: str, source: str) -> OptionLine | None:
    return next((one for one in compared.options if (one.option, one.source) == (name, source)), None)
