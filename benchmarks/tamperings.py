"""What a database administrator with bad intentions can do to the audit store, one function each.

Shared by the benchmark, which counts those that go unnoticed, and by the tests. Each is applied as superuser in a
transaction that is rolled back; what it does to the checkpoint file is done to a copy. The log that they are made for
has checkpoints of 7, 12 and 20 events.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from audit.checks import VerifyReport
from audit.entry import leaf_of
from audit.export import export_tenant
from audit.keys import public_key
from audit.merkle import Frontier
from audit.note import Checkpoint, sign_checkpoint
from audit.rows import event_of, select
from audit.settings import AuditSettings
from audit.verify import verify_export
from audit.verify_database import verify_database
from db.session import Database

SIZES = (7, 12, 20)
UNLOCK = "ALTER TABLE audit.{} DISABLE TRIGGER append_only"
ROWS = "SELECT l.leaf_index, {event} FROM audit.event e JOIN audit.leaf l USING (position) ORDER BY l.leaf_index"
INSERT_ROW = """
INSERT INTO audit.event (tenant, event_id, at, action, actor_kind, actor_id, actor_version, actor_roles, subject,
                         trace_id, body, transaction_id, writer)
SELECT tenant, gen_random_uuid(), at, action, actor_kind, 'mallory', actor_version, actor_roles, subject,
       trace_id, body, transaction_id, writer
  FROM audit.event WHERE position = (SELECT position FROM audit.leaf WHERE leaf_index = 3)
RETURNING position
"""


EDIT = "UPDATE audit.event SET WHERE position = (SELECT position FROM audit.leaf WHERE leaf_index = 9)"
DROP_EVENTS = "DELETE FROM audit.event USING audit.leaf l WHERE l.position = event.position AND l.leaf_index >= 0"
SET_CHECKPOINT = """
UPDATE audit.checkpoint SET root = %(root)s, frontier = %(frontier)s, note = %(note)s WHERE size = %(size)s
"""


@dataclass(frozen=True)
class Tampering:
    """`first_index`: the leaf that the verifier must name, or the first of the span that no root vouches for.

    An export made afterwards may show it elsewhere, at `first_in_export`, or not hold it at all (`in_export` false).
    """

    name: str
    apply: Callable[[Connection[Any], AuditSettings], None]
    first_index: int
    first_in_export: int | None = None
    in_export: bool = True


def unlock(connection: Connection[Any]) -> None:
    """What only an owner or a superuser can do: take the triggers away."""
    for table in ("event", "leaf", "checkpoint", "sealing"):
        connection.execute(UNLOCK.format(table).encode())


def _statements(*statements: str) -> Callable[[Connection[Any], AuditSettings], None]:
    def apply(connection: Connection[Any], settings: AuditSettings) -> None:
        for statement in statements:
            connection.execute(statement.encode())

    return apply


def _edit(assignment: str) -> Callable[[Connection[Any], AuditSettings], None]:
    """Changes the event of leaf 9."""
    return _statements(EDIT.replace("SET", f"SET {assignment}"))


def _file(change: Callable[[list[str]], list[str]]) -> Callable[[Connection[Any], AuditSettings], None]:
    def apply(connection: Connection[Any], settings: AuditSettings) -> None:
        lines = settings.checkpoints.read_text("utf-8").splitlines(keepends=True)
        settings.checkpoints.write_text("".join(change(lines)), "utf-8")

    return apply


def _insert_at_end(connection: Connection[Any], settings: AuditSettings) -> None:
    """A new event with a leaf of its own after the last one."""
    row = connection.execute(INSERT_ROW.encode()).fetchone()
    position = row["position"] if row else 0
    connection.execute(
        "INSERT INTO audit.leaf SELECT tenant, 20, %(position)s, sha256('x') FROM audit.leaf WHERE leaf_index = 0",
        {"position": position},
    )


def _insert_in_place(connection: Connection[Any], settings: AuditSettings) -> None:
    """A new event in the place of an old one, with the leaf that it really has."""
    row = connection.execute(INSERT_ROW.encode()).fetchone()
    connection.execute(
        "UPDATE audit.leaf SET position = %(position)s WHERE leaf_index = 9",
        {"position": row["position"] if row else 0},
    )
    _recompute_leaves(connection)


def _edit_with_leaf(connection: Connection[Any], settings: AuditSettings) -> None:
    """An edited event, and the leaf table made to fit it: only a signed root can tell."""
    _edit("actor_id = 'mallory'")(connection, settings)
    _recompute_leaves(connection)


def _recompute_leaves(connection: Connection[Any]) -> list[bytes]:
    leaves: list[bytes] = []
    for row in connection.execute(select(ROWS)).fetchall():
        index, *columns = row.values()
        leaves.append(leaf_of(event_of(tuple(columns), 0)))
        connection.execute(
            "UPDATE audit.leaf SET leaf_hash = %(leaf)s WHERE leaf_index = %(index)s",
            {"leaf": leaves[-1], "index": index},
        )
    return leaves


def _rewrite(connection: Connection[Any], settings: AuditSettings, private: Ed25519PrivateKey) -> list[str]:
    """History rewritten from an edited event on, in every table, signed with another key; the notes."""
    _edit_with_leaf(connection, settings)
    leaves, origin, notes = _recompute_leaves(connection), settings.origin_of("acme"), list[str]()
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
        if frontier.size in SIZES:
            notes.append(sign_checkpoint(Checkpoint(origin, frontier.size, frontier.root()), private))
            connection.execute(
                SET_CHECKPOINT,
                {"root": frontier.root(), "frontier": frontier.to_bytes(), "note": notes[-1], "size": frontier.size},
            )
    return notes


def _forge(connection: Connection[Any], settings: AuditSettings) -> None:
    """A rewritten history under the old signatures."""
    old = [row["note"] for row in connection.execute("SELECT note FROM audit.checkpoint ORDER BY size").fetchall()]
    for before, after in zip(old, _rewrite(connection, settings, Ed25519PrivateKey.generate()), strict=True):
        forged = after.rpartition("\n\n")[0] + "\n\n" + before.rpartition("\n\n")[2]
        connection.execute(
            "UPDATE audit.checkpoint SET note = %(forged)s WHERE note = %(after)s", {"forged": forged, "after": after}
        )


def _swap_key(connection: Connection[Any], settings: AuditSettings) -> None:
    """A rewritten history, the file and the public key beside it all replaced: only a key kept elsewhere can tell."""
    private = Ed25519PrivateKey.generate()
    notes = _rewrite(connection, settings, private)
    lines = [json.dumps({"at": "2026-01-01T00:00:00.000000Z", "note": note}) + "\n" for note in notes]
    settings.checkpoints.write_text("".join(lines), "utf-8")
    settings.public_key.write_bytes(base64.b64encode(private.public_key().public_bytes_raw()))


def _drop_from(size: int) -> Callable[[Connection[Any], AuditSettings], None]:
    return _statements(
        DROP_EVENTS.replace(">= 0", f">= {size}"),
        "DELETE FROM audit.leaf WHERE leaf_index >= 0".replace("0", str(size)),
        "DELETE FROM audit.checkpoint WHERE size > 0".replace("0", str(size)),
    )


DELETE_EVENT_9 = "DELETE FROM audit.event USING audit.leaf l WHERE l.position = event.position AND l.leaf_index = 9"
TAMPERINGS = (
    Tampering("edited body", _edit("body = convert_to('{\"n\":1000}', 'UTF8')"), 9),
    Tampering("edited body that is no text", _edit(r"body = '\xff00'::bytea"), 9),
    Tampering("edited actor", _edit("actor_id = 'mallory'"), 9),
    Tampering("edited roles", _edit("actor_roles = 'quality'"), 9),
    Tampering("edited action", _edit("action = 'approval.granted'"), 9),
    Tampering("edited subject", _edit("subject = 'case:C-1'"), 9),
    Tampering("edited trace", _edit("trace_id = 'another'"), 9),
    Tampering("edited id", _edit("event_id = gen_random_uuid()"), 9),
    Tampering("edited writer", _edit("writer = 'quartermaster_operator'"), 9),
    Tampering("back-dated", _edit("at = at - interval '1 day'"), 9),
    Tampering("back-dated by a microsecond", _edit("at = at - interval '1 microsecond'"), 9),
    Tampering("moved to another tenant", _edit("tenant = 'globex'"), 9),
    Tampering("edited with its leaf", _edit_with_leaf, 7),
    Tampering("deleted event", _statements(DELETE_EVENT_9), 9),
    Tampering("deleted event and leaf", _statements(DELETE_EVENT_9, "DELETE FROM audit.leaf WHERE leaf_index = 9"), 9),
    Tampering(
        "deleted and closed up",
        _statements(
            DELETE_EVENT_9,
            "DELETE FROM audit.leaf WHERE leaf_index = 9",
            "UPDATE audit.leaf SET leaf_index = leaf_index + 1000 WHERE leaf_index > 9",
            "UPDATE audit.leaf SET leaf_index = leaf_index - 1001 WHERE leaf_index > 1000",
        ),
        7,
    ),
    Tampering("inserted below the horizon", _statements(INSERT_ROW), 20, in_export=False),
    Tampering("inserted at the end", _insert_at_end, 20, in_export=False),
    Tampering("inserted in place of another", _insert_in_place, 7),
    Tampering(
        "reordered, leaves left",
        _statements(
            "UPDATE audit.leaf SET position = -position WHERE leaf_index IN (9, 10)",
            "UPDATE audit.leaf l SET position = -o.position FROM audit.leaf o"
            " WHERE l.leaf_index IN (9, 10) AND o.leaf_index = 19 - l.leaf_index",
        ),
        9,
    ),
    Tampering(
        "reordered with their leaves",
        _statements(
            "UPDATE audit.leaf SET leaf_index = 100 WHERE leaf_index = 9",
            "UPDATE audit.leaf SET leaf_index = 9 WHERE leaf_index = 10",
            "UPDATE audit.leaf SET leaf_index = 10 WHERE leaf_index = 100",
        ),
        7,
    ),
    Tampering("tail cut off after it was anchored", _drop_from(12), 19),
    Tampering("everything deleted", _drop_from(0), 6),
    Tampering("last checkpoint deleted", _statements("DELETE FROM audit.checkpoint WHERE size = 20"), 12, 19),
    Tampering("middle checkpoint deleted", _statements("DELETE FROM audit.checkpoint WHERE size = 12"), 11),
    Tampering("forged checkpoints", _forge, 11, 7),
    Tampering("swapped key", _swap_key, 6, 0),
    Tampering(
        "checkpoint columns altered", _statements("UPDATE audit.checkpoint SET root = sha256('x')"), 6, in_export=False
    ),
    Tampering(
        "frontier altered",
        _statements("UPDATE audit.checkpoint SET frontier = sha256('x') || sha256('y') WHERE size = 20"),
        19,
        in_export=False,
    ),
    Tampering("file without its last line", _file(lambda lines: lines[:-1]), 19),
    Tampering("file without a middle line", _file(lambda lines: [lines[0], lines[2]]), 11),
    Tampering("file emptied", _file(lambda lines: []), 6),
    Tampering("file with a changed root", _file(lambda lines: [lines[0].replace("\\n7\\n", "\\n8\\n"), *lines[1:]]), 6),
)


@dataclass(frozen=True)
class OneTransaction:
    """A `Database` that is one open transaction, so that a tampering can be looked at and then rolled back."""

    connection: Connection[Any]

    @contextmanager
    def transaction(self, tenant: str) -> Generator[Connection[Any]]:
        yield self.connection


@dataclass(frozen=True)
class Reports:
    """What the two verifiers say."""

    database: VerifyReport
    export: VerifyReport


def reports_after(
    connection: Connection[Any],
    settings: AuditSettings,
    folder: Path,
    apply: Callable[[Connection[Any], AuditSettings], None],
) -> Reports:
    """Tampers, verifies, exports and verifies that, and takes it all back."""
    trusted = settings.key_of("acme", public_key(settings))
    copy = replace(settings, folder=folder / "audit")
    shutil.copytree(settings.folder, copy.folder)
    with connection.transaction(force_rollback=True):
        unlock(connection)
        apply(connection, copy)
        database = verify_database(connection, "acme", trusted, copy.checkpoints)
        export_tenant(cast(Database, OneTransaction(connection)), copy, "acme", folder / "export")
    return Reports(database, verify_export(folder / "export", key=str(trusted)))


def missed(connection: Connection[Any], settings: AuditSettings, folder: Path, tampering: Tampering) -> str:
    """What the verifier said when it did not point at this tampering; empty when it did, in database and export."""
    reports = reports_after(connection, settings, folder, tampering.apply)
    in_export = tampering.first_index if tampering.first_in_export is None else tampering.first_in_export
    wrong = [] if _points_at(reports.database, tampering.first_index) else [reports.database.first_problem]
    if tampering.in_export and not _points_at(reports.export, in_export):
        wrong.append(reports.export.first_problem)
    return f"{tampering.name}: {wrong}" if wrong else ""


def _points_at(report: VerifyReport, index: int) -> bool:
    return not report.ok and report.first_problem is not None and report.first_problem.index == index
