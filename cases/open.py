"""Opening a case once a subject; what is found again attaches to it. Every move is an audit event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import DictRow

from audit.append import append
from audit.events import Action
from db import cases
from db.cases import CaseFile, CaseStatus, NewCase
from domain.context import Context
from domain.errors import Conflict, NotFound

# A late supply and the shortage it makes are one matter: two open cases would ask for the same goods twice.
SAME_MATTER = {"stockout_risk": "late_supply", "late_supply": "stockout_risk"}
REFRESHED = ("severity", "money_at_risk", "at_risk_on", "summary")


@dataclass(frozen=True)
class Opened:
    """A case and whether it is new; if not, what was found was attached to it."""

    case: CaseFile
    is_new: bool


def open_cases(
    connection: Connection[DictRow],
    context: Context,
    found: Sequence[NewCase],
    *,
    event: tuple[str, str] | None = None,
) -> list[Opened]:
    """Opens what is not open yet and brings the rest up to date, in the order given.

    `event` is (source, id) of the event that brought it. Safe against another process doing the same: one of the two
    opens the case and the other attaches.
    """
    there = _open_matters(connection, found)
    fresh = [new for new in _once(found) if _matter(new, there) is None]
    inserted = cases.insert(connection, context.tenant, fresh, event=event) if fresh else []
    for case in inserted:
        _record(connection, context, Action.CASE_OPENED, case, {"kind": case.kind, "subject": case.subject})
    new = {case.subject: Opened(case, True) for case in inserted}
    # Whoever was first between our look and our insert has it; read again before attaching.
    there = _open_matters(connection, found)
    return [new.get(one.subject) or _attach(connection, context, one, there) for one in _once(found)]


def set_status(
    connection: Connection[DictRow], context: Context, case_id: str, status: CaseStatus, *, note: str = ""
) -> CaseFile:
    """Moves the case and leaves a note on it.

    Raises `NotFound`, or `Conflict` when it is closed or there already.
    """
    moved = cases.set_status(connection, case_id, status, note)
    if moved is None:
        there = cases.find(connection, case_id)
        if there is None:
            raise NotFound(f"There is no case {case_id}.")
        raise Conflict(f"Case {case_id} is {there.status} already.")
    action = Action.CASE_CLOSED if status == "closed" else Action.CASE_CHANGED
    _record(connection, context, action, moved, {"status": status, "note": note})
    return moved


def record_change(connection: Connection[DictRow], context: Context, case: CaseFile, data: dict[str, object]) -> None:
    """The audit event of a change to the case."""
    _record(connection, context, Action.CASE_CHANGED, case, data)


def _once(found: Sequence[NewCase]) -> list[NewCase]:
    return list({one.subject: one for one in found}.values())


def _open_matters(connection: Connection[DictRow], found: Sequence[NewCase]) -> dict[str, CaseFile]:
    subjects = {one.subject for one in found} | {_sibling(one) for one in found}
    return cases.open_on(connection, sorted(subjects))


def _sibling(one: NewCase) -> str:
    other = SAME_MATTER.get(one.kind)
    return one.subject if other is None else one.subject.replace(one.kind, other, 1)


def _matter(one: NewCase, there: dict[str, CaseFile]) -> CaseFile | None:
    return there.get(one.subject) or there.get(_sibling(one))


def _attach(connection: Connection[DictRow], context: Context, one: NewCase, there: dict[str, CaseFile]) -> Opened:
    case = _matter(one, there)
    if case is None:
        raise Conflict(f"The case on {one.subject} was closed this moment.", remedy="Try again.")
    changed = {name: getattr(one, name) for name in REFRESHED if getattr(one, name) != getattr(case, name)}
    if not changed:
        return Opened(case, False)
    refreshed = cases.refresh(connection, case.case_id, one)
    if refreshed is None:
        raise Conflict(f"Case {case.case_id} was closed this moment.", remedy="Try again.")
    _record(connection, context, Action.CASE_CHANGED, refreshed, {"changed": sorted(changed)})
    return Opened(refreshed, False)


def _record(
    connection: Connection[DictRow], context: Context, action: Action, case: CaseFile, data: dict[str, object]
) -> None:
    money: dict[str, str | Decimal] = {"money_at_risk": case.money_at_risk, "currency": case.currency}
    facts = {**data, **money, "severity": case.severity, "at_risk_on": case.at_risk_on}
    append(connection, context, action, subject=f"case:{case.case_id}", data=facts)
