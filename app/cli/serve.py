"""Commands of the API: `serve`, `key create|list|revoke`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, note, print_json, print_table, say

key = typer.Typer(help="API keys of programs.", no_args_is_help=True)
SCOPES = "events:write, cases:read, tools:analyse or proposals:write; no key can approve."


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    cli.command()(serve)
    cli.add_typer(key, name="key")


def serve(
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8321,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy in front ends TLS; cookies are then bound to TLS.")
    ] = False,
    fd: Annotated[int | None, typer.Option(hidden=True, help="A listening socket that was inherited.")] = None,
) -> None:
    """Serve the API and the sign-in page until stopped. Others reach it only through a proxy with TLS."""
    from app import serving

    serving.run(
        host, port, behind_proxy=behind_proxy, announce=lambda address: say(f"Quartermaster is at {address}"), fd=fd
    )


@key.command("create", no_args_is_help=True)
def create(
    name: Annotated[str, typer.Argument(help="What will use it, in your words.")],
    scope: Annotated[list[str], typer.Option(help=f"May be given again: {SCOPES}")],
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it is valid.")] = 90,
    tenant: TenantOption = "demo",
    person: PersonOption = "local",
    json: JsonFlag = False,
) -> None:
    """Make a key. It is shown this once and kept as a hash only."""
    from datetime import timedelta

    from rich.markup import escape

    from app.signin import keys
    from app.wiring import operator_context, operator_database

    with operator_database() as database:
        made = keys.create(database, operator_context(tenant, person), name, scope, timedelta(days=days))
    if json:
        return print_json(made)
    say(made.key)
    note(f"For {escape(made.name)}: {', '.join(made.scopes)}, until {made.expires_at:%d %b %Y}. It is not shown again.")
    return None


@key.command("list")
def list_keys(tenant: TenantOption = "demo", json: JsonFlag = False) -> None:
    """All keys with their scopes and last use; never the keys themselves."""
    from app.signin import keys
    from app.wiring import operator_database

    with operator_database() as database:
        found = keys.listed(database, tenant)
    if json:
        return print_json({"keys": found})
    columns = ["key", "for", "scopes", "state", "until", "last used"]
    rows = [
        [one.key_id, one.name, ", ".join(one.scopes), one.state, f"{one.expires_at:%Y-%m-%d}",
         f"{one.last_used_at:%Y-%m-%d %H:%M}" if one.last_used_at else "never"]
        for one in found
    ]  # fmt: skip
    return print_table("", columns, rows)


@key.command("revoke", no_args_is_help=True)
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `key list` shows it.")],
    tenant: TenantOption = "demo",
    person: PersonOption = "local",
    json: JsonFlag = False,
) -> None:
    """Refuse a key from now on."""
    from app.signin import keys
    from app.wiring import operator_context, operator_database

    with operator_database() as database:
        keys.revoke(database, operator_context(tenant, person), key_id)
    if json:
        return print_json({"revoked": key_id})
    say(f"{key_id} is refused from now on.")
    return None
