"""What was planted into the simulated network is what the sweep finds, without any training, and hardly more."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.sweep import sweep
from connectors.demo_network.simulate import generate
from connectors.files.importer import import_path
from db.session import Database
from db.tenants import ensure_tenant
from domain.context import Actor, Context
from tests.fix_network import TODAY


@pytest.mark.slow
def test_every_planted_exception_is_found(
    operator_database: Database, agent_database: Database, tmp_path: Path
) -> None:
    truth = generate(7, TODAY, tmp_path / "network")
    ensure_tenant(operator_database, "demo", name="Demo", currency="EUR", origin="simulated", clock_at=truth.as_of)
    person = Context("demo", Actor("person", "import", frozenset({"planner"})))
    import_path(tmp_path / "network", database=operator_database, context=person)
    with agent_database.transaction("demo") as connection:
        seen = sweep(connection)
    found = {(one.kind, one.sku, one.site) for one in seen.findings}
    planted = {(each.case_kind, each.sku, each.site) for each in truth.planted}
    assert planted <= found
    # The other side of a plant (who could give, who could take) may be a finding of its own.
    skus = {each.sku for each in truth.planted}
    strangers = [one for one in found if one[1] not in skus]
    assert len(strangers) <= 3
