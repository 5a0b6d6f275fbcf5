"""A case is worked as long as what it is about stands, and closed when a look at everything no longer finds it.

docs/decisions/0005-life-of-a-case.md has the rule and its reasons. Nothing is proposed or decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import DictRow

from cases.open import Opened, record_change, set_status
from db import case_life, cases
from db.case_life import Ending, Life
from db.cases import CaseFile
from db.sweeps import Facts
from domain.context import Context

# A gate that said no, or a target that could not, may do otherwise tomorrow. A person's no stands until facts change.
RETRY_AFTER = timedelta(hours=24)
MAY_BE_RETRIED = frozenset({"denied", "conflict", "failed"})
# Money that moved by this share is no longer what was judged; less is the noise of a day.
MATERIAL = Decimal("0.2")


@dataclass(frozen=True)
class Told:
    """What a sweep was able to tell: (SKU, site) pairs with stock and demand known and not in doubt, and cold rooms.

    Anywhere else that nothing was found means nothing.
    """

    pairs: Collection[tuple[str, str]]
    cold_sites: Collection[str]

    def about(self, case: CaseFile) -> bool:
        """Whether not finding it is evidence that it is gone."""
        if case.kind == "cold_chain":
            return case.site in self.cold_sites
        return (case.sku, case.site) in self.pairs


@dataclass(frozen=True)
class Moved:
    """Cases that a sweep sent back to work, closed, or kept although their finding is gone."""

    reopened: tuple[str, ...]
    closed: tuple[str, ...]
    kept: tuple[str, ...]


def follow(
    connection: Connection[DictRow], context: Context, found: Sequence[Opened], told: Told, facts: Facts
) -> Moved:
    """Moves every case that is not closed by what a sweep on `facts` has found and was able to tell."""
    lives = case_life.lock_lives(connection)
    files = {case.case_id: case for case in cases.search(connection)}
    endings = case_life.endings(connection)
    standing = {one.case.case_id for one in found}
    moved: dict[str, list[str]] = {"reopened": [], "closed": [], "kept": []}
    for case_id, life in lives.items():
        case = files.get(case_id)
        if case is None:
            continue  # opened this moment by somebody else
        if case_id in standing:
            step = _stands(connection, context, case, life, endings.get(case_id), facts)
        elif told.about(case) and _is_news(life, facts):
            step = _is_gone(connection, context, case, life, facts)
        else:
            continue
        if step:
            moved[step].append(case_id)
    return Moved(tuple(moved["reopened"]), tuple(moved["closed"]), tuple(moved["kept"]))


def finish_round(connection: Connection[DictRow], context: Context, case_id: str, facts: Facts, note: str) -> bool:
    """Ends a round of work that began on `facts`; False when the case was closed or finished meanwhile."""
    if not case_life.worked(connection, case_id, facts, note):
        return False
    case = cases.find(connection, case_id)
    assert case is not None  # it was moved just now
    record_change(connection, context, case, {"status": "triaged", "note": note})
    return True


def why_anew(case: CaseFile, life: Life, ending: Ending | None, facts: Facts) -> str:
    """Why a case whose finding stands is to be worked once more, in words; empty to leave it as it is."""
    if case.status != "triaged" or life.under_way:
        return ""
    changed = _changed(case, life, facts)
    if ending is None or ending.state in ("rejected", "observed"):
        return changed
    if ending.state == "expired":
        return "nobody answered its proposal in time"
    if ending.state == "confirmed":
        return _overdue(ending.payload, life, facts)
    if ending.state in MAY_BE_RETRIED and ending.now - ending.changed_at >= RETRY_AFTER:
        return changed or f"its proposal was {_ended(ending.state)} a day ago, and the reason may be gone"
    return changed


def _stands(
    connection: Connection[DictRow],
    context: Context,
    case: CaseFile,
    life: Life,
    ending: Ending | None,
    facts: Facts,
) -> str:
    if life.gone_since is not None:
        case_life.mark_back(connection, case.case_id, "It was gone for a while and is found again.")
        record_change(connection, context, case, {"note": "found again"})
    why = why_anew(case, life, ending, facts)
    if not why:
        return ""
    set_status(connection, context, case.case_id, "open", note=f"To be worked anew: {why}.")
    return "reopened"


def _is_gone(connection: Connection[DictRow], context: Context, case: CaseFile, life: Life, facts: Facts) -> str:
    since = "" if facts.as_of is None else f" on the data of {facts.as_of:%d %b %Y %H:%M} UTC"
    gone = f"The {_about(case)} is gone: a look at everything{since} no longer finds it."
    if not life.under_way:
        set_status(connection, context, case.case_id, "closed", note=gone)
        return "closed"
    if life.gone_since is None:
        rest = " Its proposal is withdrawn." if "waiting" in life.under_way else ""
        note = f"{gone} The case stays while its proposal is {' and '.join(sorted(set(life.under_way)))}.{rest}"
        case_life.mark_gone(connection, case.case_id, note)
        record_change(connection, context, case, {"note": note})
    return "kept"


def _is_news(life: Life, facts: Facts) -> bool:
    """What somebody reported our data may not show yet: only data that came in after the report can say it is over."""
    if life.reported_at is None:
        return True
    return facts.imported_at is not None and facts.imported_at > life.reported_at


def _changed(case: CaseFile, life: Life, facts: Facts) -> str:
    if life.worked_at is None or life.worked_money is None:
        return "it is not known on which data it was worked"
    if facts.batch_id != life.worked_batch:
        return "newer data have come in"
    if facts.model_id != life.worked_model:
        return "there is a newer demand model"
    if case.severity != life.worked_severity:
        return f"its severity is now {case.severity}"
    if abs(case.money_at_risk - life.worked_money) > life.worked_money * MATERIAL:
        return f"{case.money_at_risk:,.2f} {case.currency} are at risk now, {life.worked_money:,.2f} were"
    return ""


def _overdue(order: Mapping[str, object], life: Life, facts: Facts) -> str:
    """A confirmed order is waited for until newer data should show its goods."""
    due = date.fromisoformat(str(order.get("arrive_on") or order.get("deliver_on")))
    if facts.as_of is None or facts.batch_id == life.worked_batch or facts.as_of.date() <= due:
        return ""
    return f"the goods of its order were due on {due:%d %b %Y}, and newer data still show it"


def _ended(state: str) -> str:
    return {"denied": "denied", "conflict": "in conflict with the target", "failed": "failing"}[state]


def _about(case: CaseFile) -> str:
    what = case.kind.replace("_", " ")
    return f"{what} of {case.sku} at {case.site}" if case.sku else f"{what} at {case.site}"
