"""The triage benchmark keeps its contract: every figure measured, one JSON object, and no rate out of thin air."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.report import Report
from benchmarks.triage import CONTRACT
from benchmarks.triage_workers import WARM_JOBS, Worked, rate

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_quick_run_measures_every_figure() -> None:
    command = [sys.executable, "-m", "benchmarks.triage", "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    report = Report.model_validate(json.loads(done.stdout))
    measured = {name: report.figures[name] for name in CONTRACT}
    assert all(isinstance(figure, float) and figure > 0 for figure in measured.values()), measured
    assert set(report.to_beat.values()) == {None}
    # Each tool call is an event, and so are each proposal and the case's last move.
    calls, proposals = number(report, "tool_calls_per_case"), number(report, "proposed_share")
    assert number(report, "audit_events_per_case") == pytest.approx(calls + proposals + 1)


def number(report: Report, name: str) -> float:
    figure = report.figures[name]
    assert isinstance(figure, float)
    return figure


def worked(second: int) -> Worked:
    """A case begun a second before it was done."""
    return Worked(START + timedelta(seconds=second - 1), START + timedelta(seconds=second))


def test_a_rate_counts_neither_the_first_jobs_nor_the_last_ones() -> None:
    """One case a second; the last begins at second 9, and the first four warm the worker up."""
    cases = [worked(second) for second in range(1, 11)]
    assert WARM_JOBS == 4
    assert rate(cases, 1) == 1.0
    assert rate([*cases[:4], *cases[4::2]], 1) == 0.5


def test_too_few_cases_for_two_warm_workers_give_no_rate() -> None:
    assert rate([worked(second) for second in range(1, 9)], 2) is None
