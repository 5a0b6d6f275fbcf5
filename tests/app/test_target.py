"""One ERP a tenant: what is another's is refused before anything is sent, and all where nobody said whose it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from actions.errors import TargetRejected, TargetUnavailable
from actions.port import Precondition, TransferOrder, WriteRequest
from app.worker.target import LateTarget
from connectors.tryton.adapter import keep_tenant


def request(tenant: str) -> WriteRequest:
    order = TransferOrder(
        sku="OAT", quantity=Decimal(5), unit="EA", source="DC", destination="S1", lot=None,
        ship_on=date(2026, 3, 2), arrive_on=date(2026, 3, 3),
    )  # fmt: skip
    return WriteRequest(
        idempotency_key=f"{tenant}:p:1", fingerprint="f", tenant=tenant, order=order,
        precondition=Precondition(expected_available=None),
    )  # fmt: skip


def test_another_tenants_order_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    keep_tenant(tmp_path, "acme")
    with pytest.raises(TargetRejected, match="twin"):
        LateTarget(tmp_path).write(request("twin"))


def test_ones_own_goes_on_to_the_erp_that_is_not_there(tmp_path: Path) -> None:
    keep_tenant(tmp_path, "acme")
    with pytest.raises(TargetUnavailable):
        LateTarget(tmp_path).write(request("acme"))


def test_a_given_erp_is_nobodys_until_it_is_said_whose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_tenant(tmp_path, "acme")
    monkeypatch.setenv("QUARTERMASTER_TRYTON_URL", "http://127.0.0.1:9")
    with pytest.raises(TargetUnavailable, match="whose it is"):
        LateTarget(tmp_path).write(request("acme"))
