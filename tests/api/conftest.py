"""The API over the small network of `fix_network`: in process, with the real database roles, people and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from app.api.app import create_app
from app.api.parts import Parts, make_parts
from app.signin import keys
from app.signin.model import KEY_SCOPES
from app.signin.people import set_password
from db.session import Database
from domain.context import Actor, Context
from tests.fix_network import Network, insert

PASSWORD = "correct horse battery"
PEOPLE = (
    ("paula", ["planner"], 0, True),
    ("sven", ["supervisor"], 100_000, True),
    ("petra", ["procurement_manager"], 100_000, True),
    ("anna", ["auditor"], 0, True),
    ("gone", ["supervisor"], 100_000, False),
)
SERVER = "http://127.0.0.1:8321"


@dataclass
class Api:
    """A running API and what a test needs to use it as somebody."""

    client: TestClient
    parts: Parts
    tenant: str
    owner: Database

    def key(self, *scopes: str, lasts: timedelta = timedelta(days=1)) -> dict[str, str]:
        """Headers with a new key; all scopes when none is named."""
        made = keys.create(self.parts.operator, self.context, "test", scopes or KEY_SCOPES, lasts)
        return {"Authorization": f"Bearer {made.key}"}

    def cookie(self, person: str) -> dict[str, str]:
        """Headers with a new session."""
        path = self.parts.signin.link(self.tenant, person)
        started = self.parts.signin.use_link(path.rpartition("/")[2], address="test")
        return {"Cookie": f"{self.parts.signin.cookie}={started.token}"}

    @property
    def context(self) -> Context:
        return Context(self.tenant, Actor("person", "test"))

    def audited(self, action: str) -> list[dict[str, object]]:
        """Audit events of that action, oldest first."""
        query = """SELECT actor_kind, actor_id, subject, trace_id, convert_from(body, 'UTF8')::jsonb AS data
                     FROM audit.event WHERE action = %s ORDER BY position"""
        with self.parts.operator.transaction(self.tenant) as connection:
            return [dict(row) for row in connection.execute(query, [action])]

    def run(self, query: str, *values: object) -> None:
        with self.owner.transaction(self.tenant) as connection:
            connection.execute(query.encode(), values)


@pytest.fixture
def api(database: Callable[..., Database], network: Network) -> Iterator[Api]:
    owner = database(role="owner")
    with owner.transaction(network.tenant) as connection:
        for person, roles, limit, active in PEOPLE:
            insert(connection, "person", tenant=network.tenant, person=person, name=person.title(), roles=roles,
                   approval_limit=limit, active=active)  # fmt: skip
    parts = make_parts(database(role="agent", max_size=8), database(role="operator"), secure=False)
    with TestClient(create_app(open_with=lambda _: parts), base_url=SERVER, follow_redirects=False) as client:
        yield Api(client, parts, network.tenant, owner)


@pytest.fixture
def with_passwords(api: Api) -> Api:
    """paula and gone have one; sven has none."""
    for person in ("paula", "gone"):
        set_password(api.parts.operator, api.context, person, PASSWORD)
    return api
