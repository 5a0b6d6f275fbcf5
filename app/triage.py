"""From a look at the network to settled cases: sweep or event, jobs for the agent, a wait until nothing is under way.

The agent and the executor work in processes of their own; where none is running, they are started to drain the queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import Connection
from psycopg.rows import DictRow

from actions import jobs
from app.outcomes import CaseOutcome, outcomes_of
from app.progress import Progress
from app.wiring import agent_context, agent_database
from cases import events, rank, sweep
from db import case_life, cases
from db.session import Database
from domain.context import Context
from domain.errors import BadInput, Unavailable
from domain.incoming_json import LARGEST_BYTES

PATIENCE_SECONDS = 300.0
LOOK_EVERY_SECONDS = 0.4


@dataclass(frozen=True)
class Found:
    """What was looked at and which cases are to be worked, most urgent first."""

    pairs: int
    by_kind: dict[str, int]
    case_ids: tuple[str, ...]
    seconds: float


def run(tenant: str, *, event_file: Path | None, limit: int, progress: Progress) -> list[CaseOutcome]:
    """Find, triage, decide, and return what became of each case."""
    from app.worker.supervisor import drain_all

    with agent_database() as database:
        context = agent_context(tenant)
        found = receive(database, context, event_file) if event_file else look(database, context, limit, progress)
        enqueue(database, context, found.case_ids)
        progress("working the cases", 0, len(found.case_ids))
        drain_all()
        return wait_until_settled(database, tenant, found.case_ids, progress)


def look(database: Database, context: Context, limit: int, progress: Progress) -> Found:
    """Sweep everything, open cases, and take the most urgent: first those that are not worked yet, then the others."""
    progress("looking at every item at every site", 0, 0)
    with database.transaction(context.tenant) as connection:
        seen, opened = sweep.sweep_and_open(connection, context)
        files = [one.case for one in opened]
        ranked = rank.ranked(files, files[0].currency) if files else []
    # Stable: urgency decides within each.
    chosen = sorted(ranked, key=lambda case: case.status != "open")[:limit]
    return Found(seen.pairs, seen.by_kind(), tuple(case.case_id for case in chosen), seen.seconds)


def receive(database: Database, context: Context, file: Path) -> Found:
    """Take one event from a file; the same event twice leads to the same case."""
    started = time.monotonic()
    with database.transaction(context.tenant) as connection:
        taken = events.receive(connection, context, read_event(file))
    case_ids = tuple(case.case_id for case in taken.cases)
    return Found(0, {}, case_ids, time.monotonic() - started)


def enqueue(database: Database, context: Context, case_ids: Sequence[str]) -> None:
    """A triage job for each case that is still open and has none."""
    with database.transaction(context.tenant) as connection:
        queue_open(connection, context, case_ids)


def queue_open(connection: Connection[DictRow], context: Context, case_ids: Sequence[str]) -> list[str]:
    """As `enqueue`, in the caller's transaction; returns those that were queued.

    Shortages go first, as a surplus may only serve what they leave.
    """
    there = case_life.queued(connection, context.tenant)
    found = [case for case_id in case_ids if (case := cases.find(connection, case_id)) is not None]
    due = [case for case in found if case.status == "open" and case.case_id not in there]
    for case in sorted(due, key=lambda one: one.kind in rank.SURPLUSES):
        jobs.defer_triage(connection, context.tenant, case.case_id)
    return [case.case_id for case in due]


def wait_until_settled(
    database: Database,
    tenant: str,
    case_ids: Sequence[str],
    progress: Progress,
    show: Callable[[list[CaseOutcome]], None] | None = None,
) -> list[CaseOutcome]:
    """Poll until every case is settled; raises `Unavailable` that names the rest after five quiet minutes."""
    last_move, before = time.monotonic(), -1
    while True:
        with database.transaction(tenant) as connection:
            now = outcomes_of(connection, list(case_ids))
        settled = sum(one.settled for one in now)
        progress("working the cases", settled, len(now))
        if show:
            show(now)
        if settled == len(now):
            return now
        if settled != before:
            last_move, before = time.monotonic(), settled
        if time.monotonic() - last_move > PATIENCE_SECONDS:
            stuck = ", ".join(f"{one.id} ({one.state})" for one in now if not one.settled)
            raise Unavailable(
                f"No case has moved for {PATIENCE_SECONDS:.0f} s: {stuck}.",
                remedy="Nothing is lost. Run `quartermaster doctor`, start what is down, and triage again.",
            )
        time.sleep(LOOK_EVERY_SECONDS)


def read_event(file: Path) -> dict[str, object]:
    """The event in a file, no more of it than an event may have; raises `BadInput` naming the file."""
    try:
        if file.exists() and not file.is_file():
            raise BadInput(f"{file} is no file.", remedy="Give a file that holds one CloudEvents object.")
        with file.open("rb") as opened:
            raw = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.", remedy="Give a UTF-8 file.") from error
    return events.decode(raw, name=str(file))
