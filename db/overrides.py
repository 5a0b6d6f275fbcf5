"""Planners' overrides of a forecast: said, ended, and what they replaced. It decides nothing and deletes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.demand import Names, as_list


@dataclass(frozen=True)
class NewOverride:
    """What a planner says of an item × site from `starts_on` to `ends_on`, both included.

    Attributes:
        multiplied_by: the forecast of each day times this; None for the other kind.
        set_to: units a day on average over its days; None for the other kind.
        person: who says so.
        model: whose forecast it replaces.
        base: expected units on each of its days without it.
    """

    sku: str
    site: str
    starts_on: date
    ends_on: date
    multiplied_by: float | None
    set_to: float | None
    reason: str
    person: str
    model: str
    base: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Override(NewOverride):
    """A kept override; ended early where `ended_on` is the first day it no longer held for."""

    override_id: UUID
    made_at: datetime
    ended_on: date | None
    ended_by: str | None
    end_reason: str | None

    @property
    def last_day(self) -> date:
        """The last day it holds or held for; before `starts_on` where it was ended before it began."""
        return self.ends_on if self.ended_on is None else min(self.ends_on, self.ended_on - timedelta(days=1))

    def holds_on(self, day: date) -> bool:
        """Whether the forecast of `day` is overridden."""
        return self.starts_on <= day <= self.last_day


COLUMNS: LiteralString = """
SELECT o.override_id, o.sku, o.site, o.starts_on, o.ends_on, o.multiplied_by, o.set_to, o.reason, o.person, o.made_at,
       o.model, o.base, e.ended_on, e.ended_by, e.reason AS end_reason
  FROM forecast_override o LEFT JOIN forecast_override_end e USING (tenant, override_id)"""

HOLDING: LiteralString = (
    COLUMNS
    + """
 WHERE o.ends_on >= %(since)s AND (e.ended_on IS NULL OR e.ended_on > greatest(o.starts_on, %(since)s))
   AND (%(skus)s::text[] IS NULL OR o.sku = ANY(%(skus)s)) AND (%(sites)s::text[] IS NULL OR o.site = ANY(%(sites)s))
 ORDER BY o.starts_on, o.made_at"""
)
ONE: LiteralString = COLUMNS + " WHERE o.override_id = %(override_id)s"
ALL: LiteralString = COLUMNS + " ORDER BY o.made_at DESC LIMIT %(n)s"

INSERT: LiteralString = """
INSERT INTO forecast_override (sku, site, starts_on, ends_on, multiplied_by, set_to, reason, person, model, base)
VALUES (%(sku)s, %(site)s, %(starts_on)s, %(ends_on)s, %(multiplied_by)s, %(set_to)s, %(reason)s, %(person)s,
        %(model)s, %(base)s) RETURNING override_id"""

INSERT_END: LiteralString = """
INSERT INTO forecast_override_end (override_id, ended_on, ended_by, reason)
VALUES (%(override_id)s, %(ended_on)s, %(ended_by)s, %(reason)s)"""

# Held to the end of the transaction: two overrides of one series are judged one after the other.
LOCK: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended(
    concat_ws(chr(31), 'override', %(tenant)s::text, %(sku)s::text, %(site)s::text), 0))"""


def save_override(connection: Connection[DictRow], override: NewOverride) -> UUID:
    """Keeps it and returns its id; the caller appends the audit event in the same transaction."""
    row = connection.execute(INSERT, {**vars(override), "base": list(override.base)}).fetchone()
    assert row is not None  # an INSERT … RETURNING of one row
    return row["override_id"]


def save_end(connection: Connection[DictRow], override_id: UUID, *, ended_on: date, ended_by: str, reason: str) -> None:
    """Ends it from `ended_on`; the caller appends the audit event in the same transaction."""
    values = {"override_id": override_id, "ended_on": ended_on, "ended_by": ended_by, "reason": reason}
    connection.execute(INSERT_END, values)


def holding(connection: Connection[DictRow], *, since: date, skus: Names = None, sites: Names = None) -> list[Override]:
    """Overrides that hold for some day from `since` on, by their first day."""
    values = {"since": since, "skus": as_list(skus), "sites": as_list(sites)}
    with connection.cursor(row_factory=class_row(Override)) as cursor:
        return cursor.execute(HOLDING, values).fetchall()


def find_override(connection: Connection[DictRow], override_id: UUID) -> Override | None:
    """One override, or None."""
    with connection.cursor(row_factory=class_row(Override)) as cursor:
        return cursor.execute(ONE, {"override_id": override_id}).fetchone()


def all_overrides(connection: Connection[DictRow], *, newest: int = 500) -> list[Override]:
    """The newest overrides, ended ones as well, newest first."""
    with connection.cursor(row_factory=class_row(Override)) as cursor:
        return cursor.execute(ALL, {"n": newest}).fetchall()


def wait_for_series(connection: Connection[DictRow], tenant: str, sku: str, site: str) -> None:
    """Returns once nobody else overrides this series; the turn ends with the transaction."""
    connection.execute(LOCK, {"tenant": tenant, "sku": sku, "site": site})
