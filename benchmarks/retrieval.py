"""Retrieval: are the sections that answer a question among the first three, and is nothing said where nothing answers?

The demo network's documents, in a database of the benchmark's own, with questions written for it. Words alone (BM25)
and meaning alone (vectors) are measured beside both together, without a floor, which helps them.
Size is not measured here.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles

from pydantic import JsonValue

from benchmarks.report import Report, make_report, run
from benchmarks.retrieval_questions import HELD_OUT, HELD_OUT_OFF_TOPIC, LABELLED, OFF_TOPIC, Labelled
from db.embedded import Embedded
from db.migrate import migrate
from db.roles import USERS
from db.session import Database
from db.tenants import ensure_tenant
from domain.context import Actor, Context
from retrieval.demo import import_demo_sops
from retrieval.embedding import embedder
from retrieval.fusion import FLOOR, Floor
from retrieval.search import Found, FoundSection, Scope, search

TENANT = "bench"
OPERATOR = Context(TENANT, Actor("person", "benchmark"))
DAY = date(2026, 6, 1)
FIRST = 3
# Takes whatever was ranked, so that each ranking can be judged by itself.
NO_FLOOR = Floor(relevance=-2.0, coverage_alone=0.0)
ALL = 100
HIT3, P95_MS = 0.9, 150.0
ROUNDS, QUICK_ROUNDS = 5, 1


@dataclass(frozen=True)
class Hits:
    """The share of questions whose answer is among the first three, by both rankings, by words and by meaning alone."""

    fused: float
    text: float
    vector: float


def hits(database: Database, tenant: str, questions: Sequence[Labelled]) -> Hits:
    """How often each way finds an answer."""
    fused = text = vector = 0
    for question in questions:
        found = ask(database, tenant, question.text, FLOOR, FIRST).sections
        ranked = ask(database, tenant, question.text, NO_FLOOR, ALL).sections
        fused += bool(question.answers & _names(found))
        text += bool(question.answers & _names(one for one in ranked if (one.why.text_rank or ALL) <= FIRST))
        vector += bool(question.answers & _names(one for one in ranked if (one.why.vector_rank or ALL) <= FIRST))
    asked = len(questions)
    return Hits(fused / asked, text / asked, vector / asked)


def silence(database: Database, tenant: str, questions: Sequence[str]) -> float:
    """The share of questions that are answered with nothing."""
    return sum(not ask(database, tenant, text, FLOOR, FIRST).sections for text in questions) / len(questions)


def ask(database: Database, tenant: str, text: str, floor: Floor, limit: int) -> Found:
    """One question in a transaction of its own, as a tool call has it."""
    with database.transaction(tenant) as connection:
        return search(lambda: connection, text, Scope(DAY), limit=limit, floor=floor)


def _names(sections: Iterable[FoundSection]) -> set[str]:
    return {f"{one.row.code} {one.row.number}" for one in sections}


def milliseconds(database: Database, rounds: int) -> list[float]:
    """Every question, one after the other, with the model loaded."""
    texts = [*(question.text for question in (*LABELLED, *HELD_OUT)), *OFF_TOPIC, *HELD_OUT_OFF_TOPIC]
    taken: list[float] = []
    for text in texts * rounds:
        started = time.perf_counter()
        ask(database, TENANT, text, FLOOR, FIRST)
        taken.append((time.perf_counter() - started) * 1000.0)
    return taken


def measure(quick: bool) -> Report:
    """The whole benchmark; `quick` asks each question once for the times."""
    with _documents() as (database, import_seconds):
        embedder().question("the model is loaded before anything is timed")
        chosen, held_out = hits(database, TENANT, LABELLED), hits(database, TENANT, HELD_OUT)
        taken = milliseconds(database, QUICK_ROUNDS if quick else ROUNDS)
        silent, held_out_silent = (silence(database, TENANT, each) for each in (OFF_TOPIC, HELD_OUT_OFF_TOPIC))
    p95 = quantiles(taken, n=20, method="inclusive")[-1]
    figures: dict[str, JsonValue] = {
        "hit3": chosen.fused,
        "bm25_hit3": chosen.text,
        "vector_hit3": chosen.vector,
        "recall_at_100k": None,
        "p95_ms_at_100k": None,
        "p50_ms": median(taken),
        "p95_ms": p95,
        "held_out_hit3": held_out.fused,
        "held_out_bm25_hit3": held_out.text,
        "held_out_vector_hit3": held_out.vector,
        "off_topic_silent": silent,
        "held_out_off_topic_silent": held_out_silent,
        "import_seconds": import_seconds,
        "questions": len(LABELLED) + len(HELD_OUT),
    }
    to_beat: dict[str, JsonValue] = {
        "hit3": max(chosen.text, chosen.vector),
        "held_out_hit3": max(held_out.text, held_out.vector),
    }
    goal: dict[str, JsonValue] = {"hit3": HIT3, "p95_ms": P95_MS}
    holds = chosen.fused >= HIT3 and chosen.fused >= max(chosen.text, chosen.vector) and p95 <= P95_MS
    return make_report("retrieval", figures, to_beat=to_beat, goal=goal, holds=holds)


@contextmanager
def _documents() -> Generator[tuple[Database, float]]:
    """The agent's database with the demo's documents in it, and how many seconds their import took."""
    with tempfile.TemporaryDirectory(prefix="q-bench-", ignore_cleanup_errors=True) as folder:
        embedded = Embedded(Path(folder) / "home")
        embedded.start()
        try:
            migrate(embedded.admin_conninfo())
            with Database(embedded.conninfo(USERS["operator"]), "operator") as operator:
                ensure_tenant(operator, TENANT, name="Benchmark", currency="EUR", origin="simulated", clock_at=None)
                started = time.perf_counter()
                import_demo_sops(operator, OPERATOR)
                seconds = time.perf_counter() - started
            with Database(embedded.conninfo(USERS["agent"]), "agent") as agent:
                yield agent, seconds
        finally:
            embedded.stop()


if __name__ == "__main__":
    sys.exit(run(measure))
