"""The tenant's row, made by whoever imports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.errors import UnknownTenant
from db.session import Database
from db.tenants import ensure_tenant, read_tenant
from domain.errors import Conflict

THEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("role", ["owner", "operator"])
def test_it_is_made_once_and_its_clock_moves_forward_only(role: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(f"{role}_database")
    for day, expected in ((0, 0), (2, 2), (1, 2)):
        made = ensure_tenant(
            database, "demo", name="Demo", currency="EUR", origin="simulated", clock_at=THEN + timedelta(days=day)
        )
        assert made.clock_at == THEN + timedelta(days=expected)


@pytest.mark.parametrize("other", [{"currency": "GBP"}, {"origin": "imported"}, {"clock_at": None}])
def test_another_kind_of_data_is_refused(other: dict[str, object], operator_database: Database) -> None:
    facts = {"name": "Demo", "currency": "EUR", "origin": "simulated", "clock_at": THEN}
    ensure_tenant(operator_database, "demo", **facts)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Conflict):
        ensure_tenant(operator_database, "demo", **(facts | other))  # pyright: ignore[reportArgumentType]


def test_a_tenant_without_a_row(operator_database: Database) -> None:
    with (
        operator_database.transaction("nobody") as connection,
        pytest.raises(UnknownTenant, match="no tenant 'nobody'"),
    ):
        read_tenant(connection)
