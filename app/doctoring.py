"""Is every part well? A probe does what the part is for: a write that is rolled back, not a port that answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.progress import Progress, silent
from app.wiring import agent_database, executor_database, sealer_database, settings
from audit.keys import public_key
from audit.newest import check_newest, has_head
from audit.settings import AuditSettings
from db import probes
from db.migrate import migrate as run_migrations
from db.session import Database, administrator_url
from domain.errors import QuartermasterError

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


def examine(progress: Progress = silent) -> Report:
    """Probe every part; never raises for a part that is not well."""
    parts = (
        ("database, as the agent", _agent_writes),
        ("database, as the executor", _executor_reads),
        ("policies", _policies_load),
        ("ERP", _erp_answers),
        ("audit store", _newest_heads_hold),
    )
    found: list[Probe] = []
    for number, (part, check) in enumerate(parts):
        progress(f"probing: {part}", number, len(parts))
        found.append(_probe(part, check))
    progress("all parts were probed", len(parts), len(parts))
    return Report(ready=all(probe.well for probe in found), probes=tuple(found))


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
    return f"a write was tried and undone; {_count(len(tenants), 'tenant')}"


def write_and_undo(database: Database) -> None:
    """A write as this role, rolled back; raises when the database would not take it."""
    try:
        with database.transaction(TENANT) as connection:
            probes.write_evidence(connection, TENANT)
            raise _Undo
    except _Undo:
        pass


def _executor_reads() -> str:
    with executor_database() as database:
        unknown = 0
        for tenant in database.tenant_names():
            with database.transaction(tenant) as connection:
                unknown += probes.unknown_writes(connection)
    return f"every sent write has an outcome but {unknown}" if unknown else "every sent write has an outcome"


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


def _newest_heads_hold() -> str:
    where = AuditSettings.below(settings().home)
    sealed = logs = 0
    with sealer_database() as database:
        for tenant in database.tenant_names():
            with database.transaction(tenant) as connection:
                if has_head(connection, tenant):
                    key = where.key_of(tenant, public_key(where))
                    sealed += check_newest(connection, tenant, key, where.checkpoints)
                    logs += 1
    if not logs:
        return "nothing is sealed yet"
    return f"{sealed:,} events sealed in {_count(logs, 'log')}; the newest signatures hold"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
