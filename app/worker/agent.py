"""The agent's process: works cases into proposals. It has the agent's database role and no other credentials."""

from __future__ import annotations

from dataclasses import replace

from actions.jobs import TRIAGE, TRIAGE_TASK
from agents.triage.run import TriageResult, triage_case
from app.wiring import agent_context, agent_database
from app.worker.queues import work
from cases.open import set_status
from db import cases
from db.session import Database
from tools.catalogue import registry
from tools.executor import ToolExecutor
from tools.registry import Registry

THREADS = 2


def run(*, drain: bool = False) -> None:
    """Work the triage queue."""
    with agent_database(max_size=THREADS + 2) as database:
        executor = ToolExecutor(database, _unwaiting())

        def triage(tenant: str, case_id: str) -> None:
            triage_one(database, executor, tenant, case_id)

        work(database, TRIAGE, {TRIAGE_TASK: triage}, threads=THREADS, drain=drain)


def _unwaiting() -> Registry:
    """The tools without the wait for the gate's answer: nobody is there to read it, and the next case is waiting."""
    return Registry(replace(tool, follow=None) for tool in registry())


def triage_one(database: Database, executor: ToolExecutor, tenant: str, case_id: str) -> TriageResult | None:
    """Work one case and note what came of it; a case that is no longer open is left alone."""
    context = agent_context(tenant)
    with database.transaction(tenant) as connection:
        case = cases.find(connection, case_id)
    if case is None or case.status != "open":
        return None
    result = triage_case(executor, context, case_id)
    if result.outcome in ("proposed", "none") and not result.stopped:
        with database.transaction(tenant) as connection:
            set_status(connection, context, case_id, "triaged", note=result.summary)
    return result
