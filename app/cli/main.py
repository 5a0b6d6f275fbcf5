"""The command tree and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys

import typer

from app.cli import ask, audit, cases, demo, documents, forecast, network, person, serve, services
from app.cli.output import note, print_error
from domain.errors import QuartermasterError

EPILOG = """First time here? [bold]quartermaster demo[/] starts a simulated network and shows the whole road.
Your own data? [bold]quartermaster import PATH --tenant NAME[/], then [bold]forecast train[/] and [bold]triage[/]."""

TRACEBACK = "QUARTERMASTER_TRACEBACK"
REPORT = f"This is a mistake of ours: please report it, with what {TRACEBACK}=1 shows when it is set."


class Unexpected(QuartermasterError):
    """Something that no part of the program foresaw."""

    exit_code = 70


cli = typer.Typer(
    name="quartermaster",
    help="An operations copilot for warehouse networks: what is at risk, why, and what to do about it.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for group in (demo, cases, ask, network, services, serve):
    group.register(cli)
cli.add_typer(audit.cli, name="audit")
cli.add_typer(forecast.cli, name="forecast")
cli.add_typer(person.cli, name="person")
cli.add_typer(network.quarantine, name="quarantine")
cli.add_typer(services.policy, name="policy")
cli.add_typer(documents.cli, name="sops")


def main() -> None:
    """Run one command; an error of ours prints what to do next and never a stack trace."""
    try:
        cli()
    except QuartermasterError as error:
        print_error(_with_tenants(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader (head, less) went away: nothing is wrong, and Python must not complain while flushing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        print_error(Unexpected(f"{type(error).__name__}: {error}".splitlines()[0], remedy=REPORT))
        sys.exit(Unexpected.exit_code)
    except KeyboardInterrupt:
        note("Stopped.")
        sys.exit(130)


def _with_tenants(error: QuartermasterError) -> QuartermasterError:
    """A wrong tenant is mostly a slip of the pen: whoever holds the operator's credentials may see which ones exist."""
    from app.tenants import name_existing

    return name_existing(error)
