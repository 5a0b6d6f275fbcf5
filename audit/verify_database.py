"""The same checks as the offline verifier, streamed from the database: what an administrator runs every night.

It can tell more than an export (what is not sealed, and what lies unsealed where all was sealed), and proves less:
whoever controls this machine controls what it prints. Auditors run `audit.verify` on an export, on their own machine.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from audit.checks import KeySource, Kind, LogCheck, VerifyReport
from audit.keys import public_key
from audit.merkle import Frontier
from audit.note import BadNote, VerifierKey
from audit.rows import event_of, select, stream
from audit.settings import AuditSettings
from audit.stored import read_checkpoints
from db.session import Database
from domain.errors import BadInput

LEAVES = """
SELECT l.leaf_index, l.leaf_hash, {event}
  FROM audit.leaf l LEFT JOIN audit.event e ON e.position = l.position
 WHERE l.tenant = %(tenant)s AND l.leaf_index < %(size)s ORDER BY l.leaf_index
"""
COPIES = "SELECT size, root, frontier, note FROM audit.checkpoint WHERE tenant = %(tenant)s ORDER BY size"
# A pass commits leaves and checkpoint together, so a leaf beyond the newest checkpoint was put there by nobody we know.
# And below the last horizon nothing is unsealed on the server that recorded it, unless it was put there later.
REST = """
SELECT count(*) AS unsealed, count(*) FILTER (WHERE e.transaction_id < s.horizon) AS late,
       (SELECT count(*) FROM audit.leaf l
         WHERE l.tenant = %(tenant)s
           AND l.leaf_index >= (SELECT coalesce(max(size), 0) FROM audit.checkpoint c WHERE c.tenant = %(tenant)s)
       ) AS beyond
  FROM audit.event e
  LEFT JOIN (SELECT horizon, cluster FROM audit.sealing ORDER BY number DESC LIMIT 1) s
    ON s.cluster = (SELECT concat_ws('/', c.system_identifier, d.oid)
                      FROM pg_control_system() c JOIN pg_database d ON d.datname = current_database())
 WHERE e.tenant = %(tenant)s AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.position = e.position)
"""


def verify_tenant(database: Database, settings: AuditSettings, tenant: str, *, key: str | None = None) -> VerifyReport:
    """Checks one tenant's log in the database against the file outside.

    `key` is the verifier key from a safe place; without it the one beside the sealing key is used. The database may be
    opened as operator or sealer. Raises `KeyUnusable` when there is no key, `BadInput` when the given one is none,
    `SealRefused` when the file outside is no longer one of checkpoints.
    """
    trusted = _parsed(key) if key else settings.key_of(tenant, public_key(settings))
    source: KeySource = "given" if key else "settings"
    with database.transaction(tenant) as connection:
        return verify_database(connection, tenant, trusted, settings.checkpoints, key_source=source)


def verify_database(
    connection: Connection[Any], tenant: str, key: VerifierKey, anchors: Path | None, *, key_source: KeySource = "given"
) -> VerifyReport:
    """Streams a tenant's events through the checks; `anchors` is the file outside, None when there is none to compare.

    What is committed after the start is counted as unsealed or not at all. The unsealed window cannot be vouched for.
    """
    with connection.transaction():
        checkpoints, outside = read_checkpoints(connection, tenant, key.name, anchors)
        check = LogCheck(tenant, key, checkpoints, outside)
        with stream(connection, select(LEAVES), {"tenant": tenant, "size": check.size}) as rows:
            for row in rows:
                check.add(row[0], row[1], None if row[2] is None else event_of(row, 2))
        return check.finish(_check_rest(connection, tenant, check), key_source)


def _parsed(key: str) -> VerifierKey:
    try:
        return VerifierKey.parse(key)
    except BadNote as error:
        raise BadInput(f"{error}.", remedy="Give the text of key.txt, or of `audit export`.") from error


def _is_as_signed(size: int, root: bytes, frontier: bytes, note: str) -> bool:
    """Whether the columns beside a note, which the sealer continues from, say what the note says."""
    try:
        folded = Frontier.from_bytes(size, frontier).root()
    except ValueError:
        return False
    return folded == root and note.split("\n")[1:3] == [str(size), b64encode(root).decode()]


def _check_rest(connection: Connection[Any], tenant: str, check: LogCheck) -> int:
    """The number of unsealed events, after checking what only the database shows."""
    parameters = {"tenant": tenant}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(COPIES, parameters):
            if not _is_as_signed(**row):
                size = row["size"]
                check.findings.add(Kind.ALTERED, size - 1, f"the row of checkpoint {size} is not what its note says")
        row = cursor.execute(REST, parameters).fetchone()
    beyond, unsealed, late = (row["beyond"], row["unsealed"], row["late"]) if row else (0, 0, 0)
    if beyond:
        check.findings.add(Kind.INSERTED, check.size, f"{beyond} leaves are in no checkpoint")
    if late:
        what = f"{late} events lie unsealed where everything was sealed: they were put there later"
        check.findings.add(Kind.INSERTED, check.size, what)
    return unsealed
