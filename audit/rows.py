"""Reading stored events as the exact texts that are hashed. The one place that turns columns into `Event`s."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from psycopg import Connection, ServerCursor
from psycopg.rows import TupleRow, tuple_row
from psycopg.sql import SQL, Composed

from audit.entry import Event

BATCH = 5_000

# In the order of `Event`. The time is text made by the database: microseconds, whatever the session's settings.
EVENT_COLUMNS = SQL("""e.tenant, e.event_id::text,
    to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
    e.action, e.actor_kind, e.actor_id, e.actor_version, e.actor_roles, e.subject, e.trace_id, e.writer, e.body""")


def select(text: str) -> Composed:
    """A query in which `{event}` stands for the columns of an `Event`."""
    return SQL(text).format(event=EVENT_COLUMNS)  # pyright: ignore[reportArgumentType]  # constants of this package


@contextmanager
def stream(
    connection: Connection[Any], query: Composed, parameters: Mapping[str, object]
) -> Generator[Iterator[TupleRow]]:
    """The rows of a query as tuples, `BATCH` at a time: memory does not grow with the log."""
    # The default plan of a cursor favours the first rows; all of them are wanted here.
    connection.execute("SET LOCAL cursor_tuple_fraction = 1.0")
    with ServerCursor(connection, f"audit_{uuid4().hex}", row_factory=tuple_row) as cursor:
        cursor.itersize = BATCH
        cursor.execute(query, parameters, binary=True)
        yield iter(cursor)


def event_of(row: TupleRow, start: int) -> Event:
    """The event in the columns from `start` on."""
    return Event._make(row[start : start + len(Event._fields)])
