"""Commands of the audit store: `seal`, `verify`, `prove`, `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonFlag, TenantOption, note, print_json, say

cli = typer.Typer(help="The audit store: seal, verify, prove one event, hand it to an auditor.", no_args_is_help=True)


@cli.command()
def seal(json: JsonFlag = False) -> None:
    """Seal everything that is committed; the sealer's process does this by itself."""
    from app import auditing

    note("Sealing what is committed …")
    report = auditing.seal()
    if json:
        return print_json(report)
    say(f"Sealed {report.sealed} events in {report.tenants} tenants.")
    return None


@cli.command()
def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="An exported folder; without it the database itself is verified.")
    ] = None,
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Recompute every hash, tree and signature. Exits 1 and names the first event that is wrong."""
    from app import auditing

    note("Recomputing every hash, tree and signature …")
    report = auditing.verify_folder(folder) if folder else auditing.verify(tenant)
    if json:
        print_json(report)
    else:
        say(auditing.describe(report))
    if not report.ok:
        raise typer.Exit(1)


@cli.command(no_args_is_help=True)
def prove(
    event_id: Annotated[str, typer.Argument(help="An audit event's id, as `case` shows it.")],
    tenant: TenantOption = "demo",
    output: Annotated[Path, typer.Option(help="Where to write the proof.")] = Path("proof.json"),
    json: JsonFlag = False,
) -> None:
    """Write a proof that one event is in the sealed tree; it can be checked offline."""
    from app import auditing

    note("Computing the proof …")
    proof = auditing.prove(tenant, event_id, output)
    if json:
        return print_json(proof)
    say(f"Wrote {output}.")
    return None


@cli.command(no_args_is_help=True)
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder for the export.")],
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Export events, checkpoints and the public key as a folder that verifies offline."""
    from app import auditing

    note("Writing the log …")
    report = auditing.export(tenant, folder)
    if json:
        return print_json(report)
    say(f"Wrote {report.events} events to {folder}. Check it: quartermaster audit verify {folder}")
    return None
