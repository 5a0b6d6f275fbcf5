"""The executor's process: asks the gate, writes to the ERP, reads back, reconciles. It alone holds the ERP's password.

It imports neither the graph nor any forecasting or solver: what it runs has to stay small enough to read. It works out
what an order is worth from the database, because the figures in a proposal are the agent's.
"""

from __future__ import annotations

import logging
import threading
from uuid import UUID

import psycopg

from actions.decide import decide
from actions.jobs import DECIDE_TASK, EXECUTE, RECONCILE_TASK, WRITE_TASK
from actions.reconcile import reconcile, sweep
from actions.write import write_one
from app.wiring import executor_database, service_context, settings
from app.worker.queues import work
from app.worker.rounds import over_tenants
from app.worker.target import LateTarget
from cases.appraisal import appraise
from cases.withdrawal import withdraw_pointless
from db.session import Database
from domain.errors import QuartermasterError
from policies.gate import Gate

log = logging.getLogger(__name__)

THREADS = 2
SWEEP_EVERY_SECONDS = 15.0
NAME = "executor"


def run(*, drain: bool = False) -> None:
    """Work the execute queue, and look every few seconds for what the queue has lost."""
    gate, target = Gate(), LateTarget(settings().home)
    with executor_database(max_size=THREADS + 3) as database:

        def decide_one(tenant: str, proposal_id: str) -> None:
            decide(database, gate, appraise, service_context(tenant, NAME), UUID(proposal_id))

        def write(tenant: str, outbox_id: str) -> None:
            write_one(database, gate, appraise, target, service_context(tenant, NAME), UUID(outbox_id))

        def clear_up(tenant: str) -> None:
            reconcile(database, gate, appraise, target, service_context(tenant, NAME))

        tasks = {DECIDE_TASK: decide_one, WRITE_TASK: write, RECONCILE_TASK: clear_up}
        if drain:
            sweep_all(database)
            work(database, EXECUTE, tasks, threads=THREADS, drain=True)
            return
        stopping = threading.Event()
        sweeper = threading.Thread(target=_sweep_until, args=(database, stopping), daemon=True)
        sweeper.start()
        try:
            work(database, EXECUTE, tasks, threads=THREADS, drain=False)
        finally:
            stopping.set()
            sweeper.join(timeout=SWEEP_EVERY_SECONDS)


def sweep_all(database: Database) -> None:
    """Ask again for what should have been done by now, and end what has lost its reason, in every tenant."""

    def look(tenant: str) -> None:
        sweep(database, service_context(tenant, NAME))
        withdraw_pointless(database, service_context(tenant, NAME))

    over_tenants(database, look, log)


def _sweep_until(database: Database, stopping: threading.Event) -> None:
    while not stopping.wait(SWEEP_EVERY_SECONDS):
        try:
            sweep_all(database)
        except (psycopg.Error, QuartermasterError) as error:
            # The next round tries again: the database may be restarting. Were this thread to end, nothing would look
            # for what the queue has lost, and the process would seem well.
            log.warning("The sweep could not run: %s", error)
