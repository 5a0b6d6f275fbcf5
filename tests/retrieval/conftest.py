"""The demo's documents for tenant `acme`, none for `globex`, in one database that the tests here only read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest

from db.embedded import Embedded
from db.roles import USERS
from db.session import Database
from domain.context import Actor, Context
from retrieval.demo import import_demo_sops
from retrieval.fusion import FLOOR, Floor
from retrieval.importer import DocumentsReport
from retrieval.search import Found, Scope, search
from tests.fix_database import TEMPLATE, add_tenant

TODAY = date(2026, 6, 1)
OPERATOR = Context("acme", Actor("person", "local"))


@dataclass(frozen=True)
class Library:
    """Searches as the agent does."""

    operator: Database
    agent: Database
    report: DocumentsReport

    def search(
        self, text: str, day: date = TODAY, *, tenant: str = "acme", limit: int = 5, floor: Floor = FLOOR,
        site: str | None = None, product_class: str | None = None,
    ) -> Found:  # fmt: skip
        with self.agent.transaction(tenant) as connection:
            return search(lambda: connection, text, Scope(day, site, product_class), limit=limit, floor=floor)

    def names(self, text: str, day: date = TODAY, *, site: str | None = None, limit: int = 5) -> list[str]:
        found = self.search(text, day, site=site, limit=limit)
        return [f"{one.row.code} v{one.row.version} {one.row.number}" for one in found.sections]


@pytest.fixture(scope="session")
def library(cluster: Embedded) -> Iterator[Library]:
    name = f"library_{os.getpid()}"
    with psycopg.connect(cluster.admin_conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}".encode())
    with (
        Database(cluster.conninfo(USERS["operator"], name), "operator") as operator,
        Database(cluster.conninfo(USERS["agent"], name), "agent") as agent,
    ):
        add_tenant(operator, "acme")
        add_tenant(operator, "globex")
        yield Library(operator, agent, import_demo_sops(operator, OPERATOR))
    with psycopg.connect(cluster.admin_conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
