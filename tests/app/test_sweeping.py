"""The executor's look for what the queue has lost: one tenant's trouble is not the others'."""

from __future__ import annotations

import psycopg
import pytest

from app.worker import executor
from db.session import Database
from domain.context import Context
from tests.fix_database import add_tenant


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected("lost"), KeyError("a defect of ours")])
def test_what_goes_wrong_at_one_tenant_keeps_nobody_from_the_others(
    error: Exception,
    operator_database: Database,
    executor_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("aardvark", "zebra"):
        add_tenant(operator_database, name)
    withdrawn: list[str] = []

    def broken(database: Database, context: Context) -> None:
        if context.tenant == "aardvark":
            raise error

    monkeypatch.setattr(executor, "sweep", broken)
    monkeypatch.setattr(executor, "withdraw_pointless", lambda database, context: withdrawn.append(context.tenant))
    executor.sweep_all(executor_database)
    assert withdrawn == ["zebra"]
    assert "aardvark could not be looked at" in caplog.text
