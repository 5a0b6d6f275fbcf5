"""Commands of the forecast models: `train`."""

from __future__ import annotations

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, print_json

cli = typer.Typer(help="Forecast models: train and store the next days' demand.", no_args_is_help=True)


@cli.command()
def train(tenant: TenantOption = "demo", person: PersonOption = "local", json: JsonFlag = False) -> None:
    """Train on the imported history, back-test, and store forecasts for every item × site."""
    from app import training
    from app.cli import render

    report = training.train(tenant, person, render.progress())
    return print_json(report) if json else render.training(report)
