"""Is every part well? A probe does what the part is for: a write that is rolled back, not a port that answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.wiring import agent_database, executor_database, sealer_database, settings
from db.migrate import migrate as run_migrations
from db.session import Database, administrator_url
from domain.errors import QuartermasterError

WRITE_PROBE = """
INSERT INTO evidence
    (tenant, tool, arguments, status, result, as_of, versions, fingerprint, actor, trace_id, duration_ms)
VALUES (%(tenant)s, 'doctor', '{}', 'success', '{}', now(), '{}', '', 'doctor', '', 0)"""
LEDGER_PROBE = "SELECT count(*) FROM outbox WHERE state = 'unknown'"
TENANT = "doctor"


@dataclass(frozen=True)
class Probe:
    """One part: well or not, in words, and what to do when it is not."""

    part: str
    well: bool
    detail: str
    remedy: str
    milliseconds: float


@dataclass(frozen=True)
class Report:
    """All probes; `ready` only when each is well."""

    ready: bool
    probes: tuple[Probe, ...]


@dataclass(frozen=True)
class Migrated:
    """The revision that the schema has now."""

    revision: str


@dataclass(frozen=True)
class Rule:
    """One rule of the gate as people read it."""

    id: str
    approver: str
    reason: str


@dataclass(frozen=True)
class PolicyReport:
    """Whether the policies can be used, their hash, and the rules."""

    ok: bool
    folder: str
    hash: str
    problem: str
    rules: tuple[Rule, ...]


class _Undo(Exception):
    """Rolls a probe's write back."""


def examine() -> Report:
    """Probe every part; never raises for a part that is not well."""
    probes = tuple(
        _probe(part, check)
        for part, check in (
            ("database, as the agent", _agent_writes),
            ("database, as the executor", _executor_reads),
            ("policies", _policies_load),
            ("ERP", _erp_answers),
            ("audit store", _sealer_connects),
        )
    )
    return Report(ready=all(probe.well for probe in probes), probes=probes)


def migrate() -> Migrated:
    """Create roles and bring the schema up to date."""
    return Migrated(run_migrations(administrator_url(settings())))


def check_policies(folder: Path | None) -> PolicyReport:
    """Validate a policy folder and list its rules."""
    from policies.loading import SCHEMA, PolicyUnusable, load, policy_folder

    where = folder or policy_folder()
    try:
        loaded = load(where, SCHEMA)
    except PolicyUnusable as problem:
        return PolicyReport(ok=False, folder=str(where), hash="", problem=str(problem), rules=())
    rules = tuple(Rule(rule.id, rule.approver, rule.reason) for rule in loaded.rules.values())
    return PolicyReport(ok=True, folder=str(where), hash=loaded.hash, problem="", rules=rules)


def _probe(part: str, check: Callable[[], str]) -> Probe:
    started = time.monotonic()
    try:
        detail, remedy, well = check(), "", True
    except QuartermasterError as error:
        detail, remedy, well = str(error.args[0]), error.remedy, False
    return Probe(part, well, detail, remedy, round((time.monotonic() - started) * 1000, 1))


def _agent_writes() -> str:
    with agent_database() as database:
        tenants = database.tenant_names()
        write_and_undo(database)
    return f"{len(tenants)} tenants; a write was probed and undone"


def write_and_undo(database: Database) -> None:
    """A write as this role, rolled back; raises when the database would not take it."""
    try:
        with database.transaction(TENANT) as connection:
            connection.execute(WRITE_PROBE, {"tenant": TENANT})
            raise _Undo
    except _Undo:
        pass


def _executor_reads() -> str:
    with executor_database() as database:
        unknown = 0
        for tenant in database.tenant_names():
            with database.transaction(tenant) as connection:
                row = connection.execute(LEDGER_PROBE).fetchone()
                unknown += row["count"] if row else 0
    return f"{unknown} writes whose outcome is unknown"


def _policies_load() -> str:
    from policies.gate import Gate

    gate = Gate()
    gate.ready()
    return f"policy set {gate.policy_hash[:12]}"


def _erp_answers() -> str:
    from connectors.tryton import connect

    target = connect(settings().home)
    target.ready()
    return f"{target.name} takes documents"


def _sealer_connects() -> str:
    with sealer_database() as database:
        return f"{len(database.tenant_names())} trees"
