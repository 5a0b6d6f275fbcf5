"""A planner's word on a forecast: said, ended and listed by people. It is kept, never changed and never deleted.

How far a word goes depends on the role; beyond that it is denied, with who could. The agent has no road here: its
database role reads overrides and writes none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from app.models.people import require_role, said, who_could
from app.wiring import operator_context, operator_database
from audit.append import append
from audit.events import Action
from cases import override_value
from cases.forecast_view import ForecastView
from cases.override_value import OverrideValue
from cases.overriding import describe, scale
from cases.snapshot import load
from db import overrides
from db.overrides import NewOverride, Override
from db.people import Person
from db.session import tenant_clock
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from planning.arrays import FloatArray


@dataclass(frozen=True)
class Reach:
    """How far one role's word goes: the least and most that a forecast is multiplied by, and days from today on."""

    least: float
    most: float
    days: int


LIMITS: Mapping[str, Reach] = MappingProxyType(
    {
        "planner": Reach(0.5, 2.0, 28),
        "procurement_manager": Reach(0.5, 2.0, 28),
        "supervisor": Reach(0.0, 3.0, 60),
    }
)


@dataclass(frozen=True)
class Said:
    """What a planner says: `change` is a share to add, such as .4 for 40 % more, or `set_to` units a day."""

    sku: str
    site: str
    starts_on: date | None
    ends_on: date
    change: float | None
    set_to: float | None
    reason: str


@dataclass(frozen=True)
class Kept:
    """An override that holds, in words, with the units that it replaces by how many."""

    override: str
    said: str
    model: str
    expected_without: float
    expected_with: float


def add(tenant: str, person: str, wish: Said) -> Kept:
    """Keep an override from `starts_on` (today) to `ends_on`, which is when it expires.

    Raises `Forbidden` beyond what the person's roles reach, naming who could; `Conflict` where another holds on one of
    its days; `NotFound` where there is no forecast for all of its days; `BadInput` for what cannot be.
    """
    with operator_database() as database, database.transaction(tenant) as connection:
        who = require_role(connection, person, frozenset(LIMITS), "override a forecast")
        overrides.wait_for_series(connection, tenant, wish.sku, wish.site)
        today = tenant_clock(connection).date()
        new, base = _judged(connection, wish, who, today)
        override_id = overrides.save_override(connection, new)
        kept = overrides.find_override(connection, override_id)
        assert kept is not None  # it was written a moment ago
        factor = scale(kept, base) or 0.0
        data = {
            "sku": new.sku, "site": new.site, "from": new.starts_on, "until": new.ends_on, "times": factor,
            "reason": new.reason, "model": new.model,
        }  # fmt: skip
        context = operator_context(tenant, person)
        append(connection, context, Action.OVERRIDE_MADE, subject=f"override:{override_id}", data=data)
    without = float(base.sum())
    return Kept(str(override_id), describe(kept), new.model, without, without * factor)


def end(tenant: str, person: str, override: str, reason: str) -> Override:
    """End an override from today on; raises `NotFound`, `Conflict` where it has ended, `Forbidden` without a role."""
    with operator_database() as database, database.transaction(tenant) as connection:
        require_role(connection, person, frozenset(LIMITS), "end an override")
        found = _find(connection, override)
        overrides.wait_for_series(connection, tenant, found.sku, found.site)
        found, today = _find(connection, override), tenant_clock(connection).date()
        if found.ended_on is not None or found.ends_on < today:
            raise Conflict(f"It ended on {found.last_day.isoformat()} already.", remedy="See: forecast override list.")
        why = said(reason)
        overrides.save_end(connection, found.override_id, ended_on=today, ended_by=person, reason=why)
        data = {"sku": found.sku, "site": found.site, "ended_on": today, "reason": why}
        context = operator_context(tenant, person)
        append(connection, context, Action.OVERRIDE_ENDED, subject=f"override:{found.override_id}", data=data)
        return _find(connection, override)


def everything(tenant: str) -> list[OverrideValue]:
    """All overrides, newest first, each with what it was worth as far as its demand has come."""
    with operator_database() as database, database.transaction(tenant) as connection:
        tenant_clock(connection)
        return override_value.values(connection)


def _judged(connection: Connection[DictRow], wish: Said, who: Person, today: date) -> tuple[NewOverride, FloatArray]:
    """The override as it may be kept, and the forecast of its days that it replaces."""
    starts_on = wish.starts_on or today
    if not today <= starts_on <= wish.ends_on:
        raise BadInput(
            f"It cannot hold from {starts_on} until {wish.ends_on}: today is {today}.",
            remedy="Give days from today on, the last one with --until.",
        )
    _free(connection, wish, starts_on)
    view, base = _forecast(connection, wish, starts_on, today)
    new = NewOverride(
        sku=wish.sku,
        site=wish.site,
        starts_on=starts_on,
        ends_on=wish.ends_on,
        multiplied_by=None if wish.change is None else 1.0 + wish.change,
        set_to=wish.set_to,
        reason=said(wish.reason),
        person=who.person,
        model=view.model.partition(" + ")[0],
        base=base.tolist(),
    )
    _within_reach(connection, new, base, who, today)
    return new, base


def _free(connection: Connection[DictRow], wish: Said, starts_on: date) -> None:
    for one in overrides.holding(connection, since=starts_on, skus=[wish.sku], sites=[wish.site]):
        if one.starts_on <= wish.ends_on:
            raise Conflict(
                f"On some of these days there is another {describe(one)}.",
                remedy=f"End that first: quartermaster forecast override end {one.override_id}.",
            )


def _forecast(
    connection: Connection[DictRow], wish: Said, starts_on: date, today: date
) -> tuple[ForecastView, FloatArray]:
    situation = load(lambda: connection, today, skus=[wish.sku], sites=[wish.site]).get(wish.sku, wish.site)
    if situation is None:
        raise NotFound(f"{wish.sku!r} is not listed at {wish.site!r}.", remedy="Check both codes.")
    view = situation.forecast
    if view is None:
        raise NotFound(f"There is no forecast to override: {situation.no_forecast}.", remedy="Wait for more demand.")
    first, last = (starts_on - today).days, (wish.ends_on - today).days
    reach = today + timedelta(days=view.path.days - 1)
    if last >= view.path.days:
        raise BadInput(f"The forecast ends on {reach}.", remedy=f"Give --until {reach} or earlier.")
    return view, (view.base or view.path).mean[first : last + 1]


def _within_reach(
    connection: Connection[DictRow], new: NewOverride, base: FloatArray, who: Person, today: date
) -> None:
    given = new.multiplied_by if new.multiplied_by is not None else new.set_to
    if given is None or not math.isfinite(given) or given < 0.0:
        raise BadInput("That is no change of a forecast.", remedy="Give --change +40% or --set 20 (units a day).")
    factor = new.multiplied_by
    if factor is None:
        expected = float(base.sum())
        if expected <= 0.0:
            raise BadInput(
                "The forecast expects nothing on these days, so there is nothing to scale to an amount.",
                remedy="Choose days on which something is expected.",
            )
        factor = given * base.size / expected
    days = (new.ends_on - today).days + 1
    able = {role for role, reach in LIMITS.items() if _reaches(reach, factor, days)}
    if able & set(who.roles):
        return
    what = (
        f"{factor:.2g} times the forecast until {new.ends_on}, {days} days from now, is more than {who.person} may say"
    )
    if not able:
        most = max(LIMITS.values(), key=lambda reach: reach.most)
        remedy = f"Nobody may: at most {most.most:g} times for {most.days} days. Correct the data that forecast it."
        raise Forbidden(f"{what}.", remedy=remedy)
    raise Forbidden(f"{what}.", remedy=f"{who_could(connection, able)} could.")


def _reaches(reach: Reach, factor: float, days: int) -> bool:
    return reach.least <= factor <= reach.most and days <= reach.days


def _find(connection: Connection[DictRow], override: str) -> Override:
    try:
        found = overrides.find_override(connection, UUID(override))
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"There is no override {override[:64]!r}.", remedy="See: forecast override list.")
    return found
