"""A network of two sites and three items as files, which tests break in one place at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.files.importer import import_path
from connectors.files.report import ImportReport
from db.session import Database
from domain.context import Actor, Context

AS_OF = datetime(2026, 3, 31, 6, tzinfo=UTC)
CONTEXT = Context("acme", Actor("person", "planner@acme.example", frozenset({"planner"})), "trace-1")
FILES: dict[str, list[str]] = {
    "sites": [
        "site,name,kind,country,timezone",
        "BER,Berlin,warehouse,DE,Europe/Berlin", "HAM,Hamburg,dc,DE,Europe/Berlin",
    ],
    "suppliers": ["supplier,name,country,currency", "S-1,Molkerei Nord,DE,EUR"],
    "customers": ["customer,name,tier", "C-1,Hotel Adler,gold"],
    "items": [
        "sku,name,unit,unit_cost,unit_price,currency,storage_class,unit_volume",
        "MILK,Whole milk 1 l,EA,0.72,0.99,EUR,chilled,0.0011",
        "RICE,Rice 1 kg,EA,1.10,1.89,EUR,ambient,0.0013",
        "SALT,Salt 500 g,EA,0.20,0.49,EUR,ambient,0.0005",
    ],
    "item_packs": ["sku,unit,factor", "MILK,CS,12", "RICE,KGM,1"],
    "item_suppliers": ["sku,supplier,unit_cost,lead_time_days,lead_time_sd_days", "MILK,S-1,0.70,3,0.5"],
    "item_sites": [
        "sku,site,listed_on,supply_from",
        "MILK,BER,2024-01-01,HAM", "MILK,HAM,2024-01-01,", "RICE,BER,2024-01-01,", "SALT,HAM,2024-01-01,",
    ],
    "lanes": [
        "source,destination,lead_time_days,fixed_cost,cost_per_m3,capacity_m3,currency",
        "HAM,BER,1,150,5,60,EUR",
    ],
    "stock": [
        "sku,site,lot,state,quantity,unit,expires_on",
        "MILK,BER,L1,available,3,CS,2026-04-20", "MILK,HAM,,available,40,,", "RICE,BER,,available,7,EA,",
        "SALT,HAM,,available,100,,",
    ],
    "demand": [
        "sku,site,day,quantity,unit_price",
        *(f"MILK,BER,2026-03-{day:02d},{day},0.99" for day in range(1, 31)),
        "MILK,HAM,2026-03-29,2,0.99", "MILK,HAM,2026-03-30,-1,0.99",
    ],
    "promotions": [
        "promotion,sku,site,starts_on,ends_on,discount,known_on",
        "P-1,MILK,*,2026-04-06,2026-04-12,0.25,2026-03-09",
    ],
    "purchase_orders": [
        "order_no,line_no,supplier,sku,site,quantity,unit,unit_cost,ordered_on,due_on,received_on",
        "PO-1,1,S-1,MILK,HAM,10,CS,0.70,2026-03-01,2026-03-05,2026-03-06",
        "PO-2,1,S-1,MILK,HAM,10,CS,0.70,2026-03-28,2026-04-02,",
    ],
    "transfer_orders": ["order_no,line_no,sku,source,destination,quantity,due_on", "TO-1,1,MILK,HAM,BER,12,2026-04-01"],
    "customer_orders": [
        "order_no,line_no,customer,sku,site,quantity,ordered_on,due_on",
        "SO-1,1,C-1,MILK,BER,5,2026-03-30,2026-04-02",
    ],
    "supplier_calendars": ["supplier,site,order_days,cut_off,timezone,frozen_days", "S-1,*,mon thu,14:00,,1"],
    "supplier_capacities": [
        "supplier,sku,starts_on,ends_on,measure,amount", "S-1,MILK,2026-03-01,2026-04-30,units,2400",
    ],
    "price_breaks": ["sku,supplier,from_quantity,unit_cost", "MILK,S-1,240,0.66"],
    "qualifications": [
        "supplier,sku,customer,standing,ends_on,reason", "S-1,MILK,C-1,qualified,,Audited",
    ],
    "budgets": [
        "budget,starts_on,ends_on,supplier,site,amount,currency", "Dairy,2026-03-01,2026-03-31,S-1,*,900,EUR",
    ],
    "supersessions": ["sku,successor,starts_on", "RICE,MILK,2026-05-01"],
}  # fmt: skip


def write_network(folder: Path, **changed: list[str] | None) -> Path:
    """All files, with these tables' lines instead (None: no such file)."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, lines in (FILES | changed).items():
        if lines is not None:
            write_table(folder, table, lines)
    return folder


def write_table(folder: Path, table: str, lines: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run_import(path: Path, database: Database, **options: object) -> ImportReport:
    return import_path(path, database=database, context=CONTEXT, **{"as_of": AS_OF, **options})  # pyright: ignore[reportArgumentType]


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.transaction("acme") as connection:
        return [tuple(row.values()) for row in connection.execute(query.encode()).fetchall()]


def counts(database: Database) -> dict[str, int]:
    """Rows of every table that an import writes, its audit events included."""
    tables = (
        "import_batch", "quarantined_row", "site", "supplier", "customer", "item", "item_pack", "item_supplier",
        "item_site", "lane", "stock", "demand", "promotion", "purchase_order_line", "transfer_order_line",
        "customer_order_line", "supplier_calendar", "supplier_capacity", "price_break", "qualification", "budget",
        "supersession",
    )  # fmt: skip
    return {table: int(str(rows(database, f"SELECT count(*) FROM {table}")[0][0])) for table in tables}
