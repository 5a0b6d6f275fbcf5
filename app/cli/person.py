"""Commands about people: `person password`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, print_json, say

cli = typer.Typer(help="People who may sign in.", no_args_is_help=True)


@cli.command("password", no_args_is_help=True)
def password(
    name: Annotated[str, typer.Argument(help="Whose, by the name that they sign in with.")],
    tenant: TenantOption = "demo",
    person: PersonOption = "local",
    json: JsonFlag = False,
) -> None:
    """Set somebody's password, asked for twice (or one line from a pipe). All their sessions end."""
    from app.signin.people import set_password
    from app.wiring import operator_context, operator_database

    given = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if sys.stdin.isatty() else _piped()
    with operator_database() as database:
        done = set_password(database, operator_context(tenant, person), name, given)
    if json:
        return print_json(done)
    say(f"{done.person} can sign in with it; {done.sessions_ended} sessions ended.")
    return None


def _piped() -> str:
    return sys.stdin.readline(2000).rstrip("\r\n")
