"""Printing for people and for programs. Every command that prints for people also prints one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import Ambiguous, QuartermasterError

if TYPE_CHECKING:
    from rich.table import Table

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
TenantOption = Annotated[str, typer.Option("--tenant", envvar="QUARTERMASTER_TENANT", help="Whose network.")]
PersonOption = Annotated[
    str, typer.Option("--as", envvar="QUARTERMASTER_PERSON", help="Who you are; roles and limits follow from it.")
]


def print_json(value: object) -> None:
    """One JSON object on standard output; money and times as strings."""
    from domain.canonical import to_json

    sys.stdout.write(json.dumps(to_json(value), ensure_ascii=False, indent=2) + "\n")


def say(text: str = "") -> None:
    """One line for people, with rich markup."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(text)


def note(text: str) -> None:
    """One line on standard error: progress and remarks that no program should have to parse."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A plain table; cells are printed as they are."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(escape(str(cell)) for cell in row))
    return made


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print `table(...)`, as wide as the terminal allows."""
    from rich.console import Console

    Console(highlight=False).print(table(title, columns, rows))


def print_error(error: QuartermasterError) -> None:
    """What happened and what to do next; as JSON where JSON was asked for."""
    if "--json" in sys.argv:
        body: Mapping[str, object] = {
            "error": {
                "kind": type(error).__name__,
                "message": str(error.args[0]),
                "remedy": error.remedy,
                "candidates": list(error.candidates) if isinstance(error, Ambiguous) else [],
            }
        }
        print_json(body)
        return
    note(f"[bold red]{type(error).__name__}[/]: {_escape(str(error.args[0]))}")
    if error.remedy:
        note(f"  What to do: {_escape(error.remedy)}")


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
