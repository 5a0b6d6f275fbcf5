"""Which rows of which files stand behind what we know of an item at some sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow, class_row


@dataclass(frozen=True)
class SourceRow:
    """A row as it was imported: `file` and `sha256` name the file, `row` is the one a spreadsheet shows.

    Empty or None where the import did not say.
    """

    table: str
    key: str
    batch_id: UUID
    as_of: datetime
    provenance: str
    file: str
    sha256: str
    row: int | None


# Tables by the names under which they are delivered; where one came in several files, the first is told.
SOURCE_ROWS: LiteralString = """
WITH used AS (
    SELECT 'stock' AS name, concat_ws(' ', sku, site, nullif(lot, ''), state) AS key, batch_id, source_row FROM stock
     WHERE sku = %(sku)s AND site = ANY(%(sites)s)
    UNION ALL
    SELECT 'purchase_orders', order_no || ' ' || line_no, batch_id, source_row FROM purchase_order_line
     WHERE sku = %(sku)s AND site = ANY(%(sites)s) AND received_on IS NULL
    UNION ALL
    SELECT 'transfer_orders', order_no || ' ' || line_no, batch_id, source_row FROM transfer_order_line
     WHERE sku = %(sku)s AND (source = ANY(%(sites)s) OR destination = ANY(%(sites)s)) AND received_on IS NULL
    UNION ALL
    SELECT 'item_suppliers', sku || ' ' || supplier, batch_id, source_row FROM item_supplier WHERE sku = %(sku)s
    UNION ALL
    SELECT 'price_breaks', concat_ws(' ', sku, supplier, from_quantity), batch_id, source_row FROM price_break
     WHERE sku = %(sku)s
    UNION ALL
    SELECT 'supplier_calendars', c.supplier || ' ' || c.site, c.batch_id, c.source_row
      FROM supplier_calendar c JOIN item_supplier i USING (tenant, supplier)
     WHERE i.sku = %(sku)s AND (c.site = '*' OR c.site = ANY(%(sites)s))
    UNION ALL
    SELECT 'lanes', source || ' ' || destination, batch_id, source_row FROM lane
     WHERE source = ANY(%(sites)s) AND destination = ANY(%(sites)s)
    UNION ALL
    SELECT 'items', sku, batch_id, source_row FROM item WHERE sku = %(sku)s
    UNION ALL
    SELECT 'item_sites', sku || ' ' || site, batch_id, source_row FROM item_site
     WHERE sku = %(sku)s AND site = ANY(%(sites)s)
    UNION ALL
    -- What the forecast learned from: days told as a range, for their rows are many.
    SELECT 'demand', format('%%s %%s: %%s days %%s to %%s', sku, site, count(*), min(day), max(day)), batch_id, NULL
      FROM demand WHERE sku = %(sku)s AND site = ANY(%(sites)s) GROUP BY sku, site, batch_id
)
SELECT u.name AS table, u.key, u.batch_id, b.as_of,
       CASE WHEN (f.value ->> 'derived')::boolean THEN 'derived' ELSE b.provenance END AS provenance,
       coalesce(f.value ->> 'name', '') AS file,
       coalesce(f.value ->> 'sha256', '') AS sha256, u.source_row AS row
  FROM used u JOIN import_batch b USING (batch_id)
  LEFT JOIN LATERAL (SELECT value FROM jsonb_array_elements(b.files) WHERE value ->> 'table' = u.name LIMIT 1) f ON true
 ORDER BY u.name, u.key"""

LEARNED_FROM: LiteralString = """
SELECT u.name || ':' || b.provenance AS source
  FROM (SELECT DISTINCT 'demand' AS name, batch_id FROM demand
        UNION SELECT DISTINCT 'item_site', batch_id FROM item_site
        UNION SELECT DISTINCT 'promotion', batch_id FROM promotion) u JOIN import_batch b USING (batch_id)
 GROUP BY 1 ORDER BY 1"""


def learned_from(connection: Connection[DictRow]) -> tuple[str, ...]:
    """What a demand model may learn from, each as `table:provenance`: listings, demand and promotions, nothing else."""
    return tuple(row["source"] for row in connection.execute(LEARNED_FROM))


def source_rows(connection: Connection[DictRow], sku: str, sites: Sequence[str]) -> list[SourceRow]:
    """Stock, open orders, terms and lanes of an item at these sites, as they were imported last."""
    with connection.cursor(row_factory=class_row(SourceRow)) as cursor:
        return cursor.execute(SOURCE_ROWS, {"sku": sku, "sites": list(sites)}).fetchall()
