"""`sops`: procedures, policies, supplier rules and commitments: import, list, search."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, note, print_json, print_table, say

cli = typer.Typer(help="Procedures, policies and commitments: import, list, search.", no_args_is_help=True)
DayOption = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day whose versions count; today.")
]


@cli.command("import", no_args_is_help=True)
def import_folder(
    path: Annotated[Path, typer.Argument(help="A folder of Markdown files with front matter, or one file.")],
    tenant: TenantOption,
    person: PersonOption = "local",
    json: JsonFlag = False,
) -> None:
    """Import documents: all of a folder or nothing, the same content once, older versions kept."""
    from app import documents

    report = documents.import_documents(path, tenant=tenant, person=person)
    if json:
        return print_json(report)
    say(f"{len(report.imported)} imported with {report.sections} sections, {len(report.unchanged)} unchanged.")
    for name in report.imported:
        say(f"  {name}")
    if report.without_vectors:
        note(f"Search will go by words alone. {report.without_vectors}")
    return None


@cli.command("list")
def list_versions(tenant: TenantOption, as_of: DayOption = None, json: JsonFlag = False) -> None:
    """List every version with its state on a day."""
    from app import documents

    rows = documents.list_documents(tenant, None if as_of is None else as_of.date())
    if json:
        return print_json({"documents": rows})
    print_table(
        f"Documents of {tenant}",
        ["code", "version", "title", "state", "from", "holds for"],
        [[r.code, f"v{r.version}", r.title, r.state, r.effective_from, _sites(r.sites)] for r in rows],
    )
    return None


@cli.command("search", no_args_is_help=True)
def search(
    query: Annotated[str, typer.Argument(help="A question, or a code such as 'SOP-12 4.2'.")],
    tenant: TenantOption,
    site: Annotated[str | None, typer.Option(help="Only what holds at this site.")] = None,
    product_class: Annotated[str | None, typer.Option("--class", help="Only what holds for these goods.")] = None,
    as_of: DayOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10, help="How many sections to show.")] = 3,
    json: JsonFlag = False,
) -> None:
    """Search documents by code, words and meaning."""
    from app import documents

    day = None if as_of is None else f"{as_of:%Y-%m-%d}"
    given = {"query": query, "site": site, "product_class": product_class, "as_of": day, "limit": limit}
    found = documents.search_documents(tenant, {name: value for name, value in given.items() if value is not None})
    if json:
        return print_json(found)
    for section in found.sections:
        _show(section)
    for remark in found.notes:
        note(_escape(remark))
    return None


def _sites(sites: Sequence[str]) -> str:
    return f"{len(sites)} sites" if len(sites) > 2 else ", ".join(sites) or "all sites"


def _show(section: Any) -> None:
    ends = f" to {section.effective_to}" if section.effective_to else ""
    say(f"[bold]{_escape(section.citation)}[/]  {_escape(section.title)} · {_escape(section.heading)}")
    say(f"[dim]{section.kind}, from {section.effective_from}{ends}{'' if section.in_force else ', not in force'}[/]")
    say(_escape(section.text) + "\n")


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
