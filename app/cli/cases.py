"""Commands about cases and what was decided: `triage`, `case`, `why`, `approvals`, `approve`, `reject`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, note, print_json

if TYPE_CHECKING:
    from app.approving import Seen

CaseArgument = Annotated[str, typer.Argument(help="A case id such as C-00042.")]
ProposalArgument = Annotated[str, typer.Argument(help="A proposal id, or the id of its case.")]
FingerprintOption = Annotated[
    str,
    typer.Option(
        help="What you saw: the first 12 or more characters that `approvals` prints. Not needed on a terminal."
    ),
]


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command(no_args_is_help=False)(triage)
    for command in (case, why, approve, reject):
        cli.command(no_args_is_help=True)(command)
    cli.command()(approvals)


def triage(
    tenant: TenantOption = "demo",
    event: Annotated[
        Path | None, typer.Option("--event", help="A CloudEvents JSON file to triage instead of a sweep.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most urgent cases first, at most so many.")] = 20,
    json: JsonFlag = False,
) -> None:
    """Look for exceptions, work each into a proposal, and let the gate decide. Needs no model."""
    from app import triage as work
    from app.cli import render

    report = work.run(tenant, event_file=event, limit=limit, progress=render.progress())
    if json:
        return print_json({"cases": report})
    render.outcomes(report)
    return None


def case(case_id: CaseArgument, tenant: TenantOption = "demo", json: JsonFlag = False) -> None:
    """Where a case stands: stock, demand, risk, the options in money, related cases, and all that happened."""
    from app import questions
    from app.cli import case_view

    result = questions.get_case(tenant, case_id)
    return print_json(result) if json else case_view.case(result)


def why(case_id: CaseArgument, tenant: TenantOption = "demo", json: JsonFlag = False) -> None:
    """What was recommended, what data informed it, who or what executed it."""
    from app import questions
    from app.cli import render

    result = questions.explain(tenant, case_id)
    return print_json(result) if json else render.why(result)


def approvals(tenant: TenantOption = "demo", person: PersonOption = "", json: JsonFlag = False) -> None:
    """Proposals that wait for somebody; with --as only those that this person may decide."""
    from app import approving
    from app.cli import render

    waiting = approving.waiting(tenant, person)
    return print_json({"approvals": waiting}) if json else render.approvals(tenant, waiting, person)


def approve(
    proposal: ProposalArgument,
    person: PersonOption,
    fingerprint: FingerprintOption = "",
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Approve a proposal exactly as you saw it. Nobody approves their own; limits and roles are checked."""
    from app import approving
    from app.cli import render

    seen = _seen(tenant, proposal, fingerprint, f"Approve exactly this as {person}?", json=json)
    answer = approving.approve(tenant, person, seen)
    return print_json(answer) if json else render.verdict(answer)


def reject(
    proposal: ProposalArgument,
    person: PersonOption,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    fingerprint: FingerprintOption = "",
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Reject a proposal exactly as you saw it, with the reason."""
    from app import approving
    from app.cli import render

    seen = _seen(tenant, proposal, fingerprint, f"Reject exactly this as {person}?", json=json)
    answer = approving.reject(tenant, person, seen, reason)
    return print_json(answer) if json else render.verdict(answer)


def _seen(tenant: str, reference: str, fingerprint: str, question: str, *, json: bool) -> Seen:
    """What the person answers to: the proposal of that fingerprint or, on a terminal, the one shown and confirmed."""
    from app import approving
    from app.cli import render

    if fingerprint or json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return approving.named(tenant, reference, fingerprint)
    row = approving.shown(tenant, reference)
    render.proposal(row)
    if not typer.confirm(question):
        note("Nothing was answered.")
        raise typer.Exit(1)
    return approving.Seen(UUID(row.proposal), row.fingerprint)
