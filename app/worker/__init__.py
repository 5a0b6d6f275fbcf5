"""The processes behind the agent: each with one database role, and only the executor's with the ERP's password."""

from __future__ import annotations

from typing import Literal

Process = Literal["all", "agent", "executor", "sealer", "trainer"]


def run(process: Process, *, drain: bool = False) -> None:
    """Run one process in the foreground; `all` starts each in a process of its own and watches over them."""
    match process:
        case "agent":
            from app.worker import agent

            agent.run(drain=drain)
        case "executor":
            from app.worker import executor

            executor.run(drain=drain)
        case "sealer":
            from app.worker import sealer

            sealer.run(drain=drain)
        case "trainer":
            from app.worker import trainer

            trainer.run(drain=drain)
        case "all":
            from app.worker import supervisor

            supervisor.run(drain=drain)
