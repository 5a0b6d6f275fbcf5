"""One queue worked in one process: procrastinate runs it, our functions do the work in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import procrastinate

from db.session import Database

Work = Callable[..., None]
POLL_SECONDS = 1.0
RESCUE_EVERY_SECONDS = 10.0


def work(database: Database, name: str, tasks: Mapping[str, Work], *, threads: int, drain: bool) -> None:
    """Work queue `name` until told to stop, or with `drain` until nothing is left to do now.

    A failing job is tried again by the sweep of the tables, never by the queue alone, so no retry is set here.
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
    async with app.open_async(), asyncio.TaskGroup() as beside:
        rescue = beside.create_task(_rescue(app, name))
        await app.run_worker_async(
            queues=[name],
            name=name,
            concurrency=threads,
            wait=not drain,
            fetch_job_polling_interval=POLL_SECONDS,
            shutdown_graceful_timeout=30.0,
            delete_jobs="successful",
        )
        rescue.cancel()


async def _rescue(app: procrastinate.App, name: str) -> None:
    """Queue again what a worker that died was doing; our functions look at the tables first, so twice is harmless."""
    while True:
        for job in await app.job_manager.get_stalled_jobs(queue=name):
            await app.job_manager.retry_job(job)
        await asyncio.sleep(RESCUE_EVERY_SECONDS)
