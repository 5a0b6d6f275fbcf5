"""One shape for every benchmark: what was measured, what there is to beat, the goal, and whether it holds.

`run` is the whole command line of a benchmark. It exits 0 whether or not the goal holds, and 1 when it could not
measure. A figure that was not measured in this run is None, never a guess.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue
from rich.console import Console
from rich.table import Table

from domain.errors import QuartermasterError

Figures = Mapping[str, JsonValue]


class Report(BaseModel):
    """One run. `to_beat` and `goal` use the names of `figures`; `to_beat` is measured in the same run if it can be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    figures: dict[str, JsonValue]
    to_beat: dict[str, JsonValue]
    goal: dict[str, JsonValue]
    holds: bool
    cores: int
    date: str
    commit: str


def make_report(name: str, figures: Figures, *, to_beat: Figures, goal: Figures, holds: bool) -> Report:
    """A report of now, on this machine, at this commit."""
    return Report(
        name=name,
        figures=dict(figures),
        to_beat=dict(to_beat),
        goal=dict(goal),
        holds=holds,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        date=datetime.now(UTC).date().isoformat(),
        commit=_commit(),
    )


def run(measure: Callable[[bool], Report], arguments: Sequence[str] | None = None) -> int:
    """Parses `--json` and `--quick`, measures (`measure(quick)`) and prints; the exit code."""
    parser = argparse.ArgumentParser(description=sys.modules[measure.__module__].__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a shorter run, under a minute")
    given = parser.parse_args(arguments)
    try:
        report = measure(given.quick)
    except (QuartermasterError, OSError) as error:
        print(f"Could not measure: {error}", file=sys.stderr)
        return 1
    if given.json:
        print(report.model_dump_json())
    else:
        show(report)
    return 0


def show(report: Report) -> None:
    """The report as a table for people."""
    title = f"{report.name} · {report.date} · {report.commit} · {report.cores} cores"
    table = Table("figure", "measured", "to beat", "goal", title=title)
    for name, value in report.figures.items():
        table.add_row(name, _text(value), _text(report.to_beat.get(name)), _text(report.goal.get(name)))
    console = Console()
    console.print(table)
    console.print("The goal holds." if report.holds else "The goal does not hold.")


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _commit() -> str:
    """The short hash of the checkout, with `+` when files in it were changed since; `unknown` outside a checkout."""
    root = Path(__file__).parents[1]
    try:
        head = _git(root, "rev-parse", "--short", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
