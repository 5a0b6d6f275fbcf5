"""The audit store: the cost of recording, whether writers wait for each other, how fast a log verifies, what is missed.

It runs on a durable PostgreSQL of its own in a temporary folder. What there is to beat is measured in the same run: a
hash chain, whose writers take turns, and a verifier that parses and canonicalises every event again.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from audit.append import append
from audit.events import Action
from audit.export import export_tenant
from audit.sealer import seal_all
from audit.settings import AuditSettings
from audit.verify import verify_export
from audit.verify_database import verify_tenant
from benchmarks.report import Report, make_report, run
from benchmarks.tamperings import SIZES, TAMPERINGS, missed
from db.embedded import DATABASE, Embedded
from db.migrate import migrate
from db.roles import USERS
from db.session import Database
from db.settings import Role
from domain.canonical import canonical_bytes
from domain.context import Actor, Context
from domain.errors import Conflict

Insert = Callable[[Connection[Any]], None]
Result = TypeVar("Result")
GOAL = {
    "append_ratio": 0.8,
    "writers_16_over_1": 4.0,
    "verify_seconds_per_million": 30.0,
    "missed_tamperings": 0,
}
OTHER_WORK = 0.005  # seconds that a transaction is busy with what the event is about
CONTEXT = Context("acme", Actor("agent", "copilot", frozenset({"triage"}), "0.1.0"), "4dd167fa77bb4c06a8c663998da76621")
DATA = {
    "tool": "get_inventory_position",
    "arguments": {"sku": "SKU-00042", "site": "DC-1"},
    "evidence": "0b54cfa7-5f2c-4d0e-9b69-5ad5e0d0c0de",
    "status": "success",
    "duration_ms": 12.5,
    "result_sha256": "24a2353a285f0910e0ee72627c2e97e426d983b788c2a8d0983c8d2a76128d47",
}
BODY = canonical_bytes(DATA)
BASELINES = """
CREATE TABLE public.plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                           at timestamptz NOT NULL DEFAULT clock_timestamp(), body bytea NOT NULL);
CREATE TABLE public.chain (id bigint PRIMARY KEY, hash bytea NOT NULL, body bytea NOT NULL);
INSERT INTO public.chain VALUES (0, sha256(''), '');
GRANT SELECT, INSERT ON public.plain, public.chain TO quartermaster_agent;
"""
PLAIN = "INSERT INTO public.plain (body) VALUES (%(body)s)"
CHAIN_LOCK = "SELECT pg_advisory_xact_lock(1)"
CHAIN = """
INSERT INTO public.chain
SELECT id + 1, sha256(hash || %(body)s), %(body)s FROM public.chain ORDER BY id DESC LIMIT 1
"""
MANY = """
INSERT INTO audit.event (tenant, event_id, action, actor_kind, actor_id, actor_version, actor_roles, subject, trace_id,
                         writer, body)
SELECT %(tenant)s, gen_random_uuid(), 'tool.called', 'agent', 'copilot', '0.1.0', 'triage', 'case:C-' || n,
       md5(n::text), 'quartermaster_agent', %(body)s
  FROM generate_series(1, %(count)s) n
"""


@dataclass(frozen=True)
class Bench:
    """A running server, its superuser's connection and a folder for keys and files."""

    embedded: Embedded
    superuser: Connection[DictRow]
    folder: Path

    def database(self, role: Role, size: int = 4) -> Database:
        """The database under a role."""
        return Database(self.embedded.conninfo(USERS[role]), role, max_size=size)

    def settings(self, name: str) -> AuditSettings:
        """Keys and checkpoints of their own."""
        return AuditSettings.below(self.folder / name)

    def clear(self) -> None:
        """Empties the audit store, as only a superuser can."""
        with self.superuser.transaction():
            for table in ("event", "leaf", "checkpoint", "sealing"):
                self.superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only".encode())
            self.superuser.execute("TRUNCATE audit.event, audit.leaf, audit.checkpoint, audit.sealing")
            for table in ("event", "leaf", "checkpoint", "sealing"):
                self.superuser.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only".encode())


@contextmanager
def bench() -> Generator[Bench]:
    """A migrated server in a temporary folder, fsync on."""
    with tempfile.TemporaryDirectory(prefix="q-bench-", ignore_cleanup_errors=True) as folder:
        embedded = Embedded(Path(folder) / "home")
        embedded.start()
        try:
            migrate(embedded.admin_conninfo())
            conninfo = embedded.admin_conninfo(DATABASE)
            with psycopg.Connection[DictRow].connect(conninfo, autocommit=True, row_factory=dict_row) as superuser:
                superuser.execute(BASELINES.encode())
                yield Bench(embedded, superuser, Path(folder))
        finally:
            embedded.stop()


def record(connection: Connection[Any]) -> None:
    """One event of ours."""
    append(connection, CONTEXT, Action.TOOL_CALLED, subject="case:C-00042", data=DATA)


def insert_plainly(connection: Connection[Any]) -> None:
    """The same bytes in a table with a key and a time."""
    connection.execute(PLAIN, {"body": BODY})


def insert_chained(connection: Connection[Any]) -> None:
    """The same bytes in a hash chain: the lock is held until the commit."""
    connection.execute(CHAIN_LOCK)
    connection.execute(CHAIN, {"body": BODY})


def append_rates(database: Database, blocks: int, block: int) -> tuple[float, float]:
    """Transactions a second of one writer, ours and plain, in alternating blocks so that noise hits both."""
    seconds = dict.fromkeys((record, insert_plainly), 0.0)
    for number in range(blocks + 1):
        for insert in seconds:
            started = time.perf_counter()
            for _ in range(block):
                with database.transaction("acme") as connection:
                    insert(connection)
            seconds[insert] += time.perf_counter() - started if number else 0.0  # the first block warms up
    return blocks * block / seconds[record], blocks * block / seconds[insert_plainly]


def concurrent_rate(database: Database, insert: Insert, writers: int, seconds: float) -> float:
    """Committed transactions a second of `writers` threads, each transaction with `OTHER_WORK` after the insert."""
    counts = [0] * writers
    deadline = time.perf_counter() + seconds

    def work(number: int) -> None:
        while time.perf_counter() < deadline:
            with database.transaction("acme") as connection:
                insert(connection)
                time.sleep(OTHER_WORK)
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(writers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def scaling(database: Database, insert: Insert, seconds: float) -> float:
    """How many times as much 16 writers commit as one."""
    concurrent_rate(database, insert, 16, 0.3)  # opens the connections
    return concurrent_rate(database, insert, 16, seconds) / concurrent_rate(database, insert, 1, seconds)


def verify_rates(bench: Bench, count: int) -> dict[str, float]:
    """Seconds a million events, scaled from `count`: sealing, verifying in the database, and an export offline."""
    settings = bench.settings("many")
    bench.clear()
    bench.superuser.execute(MANY, {"tenant": "acme", "count": count, "body": BODY})
    bench.superuser.execute("ANALYZE audit.event")
    with bench.database("sealer") as sealer:
        sealing, report = _timed(lambda: seal_all(sealer, settings))
        if report.sealed != count:
            raise Conflict(f"{report.sealed} of {count} events were sealed.")
        bench.superuser.execute("ANALYZE audit.leaf")
        verifying, verified = _timed(lambda: verify_tenant(sealer, settings, "acme"))
        export_tenant(sealer, settings, "acme", bench.folder / "export")
    offline, exported = _timed(lambda: verify_export(bench.folder / "export"))
    if not (verified.ok and exported.ok):
        raise Conflict(f"An untouched log did not verify: {verified.first_problem or exported.first_problem}")
    scale = 1_000_000 / count
    return {
        "verify_seconds_per_million": verifying * scale,
        "verify_export_seconds_per_million": offline * scale,
        "seal_seconds_per_million": sealing * scale,
    }


def canonical_rate(count: int) -> float:
    """Seconds a million events for parsing and canonicalising alone, the part that storing the hashed bytes saves."""
    started = time.perf_counter()
    for _ in range(count):
        hashlib.sha256(canonical_bytes(json.loads(BODY))).digest()
    return (time.perf_counter() - started) * 1_000_000 / count


def count_missed(bench: Bench) -> int:
    """How many of the known tamperings the verifier does not point at, in the database or in an export."""
    settings = bench.settings("tampered")
    bench.clear()
    with bench.database("agent") as agent, bench.database("sealer") as sealer:
        for size, before in zip(SIZES, (0, *SIZES), strict=False):
            with agent.transaction("acme") as connection:
                for _ in range(size - before):
                    record(connection)
            seal_all(sealer, settings)
    misses = [missed(bench.superuser, settings, bench.folder / str(n), each) for n, each in enumerate(TAMPERINGS)]
    return sum(1 for miss in misses if miss)


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def measure(quick: bool) -> Report:
    """The whole benchmark; `quick` in under a minute."""
    with bench() as running:
        with running.database("agent", 16) as agent:
            ours, plain = append_rates(agent, 5 if quick else 20, 100 if quick else 200)
            seconds = 1.5 if quick else 8.0
            scaled, chained = scaling(agent, record, seconds), scaling(agent, insert_chained, seconds)
        missed_tamperings = count_missed(running)
        verifying = verify_rates(running, 20_000 if quick else 1_000_000)
    figures = {
        "append_ratio": ours / plain,
        "writers_16_over_1": scaled,
        "missed_tamperings": missed_tamperings,
        "tamperings": len(TAMPERINGS),
        "append_per_second": ours,
        "plain_per_second": plain,
        **verifying,
    }
    to_beat = {"writers_16_over_1": chained, "verify_seconds_per_million": canonical_rate(5_000)}
    holds = (
        figures["append_ratio"] >= GOAL["append_ratio"]
        and scaled >= max(GOAL["writers_16_over_1"], chained)
        and verifying["verify_seconds_per_million"] <= GOAL["verify_seconds_per_million"]
        and missed_tamperings == GOAL["missed_tamperings"]
    )
    return make_report("audit", figures, to_beat=to_beat, goal=GOAL, holds=holds)


if __name__ == "__main__":
    sys.exit(run(measure))
