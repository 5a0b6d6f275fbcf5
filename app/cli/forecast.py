"""Commands of the forecast models: train, test, promote, roll back, look at, override."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, print_json

cli = typer.Typer(
    help="Forecast models: trained, judged, promoted, watched, rolled back; and planners' overrides.",
    epilog="How good is what serves, and does it drift? [bold]forecast status[/]. A planner knows better? "
    "[bold]forecast override add[/].",
    no_args_is_help=True,
)
override = typer.Typer(
    help="A planner's word on a forecast: with a reason, until a day, named wherever the forecast is shown.",
    no_args_is_help=True,
)
cli.add_typer(override, name="override")

ReasonOption = Annotated[str, typer.Option(help="Why; it is kept and shown.")]


@cli.command()
def train(
    tenant: TenantOption = "demo",
    person: PersonOption = "local",
    owner: Annotated[str, typer.Option(help="Who answers for the version; who trains, if not said.")] = "",
    json: JsonFlag = False,
) -> None:
    """Train on the imported history, back-test, and store forecasts for every item × site.

    The first version serves at once; a later one where it does no worse than what serves, else it waits as a candidate.
    """
    from app import training
    from app.cli import forecast_view, render

    report = training.train(tenant, person, render.progress(), owner=owner)
    return print_json(report) if json else forecast_view.training(report)


@cli.command()
def backtest(tenant: TenantOption = "demo", json: JsonFlag = False) -> None:
    """How good would each method have been on the last weeks, by segment? Nothing is kept."""
    from app import training
    from app.cli import forecast_view, render

    report = training.back_test(tenant, render.progress())
    return print_json(report) if json else forecast_view.back_test(report)


@cli.command(no_args_is_help=True)
def promote(
    version: Annotated[str, typer.Argument(help="A candidate, such as 3 or demand/3.")],
    person: PersonOption,
    reason: ReasonOption,
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Let a candidate serve, for example: forecast promote 3 --as sven --reason "Tested by us".

    A supervisor may. What the gate refuses nobody promotes; `forecast status` shows its checks.
    """
    from app.cli import forecast_view
    from app.models import registry

    moved = registry.promote(tenant, person, version, reason)
    return print_json(moved) if json else forecast_view.moved(moved)


@cli.command(no_args_is_help=True)
def rollback(
    person: PersonOption,
    reason: ReasonOption,
    to: Annotated[str, typer.Option("--to", help="A version that served before; without it the last one.")] = "",
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Let the version before serve again, at once, for example: forecast rollback --as sven --reason "Odd forecasts".

    A supervisor may. The version that is left is rejected and never serves again.
    """
    from app.cli import forecast_view
    from app.models import registry

    moved = registry.roll_back(tenant, person, to, reason)
    return print_json(moved) if json else forecast_view.moved(moved)


@cli.command()
def status(tenant: TenantOption = "demo", json: JsonFlag = False) -> None:
    """Which version serves, how good it is beside the baselines, whether it drifts, and who moved it and why."""
    from app import questions
    from app.cli import forecast_view

    found = questions.model_status(tenant)
    return print_json(found) if json else forecast_view.status(found)


@override.command("add", no_args_is_help=True)
def add(
    sku: Annotated[str, typer.Argument(help="The item.")],
    site: Annotated[str, typer.Argument(help="The site.")],
    person: PersonOption,
    reason: ReasonOption,
    until: Annotated[str, typer.Option(help="The last day it holds for, as 2026-12-03; it expires with it.")],
    change: Annotated[str, typer.Option(help="More or less than the forecast, as +40% or -20%.")] = "",
    units: Annotated[float | None, typer.Option("--set", help="Units a day instead, on average over its days.")] = None,
    since: Annotated[str, typer.Option("--from", help="The first day; today if not said.")] = "",
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Override a forecast: override add OAT-1L LEJ --as paula --change +40% --until 2026-12-03 --reason "Trade fair".

    A planner may halve or double it for 28 days, a supervisor triple it for 60. Every answer that stands on it says so.
    """
    from app import overriding
    from app.cli import forecast_view

    wish = forecast_view.wish(sku, site, since, until, change, units, reason)
    kept = overriding.add(tenant, person, wish)
    return print_json(kept) if json else forecast_view.kept(kept)


@override.command("end", no_args_is_help=True)
def end(
    override_id: Annotated[str, typer.Argument(metavar="OVERRIDE", help="Its id, from `override list`.")],
    person: PersonOption,
    reason: ReasonOption,
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """End an override from today on; what was said stays on record."""
    from app import overriding
    from app.cli import forecast_view

    ended = overriding.end(tenant, person, override_id, reason)
    return print_json(ended) if json else forecast_view.ended(ended)


@override.command("list")
def list_overrides(tenant: TenantOption = "demo", json: JsonFlag = False) -> None:
    """All overrides, and what each was worth once its demand had come: the error without it less the error with it."""
    from app import overriding
    from app.cli import forecast_view

    found = overriding.everything(tenant)
    return print_json({"overrides": found}) if json else forecast_view.overrides(found)
