"""`import_path`: one delivery, one transaction, one audit event. All of it is written or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import Connection

from audit.append import append
from audit.events import Action
from connectors.files.contracts import NEEDED_FIRST
from connectors.files.delivery import Delivery, Progress, Source, no_progress
from connectors.files.errors import (
    EmptyDelivery,
    ImportRefused,
    MissingFile,
    MixedCurrencies,
    TenantMissing,
    UnreadableFile,
)
from connectors.files.limits import CLOCK_TOLERANCE_SECONDS
from connectors.files.loading import check_sheets, known_before, write_sheets
from connectors.files.reading import read_contract
from connectors.files.report import FileCount, ImportReport, Provenance
from connectors.uci.loader import find_uci, read_uci
from db import network_import
from db.errors import UnknownTenant
from db.network_import import Batch
from db.session import Database, tenant_clock
from db.tenants import Tenant, move_clock, read_tenant
from domain.context import Context
from domain.errors import QuartermasterError

_MONEY = ("suppliers", "items", "lanes", "budgets")


@dataclass(frozen=True)
class Recognised:
    """What a path holds, before it is imported: enough to make the tenant that receives it.

    `as_of` is the data's own moment or the files' time; `currency` is None where the data do not say it.
    """

    source: Source
    as_of: datetime | None
    currency: str | None


def recognise(path: Path, progress: Progress = no_progress) -> Recognised:
    """Reads the delivery and says what it is; raises `ImportRefused` for what cannot be read."""
    delivery = read_delivery(path, progress)
    currencies = _currencies(delivery)
    if len(currencies) > 1:
        raise _mixed(currencies)
    return Recognised(delivery.source, delivery.as_of, delivery.currency or next(iter(currencies), None))


def import_path(
    path: Path, *, database: Database, context: Context, as_of: datetime | None = None,
    provenance: Provenance = "measured", progress: Progress = no_progress,
) -> ImportReport:  # fmt: skip
    """Imports a folder or file for the context's tenant (operator role) and reports what became of each row.

    `as_of` is the moment that the data describe; without it the data's own (UCI), else when the stock file, or without
    one the newest file, was last written. What the newest batch is already, by content and moment, writes nothing and
    gives its report. An audit event records what was imported or refused.

    Raises:
        ImportRefused: one of `connectors.files.errors`, with what to do; nothing was written.
        DatabaseUnavailable: nothing was written.
    """
    try:
        delivery = read_delivery(path, progress)
        with database.transaction(context.tenant) as connection:
            return _import(connection, delivery, context, as_of, provenance, progress)
    except ImportRefused as refusal:
        _record_refusal(database, context, path, refusal)
        raise


def read_delivery(path: Path, progress: Progress = no_progress) -> Delivery:
    """The delivery at `path` in the one layout that it has."""
    try:
        uci = find_uci(path)
        return read_contract(path, progress) if uci is None else read_uci(uci, progress)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.", remedy="Check its permissions.") from error


def _import(
    connection: Connection[Any], delivery: Delivery, context: Context, as_of: datetime | None, provenance: Provenance,
    progress: Progress,
) -> ImportReport:  # fmt: skip
    network_import.lock_imports(connection)
    tenant = _tenant(connection)
    as_of = _moment(delivery, as_of, tenant, tenant_clock(connection))
    newest = network_import.find_batch(connection)
    if newest is not None and (newest["content_hash"], newest["as_of"]) == (delivery.content_hash, as_of):
        return ImportReport.of_row(newest)
    _refuse_currencies(delivery, tenant)
    known = known_before(connection)
    _refuse_incomplete(delivery, network_is_empty=known.of_table("item_sites").is_empty())
    ready = check_sheets(delivery, known, as_of, progress)
    batch = Batch(
        context.tenant, delivery.source, delivery.content_hash, as_of, provenance, delivery.rules, context.actor.id
    )
    batch_id = network_import.insert_batch(connection, batch)
    write_sheets(connection, batch_id, ready, provenance, progress)
    files = (*(each.count() for each in ready), *(_not_read(name) for name in delivery.ignored))
    report = ImportReport(batch_id, delivery.source, delivery.content_hash, as_of, provenance, delivery.rules, files)
    network_import.save_files(connection, batch_id, [asdict(file) for file in files])
    move_clock(connection, as_of)
    append(connection, context, Action.IMPORT_COMPLETED, subject=f"batch:{batch_id}", data=_event(delivery, report))
    return report


def _moment(delivery: Delivery, asked: datetime | None, tenant: Tenant, clock: datetime) -> datetime:
    """What the data describe, in the order: what the user says, what the data say, never later than the clock.

    Only a frozen clock may be ahead of: it moves on with its data.
    """
    if asked is None:
        told = delivery.as_of or clock
        return told if tenant.clock_at is not None and delivery.source != "contract" else min(told, clock)
    if asked.tzinfo is None:
        raise ImportRefused("`as_of` has no time zone.", remedy="Give it in UTC, such as 2026-03-31T06:00:00Z.")
    if tenant.clock_at is None and asked > clock + timedelta(seconds=CLOCK_TOLERANCE_SECONDS):
        what = f"The data are said to describe {asked:%Y-%m-%d %H:%M %Z}, and it is {clock:%Y-%m-%d %H:%M %Z}"
        raise ImportRefused(f"{what}.", remedy="Say when they were true: data of the future would never grow old.")
    return asked


def _tenant(connection: Connection[Any]) -> Tenant:
    try:
        return read_tenant(connection)
    except UnknownTenant as error:
        raise TenantMissing(str(error.args[0]), remedy=error.remedy) from error


def _refuse_incomplete(delivery: Delivery, *, network_is_empty: bool) -> None:
    rows = {sheet.table: len(sheet.frame) for sheet in delivery.sheets}
    missing = [table for table in NEEDED_FIRST if not rows.get(table)]
    if network_is_empty and missing:
        names = ", ".join(f"{table}.csv" + (" (there, without a row)" if table in rows else "") for table in missing)
        raise MissingFile(f"The first delivery lacks {names}.", remedy="docs/data-contracts.md says what they hold.")
    if not any(len(sheet.frame) for sheet in delivery.sheets):
        raise EmptyDelivery("The delivery holds no rows.")


def _refuse_currencies(delivery: Delivery, tenant: Tenant) -> None:
    currencies = _currencies(delivery) | {tenant.currency}
    if len(currencies) > 1:
        raise _mixed(currencies)


def _currencies(delivery: Delivery) -> set[str]:
    """Every well-formed currency code in the delivery; malformed ones are their rows' fault."""
    found: set[str] = set()
    for sheet in delivery.sheets:
        if sheet.table in _MONEY and "currency" in sheet.frame.columns:
            codes = sheet.frame["currency"].drop_nulls()
            found.update(codes.filter(codes.str.contains("^[A-Z]{3}$")).unique().to_list())
    return found


def _mixed(currencies: set[str]) -> MixedCurrencies:
    return MixedCurrencies(
        f"One currency is needed and there are {', '.join(sorted(currencies))}.",
        remedy="Convert all amounts to the tenant's currency.",
    )


def _not_read(name: str) -> FileCount:
    return FileCount("", name, "", 0, 0, 0)


def _event(delivery: Delivery, report: ImportReport) -> Mapping[str, object]:
    files: Sequence[object] = [asdict(replace(file, left_out=dict(file.left_out))) for file in report.files]
    return {
        "name": delivery.name, "source": report.source, "content_hash": report.content_hash, "as_of": report.as_of,
        "provenance": report.provenance, "rules": report.rules, "files": files,
    }  # fmt: skip


def _record_refusal(database: Database, context: Context, path: Path, refusal: QuartermasterError) -> None:
    """In a transaction of its own, as the import's was rolled back; a tenant that is missing has no audit store."""
    if isinstance(refusal, TenantMissing):
        return
    data = {"name": path.name, "kind": type(refusal).__name__, "reason": str(refusal)}
    with database.transaction(context.tenant) as connection:
        append(connection, context, Action.IMPORT_REFUSED, subject=f"delivery:{path.name}", data=data)
