"""A planner's word on a forecast: how far it goes, that it is named wherever it tells, and what it was worth."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from typer.testing import CliRunner

from app import overriding
from app.cli.main import cli
from app.overriding import Said
from cases.appraisal import around
from cases.overriding import scale
from cases.snapshot import load
from db import models
from db.session import Database
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from tests.fix_network import BATCH, TODAY, Network, day, insert
from tests.fix_tools import Asker

pytestmark = pytest.mark.usefixtures("own_database")

FAIR = Said("OAT-1L", "LEJ", None, day(6), 0.4, None, "Trade fair")


@pytest.fixture
def people(network: Network, owner_database: Database) -> Network:
    with owner_database.transaction(network.tenant) as connection:
        for name, role in (("ana", "planner"), ("sven", "supervisor"), ("olga", "auditor")):
            insert(connection, "person", tenant=network.tenant, person=name, name=name.title(), roles=[role])
    return network


def forecast(database: Database, network: Network, site: str = "LEJ") -> tuple[list[float], str, tuple[str, ...]]:
    """Ten days' mean, the model's name and the overrides told."""
    with database.transaction(network.tenant) as connection:
        view = load(lambda: connection, TODAY).situations["OAT-1L", site].forecast
    assert view is not None
    return view.path.mean[:10].round(6).tolist(), view.model, view.overrides


def test_it_changes_its_days_and_is_named_until_it_is_ended(people: Network, agent_database: Database) -> None:
    kept = overriding.add(people.tenant, "ana", FAIR)
    assert (kept.model, kept.expected_without, round(kept.expected_with, 6)) == ("demand/1", 70.0, 98.0)
    mean, model, told = forecast(agent_database, people)
    assert mean == [14.0] * 7 + [10.0] * 3
    assert model == "demand/1 + override by ana until 8 Mar 2026 (+40 %)"
    assert told == ("override by ana from 2 Mar until 8 Mar 2026: +40 %, Trade fair",)
    assert forecast(agent_database, people, "ERF") == ([5.0] * 10, "demand/1", ())
    ended = overriding.end(people.tenant, "sven", kept.override, "The fair is off")
    assert (ended.ended_by, ended.last_day) == ("sven", TODAY - timedelta(days=1))
    assert forecast(agent_database, people) == ([10.0] * 10, "demand/1", ())
    with pytest.raises(Conflict, match="ended on"):
        overriding.end(people.tenant, "sven", kept.override, "Once more")
    (kept_for_ever,) = overriding.everything(people.tenant)
    assert kept_for_ever.override.reason == "Trade fair"


def test_units_a_day_are_laid_over_the_forecasts_own_shape(people: Network, agent_database: Database) -> None:
    overriding.add(people.tenant, "ana", replace(FAIR, change=None, set_to=6.0, starts_on=day(2)))
    mean, model, _ = forecast(agent_database, people)
    assert mean == [10.0] * 2 + [6.0] * 5 + [10.0] * 3
    assert model.endswith("(6 a day)")


def test_an_amount_goes_no_farther_on_its_last_quiet_day_than_it_was_judged(people: Network) -> None:
    """100 a day over days of 100 and 1 is twice the forecast; it stays that when only the quiet day is left."""
    overriding.add(people.tenant, "ana", replace(FAIR, change=None, set_to=12.0, ends_on=day(1)))
    (kept,) = (one.override for one in overriding.everything(people.tenant))
    uneven = replace(kept, set_to=100.0, base=[100.0, 1.0])
    whole = scale(uneven, np.array([100.0, 1.0]))
    assert whole == pytest.approx(200.0 / 101.0)
    assert scale(uneven, np.array([1.0]), past=1) == pytest.approx(whole)
    # A forecast made anew, of half as much: the amount stays what it was.
    assert scale(uneven, np.array([50.0, 0.5])) == pytest.approx(400.0 / 101.0)


@pytest.mark.parametrize(
    ("error", "words", "person", "change"),
    [
        (Forbidden, "sven could", "ana", {"change": 1.5}),
        (Forbidden, "sven could", "ana", {"change": -0.8}),
        (Forbidden, "sven could", "ana", {"ends_on": day(40)}),
        (Forbidden, "sven could", "ana", {"change": None, "set_to": 25.0}),
        (Forbidden, "Nobody may", "sven", {"change": 2.5}),
        (Forbidden, "ana, sven may override", "olga", {}),
        (Forbidden, "nobody active called 'agent'", "agent", {}),
        (BadInput, "today is", "ana", {"starts_on": day(-1)}),
        (BadInput, "today is", "ana", {"ends_on": day(-1)}),
        (BadInput, "The forecast ends on", "sven", {"ends_on": day(59)}),
        (BadInput, "no change", "sven", {"change": float("nan")}),
        (BadInput, "no change", "sven", {"change": -1.5}),
        (BadInput, "one line", "ana", {"reason": ""}),
        (BadInput, "one line", "ana", {"reason": "red \x1b[31m"}),
        (NotFound, "not listed", "ana", {"site": "ERFURT"}),
        (NotFound, "no forecast to override", "ana", {"sku": "NEW"}),
    ],
)
def test_what_may_not_be_said(
    people: Network, agent_database: Database, error: type[Exception], words: str, person: str, change: dict[str, Any]
) -> None:
    with pytest.raises(error, match=words):
        overriding.add(people.tenant, person, replace(FAIR, **change))
    assert forecast(agent_database, people)[1] == "demand/1"


def test_a_supervisor_goes_farther_than_a_planner(people: Network, agent_database: Database) -> None:
    overriding.add(people.tenant, "sven", replace(FAIR, change=2.0, ends_on=day(50)))
    assert forecast(agent_database, people)[0] == [30.0] * 10


def test_one_word_at_a_time(people: Network) -> None:
    overriding.add(people.tenant, "ana", FAIR)
    with pytest.raises(Conflict, match="another override by ana"):
        overriding.add(people.tenant, "sven", replace(FAIR, starts_on=day(6), ends_on=day(9)))
    overriding.add(people.tenant, "sven", replace(FAIR, starts_on=day(7), ends_on=day(9)))


def test_the_agents_login_can_read_overrides_and_write_none(
    people: Network, agent_database: Database, operator_database: Database
) -> None:
    overriding.add(people.tenant, "ana", FAIR)
    for table in ("forecast_override", "forecast_override_end"):
        for statement in (
            f"INSERT INTO {table} DEFAULT VALUES",
            f"UPDATE {table} SET reason = 'x'",
            f"DELETE FROM {table}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), agent_database.transaction(people.tenant) as one:
                one.execute(statement.encode())
        for statement in (f"UPDATE {table} SET reason = 'x'", f"DELETE FROM {table}"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                operator_database.transaction(people.tenant) as one,
            ):
                one.execute(statement.encode())


def test_every_tool_that_stands_on_it_says_so(people: Network, asker: Asker) -> None:
    before = asker.answer("assess_stock_risk", sku="OAT-1L", site="LEJ").risks[0]
    overriding.add(people.tenant, "ana", FAIR)
    named = "demand/1 + override by ana until 8 Mar 2026 (+40 %)"
    risk = asker.answer("assess_stock_risk", sku="OAT-1L", site="LEJ").risks[0]
    assert risk.forecast == named
    assert risk.expected_units_short > before.expected_units_short
    found = asker.ask("forecast_demand", skus=["OAT-1L"], sites=["LEJ"], horizon=7)
    assert found.output is not None
    assert found.output.series[0].model == named
    assert found.output.series[0].coverage80 is None
    assert found.versions.model == named
    assert asker.answer("recommend_replenishment", sku="OAT-1L", site="LEJ").sites[0].forecast == named


def test_the_executor_works_out_the_same_as_the_agent(
    people: Network, agent_database: Database, executor_database: Database
) -> None:
    overriding.add(people.tenant, "ana", FAIR)
    seen: list[tuple[str, list[float]]] = []
    for database in (agent_database, executor_database):
        with database.transaction(people.tenant) as connection:
            situation = around(lambda: connection, TODAY, "OAT-1L", "LEJ").situations["OAT-1L", "LEJ"]
        demand = situation.demand(10)
        assert demand is not None
        assert situation.forecast is not None
        seen.append((situation.forecast.model, demand.mean(axis=0).tolist()))
    assert seen[0] == seen[1]
    assert np.allclose(seen[0][1][:7], 14.0)


def test_its_value_is_measured_when_the_demand_has_come(people: Network, owner_database: Database) -> None:
    overriding.add(people.tenant, "ana", FAIR)
    with owner_database.transaction(people.tenant) as connection:
        for number, units in enumerate((12, 13, 14, 12)):
            insert(connection, "demand", tenant=people.tenant, batch_id=BATCH, sku="OAT-1L", site="LEJ",
                   day=day(number), quantity=units, stocked_out=number == 3)  # fmt: skip
    (value,) = overriding.everything(people.tenant)
    # Three days of 10 without and 14 with it, 39 came; the fourth was cut off by a stockout.
    assert (value.days, value.actual, value.without) == (3, 39.0, 30.0)
    assert value.with_override == pytest.approx(42.0)
    assert value.gained == pytest.approx(9.0 - 3.0)
    shown = CliRunner().invoke(cli, ["forecast", "override", "list", "--tenant", people.tenant])
    assert shown.exit_code == 0, shown.output
    assert "1 of 1 helped" in shown.output


def test_the_commands(people: Network) -> None:
    made = CliRunner().invoke(cli, [
        "forecast", "override", "add", "OAT-1L", "LEJ", "--as", "ana", "--change", "+40%", "--until", "2026-03-08",
        "--reason", "Trade fair", "--tenant", people.tenant, "--json",
    ])  # fmt: skip
    assert made.exit_code == 0, made.output
    override = json.loads(made.stdout)["override"]
    told = json.loads(
        CliRunner().invoke(cli, ["forecast", "override", "list", "--tenant", people.tenant, "--json"]).stdout
    )
    assert told["overrides"][0]["override"]["override_id"] == override
    ended = CliRunner().invoke(cli, [
        "forecast", "override", "end", override, "--as", "ana", "--reason", "Off", "--tenant", people.tenant,
    ])  # fmt: skip
    assert "ended on 2026-03-02" in ended.output


@pytest.mark.parametrize("change", ["40%", "+40", "+4e9%", "more"])
def test_a_change_is_written_with_sign_and_per_cent(people: Network, change: str) -> None:
    asked = ["forecast", "override", "add", "OAT-1L", "LEJ", "--as", "ana", "--until", "2026-03-08", "--reason", "R"]
    shown = CliRunner().invoke(cli, [*asked, "--change", change, "--tenant", people.tenant])
    assert isinstance(shown.exception, BadInput)


def test_what_was_promised_of_models_and_overrides_stays_apart_between_tenants(
    people: Network, other_network: Network, agent_database: Database
) -> None:
    overriding.add(people.tenant, "ana", FAIR)
    assert forecast(agent_database, other_network)[1] == "demand/1"
    assert overriding.everything(other_network.tenant) == []
    with agent_database.transaction(other_network.tenant) as connection:
        assert [one.label for one in models.versions(connection)] == ["demand/1"]


def test_an_override_that_cannot_scale_says_that_it_was_not_applied(
    people: Network, owner_database: Database, agent_database: Database
) -> None:
    overriding.add(people.tenant, "ana", replace(FAIR, change=None, set_to=12.0))
    with owner_database.transaction(people.tenant) as connection:
        nothing = [0.0] * 56
        connection.execute("UPDATE forecast SET mean = %s WHERE sku = 'OAT-1L' AND site = 'LEJ'", [nothing])
    mean, model, told = forecast(agent_database, people)
    assert (mean[0], model) == (0.0, "demand/1")
    assert "not applied" in told[0]
