"""One queue worked in one process: procrastinate runs it, our functions do the work in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import procrastinate

from db.session import Database

Work = Callable[..., None]
POLL_SECONDS = 1.0
RESCUE_EVERY_SECONDS = 10.0
DUE = """
SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE queue_name = %(queue)s AND status = 'todo'
                  AND (scheduled_at IS NULL OR scheduled_at <= now())) AS due"""


def work(database: Database, name: str, tasks: Mapping[str, Work], *, threads: int, drain: bool) -> None:
    """Work queue `name` until told to stop, or with `drain` until nothing is left to do now.

    No retry is set: a job that fails is not tried again by the queue. What it left in the tables is found by the
    executor's sweep (decisions, writes, answers) or by the next look at the network (cases that are still open). A job
    whose worker died is queued again, which is harmless, because our functions look at the tables first.
    """
    # An app of its own: `actions.jobs.queue` must stay unopened, because an opened one cannot enqueue in our
    # synchronous transactions.
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=database.conninfo, min_size=1, max_size=threads + 2)
    )
    for task, function in tasks.items():
        app.task(name=task, queue=name)(function)
    asyncio.run(_run(app, name, threads, drain=drain))


async def _run(app: procrastinate.App, name: str, threads: int, *, drain: bool) -> None:
    async with app.open_async():
        if not drain:
            await _work(app, name, threads, wait=True)
            return
        await _rescue_once(app, name)
        # A job may enqueue another while the worker is about to leave, as a decision does with its write.
        while await _is_due(app, name):
            await _work(app, name, threads, wait=False)


async def _work(app: procrastinate.App, name: str, threads: int, *, wait: bool) -> None:
    async with asyncio.TaskGroup() as beside:
        rescue = beside.create_task(_rescue(app, name))
        await app.run_worker_async(
            queues=[name],
            name=name,
            concurrency=threads,
            wait=wait,
            # While draining, an interrupt ends the loop; a worker that handled it would only start the next round.
            install_signal_handlers=wait,
            fetch_job_polling_interval=POLL_SECONDS,
            shutdown_graceful_timeout=30.0,
            delete_jobs="successful",
        )
        rescue.cancel()


async def _is_due(app: procrastinate.App, name: str) -> bool:
    return (await app.connector.execute_query_one_async(DUE, queue=name))["due"]


async def _rescue(app: procrastinate.App, name: str) -> None:
    while True:
        await _rescue_once(app, name)
        await asyncio.sleep(RESCUE_EVERY_SECONDS)


async def _rescue_once(app: procrastinate.App, name: str) -> None:
    """Queue again what a worker that died was doing; our functions look at the tables first, so twice is harmless."""
    for job in await app.job_manager.get_stalled_jobs(queue=name):
        await app.job_manager.retry_job(job)
