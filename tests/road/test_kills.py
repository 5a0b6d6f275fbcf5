"""`kill -9` where it hurts: after the restart there is exactly one document in Tryton and one proposal on the case.

PostgreSQL, Tryton, the queue and the processes are the real ones. Only the moment of death is ours: `dying` runs a
process's own `main` and ends it with SIGKILL before or after one of its own functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app import triage
from app.wiring import agent_context
from app.worker.agent import triage_one
from cases.sweep import sweep_and_open
from tests.fix_home import SMALL
from tests.home import KILLED, Home
from tools.catalogue import registry
from tools.executor import ToolExecutor

pytestmark = [pytest.mark.tryton, pytest.mark.slow, pytest.mark.xdist_group("small_home")]

STATE = """
SELECT s.state AS proposal, o.state, o.idempotency_key AS key, o.document ->> 'number' AS document
  FROM proposal p JOIN proposal_state s USING (tenant, proposal_id)
  LEFT JOIN outbox o ON o.proposal_id = p.proposal_id WHERE p.case_id = %s"""


@dataclass(frozen=True)
class Write:
    """Where the proposal of a case and its write stand."""

    proposal: str
    state: str
    key: str
    document: str | None


def die(home: Home, process: str, where: str, when: str) -> None:
    """Drain a process's queue in a process that kills itself before or after the function `where`."""
    ran = home.python("tests.road.dying", process, where, when)
    assert ran.code == KILLED, ran.err


def write_of(home: Home, case_id: str) -> Write:
    (row,) = home.rows(STATE, case_id)
    return Write(*row)


@pytest.fixture(scope="module")
def cases(small_home: Home) -> dict[str, str]:
    """Every item's open case, by SKU; nobody works them yet."""
    with small_home.database("agent") as database, database.transaction(small_home.tenant) as connection:
        _, opened = sweep_and_open(connection, agent_context(small_home.tenant))
    return {str(one.case.sku): one.case.case_id for one in opened}


def propose(home: Home, case_id: str) -> None:
    """Triage as the agent's process does it; the executor has not decided yet."""
    with home.database("agent") as database:
        triage_one(database, ToolExecutor(database, registry()), home.tenant, case_id)
    assert write_of(home, case_id).proposal == "pending"


def restarted(home: Home, case_id: str) -> Write:
    """The executor started anew, as often as it takes: a row that the rescued job holds is left to the next sweep."""
    for _ in range(3):
        home.two_minutes_pass()
        home.run("worker", "executor", "--drain")
        if write_of(home, case_id).state == "confirmed":
            break
    return write_of(home, case_id)


@pytest.mark.parametrize(
    ("sku", "where", "when", "left", "made"),
    [
        (SMALL[0], "write_one", "before", "pending", 0),
        (SMALL[1], "LateTarget.write", "before", "sending", 0),
        (SMALL[2], "LateTarget.write", "after", "sending", 1),
        (SMALL[3], "LateTarget.read_back", "after", "sending", 1),
    ],
    ids=["decided, not announced", "announced, not sent", "in Tryton, not read back", "read back, not recorded"],
)
def test_a_killed_executor_leaves_one_document(
    small_home: Home, cases: dict[str, str], sku: str, where: str, when: str, left: str, made: int
) -> None:
    case_id = cases[sku]
    propose(small_home, case_id)
    die(small_home, "executor", where, when)
    before = write_of(small_home, case_id)
    assert (before.state, before.document) == (left, None)
    auditor = small_home.auditor()
    assert len(auditor.documents(before.key)) == made

    after = restarted(small_home, case_id)
    assert (after.proposal, after.state, after.key) == ("confirmed", "confirmed", before.key)
    (document,) = auditor.documents(before.key)
    assert document["state"] == "assigned"


@pytest.mark.parametrize(
    ("sku", "where", "when", "proposals"),
    [
        (SMALL[4], "ToolExecutor.call:compare_options", "after", 0),
        (SMALL[5], "triage_case", "after", 1),
    ],
    ids=["in the middle", "proposed, not noted"],
)
def test_a_killed_agent_leaves_one_proposal(
    small_home: Home, cases: dict[str, str], sku: str, where: str, when: str, proposals: int
) -> None:
    case_id = cases[sku]
    with small_home.database("agent") as database:
        triage.enqueue(database, agent_context(small_home.tenant), [case_id])
    die(small_home, "agent", where, when)
    count = "SELECT count(*)::int FROM proposal WHERE case_id = %s"
    assert small_home.rows(count, case_id) == [(proposals,)]
    status = "SELECT status FROM case_file WHERE case_id = %s"
    assert small_home.rows(status, case_id) == [("open",)]

    small_home.two_minutes_pass()
    small_home.run("worker", "agent", "--drain")
    small_home.run("worker", "executor", "--drain")

    assert small_home.rows(status, case_id) == [("triaged",)]
    states = "SELECT s.state FROM proposal p JOIN proposal_state s USING (tenant, proposal_id) WHERE p.case_id = %s"
    alive = [state for (state,) in small_home.rows(states, case_id) if state != "denied"]
    assert alive == ["confirmed"]


def test_nothing_of_it_is_missing_in_the_audit_store(small_home: Home) -> None:
    small_home.run("worker", "sealer", "--drain")
    report = small_home.json("audit", "verify", "--tenant", small_home.tenant)
    assert report["problems"] == 0
    written = small_home.rows("SELECT count(*)::int FROM outbox WHERE state = 'confirmed'")
    with small_home.database("executor") as database, database.transaction(small_home.tenant) as connection:
        cursor = connection.execute("SELECT count(*)::int FROM audit.event WHERE action = 'write.confirmed'")
        events = [tuple(row.values()) for row in cursor]
    assert written == events
    assert written[0][0] >= 6
