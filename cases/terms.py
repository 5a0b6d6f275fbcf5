"""What a supplier asks for an item at a site as it stands now: cost by quantity, minimum, order days, fixed days.

It turns weekdays, cut-offs and zones into days from today, for the mathematics knows no calendar. It decides nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import DictRow

from db import purchasing
from db.network import ItemSupplier, Names, Site
from db.purchasing import ANY, OrderCalendar, PriceBreak, Supersession, SupplierRecord
from db.session import tenant_clock

# Order days are told for this long; a supplier that takes orders on one day a week at the least is seen often enough.
ORDER_DAYS_AHEAD = 70
# A supplier's record goes back so far.
RECORD_DAYS = 365
# Fewer received order lines than this are no record.
FEWEST_RECEIPTS = 5


@dataclass(frozen=True)
class Ordering:
    """When orders can be placed: `days` from today, ascending, not empty; deliveries before `frozen_days` are fixed."""

    days: tuple[int, ...] = tuple(range(ORDER_DAYS_AHEAD))
    frozen_days: int = 0

    @property
    def is_any_day(self) -> bool:
        """True where the supplier takes orders whenever they come."""
        return len(self.days) == ORDER_DAYS_AHEAD


ANY_DAY = Ordering()


@dataclass(frozen=True)
class Terms(ItemSupplier):
    """A supplier's terms for an item, with its price breaks (rising quantities) and order days for one site.

    `record` is what was received from the supplier, of any item, in the past year; None where nothing was.
    """

    breaks: tuple[PriceBreak, ...] = ()
    ordering: Ordering = ANY_DAY
    record: SupplierRecord | None = None

    @property
    def order_day(self) -> int:
        """The first day, from today, on which an order can be placed and does not arrive among fixed deliveries."""
        return next((day for day in self.ordering.days if day >= self.fixed_until), self.ordering.days[-1])

    @property
    def fixed_until(self) -> int:
        """Days from today before which nothing can be placed, or it would arrive among deliveries that are fixed."""
        return max(self.ordering.frozen_days - math.ceil(self.lead_time_days), 0)

    @property
    def next_order_day(self) -> int | None:
        """The order day after that; None when it is further away than days are told."""
        return next((day for day in self.ordering.days if day > self.order_day), None)

    @property
    def arrival_days(self) -> float:
        """Mean days from today until an order placed at the first chance is there."""
        return self.order_day + float(self.lead_time_days)

    def cost_of(self, quantity: Decimal) -> Decimal:
        """What each unit costs in an order line of so many."""
        reached = [step.unit_cost for step in self.breaks if step.from_quantity <= quantity]
        return reached[-1] if reached else self.unit_cost

    def deliver_on(self, today: date) -> date:
        """The day on which an order placed at the first chance is due."""
        return today + timedelta(days=self.order_day + math.ceil(self.lead_time_days))


@dataclass(frozen=True)
class Buying:
    """Price breaks by (item, supplier), calendars by (supplier, site), records and successors, seen at one moment."""

    now: datetime
    breaks: Mapping[tuple[str, str], Sequence[PriceBreak]]
    calendars: Mapping[tuple[str, str], OrderCalendar]
    records: Mapping[str, SupplierRecord] = field(default_factory=dict[str, SupplierRecord])
    successors: Mapping[str, Supersession] = field(default_factory=dict[str, Supersession])

    @classmethod
    def load(cls, connect: Callable[[], Connection[DictRow]], skus: Names) -> Buying:
        """What holds for these items, at the tenant's present."""
        breaks: defaultdict[tuple[str, str], list[PriceBreak]] = defaultdict(list)
        for step in purchasing.price_breaks(connect(), skus):
            breaks[step.sku, step.supplier].append(step)
        calendars = {(one.supplier, one.site): one for one in purchasing.calendars(connect())}
        now = tenant_clock(connect())
        received = purchasing.records(connect(), since=now.date() - timedelta(days=RECORD_DAYS))
        ended = {one.sku: one for one in purchasing.supersessions(connect(), skus)}
        return cls(now, breaks, calendars, {one.supplier: one for one in received}, ended)

    def terms(self, row: ItemSupplier, site: Site, today: date) -> Terms:
        """The supplier's row with what else it asks for this site."""
        steps = _falling(row.unit_cost, self.breaks.get((row.sku, row.supplier), ()))
        days, record = self.ordering(row.supplier, site, today), self.records.get(row.supplier)
        return Terms(**vars(row), breaks=steps, ordering=days, record=record)

    def ordering(self, supplier: str, site: Site, today: date) -> Ordering:
        """When the supplier takes orders for the site; days are counted from `today`."""
        calendar = self.calendars.get((supplier, site.site)) or self.calendars.get((supplier, ANY))
        if calendar is None:
            return ANY_DAY
        there = self.now.astimezone(ZoneInfo(calendar.timezone or site.timezone))
        is_over = calendar.cut_off is not None and there.time() > calendar.cut_off
        first = there.date() + timedelta(days=int(is_over))
        ahead = (first + timedelta(days=day) for day in range(ORDER_DAYS_AHEAD))
        days = tuple(max((day - today).days, 0) for day in ahead if day.weekday() in calendar.order_days)
        return Ordering(days, calendar.frozen_days)


def _falling(cost: Decimal, steps: Sequence[PriceBreak]) -> tuple[PriceBreak, ...]:
    """The breaks that are below the cost of every smaller order; another is none."""
    kept: list[PriceBreak] = []
    for step in steps:
        if step.unit_cost < cost:
            cost = step.unit_cost
            kept.append(step)
    return tuple(kept)


def lateness(records: Sequence[SupplierRecord]) -> dict[str, float]:
    """Mean days by which each supplier delivers after the agreed day; only where enough was received to say so."""
    return {
        one.supplier: sum(one.actual_days[at] - days for at, days in enumerate(one.agreed_days)) / len(one.agreed_days)
        for one in records
        if len(one.agreed_days) >= FEWEST_RECEIPTS
    }
