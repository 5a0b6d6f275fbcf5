"""Writes an import: batch, quarantine, and rows by way of a staging table (COPY does not pass row-level security).

All functions take the connection of one transaction of the operator role; the caller commits everything or nothing.
Statements are composed from `SHAPES`, which name the columns of the migrations; values are always parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import dict_row, tuple_row
from psycopg.types.json import Jsonb

from db.shapes import SHAPES as SHAPES
from db.shapes import Shape

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('import:' || current_setting('quartermaster.tenant'), 0))"
NEWEST_BATCH = "SELECT * FROM import_batch ORDER BY imported_at DESC, batch_id LIMIT 1"
BATCH_OF = "SELECT * FROM import_batch WHERE batch_id = %(batch_id)s"
INSERT_BATCH = """
INSERT INTO import_batch (tenant, source, content_hash, as_of, files, provenance, rules, imported_by)
VALUES (%(tenant)s, %(source)s, %(content_hash)s, %(as_of)s, %(files)s, %(provenance)s, %(rules)s, %(imported_by)s)
RETURNING batch_id
"""
SAVE_FILES = "UPDATE import_batch SET files = %(files)s WHERE batch_id = %(batch_id)s"
INSERT_QUARANTINED = """
INSERT INTO quarantined_row (batch_id, file, row_number, reason, record)
VALUES (%(batch_id)s, %(file)s, %(row_number)s, %(reason)s, %(record)s)
"""
LIST_QUARANTINED = """
SELECT row_id, batch_id, file, row_number, reason, record, replayed_at FROM quarantined_row
 WHERE (%(batch_id)s::uuid IS NULL OR batch_id = %(batch_id)s) AND (%(replayed)s OR replayed_at IS NULL)
 ORDER BY row_id LIMIT %(limit)s
"""
LOCK_QUARANTINED = """
SELECT row_id, batch_id, file, row_number, reason, record, replayed_at FROM quarantined_row
 WHERE row_id = ANY (%(row_ids)s) ORDER BY row_id FOR UPDATE
"""
MARK_REPLAYED = "UPDATE quarantined_row SET replayed_at = now() WHERE row_id = ANY (%(row_ids)s)"
NEWER_SNAPSHOT = """
SELECT EXISTS (SELECT FROM import_batch later JOIN import_batch this ON later.imported_at > this.imported_at
                WHERE this.batch_id = %(batch_id)s AND later.files @> %(delivers)s)
"""
PACKS = "SELECT sku, unit, factor::text FROM item_pack"


@dataclass(frozen=True)
class Batch:
    """What is recorded about an import before its rows."""

    tenant: str
    source: str
    content_hash: str
    as_of: datetime
    provenance: str
    rules: Sequence[str]
    imported_by: str


@dataclass(frozen=True)
class Quarantined:
    """A row that was not loaded, as it was read."""

    row_id: int
    batch_id: UUID
    file: str
    row_number: int
    reason: str
    record: dict[str, str | None]
    replayed_at: datetime | None


def lock_imports(connection: Connection[Any]) -> None:
    """One import of a tenant at a time: the second sees what the first wrote."""
    connection.execute(LOCK)


def find_batch(connection: Connection[Any], batch_id: UUID | None = None) -> dict[str, Any] | None:
    """The batch of this id, or the newest, as its row stands; None when there is none."""
    query = NEWEST_BATCH if batch_id is None else BATCH_OF
    return connection.cursor(row_factory=dict_row).execute(query, {"batch_id": batch_id}).fetchone()


def insert_batch(connection: Connection[Any], batch: Batch) -> UUID:
    """Records the batch, with no files yet, and returns its id."""
    values = vars(batch) | {"rules": Jsonb(list(batch.rules)), "files": Jsonb([])}
    row = connection.cursor(row_factory=tuple_row).execute(INSERT_BATCH, values).fetchone()
    assert row is not None  # RETURNING of an insert that did not raise
    return row[0]


def save_files(connection: Connection[Any], batch_id: UUID, files: Sequence[Mapping[str, object]]) -> None:
    """What each file brought."""
    connection.execute(SAVE_FILES, {"batch_id": batch_id, "files": Jsonb(list(files))})


def quarantine(
    connection: Connection[Any], batch_id: UUID, file: str, rows: Iterable[tuple[int, str, Mapping[str, object]]]
) -> None:
    """Keeps (row number, reason, record) of one file."""
    values = [
        {"batch_id": batch_id, "file": file, "row_number": number, "reason": reason, "record": Jsonb(dict(record))}
        for number, reason, record in rows
    ]
    if values:
        connection.cursor().executemany(INSERT_QUARANTINED, values)


def known_keys(connection: Connection[Any], name: str) -> list[tuple[str, ...]]:
    """The keys of a table, as text."""
    shape = SHAPES[name]
    query = sql.SQL("SELECT {} FROM {}").format(_list(shape.key), sql.Identifier(shape.table))
    return connection.cursor(row_factory=tuple_row).execute(query).fetchall()


def base_units(connection: Connection[Any]) -> list[tuple[str, str]]:
    """(sku, base unit)."""
    return connection.cursor(row_factory=tuple_row).execute("SELECT sku, unit FROM item").fetchall()


def pack_factors(connection: Connection[Any]) -> list[tuple[str, str, str]]:
    """(sku, unit, base units in one)."""
    return connection.cursor(row_factory=tuple_row).execute(PACKS).fetchall()


def stage(connection: Connection[Any], name: str, chunks: Iterable[bytes]) -> None:
    """Fills the staging table of `name` from CSV without header: its columns in order, source row, unit factor."""
    shape = SHAPES[name]
    staging = sql.Identifier("incoming_" + shape.table)
    connection.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(staging))
    connection.execute(
        sql.SQL(
            "CREATE TEMP TABLE {} ON COMMIT DROP AS "
            "SELECT {}, NULL::integer AS source_row, NULL::numeric AS unit_factor FROM {} LIMIT 0"
        ).format(staging, _list(shape.columns), sql.Identifier(shape.table))
    )
    with connection.cursor().copy(sql.SQL("COPY pg_temp.{} FROM STDIN (FORMAT csv)").format(staging)) as copy:
        for chunk in chunks:
            copy.write(chunk)


def replace_snapshot(connection: Connection[Any], name: str, unclear: Collection[tuple[str, ...]]) -> None:
    """Takes away what the new delivery of `name` replaces, except subjects that are `unclear` in it."""
    shape = SHAPES[name]
    if shape.replaced is None:
        return
    columns = [list(values) for values in zip(*unclear, strict=True)] or [[] for _ in shape.subject]
    kept = sql.SQL(" AND ").join(
        sql.SQL("kept.{0} = old.{0}").format(sql.Identifier(column)) for column in shape.subject
    )
    arrays = sql.SQL(", ").join(sql.SQL("{}::text[]").format(sql.Placeholder()) for _ in shape.subject)
    query = sql.SQL(
        "DELETE FROM {table} old WHERE {replaced} "
        "AND NOT EXISTS (SELECT FROM unnest({arrays}) AS kept({names}) WHERE {kept})"
    )
    composed = query.format(
        table=sql.Identifier(shape.table), replaced=sql.SQL(shape.replaced), arrays=arrays,
        names=_list(shape.subject), kept=kept,
    )  # fmt: skip
    connection.execute(composed, columns)


def merge(connection: Connection[Any], name: str, batch_id: UUID, provenance: str) -> int:
    """Moves the staged rows into the table, over what has the same key; returns how many."""
    shape = SHAPES[name]
    columns = [*shape.columns, *(["provenance"] if shape.provenance else []), "batch_id", "source_row"]
    insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM pg_temp.{}").format(
        sql.Identifier(shape.table),
        _list(columns),
        sql.SQL(", ").join(_selected(column, shape) for column in columns),
        sql.Identifier("incoming_" + shape.table),
    )
    # Looking for conflicts takes a third of the time; `lock_imports` keeps an empty table empty until we commit.
    if not _is_empty(connection, shape):
        changed = [column for column in columns if column not in shape.key]
        insert += sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {}").format(
            _list(("tenant", *shape.key)),
            sql.SQL(", ").join(sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(column)) for column in changed),
        )
    return connection.execute(insert, {"batch_id": batch_id, "provenance": provenance}).rowcount


def list_quarantined(
    connection: Connection[Any], *, batch_id: UUID | None = None, replayed: bool = False, limit: int = 1000
) -> list[Quarantined]:
    """Rows in quarantine, oldest first; those already replayed only when asked for."""
    values = {"batch_id": batch_id, "replayed": replayed, "limit": limit}
    rows = connection.cursor(row_factory=dict_row).execute(LIST_QUARANTINED, values)
    return [Quarantined(**row) for row in rows]


def lock_quarantined(connection: Connection[Any], row_ids: Sequence[int]) -> list[Quarantined]:
    """These rows, held until the transaction ends."""
    rows = connection.cursor(row_factory=dict_row).execute(LOCK_QUARANTINED, {"row_ids": list(row_ids)})
    return [Quarantined(**row) for row in rows]


def mark_replayed(connection: Connection[Any], row_ids: Sequence[int]) -> None:
    """They have been loaded after all."""
    connection.execute(MARK_REPLAYED, {"row_ids": list(row_ids)})


def delivered_again(connection: Connection[Any], name: str, batch_id: UUID) -> bool:
    """Whether a later batch brought the table `name`."""
    values = {"batch_id": batch_id, "delivers": Jsonb([{"table": name}])}
    row = connection.cursor(row_factory=tuple_row).execute(NEWER_SNAPSHOT, values).fetchone()
    return bool(row and row[0])


def drop_superseded(connection: Connection[Any], name: str, batch_id: UUID) -> list[int]:
    """Takes from the staging table what this batch or a later one has loaded under the same key; their source rows."""
    shape = SHAPES[name]
    same = sql.SQL(" AND ").join(sql.SQL("t.{0} = i.{0}").format(sql.Identifier(column)) for column in shape.key)
    query = sql.SQL(
        "DELETE FROM pg_temp.{} i USING {} t, import_batch b WHERE {} AND b.batch_id = t.batch_id AND b.imported_at >= "
        "(SELECT imported_at FROM import_batch WHERE batch_id = %(batch_id)s) RETURNING i.source_row"
    ).format(sql.Identifier("incoming_" + shape.table), sql.Identifier(shape.table), same)
    rows = connection.cursor(row_factory=tuple_row).execute(query, {"batch_id": batch_id})
    return [row[0] for row in rows]


def _is_empty(connection: Connection[Any], shape: Shape) -> bool:
    query = sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(shape.table))
    return connection.execute(query).fetchone() is None


def _selected(column: str, shape: Shape) -> sql.Composable:
    if column in ("batch_id", "provenance"):
        return sql.Placeholder(column)
    if column in shape.converted:
        return sql.SQL("{} * unit_factor").format(sql.Identifier(column))
    return sql.Identifier(column)


def _list(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
