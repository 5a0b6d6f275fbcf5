"""The sealer's rows: heads of trees, leaves, passes. The SQL of `audit.sealing`, `leaf` and `checkpoint`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL

from audit.anchor import Anchored
from audit.errors import SealRefused
from audit.merkle import Frontier
from audit.note import BadNote, Checkpoint, VerifierKey, open_checkpoint

# `low` is null before the first pass. The database's own number is part of `cluster`, since a dump can be restored
# beside the original.
HORIZON = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS high, s.horizon::text AS low, s.cluster AS last_cluster,
       concat_ws('/', c.system_identifier, d.oid) AS cluster
  FROM pg_control_system() c
  JOIN pg_database d ON d.datname = current_database()
  LEFT JOIN (SELECT horizon, cluster FROM audit.sealing ORDER BY number DESC LIMIT 1) s ON true
"""
ADD_SEALING = """
INSERT INTO audit.sealing (horizon, cluster) VALUES (%(high)s::xid8, %(cluster)s) RETURNING number
"""
ADD_LEAVES = """
INSERT INTO audit.leaf (tenant, leaf_index, position, leaf_hash)
SELECT %(tenant)s, %(start)s + n - 1, position, leaf_hash
  FROM unnest(%(positions)s::bigint[], %(leaves)s::bytea[]) WITH ORDINALITY AS new (position, leaf_hash, n)
"""
ADD_CHECKPOINT = """
INSERT INTO audit.checkpoint (tenant, size, root, frontier, note, sealing)
VALUES (%(tenant)s, %(size)s, %(root)s, %(frontier)s, %(note)s, %(sealing)s)
RETURNING to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
"""
HEAD = SQL("""
SELECT c.tenant, c.size, c.frontier, c.note, to_char(c.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
       (SELECT p.note FROM audit.checkpoint p WHERE p.tenant = c.tenant AND p.size < c.size
         ORDER BY p.size DESC LIMIT 1) AS previous_note
  FROM audit.checkpoint c
 WHERE {which}
""")
HEAD_OF_TENANT = HEAD.format(which=SQL("c.tenant = %(tenant)s ORDER BY c.size DESC LIMIT 1"))
HEADS_OF_LAST_SEALING = HEAD.format(which=SQL("c.sealing = (SELECT max(sealing) FROM audit.checkpoint)"))


@dataclass(frozen=True)
class Horizon:
    """Transactions below `high` are finished; those below `low` were so at the pass before, on `last_cluster`."""

    high: str
    low: str | None
    last_cluster: str | None
    cluster: str

    @property
    def is_first(self) -> bool:
        """Whether nothing was ever sealed here."""
        return self.low is None

    @property
    def is_foreign(self) -> bool:
        """Whether `low` says nothing about this server's transactions."""
        return self.last_cluster != self.cluster


@dataclass(frozen=True)
class Head:
    """The newest checkpoint of a tenant, as the database holds it."""

    tenant: str
    size: int
    frontier: bytes
    note: str
    at: str
    previous_note: str | None

    def anchored(self) -> Anchored:
        """Its line in the file outside."""
        return Anchored(self.at, self.note)

    def checked_frontier(self, key: VerifierKey) -> Frontier:
        """The frontier, once the signed note vouches for it; raises `SealRefused`."""
        try:
            signed = open_checkpoint(self.note, key)
            frontier = Frontier.from_bytes(self.size, self.frontier)
        except (BadNote, ValueError) as error:
            raise SealRefused(
                f"The last checkpoint of tenant {self.tenant} (size {self.size}) does not hold: {error}.",
                remedy="Was the key or the deployment's name changed? Restore it; otherwise run the verifier.",
            ) from error
        if (signed.size, signed.root) != (frontier.size, frontier.root()):
            raise SealRefused(
                f"The stored tree of tenant {self.tenant} (size {self.size}) is not the one that was signed.",
                remedy="Somebody changed the audit tables. Run the verifier.",
            )
        return frontier


def horizon_of(connection: Connection[Any]) -> Horizon:
    """Where this pass may go."""
    row = connection.execute(HORIZON).fetchone()
    if row is None:
        raise SealRefused("The database does not say which server it runs on.")
    return Horizon(**row)


def head_of(connection: Connection[Any], tenant: str) -> Head | None:
    """The newest checkpoint of one tenant."""
    row = connection.execute(HEAD_OF_TENANT, {"tenant": tenant}).fetchone()
    return Head(**row) if row else None


def heads_of_last_sealing(connection: Connection[Any]) -> list[Head]:
    """What the last pass that signed anything signed."""
    return [Head(**row) for row in connection.execute(HEADS_OF_LAST_SEALING)]


def add_sealing(connection: Connection[Any], horizon: Horizon) -> int:
    """The number of a new pass."""
    row = connection.execute(ADD_SEALING, {"high": horizon.high, "cluster": horizon.cluster}).fetchone()
    if row is None:
        raise SealRefused("The pass could not be recorded.")
    return row["number"]


def add_leaves(
    connection: Connection[Any], tenant: str, start: int, positions: Sequence[int], leaves: Sequence[bytes]
) -> None:
    """Leaves from `start` on, densely numbered."""
    connection.execute(
        ADD_LEAVES, {"tenant": tenant, "start": start, "positions": list(positions), "leaves": list(leaves)}
    )


def add_checkpoint(
    connection: Connection[Any], tenant: str, checkpoint: Checkpoint, frontier: Frontier, note: str, sealing: int
) -> Anchored:
    """Stores a signed head and gives its line for the file outside."""
    row = connection.execute(
        ADD_CHECKPOINT,
        {
            "tenant": tenant,
            "size": checkpoint.size,
            "root": checkpoint.root,
            "frontier": frontier.to_bytes(),
            "note": note,
            "sealing": sealing,
        },
    ).fetchone()
    if row is None:
        raise SealRefused(f"The checkpoint of tenant {tenant} could not be recorded.")
    return Anchored(row["at"], note)
