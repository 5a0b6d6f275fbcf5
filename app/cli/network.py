"""Commands that bring a network in: `import` and `quarantine`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, note, print_json, print_table, say

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

quarantine = typer.Typer(help="Rows that an import could not use, each with its reason.", no_args_is_help=True)


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command("import", no_args_is_help=True)(import_data)


def import_data(
    path: Annotated[Path, typer.Argument(help="A folder of CSV or Parquet files, or the UCI Online Retail file.")],
    tenant: TenantOption,
    person: PersonOption = "local",
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=MOMENTS,
            metavar="TIME",
            help="The moment the data describe, such as 2026-03-31T06:00Z (UTC without a zone). Without it: when the "
            "stock file was last written, else the newest file; of UCI data the midnight after their last day.",
        ),
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Of a tenant that does not exist yet; without it the data's own.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Import a network: all or nothing for what is fatal, quarantine for what is not.

    The files and columns are described in docs/data-contracts.md. The same content of the same moment is imported once;
    of a later moment it says that nothing has changed until then, and the data are as young as that.
    """
    from app import importing
    from app.cli import render

    report = importing.import_network(
        path, tenant=tenant, person=person, as_of=as_of, currency=currency, progress=render.progress()
    )
    if json:
        return print_json(report)
    importing.describe(report, say, print_table)
    if report.quarantined:
        note(f"See them: quartermaster quarantine list --tenant {tenant}")
    return None


@quarantine.command("list")
def list_rows(
    tenant: TenantOption,
    limit: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 50,
    json: JsonFlag = False,
) -> None:
    """Show quarantined rows with file, row number (as a spreadsheet shows it: the header is row 1) and reason."""
    from app import importing

    rows = importing.quarantined(tenant, limit)
    if json:
        return print_json({"rows": rows})
    if not rows:
        return say(f"Nothing of {tenant} is in quarantine.")
    print_table(
        f"Quarantine of {tenant}",
        ["id", "file", "row", "reason"],
        [[row.row_id, row.file, row.row_number, row.reason] for row in rows],
    )
    note("Rows are numbered as a spreadsheet shows them: the header is row 1.")
    note("Load one after all: quarantine replay ID, corrected with --set COLUMN=VALUE")
    return None


@quarantine.command("replay")
def replay_rows(
    tenant: TenantOption,
    rows: Annotated[list[int], typer.Argument(help="Ids from `quarantine list`.")],
    person: PersonOption = "local",
    correct: Annotated[
        list[str] | None, typer.Option("--set", help="COLUMN=VALUE, applied to each row before it is checked again.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Check quarantined rows again, corrected or after their reference has arrived, and load those that pass.

    For example: quarantine replay 12 --tenant acme --set unit=CS. What its own delivery or a later one loaded under the
    same key is never overwritten.
    """
    from rich.markup import escape

    from app import importing

    report = importing.replay(tenant, person, rows, correct or [])
    if json:
        return print_json(report)
    say(f"{len(report.loaded)} loaded, {len(report.still)} not.")
    for row, reason in report.still.items():
        say(f"  {row} stays: {escape(reason)}")
    return None
