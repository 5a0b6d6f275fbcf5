"""The session under its promises: one tenant a transaction, errors with a remedy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from db.session import Database, tenant_clock
from domain.errors import BadInput, NotFound


def test_a_transaction_commits(operator_database: Database, tenant: str) -> None:
    with operator_database.transaction(tenant) as connection:
        connection.execute("UPDATE tenant SET name = 'Changed'")
    with operator_database.transaction(tenant) as connection:
        assert connection.execute("SELECT name FROM tenant").fetchone() == {"name": "Changed"}


def test_an_error_rolls_back(operator_database: Database, tenant: str) -> None:
    def fail_half_way() -> None:
        with operator_database.transaction(tenant) as connection:
            connection.execute("UPDATE tenant SET name = 'Changed'")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with operator_database.transaction(tenant) as connection:
        assert connection.execute("SELECT name FROM tenant").fetchone() == {"name": "Acme"}


def test_without_a_tenant_there_is_no_transaction(agent_database: Database) -> None:
    with pytest.raises(BadInput, match="No tenant"), agent_database.transaction(""):
        pass


def test_the_clock_is_frozen_or_real(operator_database: Database, tenant: str) -> None:
    moment = datetime(2011, 12, 9, 18, tzinfo=UTC)
    with operator_database.transaction(tenant) as connection:
        assert abs((tenant_clock(connection) - datetime.now(UTC)).total_seconds()) < 60
        connection.execute("UPDATE tenant SET clock_at = %(moment)s", {"moment": moment})
        assert tenant_clock(connection) == moment


def test_an_unknown_tenant_has_no_clock(agent_database: Database) -> None:
    with pytest.raises(NotFound), agent_database.transaction("nobody") as connection:
        tenant_clock(connection)


def test_a_worker_learns_all_tenants_and_nothing_else(
    agent_database: Database, tenant: str, second_tenant: str
) -> None:
    assert agent_database.tenant_names() == (tenant, second_tenant)
