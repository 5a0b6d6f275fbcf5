"""A folder that `audit.verify` checks anywhere: events, checkpoints, the file outside, the public key.

It shows one tenant and nothing of another: no database position, no transaction id, no key of another log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from audit.checks import Line
from audit.entry import Event, event_to_json
from audit.errors import ExportRefused
from audit.keys import public_key
from audit.merkle import Tree
from audit.note import VerifierKey
from audit.prove import claimed_size
from audit.rows import event_of, select, stream
from audit.settings import AuditSettings
from audit.stored import Stored, read_checkpoints, read_events, read_tree
from audit.verify import ANCHORS, CHECKPOINTS, EVENTS, EXPORT_FORMAT, KEY, MANIFEST
from audit.verify_database import LEAVES
from db.session import Database

UNSEALED = """
SELECT count(*) AS unsealed FROM audit.event e
 WHERE e.tenant = %(tenant)s AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.position = e.position)
"""
README = """An audit export of Quartermaster. To check it, on a machine of your own:
    python -m audit.verify THIS_FOLDER --key KEY
KEY is the verifier key that you were given earlier; key.txt here is only as good as this folder.
docs/audit.md describes every file and every hash, for a verifier in another language.
"""


@dataclass(frozen=True)
class ExportReport:
    """What was written. `complete`: the whole log, so that a missing event shows; an extract cannot show that.

    `unsealed` events were left out, because nothing vouches for them yet.
    """

    folder: Path
    tenant: str
    complete: bool
    events: int
    unsealed: int
    checkpoints: int


@dataclass(frozen=True)
class _Content:
    """The parts of an export before they are written."""

    checkpoints: list[Line]
    anchors: list[Line]
    unsealed: int


def export_tenant(
    database: Database, settings: AuditSettings, tenant: str, folder: Path, *, subjects: Sequence[str] = ()
) -> ExportReport:
    """Writes a tenant's whole log, or with `subjects` only their events, each with its inclusion proof.

    The subjects of one case are its own and those of its proposals: `case:C-00042`, `proposal:…`. The folder appears
    whole or not at all. Raises `ExportRefused` when it exists. The database may be opened as operator or sealer.
    """
    scratch = folder.with_name(folder.name + ".part")
    if folder.exists() or scratch.exists():
        raise ExportRefused(f"{folder} or {scratch} exists.", remedy="Name another folder.")
    key = settings.key_of(tenant, public_key(settings))
    scratch.mkdir(parents=True)
    with database.transaction(tenant) as connection:
        inside, outside = read_checkpoints(connection, tenant, key.name, settings.checkpoints)
        if subjects:
            content, count = _extract(connection, scratch, tenant, subjects, inside, outside or [])
        else:
            content, count = _whole(connection, scratch, tenant, inside, outside or [])
    _write_rest(scratch, tenant, key, content, complete=not subjects)
    scratch.rename(folder)
    return ExportReport(folder, tenant, not subjects, count, content.unsealed, len(content.checkpoints))


def _whole(
    connection: Connection[Any], scratch: Path, tenant: str, inside: list[Line], outside: list[Line]
) -> tuple[_Content, int]:
    size = claimed_size(inside[-1]) if inside else 0
    with stream(connection, select(LEAVES), {"tenant": tenant, "size": size}) as rows:
        # An event that somebody removed leaves a gap, which the verifier reports.
        present = ((row[0], row[1], event_of(row, 2)) for row in rows if row[2] is not None)
        count = _write_lines(scratch / EVENTS, (_event_line(*event) for event in present))
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(UNSEALED, {"tenant": tenant}).fetchone()
    return _Content(inside, outside, row["unsealed"] if row else 0), count


def _extract(
    connection: Connection[Any],
    scratch: Path,
    tenant: str,
    subjects: Sequence[str],
    inside: list[Line],
    outside: list[Line],
) -> tuple[_Content, int]:
    size = claimed_size(inside[-1]) if inside else 0
    found = read_events(connection, tenant, subjects=subjects)
    sealed = [stored for stored in found if stored.index is not None and stored.index < size]
    tree = read_tree(connection, tenant, size)
    count = _write_lines(scratch / EVENTS, (_proved_line(stored, tree) for stored in sealed))
    kept = _heads_of(sealed, inside)
    sizes = {claimed_size(line) for line in kept}
    checkpoints = [_consistent(line, tree) for line in kept]
    anchors = [line for line in outside if claimed_size(line) in sizes]
    return _Content(checkpoints, anchors, len(found) - len(sealed)), count


def _heads_of(sealed: Sequence[Stored], inside: list[Line]) -> list[Line]:
    """The first checkpoint that covers each event, and the last of all."""
    sizes = [claimed_size(line) for line in inside]
    wanted = {min(size for size in sizes if size > (stored.index or 0)) for stored in sealed} | set(sizes[-1:])
    return [line for line, size in zip(inside, sizes, strict=True) if size in wanted]


def _consistent(line: Line, tree: Tree) -> Line:
    size = claimed_size(line)
    return line if size == tree.size else line._replace(consistency=tuple(tree.consistency(size)))


def _event_line(index: int, leaf: bytes, event: Event) -> dict[str, Any]:
    return {"index": index, "leaf": leaf.hex(), **event_to_json(event)}


def _proved_line(stored: Stored, tree: Tree) -> dict[str, Any]:
    index, leaf = stored.index or 0, stored.leaf or b""
    return {**_event_line(index, leaf, stored.event), "inclusion": [node.hex() for node in tree.inclusion(index)]}


def _checkpoint_line(line: Line) -> dict[str, Any]:
    fields: dict[str, Any] = {"at": line.at, "note": line.note}
    return fields | {"consistency": [node.hex() for node in line.consistency]} if line.consistency else fields


def _write_rest(scratch: Path, tenant: str, key: VerifierKey, content: _Content, *, complete: bool) -> None:
    _write_lines(scratch / CHECKPOINTS, map(_checkpoint_line, content.checkpoints))
    _write_lines(scratch / ANCHORS, map(_checkpoint_line, content.anchors))
    manifest = {"format": EXPORT_FORMAT, "tenant": tenant, "complete": complete, "unsealed": content.unsealed}
    (scratch / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", "utf-8")
    (scratch / KEY).write_text(f"{key}\n", "utf-8")
    (scratch / "README.txt").write_text(README, "utf-8")


def _write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count
