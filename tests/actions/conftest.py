"""A small network, a case with its comparison, people, and a target over HTTP: the road of an action, end to end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import Connection, sql
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from actions.appraisal import Appraiser
from actions.approve import Answer, approve, reject
from actions.decide import decide
from actions.model import Benefit, Proposal
from actions.port import Order, PurchaseOrder, TransferOrder
from actions.proposals import make_proposal
from actions.testing import DocumentServer, HttpTarget
from actions.write import write_one
from db.actions import DecisionRow
from db.evidence import Evidence, content_fingerprint, insert_once
from db.outbox import OutboxRow, find
from db.session import Database
from domain.context import Actor, Context
from policies.gate import Gate

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
TODAY = NOW.date()
BATCH = UUID(int=1)
BENEFIT = {"expected_benefit": 40.0, "benefit_lower": 12.5, "tail_loss": -20.0, "probability_better": 0.9}
PEOPLE = (
    ("sven", ["supervisor"], 2000, True),
    ("susi", ["supervisor"], 100000, True),
    ("paul", ["procurement_manager"], 100000, True),
    ("both", ["supervisor", "procurement_manager"], 100000, True),
    ("gone", ["supervisor"], 100000, False),
    ("plan", ["planner"], 100000, True),
)


def believing(connection: Connection[DictRow], proposal: Proposal) -> Benefit:
    """Takes the proposal's word: this world has no demand to work anything out from. `test_forgery` has."""
    return proposal.benefit


@dataclass
class World:
    """One tenant's road; each method acts under the database role that it has in the product."""

    tenant: str
    owner: Database
    agent: Database
    operator: Database
    executor: Database
    gate: Gate
    server: DocumentServer
    target: HttpTarget
    appraise: Appraiser = believing
    asking: Context = field(init=False)
    deciding: Context = field(init=False)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.asking = Context(self.tenant, Actor("agent", "quartermaster", version="test"))
        self.deciding = Context(self.tenant, Actor("service", "executor", version="test"))

    def transfer(self, **changes: Any) -> TransferOrder:
        fields: dict[str, Any] = {
            "sku": "OAT", "source": "DC", "destination": "S1", "quantity": 40, "unit": "EA", "lot": None,
            "ship_on": TODAY, "arrive_on": TODAY + timedelta(days=2),
        }  # fmt: skip
        return TransferOrder.model_validate(fields | changes)

    def purchase(self, **changes: Any) -> PurchaseOrder:
        fields: dict[str, Any] = {
            "sku": "OAT", "site": "DC", "supplier": "HAFER", "quantity": 50, "unit": "EA", "unit_cost": "2",
            "currency": "EUR", "deliver_on": TODAY + timedelta(days=7),
        }  # fmt: skip
        return PurchaseOrder.model_validate(fields | changes)

    def evidence(self, *, case_id: str = "C-00001", as_of: datetime = NOW, **benefit: float) -> UUID:
        result: dict[str, Any] = {"options": [{"kind": "hold"}, BENEFIT | benefit]}
        hashed = content_fingerprint("compare_options", {}, "success", result, as_of, {})
        kept = Evidence(
            evidence_id=uuid4(), case_id=case_id, tool="compare_options", arguments={}, status="success", result=result,
            as_of=as_of, versions={}, fingerprint=hashed,
            actor="quartermaster", trace_id="t", duration_ms=1.0,
        )  # fmt: skip
        with self.agent.transaction(self.tenant) as connection:
            assert insert_once(connection, self.tenant, kept)
        return kept.evidence_id

    def propose(self, order: Order | None = None, *, by: Context | None = None, **more: Any) -> Proposal:
        evidence = self.evidence(**{key: more.pop(key) for key in list(more) if key in (*BENEFIT, "as_of")})
        with self.agent.transaction(self.tenant) as connection:
            return make_proposal(
                connection, by or self.asking, case_id="C-00001", evidence_id=evidence, option="/options/1",
                order=order or self.transfer(), **more,
            )  # fmt: skip

    def decide(self, proposal: Proposal) -> DecisionRow:
        return decide(
            self.executor, self.gate, self.appraise, self.deciding, proposal.proposal_id, target=self.target.name
        )

    def proposed(self, order: Order | None = None, **more: Any) -> Proposal:
        """Proposed and decided."""
        proposal = self.propose(order, **more)
        self.decide(proposal)
        return proposal

    def waiting(self, **more: Any) -> Proposal:
        """A proposal of 1,000 that waits for a supervisor."""
        proposal = self.proposed(self.transfer(quantity=500), **more)
        assert self.state(proposal) == "waiting"
        return proposal

    def waiting_purchase(self) -> Proposal:
        """A purchase of 800 that waits for the procurement manager."""
        proposal = self.proposed(self.purchase(quantity=400))
        assert self.state(proposal) == "waiting"
        return proposal

    def person(self, name: str) -> Context:
        return Context(self.tenant, Actor("person", name))

    def approve(self, proposal: Proposal, person: str, **more: Any) -> Answer:
        more = {"fingerprint": proposal.fingerprint, "target": self.target.name} | more
        return approve(self.operator, self.gate, self.person(person), proposal.proposal_id, **more)

    def reject(self, proposal: Proposal, person: str, **more: Any) -> Answer:
        more = {"fingerprint": proposal.fingerprint, "reason": "Not now."} | more
        return reject(self.operator, self.gate, self.person(person), proposal.proposal_id, **more)

    def outbox(self, proposal: Proposal) -> OutboxRow | None:
        with self.executor.transaction(self.tenant) as connection:
            row = connection.execute(
                "SELECT outbox_id FROM outbox WHERE proposal_id = %s", [proposal.proposal_id]
            ).fetchone()
            return None if row is None else find(connection, row["outbox_id"])

    def write(self, proposal: Proposal) -> str:
        row = self.outbox(proposal)
        assert row is not None
        return write_one(self.executor, self.gate, self.appraise, self.target, self.deciding, row.outbox_id)

    def state(self, proposal: Proposal) -> str:
        return self.value("SELECT state FROM proposal_state WHERE proposal_id = %s", proposal.proposal_id)

    def value(self, query: str, *values: object) -> Any:
        with self.owner.transaction(self.tenant) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        return None if row is None else next(iter(row.values()))

    def run(self, query: str, *values: object) -> None:
        with self.owner.transaction(self.tenant) as connection:
            connection.execute(query.encode(), values)

    def actions(self, proposal: Proposal) -> list[str]:
        """Names of the audit events about a proposal, in order; read as the executor may."""
        with self.executor.transaction(self.tenant) as connection:
            found = connection.execute(
                "SELECT action FROM audit.event WHERE subject = %s ORDER BY position",
                [f"proposal:{proposal.proposal_id}"],
            )
            return [row["action"] for row in found]


def _insert(world: World, table: str, **values: object) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, values))
    marks = sql.SQL(", ").join(map(sql.Placeholder, values))
    with world.owner.transaction(world.tenant) as connection:
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, marks)
        connection.execute(query, values)


def _fill(world: World) -> None:
    def put(table: str, **values: object) -> None:
        _insert(world, table, batch_id=BATCH, **values)

    world.run("UPDATE tenant SET clock_at = %s", NOW)
    put("import_batch", source="contract", content_hash="h", as_of=NOW, files=Jsonb([{"table": "stock"}]),
        provenance="simulated", imported_by="test")  # fmt: skip
    for site, kind in (("DC", "dc"), ("S1", "store"), ("S2", "store")):
        put("site", site=site, name=site, kind=kind, country="DE", timezone="Europe/Berlin")
    put("supplier", supplier="HAFER", name="Hafer AG", country="DE", currency="EUR")
    put("supplier", supplier="OTHER", name="Other", country="DE", currency="EUR")
    for sku, storage, life in (("OAT", "ambient", None), ("MILK", "chilled", 20), ("BREAD", "ambient", 5)):
        put("item", sku=sku, name=sku, unit="EA", unit_cost=2, unit_price=3, currency="EUR", storage_class=storage,
            shelf_life_days=life, unit_volume=Decimal("0.001"))  # fmt: skip
        for site in ("DC", "S1", "S2"):
            put("item_site", sku=sku, site=site, listed_on=date(2025, 1, 1), safety_stock=100)
    put("item_supplier", sku="OAT", supplier="HAFER", unit_cost=2, lead_time_days=5, lead_time_sd_days=1)
    _stock(put)
    for destination, chilled in (("S1", False), ("S2", True)):
        put("lane", source="DC", destination=destination, lead_time_days=2, fixed_cost=0, cost_per_m3=0, capacity_m3=5,
            chilled=chilled, currency="EUR")  # fmt: skip
    put(
        "lane",
        source="S1",
        destination="DC",
        lead_time_days=2,
        fixed_cost=0,
        cost_per_m3=0,
        capacity_m3=5,
        currency="EUR",
    )


def _stock(put: Callable[..., None]) -> None:
    def stock(sku: str, quantity: int, lot: str = "", expires: int | None = None) -> None:
        expires_on = None if expires is None else TODAY + timedelta(days=expires)
        put("stock", sku=sku, site="DC", lot=lot, state="available", quantity=quantity, expires_on=expires_on,
            counted_at=NOW)  # fmt: skip

    stock("OAT", 10000)
    stock("MILK", 1000, "L1", 15)
    stock("BREAD", 1000, "OLD", 4)
    stock("BREAD", 1000, "NEW", 30)


@pytest.fixture
def server() -> Iterator[DocumentServer]:
    with DocumentServer() as running:
        yield running


@pytest.fixture
def world(database: Callable[..., Database], tenant: str, server: DocumentServer) -> World:
    road = World(
        tenant,
        database(role="owner"),
        database(role="agent"),
        database(role="operator"),
        database(role="executor", max_size=8),
        Gate(),
        server,
        HttpTarget(server.url, timeout=2.0),
    )
    _fill(road)
    for person, roles, limit, active in PEOPLE:
        _insert(road, "person", person=person, name=person, roles=roles, approval_limit=limit, active=active)
    _insert(road, "case_file", case_id="C-00001", kind="stockout_risk", sku="OAT", site="S1", subject="s",
            status="open", severity="high", money_at_risk=100, currency="EUR", summary="Oat runs out.")  # fmt: skip
    return road
