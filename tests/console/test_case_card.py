"""The case card names the forecast that its figures stand on, with a planner's override where there is one."""

from __future__ import annotations

import pytest

from app.console.case_card import read_case
from app.worker.agent import triage_one
from db import overrides
from db.session import Database
from policies.gate import Gate
from tests.fix_network import Network
from tests.fix_override import FAIR, NAMED
from tests.fix_tools import Asker


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("overridden", [True, False])
def test_an_override_is_named_beside_the_data(
    asker: Asker, late_case: str, agent_database: Database, operator_database: Database, network: Network,
    overridden: bool,
) -> None:  # fmt: skip
    if overridden:
        with operator_database.transaction(network.tenant) as connection:
            overrides.save_override(connection, FAIR)
    triage_one(agent_database, asker.executor, network.tenant, late_case)
    with operator_database.transaction(network.tenant) as connection:
        basis = read_case(connection, Gate(), network.context, late_case).card.basis
    assert f"forecast {NAMED if overridden else 'demand/1'} · stock for" in basis
