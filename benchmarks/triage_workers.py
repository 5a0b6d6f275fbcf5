"""The product's own agent processes on a queue of cases, and how many they work a second.

All workers are held back by a lock until each of them looks for its first job, so that none works before the others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from actions.jobs import defer_triage
from benchmarks.triage_network import AGENT, TENANT, Bench
from domain.errors import Unavailable

Process = subprocess.Popen[bytes]
ROOT = Path(__file__).parents[1]
START_SECONDS = 120.0
DRAIN_SECONDS = 900.0
LOOK_EVERY_SECONDS = 0.02
# Jobs a worker works before it counts: the first ones import the solver and compile the graph.
WARM_JOBS = 4
LOCK = "LOCK TABLE procrastinate_jobs IN ACCESS EXCLUSIVE MODE"
# Backends held back by the lock; a process may wait with several, which come within moments of each other.
WAITING = """
SELECT count(DISTINCT pid) AS backends FROM pg_locks
 WHERE NOT granted AND relation = 'quartermaster.procrastinate_jobs'::regclass
"""
MOMENT_SECONDS = 0.5
WORKED = """
SELECT done.at AS done,
       (SELECT min(created_at - duration_ms * interval '1 ms') FROM quartermaster.evidence e
         WHERE e.tenant = c.tenant AND e.case_id = c.case_id) AS begun
  FROM quartermaster.case_file c
  JOIN audit.event done ON done.tenant = c.tenant AND done.subject = 'case:' || c.case_id
                       AND done.action = 'case.changed'
 WHERE c.tenant = %(tenant)s AND c.status = 'triaged' AND c.case_id = ANY (%(cases)s) ORDER BY done.at
"""


@dataclass(frozen=True)
class Worked:
    """When a worker began one case, and when it had noted what came of it."""

    begun: datetime
    done: datetime


def drain(bench: Bench, workers: int) -> list[Worked]:
    """Lets `workers` processes work all cases from the prepared state; in the order in which they were done.

    Raises:
        Unavailable: a worker failed, or cases were left.
    """
    bench.restore()
    with bench.database("agent") as agent, agent.transaction(TENANT) as connection:
        for case_id in bench.case_ids:
            defer_triage(connection, AGENT.tenant, case_id)
    with _started(bench, workers) as processes, bench.superuser() as superuser:
        _wait_for(processes, DRAIN_SECONDS)
        rows = superuser.execute(WORKED, {"tenant": TENANT, "cases": list(bench.case_ids)}).fetchall()
    if len(rows) != len(bench.case_ids):
        raise Unavailable(f"The workers left {len(bench.case_ids) - len(rows)} cases; their log says why.")
    return [Worked(row["begun"], row["done"]) for row in rows]


def rate(worked: Sequence[Worked], workers: int) -> float | None:
    """Cases a second while every worker was warm and had a next case to take; None when there was no such time."""
    start = worked[WARM_JOBS * workers - 1].done
    end = max(one.begun for one in worked)
    counted = sum(start < one.done <= end for one in worked)
    return counted / (end - start).total_seconds() if counted and end > start else None


@contextmanager
def _started(bench: Bench, workers: int) -> Generator[list[Process]]:
    """The processes, at the moment when all of them may begin."""
    with ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        with bench.superuser() as watching, bench.superuser() as holding, holding.transaction():
            holding.execute(f"SET LOCAL search_path = quartermaster; {LOCK}".encode())
            processes: list[Process] = []
            for _ in range(workers):
                before = _waiting(watching)
                processes.append(stack.enter_context(_worker(bench, log)))
                _until_waiting(watching, processes[-1], before)
        yield processes
        if any(process.returncode for process in processes):
            log.seek(0)
            raise Unavailable(f"An agent worker failed: {log.read().decode(errors='replace').strip()[-2000:]}")


@contextmanager
def _worker(bench: Bench, log: Any) -> Generator[Process]:
    """One process as the supervisor would start it, ended at the latest with the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUARTERMASTER_")}
    environment["QUARTERMASTER_HOME"] = str(bench.embedded.home)
    command = [sys.executable, "-m", "app.worker.main", "agent", "--drain"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


def _until_waiting(watching: Connection[DictRow], process: Process, before: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while _waiting(watching) <= before:
        if process.poll() is not None or time.monotonic() > deadline:
            how = "is still starting" if process.poll() is None else f"ended with {process.returncode}"
            raise Unavailable(f"An agent worker did not ask for a job within {START_SECONDS:.0f} s: it {how}.")
        time.sleep(LOOK_EVERY_SECONDS)
    time.sleep(MOMENT_SECONDS)


def _waiting(watching: Connection[DictRow]) -> int:
    row = watching.execute(WAITING).fetchone()
    return row["backends"] if row else 0


def _wait_for(processes: Sequence[Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Unavailable(f"The agent workers did not finish within {seconds:.0f} s.") from None
