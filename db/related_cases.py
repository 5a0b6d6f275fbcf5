"""Cases that know of each other: a surplus and a shortage of one item with a usable lane between them. It reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import DictRow, class_row

from db.cases import CaseKind, CaseStatus


@dataclass(frozen=True)
class RelatedRow:
    """The other case and where it is.

    `source` and `destination` are the lane's ends: the surplus' site and the shortage's.
    """

    case_id: str
    kind: CaseKind
    status: CaseStatus
    site: str
    site_name: str
    money_at_risk: Decimal
    currency: str
    source: str
    destination: str
    lead_time_days: int


@dataclass(frozen=True)
class OrderRow:
    """A proposal's order and state."""

    payload: Mapping[str, object]
    state: str


# A lane is usable as `cases.choices` takes it: priced in the item's currency, chilled where the item has to be.
RELATED: LiteralString = """
SELECT o.case_id, o.kind, o.status, o.site, s.name AS site_name, o.money_at_risk, o.currency, l.source, l.destination,
       l.lead_time_days
  FROM case_file c
  JOIN case_file o ON o.sku = c.sku AND o.case_id <> c.case_id AND o.status <> 'closed'
       AND ((c.kind = ANY (%(surpluses)s) AND o.kind = ANY (%(shortages)s))
            OR (c.kind = ANY (%(shortages)s) AND o.kind = ANY (%(surpluses)s)))
  JOIN item i ON i.sku = c.sku
  JOIN site s ON s.site = o.site
  JOIN lane l ON l.source = CASE WHEN c.kind = ANY (%(surpluses)s) THEN c.site ELSE o.site END
             AND l.destination = CASE WHEN c.kind = ANY (%(surpluses)s) THEN o.site ELSE c.site END
 WHERE c.case_id = %(case_id)s AND l.currency = i.currency AND (l.chilled OR i.storage_class = 'ambient')
   AND l.capacity_m3 >= i.unit_volume
 ORDER BY o.money_at_risk DESC, o.case_id"""

ORDER: LiteralString = """
SELECT p.payload, s.state FROM proposal p JOIN proposal_state s USING (tenant, proposal_id)
  JOIN case_file c USING (tenant, case_id)
 WHERE p.case_id = %(case_id)s AND p.created_at >= coalesce(c.reopened_at, c.opened_at)
 ORDER BY p.created_at DESC LIMIT 1"""


def related(
    connection: Connection[DictRow], case_id: str, *, shortages: Collection[str], surpluses: Collection[str]
) -> list[RelatedRow]:
    """Open cases at the other end of a lane that could help or be helped, most money at risk first."""
    values = {"case_id": case_id, "shortages": sorted(shortages), "surpluses": sorted(surpluses)}
    with connection.cursor(row_factory=class_row(RelatedRow)) as cursor:
        return cursor.execute(RELATED, values).fetchall()


def newest_order(connection: Connection[DictRow], case_id: str) -> OrderRow | None:
    """What the case's present round has proposed last."""
    with connection.cursor(row_factory=class_row(OrderRow)) as cursor:
        return cursor.execute(ORDER, {"case_id": case_id}).fetchone()
