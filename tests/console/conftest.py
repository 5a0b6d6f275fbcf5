"""The console on a real socket over the small network of `fix_network`: people, a case, proposals that wait."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from app.api.app import create_app
from app.api.parts import Parts, make_parts
from app.console.mount import PATH, mount_console
from cases.sweep import sweep_and_open
from db.actions import NewDecision, insert_decision, set_state
from db.embedded import Embedded
from db.roles import USERS
from db.session import Database
from db.settings import Role
from domain.context import Actor, Context
from tests.api.running import running
from tests.fix_database import TEMPLATE, add_tenant
from tests.fix_network import fill, insert
from tools import proposals as propose_tools

TENANT = "acme"
# Each proposal is for another quantity: what was rejected is not asked again on the same data.
QUANTITIES = itertools.count(600, 12)
PEOPLE = (
    ("paula", ["planner"], 0),
    ("sven", ["supervisor"], 100_000),
    ("susi", ["supervisor"], 100_000),
    ("small", ["supervisor"], 1),
)


@dataclass
class Site:
    """A running console and what a test needs to be somebody in it."""

    address: str
    parts: Parts
    owner: Database
    executor: Database
    case_id: str

    def cookie(self, person: str) -> str:
        """A new session's Cookie header."""
        path = self.parts.signin.link(TENANT, person)
        started = self.parts.signin.use_link(path.rpartition("/")[2], address=str(uuid4()))
        return f"{self.parts.signin.cookie}={started.token}"

    def client(self, person: str) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"Cookie": self.cookie(person)}, timeout=30)

    def waiting(self, *, by: str = "", role: str = "supervisor") -> UUID:
        """A new purchase for the case that waits for `role`; proposed by a person where one is named."""
        actor = Actor("person", by, frozenset({"planner"})) if by else Actor("agent", "triage", version="test")
        context = Context(TENANT, actor)
        compared = self.parts.tools.call(context, "compare_options", {"case_id": self.case_id}, case_id=self.case_id)
        asked = {"evidence_id": str(compared.evidence_id), "quantity": str(next(QUANTITIES))}
        result = self.parts.tools.call(context, "propose_purchase", asked, case_id=self.case_id)
        made = result.output
        assert made is not None, result.error
        seen = {"value": str(made.value), "currency": "EUR", "tenant_currency": "EUR"}
        decision = NewDecision(
            made.proposal_id, "proposal", "approval", [{"policy": "p", "reason": "It costs much."}], [role], "h",
            "test", seen,
        )  # fmt: skip
        with self.executor.transaction(TENANT) as connection:
            insert_decision(connection, decision)
            set_state(connection, made.proposal_id, "waiting")
        return made.proposal_id

    def state(self, proposal_id: UUID) -> str:
        return str(self.rows("SELECT state FROM proposal_state WHERE proposal_id = %s", proposal_id)[0]["state"])

    def refusals(self) -> list[dict[str, Any]]:
        """Recorded refusals, oldest first."""
        return self.rows(
            """SELECT actor_id, subject, convert_from(body, 'UTF8')::jsonb AS data FROM audit.event
                WHERE action = 'access.refused' ORDER BY position"""
        )

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self.parts.operator.transaction(TENANT) as connection:
            return [dict(row) for row in connection.execute(query.encode(), values)]

    def end_sessions(self, person: str) -> None:
        with self.parts.operator.transaction(TENANT) as connection:
            connection.execute("UPDATE person_session SET ended_at = now() WHERE person = %s", [person])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No executor is running here that a proposal would have to wait for."""
    monkeypatch.setattr(propose_tools, "WAITING", propose_tools.Waiting(seconds=0.1, every=0.02))


@pytest.fixture(scope="session")
def site(cluster: Embedded) -> Iterator[Site]:
    """One a session: Chainlit is one a process. Its tests are in the xdist group `console`."""
    name = f"test_console_{os.getpid()}"
    with psycopg.connect(cluster.admin_conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}".encode())

    def database(role: Role) -> Database:
        return Database(cluster.conninfo(USERS[role], name), role, max_size=8)

    owner, operator, agent, executor = (database(role) for role in ("owner", "operator", "agent", "executor"))
    case_id = _fill(owner, operator, agent)
    parts = make_parts(agent, operator, secure=False)
    app = create_app(open_with=lambda _: parts, faces=(PATH,), home=f"{PATH}/")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that Chainlit imports, about libraries that those import
        mount_console(app)
    with running(app) as address:
        yield Site(address, parts, owner, executor, case_id)
    owner.close()
    executor.close()
    with psycopg.connect(cluster.admin_conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _fill(owner: Database, operator: Database, agent: Database) -> str:
    """The network, its people, and the case of OAT-1L at LEJ."""
    add_tenant(operator, TENANT)
    with owner.transaction(TENANT) as connection:
        fill(connection, TENANT)
        for person, roles, limit in PEOPLE:
            insert(connection, "person", tenant=TENANT, person=person, name=person.title(), roles=roles,
                   approval_limit=limit, active=True)  # fmt: skip
    with agent.transaction(TENANT) as connection:
        _, opened = sweep_and_open(connection, Context(TENANT, Actor("agent", "triage", version="test")))
    return next(one.case.case_id for one in opened if (one.case.sku, one.case.site) == ("OAT-1L", "LEJ"))
