"""What the graph remembers of a thread, in PostgreSQL, in the tenant's own transactions.

The library's saver knows no tenants and holds one lock around its I/O. Here one is made a turn, and each of its reads
and writes is a transaction of ours: row-level security keeps tenants apart, and no connection waits with a model.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.base import BasePostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from db.session import Database


class TenantSaver(PostgresSaver):
    """A saver for one tenant; the tables are made by a migration, so `setup` is never called."""

    def __init__(self, database: Database, tenant: str) -> None:
        # None: the state is plain JSON, and nothing beyond the library's own list of safe types is ever loaded.
        BasePostgresSaver.__init__(self, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._database = database
        self._tenant = tenant

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Generator[Cursor[DictRow]]:
        """The one place where the library asks for a connection."""
        del pipeline
        with (
            self._database.transaction(self._tenant) as connection,
            connection.cursor(binary=True, row_factory=dict_row) as cursor,
        ):
            yield cursor
