"""Commands about people: who they are, what they may do, and their password."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, print_json, print_table, say

if TYPE_CHECKING:
    from db.people import Person

cli = typer.Typer(
    help="People who may sign in: their roles, the highest value they may approve, their passwords.",
    epilog="A team begins with: [bold]person add[/] for each, then [bold]person password[/] or [bold]person link[/].",
    no_args_is_help=True,
)
NameArgument = Annotated[str, typer.Argument(metavar="PERSON", help="The name to sign in with, such as j.weber.")]
RoleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        help="planner, supervisor and procurement_manager may propose; the role that a rule of the gate asks (see "
        "policy check) approves, quality may be one; auditor looks. Repeat it for more than one.",
    ),
]
LimitOption = Annotated[
    str | None,
    typer.Option(
        "--limit", metavar="AMOUNT", help="The highest value that the person may approve, in the tenant's currency."
    ),
]


@cli.command("add", no_args_is_help=True)
def add(
    new: NameArgument,
    tenant: TenantOption,
    name: Annotated[str, typer.Option(help="What people call this person.")],
    role: RoleOption = None,
    limit: LimitOption = None,
    person: PersonOption = "local",
    json: JsonFlag = False,
) -> None:
    """Add somebody, for example: person add j.weber --tenant acme --name "Julia Weber" --role planner.

    Without --limit the person approves nothing. Needs the owner's rights: roles and limits are what the gate reads.
    """
    from app import people

    _show(people.add(tenant, person, people.Person(new, name, role or [], _amount(limit or "0"))), json)


@cli.command("change", no_args_is_help=True)
def change(
    whom: NameArgument,
    tenant: TenantOption,
    name: Annotated[str | None, typer.Option(help="What people call this person.")] = None,
    role: RoleOption = None,
    limit: LimitOption = None,
    activate: Annotated[bool, typer.Option("--activate", help="Take a deactivation back.")] = False,
    person: PersonOption = "local",
    json: JsonFlag = False,
) -> None:
    """Change what is given and leave the rest. The roles given replace all that the person had."""
    from app import people

    amount = None if limit is None else _amount(limit)
    changed = people.change(
        tenant, person, whom, name=name, roles=role or [], limit=amount, active=True if activate else None
    )
    _show(changed, json)


@cli.command("deactivate", no_args_is_help=True)
def deactivate(
    whom: NameArgument, tenant: TenantOption, person: PersonOption = "local", json: JsonFlag = False
) -> None:
    """Let somebody sign in and approve no longer; what they did stays on record, and all their sessions end."""
    from app import people

    _show(people.change(tenant, person, whom, active=False), json)


@cli.command("list")
def list_people(tenant: TenantOption, json: JsonFlag = False) -> None:
    """Show everybody with roles and limit."""
    from app import people

    found = people.everybody(tenant)
    if json:
        return print_json({"people": found})
    rows = [
        [one.person, one.name, ", ".join(one.roles), f"{one.approval_limit:,f}", "yes" if one.active else "no"]
        for one in found
    ]
    print_table(f"People of {tenant}", ["person", "name", "roles", "may approve up to", "active"], rows)
    return None


def _show(person: Person, json: bool) -> None:
    if json:
        return print_json(person)
    does = f"is {', '.join(person.roles)} and may approve up to {person.approval_limit:,f}"
    say(f"{person.person} {does}." if person.active else f"{person.person} is deactivated.")
    return None


def _amount(text: str) -> Decimal:
    from domain.errors import BadInput

    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadInput(f"{text[:40]!r} is no amount.", remedy="Write it as 5000 or 5000.50.") from None


@cli.command("link", no_args_is_help=True)
def link(
    whom: NameArgument,
    tenant: TenantOption,
    address: Annotated[str, typer.Option(help="Where `serve` says it is.")] = "http://127.0.0.1:8321",
    person: PersonOption = "local",
    json: JsonFlag = False,
) -> None:
    """Make a link that signs somebody in once, within half an hour: for a first sign-in or a lost password."""
    from app.signin.door import SignIn
    from app.wiring import operator_context, operator_database

    with operator_database() as database:
        made = address.rstrip("/") + SignIn(database).link(tenant, whom, operator_context(tenant, person))
    return print_json({"person": whom, "link": made}) if json else say(made)


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
