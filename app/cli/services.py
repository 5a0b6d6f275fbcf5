"""Commands for those who run it: `worker`, `migrate`, `doctor`, `policy check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.output import JsonFlag, print_json, say

policy = typer.Typer(help="The rules of the gate.", no_args_is_help=True)
Process = Literal["all", "agent", "executor", "sealer", "trainer"]


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (worker, migrate, doctor):
        cli.command()(command)


def worker(
    process: Annotated[Process, typer.Argument(help="Which one; `all` starts each in a process of its own.")] = "all",
    drain: Annotated[bool, typer.Option("--drain", help="Do what is queued, then exit.")] = False,
) -> None:
    """Run the processes behind the agent: triage (agent), gate and writes (executor), audit sealing, the trainer."""
    from app.worker import run

    run(process, drain=drain)


def migrate(json: JsonFlag = False) -> None:
    """Bring the database's schema and roles up to date. Runs by itself where the database is embedded."""
    from app import doctoring
    from app.cli import render

    render.progress()("bringing the schema and the roles up to date", 0, 0)
    report = doctoring.migrate()
    if json:
        return print_json(report)
    say(f"The schema is at {report.revision}.")
    return None


def doctor(json: JsonFlag = False) -> None:
    """Is every part well? Tries each: a write in the database, the policies, the ERP, the audit store's newest seal.

    Exits 1 if one is not well, and says what to do.
    """
    from app import doctoring
    from app.cli import render

    report = doctoring.examine(render.progress())
    if json:
        print_json(report)
    else:
        render.doctor(report)
    if not report.ready:
        raise typer.Exit(1)


@policy.command("check")
def check(
    folder: Annotated[Path | None, typer.Argument(help="A policy folder; without it the one in force.")] = None,
    json: JsonFlag = False,
) -> None:
    """Validate policies against the schema and list the rules with their reasons."""
    from app import doctoring
    from app.cli import render

    report = doctoring.check_policies(folder)
    if json:
        print_json(report)
    else:
        render.policies(report)
    if not report.ok:
        raise typer.Exit(1)
