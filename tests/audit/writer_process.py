"""A process that records events until it is killed: `writer_process.py SEED`, the connection string on stdin."""

from __future__ import annotations

import sys
import time

from audit.append import append
from audit.events import Action
from db.session import Database
from domain.context import Actor, Context


class GaveUpError(Exception):
    """The transaction is to be rolled back."""


def write(database: Database, context: Context, number: int) -> None:
    """One to four events in one transaction, some short, some long, some rolled back."""
    with database.transaction(context.tenant) as connection:
        for _ in range(1 + number % 4):
            append(connection, context, Action.TOOL_CALLED, subject=f"case:C-{number}", data={"n": number})
            time.sleep(number % 7 * 0.004)
        if number % 11 == 0:
            raise GaveUpError


def main() -> None:
    """Never returns."""
    number = int(sys.argv[1])
    context = Context("acme", Actor("agent", f"writer-{number}"), "trace")
    database = Database(sys.stdin.readline().strip(), "agent")
    while True:
        number = (number * 1103515245 + 12345) % 2**31
        try:
            write(database, context, number)
        except GaveUpError:
            continue


if __name__ == "__main__":
    main()
