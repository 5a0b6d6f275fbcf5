"""The trainer's process: watches how the serving models do, and trains anew on schedule and on drift.

It has the operator's database role, as training is an operator's work; the agent's process never gets that login. A
kill at any moment leaves what serves as it was, for a version and its forecasts are kept in one transaction at the end.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

import psycopg

from app.models.settings import retrain_settings
from app.models.watching import watch_if_due
from app.progress import silent
from app.wiring import operator_database, service_context
from app.worker.rounds import over_tenants
from db import models, network
from db.models import Model
from db.session import Database
from domain.errors import Conflict, QuartermasterError

log = logging.getLogger(__name__)

NAME = "trainer"
ASK_EVERY_SECONDS = 60.0


def run(*, drain: bool = False) -> None:
    """Look at every tenant once a minute until told to stop, or once."""
    every = retrain_settings().every
    log.setLevel(logging.INFO)
    with operator_database() as database:
        look_at_all(database, every)
        while not drain:
            time.sleep(ASK_EVERY_SECONDS)
            try:
                look_at_all(database, every)
            except (psycopg.Error, QuartermasterError) as error:
                # The next round tries again: the database may be restarting.
                log.warning("The trainer could not look: %s", error)


def look_at_all(database: Database, every: timedelta | None) -> None:
    """One round over the tenants."""
    over_tenants(database, lambda tenant: look(database, tenant, every), log)


def look(database: Database, tenant: str, every: timedelta | None) -> str:
    """Watch what serves, then train where there is a reason to; the reason, '' without one.

    Only data that the newest version has not learned from are a reason: the same again would give the same. The first
    version is a person's to ask for.
    """
    context = service_context(tenant, NAME)
    watch_if_due(database, context)
    with database.transaction(tenant) as connection:
        serving, batch = models.serving_model(connection), network.newest_batch(connection)
        newest = next(iter(models.versions(connection, newest=1)), None)
        watch = models.last_watch(connection, serving.model_id) if serving else None
    if serving is None or newest is None or batch is None or newest.batch_id == batch.batch_id:
        return ""
    why = "drift" if watch is not None and watch.drifted else _scheduled(newest, every)
    if why:
        _train(database, tenant, serving, why)
    return why


def _scheduled(newest: Model, every: timedelta | None) -> str:
    if every is None or datetime.now(UTC) - newest.trained_at < every:
        return ""
    return f"on schedule, every {every.days} days"


def _train(database: Database, tenant: str, serving: Model, why: str) -> None:
    # Here and not above: what fits models is heavy, and most rounds need none of it.
    from app.training import retrain

    try:
        report = retrain(database, service_context(tenant, NAME), serving.owner, why, silent)
    except Conflict as error:
        log.info("%s: %s", tenant, error)
        return
    log.info("%s: %s is %s (%s): %s", tenant, report.model, report.state, why, report.reason)
