"""The command that shows everything: `demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import JsonFlag, print_json


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Triage what there is, then stop everything and exit.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the demo's data away and begin anew.")] = False,
    json: JsonFlag = False,
) -> None:
    """A simulated network, a real ERP, the agent at work. No key, no container, no database needed.

    Everything lives in ./var (or QUARTERMASTER_HOME). The first start sets up PostgreSQL and Tryton.
    """
    from app.cli import render
    from app.demo import run

    report = run(once=once, fresh=fresh, progress=render.progress(), show=None if json else render.DemoScreen())
    if json:
        print_json(report)
