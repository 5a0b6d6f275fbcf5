"""People of a team: added, changed, deactivated with the owner's rights, each on record; and a wrong tenant's name."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from app import people
from app.cli.main import cli
from app.tenants import name_existing
from audit.append import append
from db.errors import UnknownTenant
from db.people import Person
from db.session import Database
from domain.context import Actor, Context
from domain.errors import BadInput, Conflict, NotFound
from policies.loading import ROLES

JULIA = Person("j.weber", "Julia Weber", ["planner", "supervisor"], Decimal(5000))
EVENTS = """SELECT action, actor_id, subject, convert_from(body, 'UTF8')::jsonb AS data FROM audit.event
             WHERE action LIKE 'person.%%' ORDER BY position"""


pytestmark = pytest.mark.usefixtures("own_database")


def events(database: Database) -> list[tuple[Any, ...]]:
    with database.transaction("acme") as connection:
        return [tuple(row.values()) for row in connection.execute(EVENTS)]


def test_a_life(tenant: str, operator_database: Database) -> None:
    people.add(tenant, "boss", JULIA)
    people.change(tenant, "boss", "j.weber", limit=Decimal("750.50"), roles=["quality"])
    people.change(tenant, "boss", "j.weber", active=False)
    people.change(tenant, "boss", "j.weber", active=False)
    people.change(tenant, "boss", "j.weber", active=True)
    assert people.everybody(tenant) == [Person("j.weber", "Julia Weber", ["quality"], Decimal("750.50"), active=True)]
    told = events(operator_database)
    assert [(action, data["active"], data["approval_limit"]) for action, _, _, data in told] == [
        ("person.added", True, "5000"),
        ("person.changed", True, "750.5"),
        ("person.deactivated", False, "750.5"),
        ("person.changed", True, "750.5"),
    ]
    assert {(by, subject) for _, by, subject, _ in told} == {("boss", "person:j.weber")}
    assert "Julia" not in str(told)  # what is recorded cannot be erased


@pytest.mark.parametrize(
    "wrong",
    [
        Person("", "X", ["planner"], Decimal(0)),
        Person("two words", "X", ["planner"], Decimal(0)),
        Person("x" * 65, "X", ["planner"], Decimal(0)),
        Person("x", " ", ["planner"], Decimal(0)),
        Person("x", "A\x1b[31m", ["planner"], Decimal(0)),
        Person("x", "X", [], Decimal(0)),
        Person("x", "X", ["planer"], Decimal(0)),
        Person("x", "X", ["planner"], Decimal(-1)),
        Person("x", "X", ["planner"], Decimal("NaN")),
        Person("x", "X", ["planner"], Decimal("1e12")),
    ],
)
def test_what_cannot_be_is_refused(wrong: Person, tenant: str, operator_database: Database) -> None:
    with pytest.raises(BadInput) as caught:
        people.add(tenant, "boss", wrong)
    assert caught.value.remedy
    assert (people.everybody(tenant), events(operator_database)) == ([], [])


def test_nobody_twice_and_nobody_unknown(tenant: str, operator_database: Database) -> None:
    people.add(tenant, "boss", JULIA)
    with pytest.raises(Conflict, match=r"j\.weber"):
        people.add(tenant, "boss", JULIA)
    with pytest.raises(NotFound, match="nobody called 'otto'"):
        people.change(tenant, "boss", "otto", limit=Decimal(1))
    assert len(events(operator_database)) == 1


@pytest.mark.parametrize("role", ["agent", "operator", "executor"])
def test_nobody_but_the_owner_records_who_may_do_what(
    role: str, tenant: str, database: Callable[..., Database]
) -> None:
    context = Context(tenant, Actor("person", "boss"))
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        database(role=role).transaction(tenant) as connection,
    ):
        append(connection, context, "person.added", subject="person:me", data={})


def run(*arguments: str) -> Any:
    ran = CliRunner().invoke(cli, [*arguments, "--tenant", "acme", "--json"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


@pytest.mark.usefixtures("tenant")
def test_the_commands() -> None:
    made = run("person", "add", "j.weber", "--name", "Julia Weber", "--role", "planner", "--role", "quality")
    assert made == {
        "person": "j.weber", "name": "Julia Weber", "roles": ["planner", "quality"], "approval_limit": "0",
        "active": True,
    }  # fmt: skip
    assert run("person", "change", "j.weber", "--limit", "750.50")["approval_limit"] == "750.5"
    assert run("person", "deactivate", "j.weber")["active"] is False
    assert run("person", "change", "j.weber", "--activate")["active"] is True
    assert [one["person"] for one in run("person", "list")["people"]] == ["j.weber"]
    with pytest.raises(BadInput, match="'much' is no amount"):
        run("person", "change", "j.weber", "--limit", "much")


def test_the_help_names_every_role() -> None:
    shown = CliRunner().invoke(cli, ["person", "add", "--help"]).stdout
    assert set(shown.replace(",", " ").replace(";", " ").split()) >= ROLES


def test_a_wrong_tenant_is_named_beside_those_that_exist(tenant: str, second_tenant: str) -> None:
    for call in (lambda: people.everybody("acne"), lambda: people.add("acne", "boss", JULIA)):
        with pytest.raises(UnknownTenant, match="There is no tenant 'acne'") as caught:
            call()
        assert tenant not in str(caught.value)
        assert f"Tenants: {tenant}, {second_tenant}. Import its network" in name_existing(caught.value).remedy
