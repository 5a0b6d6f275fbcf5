"""Every way in which a write can end, and every way in which a writer can die: exactly one document."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from actions.enqueue import expected_available
from actions.model import Proposal
from actions.port import Document, WriteRequest
from actions.reconcile import reconcile, sweep
from actions.testing import DocumentServer, HttpTarget
from actions.write import backoff, write_one
from domain.errors import BadInput, Unavailable
from policies.gate import Gate
from tests.actions.conftest import World

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = timedelta(0)


def _reconcile(world: World) -> list[str]:
    states = reconcile(world.executor, world.gate, world.appraise, world.target, world.deciding, older_than=AT_ONCE)
    return list(states.values())


def _documents(world: World, proposal: Proposal) -> int:
    return len(world.server.of_key(proposal.idempotency_key))


def test_a_lost_answer_is_unknown_then_found(world: World) -> None:
    proposal = world.proposed()
    world.server.faults.drop_answers = 1
    assert world.write(proposal) == "unknown"
    assert world.state(proposal) == "unknown"
    assert world.write(proposal) == "unknown"  # never sent again without asking first
    assert _reconcile(world) == ["confirmed"]
    assert _documents(world, proposal) == 1
    assert world.actions(proposal)[-3:] == ["write.sent", "write.unknown", "write.confirmed"]


def test_what_the_target_never_saw_is_sent_again_with_the_same_key(world: World) -> None:
    proposal = world.proposed()
    world.server.faults.silent = True
    assert world.write(proposal) == "unknown"
    assert _reconcile(world) == ["unknown"]
    world.server.faults.silent = False
    assert _reconcile(world) == ["confirmed"]
    assert _documents(world, proposal) == 1


def test_a_target_that_is_slow_is_unknown_and_one_document(world: World) -> None:
    proposal = world.proposed()
    world.target = HttpTarget(world.server.url, timeout=0.2)
    world.server.faults.before_commit.clear()
    assert world.write(proposal) == "unknown"
    world.server.faults.before_commit.set()
    assert _reconcile(world) == ["confirmed"]
    time.sleep(0.1)
    assert _documents(world, proposal) == 1


def test_a_stopped_target_leaves_the_write_pending_and_says_so(world: World) -> None:
    with DocumentServer() as stopped:
        url = stopped.url
    world.target = HttpTarget(url)
    proposal = world.proposed()
    assert world.write(proposal) == "pending"
    assert world.state(proposal) == "approved"
    row = world.outbox(proposal)
    assert row is not None
    assert (row.attempts, "Start it" in row.last_error) == (1, True)
    assert world.actions(proposal)[-1] == "write.postponed"
    later = "SELECT scheduled_at > clock_timestamp() FROM procrastinate_jobs ORDER BY id DESC LIMIT 1"
    assert world.value(later) is True
    world.target = HttpTarget(world.server.url)
    assert world.write(proposal) == "confirmed"
    with pytest.raises(Unavailable):
        HttpTarget(url).ready()


def test_waiting_grows_and_ends_growing() -> None:
    waits = [backoff(attempts) for attempts in range(1, 40)]
    assert waits[0] == timedelta(seconds=2)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=15)


def test_stock_that_moved_is_a_conflict(world: World) -> None:
    proposal = world.proposed()
    world.server.available["OAT", "DC"] = Decimal(139)
    assert world.write(proposal) == "conflict"
    assert (world.state(proposal), _documents(world, proposal)) == ("conflict", 0)


def test_what_must_still_be_there_is_what_the_gate_relied_on(world: World) -> None:
    """40 ordered and a safety stock of 100 left alone: 140 must be free, no matter that 10,000 were."""
    proposal = world.proposed()
    row = world.outbox(proposal)
    assert row is not None
    assert WriteRequest.model_validate(row.request).precondition.expected_available == 140
    bare = {"order": {"source_after": "30", "source_safety_stock": "100"}}
    assert expected_available(proposal, bare) == 70
    assert expected_available(proposal, {"order": {"source_after": "30", "source_safety_stock": None}}) == 40


def test_a_refusal_is_failed_with_its_reason(world: World) -> None:
    proposal = world.proposed()
    world.server.faults.refuse = "The product is not active."
    assert world.write(proposal) == "failed"
    row = world.outbox(proposal)
    assert row is not None
    assert "not active" in row.last_error


def test_a_document_that_differs_is_never_confirmed(world: World) -> None:
    proposal = world.proposed()
    world.server.faults.alter = True
    assert world.write(proposal) == "failed"
    row = world.outbox(proposal)
    assert row is not None
    assert "quantity" in row.last_error
    assert (row.document or {})["order"]["quantity"] == "41"


def test_an_adapter_that_breaks_is_unknown(world: World) -> None:
    class Broken(HttpTarget):
        def write(self, request: WriteRequest) -> Document:
            super().write(request)
            raise KeyError("number")

    world.target = Broken(world.server.url)
    proposal = world.proposed()
    assert world.write(proposal) == "unknown"
    assert _reconcile(world) == ["confirmed"]
    assert _documents(world, proposal) == 1


@pytest.mark.parametrize(("standing", "state"), [("cancelled", "failed"), ("incomplete", "confirmed")])
def test_a_key_found_is_not_a_confirmation(world: World, standing: Any, state: str) -> None:
    class Half(HttpTarget):
        def find_by_key(self, key: str) -> Document | None:
            found = super().find_by_key(key)
            return found and found.model_copy(update={"standing": standing})

    proposal = world.proposed()
    world.server.faults.drop_answers = 1
    world.write(proposal)
    world.target = Half(world.server.url)
    assert _reconcile(world) == [state]
    assert _documents(world, proposal) == 1


def test_a_target_without_a_key_is_never_written_to_twice(world: World, server: DocumentServer) -> None:
    server.keyed = False
    world.target = HttpTarget(server.url, keyed=False)
    proposal = world.proposed()
    server.faults.silent = True
    assert world.write(proposal) == "unknown"
    server.faults.silent = False
    assert _reconcile(world) == ["unknown"]
    assert _documents(world, proposal) == 0


def test_two_workers_make_one_write(world: World) -> None:
    proposal = world.proposed()
    barrier = Barrier(4)

    def work() -> str:
        barrier.wait()
        return world.write(proposal)

    with ThreadPoolExecutor(4) as pool:
        states = [future.result() for future in [pool.submit(work) for _ in range(4)]]
    assert "confirmed" in states
    assert set(states) <= {"confirmed", "sending"}
    assert _documents(world, proposal) == 1
    assert world.value("SELECT attempts FROM outbox") == 1


def test_a_slow_writer_and_a_reconciler_make_one_document(world: World) -> None:
    """The reconciler finds nothing under the key and sends again while the first request is still on its way."""
    proposal = world.proposed()
    world.server.faults.before_commit.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(world.write, proposal)
        assert world.server.received.wait(10)
        world.server.received.clear()
        second = pool.submit(_reconcile, world)
        assert world.server.received.wait(10)
        world.server.faults.before_commit.set()
        states = [first.result(), *second.result()]
    assert states == ["confirmed", "confirmed"]
    assert _documents(world, proposal) == 1
    assert world.actions(proposal).count("write.confirmed") == 1


def test_the_gate_is_asked_again_before_the_write(world: World, tmp_path: Path) -> None:
    changes = (
        ("UPDATE import_batch SET as_of = as_of - interval '3 days'", "36 hours"),
        ("UPDATE stock SET quantity = 10 WHERE sku = 'OAT'", "free stock"),
        ("UPDATE proposal SET expires_at = clock_timestamp()", "not what was frozen"),
    )
    for number, (change, why) in enumerate(changes):
        proposal = world.proposed(world.transfer(destination=("S1", "S2", "S1")[number]))
        world.run(change)
        assert world.write(proposal) == "failed"
        assert (world.state(proposal), _documents(world, proposal)) == ("denied", 0)
        row = world.outbox(proposal)
        assert row is not None
        assert why in row.last_error
        world.run("UPDATE import_batch SET as_of = %s", proposal.data_as_of)
        world.run("UPDATE stock SET quantity = 10000 WHERE sku = 'OAT'")
    last = world.proposed()
    world.gate = Gate(tmp_path)
    assert world.write(last) == "failed"


def test_an_approval_lifts_no_hard_rule(world: World) -> None:
    proposal = world.waiting()
    world.approve(proposal, "sven")
    world.run("UPDATE stock SET quantity = 10 WHERE sku = 'OAT'")
    assert world.write(proposal) == "failed"
    assert world.state(proposal) == "denied"


def test_an_approval_holds_up_to_the_own_limit_of_what_is_at_stake_now(world: World) -> None:
    """Sven may approve 2,000; what was worth 1,000 when he did is worth 3,000 when it is written."""
    proposal = world.waiting()
    world.approve(proposal, "sven")
    world.run("UPDATE item SET unit_cost = 6 WHERE sku = 'OAT'")
    assert world.write(proposal) == "failed"
    assert (world.state(proposal), _documents(world, proposal)) == ("denied", 0)


def test_a_write_under_another_key_is_not_made(world: World) -> None:
    proposal = world.proposed()
    world.run("""UPDATE outbox SET request = jsonb_set(request, '{idempotency_key}', '"another"')""")
    assert world.write(proposal) == "failed"
    assert world.server.documents == {}


def test_an_approval_by_somebody_who_may_no_longer_does_not_count(world: World) -> None:
    changes = (
        "UPDATE person SET active = false WHERE person = 'sven'",
        "UPDATE person SET active = true, roles = '{planner}' WHERE person = 'sven'",
        "UPDATE person SET roles = '{supervisor}', approval_limit = 999 WHERE person = 'sven'",
    )
    for change in changes:
        world.run(
            "UPDATE person SET active = true, roles = '{supervisor}', approval_limit = 2000 WHERE person = 'sven'"
        )
        proposal = world.waiting()
        world.approve(proposal, "sven")
        world.run(change)
        assert world.write(proposal) == "failed"
        assert _documents(world, proposal) == 0


def test_an_automatic_write_that_now_needs_a_person_is_not_made(world: World) -> None:
    proposal = world.proposed()
    world.run("UPDATE item SET unit_cost = 50 WHERE sku = 'OAT'")
    assert world.write(proposal) == "failed"
    row = world.outbox(proposal)
    assert row is not None
    assert "supervisor" in row.last_error


def test_another_targets_write_is_left_alone(world: World) -> None:
    proposal = world.proposed()
    row = world.outbox(proposal)
    assert row is not None
    other = HttpTarget(world.server.url)
    other.name = "other"
    with pytest.raises(BadInput, match="meant for testing"):
        write_one(world.executor, world.gate, world.appraise, other, world.deciding, row.outbox_id)


def test_what_the_queue_lost_is_found(world: World) -> None:
    undecided, unwritten = world.propose(), world.proposed(world.transfer(destination="S2"))
    over = world.proposed(world.purchase(quantity=400))
    world.run("DELETE FROM procrastinate_jobs")
    world.run("UPDATE proposal SET expires_at = clock_timestamp() WHERE proposal_id = %s", over.proposal_id)
    world.run("UPDATE outbox SET changed_at = changed_at - interval '1 hour'")
    world.run("UPDATE proposal_state SET changed_at = changed_at - interval '1 hour'")
    swept = sweep(world.executor, world.deciding)
    row = world.outbox(unwritten)
    assert row is not None
    assert (swept.decisions, swept.writes, swept.answers) == ((undecided.proposal_id,), (row.outbox_id,), ())
    assert swept.expired == (over.proposal_id,)
    assert world.state(over) == "expired"
    assert world.value("SELECT array_agg(task_name::text ORDER BY id) FROM procrastinate_jobs") == [
        "actions.decide",
        "actions.write",
    ]


def test_the_sweep_leaves_fresh_work_alone(world: World) -> None:
    world.propose()
    world.proposed(world.transfer(destination="S2"))
    swept = sweep(world.executor, world.deciding)
    assert (swept.decisions, swept.writes, swept.answers, swept.expired) == ((), (), (), ())


WRITER = """
    import sys, time
    from uuid import UUID
    from actions.testing import HttpTarget
    from actions.write import write_one
    from db.session import Database
    from domain.context import Actor, Context
    from policies.gate import Gate
    from tests.actions.conftest import believing

    conninfo, tenant, url, outbox_id, pause = sys.argv[1:]

    class Target(HttpTarget):
        def write(self, request):
            if pause == "before":
                print("sent", flush=True)
                time.sleep(60)
            return super().write(request)

    database = Database(conninfo, "executor")
    context = Context(tenant, Actor("service", "writer"))
    print(write_one(database, Gate(), believing, Target(url, timeout=60), context, UUID(outbox_id)), flush=True)
"""


def _writer(world: World, proposal: Proposal, pause: str) -> subprocess.Popen[str]:
    row = world.outbox(proposal)
    assert row is not None
    script = textwrap.dedent(WRITER)
    arguments = [world.executor.conninfo, world.tenant, world.server.url, str(row.outbox_id), pause]
    return subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)
    if process.stdout:
        process.stdout.close()


def test_killed_between_decision_and_write(world: World) -> None:
    proposal = world.proposed()
    process = _writer(world, proposal, "before")
    assert process.stdout is not None
    assert process.stdout.readline() == "sent\n"
    _kill(process)
    assert (world.state(proposal), _documents(world, proposal)) == ("sent", 0)
    assert world.write(proposal) == "sending"  # nobody sends it a second time without asking first
    assert _reconcile(world) == ["confirmed"]
    assert _documents(world, proposal) == 1


@pytest.mark.parametrize("held", ["before_commit", "before_read"])
def test_killed_during_the_write_and_before_reading_back(world: World, held: str) -> None:
    proposal = world.proposed()
    gate: Event = getattr(world.server.faults, held)
    gate.clear()
    process = _writer(world, proposal, "never")
    arrived = world.server.received if held == "before_commit" else world.server.read
    assert arrived.wait(30)
    _kill(process)
    gate.set()
    assert world.state(proposal) == "sent"
    assert _reconcile(world) == ["confirmed"]
    assert _documents(world, proposal) == 1


def test_nothing_depends_on_the_queue_after_a_kill(world: World) -> None:
    proposal = world.proposed()
    process = _writer(world, proposal, "before")
    assert process.stdout is not None
    process.stdout.readline()
    _kill(process)
    world.run("DELETE FROM procrastinate_jobs")
    world.run("UPDATE outbox SET changed_at = changed_at - interval '1 hour'")
    assert len(sweep(world.executor, world.deciding).answers) == 1
    assert world.value("SELECT task_name::text FROM procrastinate_jobs") == "actions.reconcile"
