"""The agent's process: works cases into proposals, and looks for new ones. It has the agent's database role alone."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from actions.jobs import TRIAGE, TRIAGE_TASK
from agents.triage.run import TriageResult, triage_case
from app.wiring import agent_context, agent_database
from app.worker.queues import work
from app.worker.watch import watching
from cases.life import finish_round
from db import case_life, cases, sweeps
from db.session import Database
from tools.catalogue import registry
from tools.executor import ToolExecutor
from tools.registry import Registry

THREADS = 2


def run(*, drain: bool = False) -> None:
    """Work the triage queue and, unless it is only to be drained, watch over the networks."""
    with agent_database(max_size=THREADS + 3) as database:
        executor = ToolExecutor(database, _unwaiting())

        def triage(tenant: str, case_id: str) -> None:
            triage_one(database, executor, tenant, case_id)

        with nullcontext() if drain else watching(database):
            work(database, TRIAGE, {TRIAGE_TASK: triage}, threads=THREADS, drain=drain)


def _unwaiting() -> Registry:
    """The tools without the wait for the gate's answer: nobody is there to read it, and the next case is waiting."""
    return Registry(replace(tool, follow=None) for tool in registry())


def triage_one(database: Database, executor: ToolExecutor, tenant: str, case_id: str) -> TriageResult | None:
    """Work one case and note what came of it.

    A case that is no longer open is left alone. One that was proposed for by a worker that died before it could say so
    is only noted: a second proposal would ask people for the same goods twice.
    """
    context = agent_context(tenant)
    with database.transaction(tenant) as connection:
        case = cases.find(connection, case_id)
        if case is None or case.status != "open":
            return None
        # Read before the work: if newer ones come in meanwhile, the next sweep sees that it was not worked on them.
        facts = sweeps.facts(connection)
        if case_life.has_proposal(connection, case_id):
            finish_round(connection, context, case_id, facts, "It has a proposal already.")
            return None
    result = triage_case(executor, context, case_id)
    if result.outcome in ("proposed", "none") and not result.stopped:
        with database.transaction(tenant) as connection:
            finish_round(connection, context, case_id, facts, result.summary)
    return result
