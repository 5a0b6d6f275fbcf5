"""The triage graph without what it does: the same eight nodes and edges on the same langgraph, every node empty.

It tells what a graph run costs by itself. As a process (`python -m benchmarks.triage_bare`) it reads a number of
seconds a line and answers each with runs a second, so that two of them tell what a second process gains here.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents.triage.state import TriageState, started
from domain.errors import Unavailable

NODES = ("read_case", "read_stock", "forecast", "assess_risk", "find_moves", "compare", "propose", "conclude")
# Where ours decides what comes next, the bare graph is asked too, and always goes on.
DECIDES = ("read_case", "assess_risk", "find_moves", "compare")
ROOT = Path(__file__).parents[1]
READY_SECONDS = 120.0


@cache
def bare_graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph; every run passes all eight nodes."""
    graph = StateGraph(TriageState)
    for name in NODES:
        graph.add_node(name, _nothing)
    graph.add_edge(START, NODES[0])
    for name, following in zip(NODES, (*NODES[1:], END), strict=True):
        if name in DECIDES:
            graph.add_conditional_edges(name, _always(following), [following, NODES[-1]])
        else:
            graph.add_edge(name, following)
    return graph.compile(name="bare")


def run_bare() -> None:
    """One run, streamed as a triage is."""
    for _ in bare_graph().stream(started("C-00001"), stream_mode="values"):
        pass


def bare_rates(rounds: int, seconds: float) -> tuple[float, float]:
    """Runs a second of one process and of two at once, medians over `rounds` in turn; raises `Unavailable`."""
    with _process() as first, _process() as second:
        pairs = [(sum(_runs([first], seconds)), sum(_runs([first, second], seconds))) for _ in range(rounds)]
    return median(one for one, _ in pairs), median(two for _, two in pairs)


def _nothing(state: TriageState) -> dict[str, Any]:
    del state
    return {}


def _always(following: str) -> Any:
    return lambda _: following


@contextmanager
def _process() -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.triage_bare"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            _answer(process)  # says that it has warmed up
            yield process
        finally:
            process.kill()


def _runs(processes: Sequence[subprocess.Popen[str]], seconds: float) -> list[float]:
    for process in processes:
        assert process.stdin is not None  # opened as a pipe
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
    return [_answer(process) for process in processes]


def _answer(process: subprocess.Popen[str]) -> float:
    assert process.stdout is not None  # opened as a pipe
    line = process.stdout.readline()
    if not line:
        raise Unavailable("A process with the bare graph ended.", remedy="Run: python -m benchmarks.triage_bare")
    return float(line)


def _rate(seconds: float) -> float:
    started_at, runs = time.perf_counter(), 0
    while (passed := time.perf_counter() - started_at) < seconds:
        run_bare()
        runs += 1
    return runs / passed


if __name__ == "__main__":
    print(_rate(0.3), flush=True)
    for line in sys.stdin:
        print(_rate(float(line)), flush=True)
