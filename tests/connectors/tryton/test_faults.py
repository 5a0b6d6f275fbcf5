"""What is known after something broke: nothing sent, or unknown until asked by key; and writing again never doubles."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from actions.errors import OutcomeUnknown, TargetUnavailable
from connectors.tryton import Tryton, TrytonEnvironment, TrytonServer
from connectors.tryton.adapter import home_endpoint
from connectors.tryton.client import Endpoint, TrytonClient
from tests.connectors.tryton.orders import purchase, request, transfer
from tests.connectors.tryton.proxy import Fate, Rule, line
from tests.fix_tryton import Auditor

pytestmark = pytest.mark.tryton


@contextmanager
def through(endpoint: Endpoint, rule: Rule) -> Generator[Tryton]:
    """The adapter, with a line between it and Tryton."""
    with line(endpoint.url, rule) as url:
        broken = Endpoint(url, endpoint.database, endpoint.user, endpoint.password)
        with TrytonClient(lambda: broken) as client:
            yield Tryton(client)


def losing(method: str, fate: Fate) -> Rule:
    return lambda called: fate if called == method else "forward"


@pytest.mark.parametrize("kind", ["transfer", "purchase"])
@pytest.mark.parametrize(("fate", "made"), [("lose", 1), ("cut", 0)])
def test_a_lost_answer_to_a_create_is_unknown_until_asked_by_key(
    tryton_target: Tryton, tryton_environment: TrytonEnvironment, auditor: Auditor, kind: str, fate: Fate, made: int
) -> None:
    wanted = request(transfer("SKU-001", quantity=Decimal(1)) if kind == "transfer" else purchase("SKU-001"))
    model = "stock.shipment.internal" if kind == "transfer" else "purchase.purchase"
    with through(home_endpoint(tryton_environment.home), losing(f"model.{model}.create", fate)) as target:
        with pytest.raises(OutcomeUnknown, match="answer was lost"):
            target.write(wanted)
        found = target.find_by_key(wanted.idempotency_key)
    assert len(auditor.documents(wanted.idempotency_key)) == made
    assert (found.standing if found else None) == ("incomplete" if made else None)
    assert tryton_target.write(wanted).standing == "confirmed"
    assert len(auditor.documents(wanted.idempotency_key)) == 1


@pytest.mark.parametrize("step", ["wait", "assign_try"])
@pytest.mark.parametrize("fate", ["lose", "cut"])
def test_a_line_cut_between_the_steps_is_gone_on_from(
    tryton_target: Tryton, tryton_environment: TrytonEnvironment, auditor: Auditor, step: str, fate: Fate
) -> None:
    wanted = request(transfer("SKU-002", quantity=Decimal(5)))
    before = auditor.free("SKU-002", "MAIN")
    with (
        through(
            home_endpoint(tryton_environment.home), losing(f"model.stock.shipment.internal.{step}", fate)
        ) as target,
        pytest.raises(OutcomeUnknown),
    ):
        target.write(wanted)
    assert tryton_target.write(wanted).standing == "confirmed"
    assert len(auditor.documents(wanted.idempotency_key)) == 1
    assert auditor.free("SKU-002", "MAIN") == before - 5


def test_a_killed_server_is_unknown_then_finished_after_its_restart(tryton_environment: TrytonEnvironment) -> None:
    server = tryton_environment.start()

    def kill_before_reserving(method: str) -> Fate:
        if method.endswith(".assign_try"):
            os.kill(server.pid, signal.SIGKILL)
        return "forward"

    wanted = request(transfer("SKU-003", quantity=Decimal(7)))
    with (
        through(home_endpoint(tryton_environment.home), kill_before_reserving) as target,
        pytest.raises(OutcomeUnknown),
    ):
        target.write(wanted)
    again = tryton_environment.start()
    assert again.pid != server.pid
    target = Tryton(TrytonClient(lambda: home_endpoint(tryton_environment.home)))
    found = target.find_by_key(wanted.idempotency_key)
    assert found is not None
    assert (found.standing, found.order) == ("incomplete", wanted.order)
    assert target.write(wanted).standing == "confirmed"
    auditor = Auditor(home_endpoint(tryton_environment.home, "reader"))
    assert len(auditor.documents(wanted.idempotency_key)) == 1
    assert auditor.free("SKU-003", "MAIN") == 93
    target.close()


def test_a_server_that_dies_after_the_create_is_not_called_unwritten(tryton_environment: TrytonEnvironment) -> None:
    server = tryton_environment.start()

    def dead_after_create(method: str) -> Fate:
        return "forward" if alive[0] else "cut"

    alive = [True]
    wanted = request(purchase("SKU-004"))
    with through(home_endpoint(tryton_environment.home), dead_after_create) as target:
        target.ready()
        create = target._purchases.create

        def create_then_stop(*arguments: object) -> None:
            create(*arguments)  # type: ignore[arg-type]
            alive[0] = False

        target._purchases.create = create_then_stop  # type: ignore[method-assign]
        with pytest.raises(OutcomeUnknown, match="could not be finished"):
            target.write(wanted)
    assert tryton_environment.start().pid == server.pid


def test_a_stopped_server_is_unavailable_and_says_how_to_start_it(tryton_environment: TrytonEnvironment) -> None:
    tryton_environment.start().stop()
    target = Tryton(TrytonClient(lambda: home_endpoint(tryton_environment.home)))
    for attempt in (
        target.ready,
        lambda: target.find_by_key("any"),
        lambda: target.write(request(transfer("SKU-005"))),
        lambda: target.read_back("1", "transfer"),
    ):
        with pytest.raises(TargetUnavailable, match=r"not running at .* Start it with") as caught:
            attempt()
        assert caught.value.exit_code == 6
    # The same adapter finds it when it is back, wherever it listens then.
    tryton_environment.start()
    target.ready()
    target.close()


def test_an_answer_that_does_not_come_in_time_is_unknown(
    tryton_server: TrytonServer, tryton_environment: TrytonEnvironment
) -> None:
    del tryton_server
    tryton_environment.start()
    endpoint = home_endpoint(tryton_environment.home)

    released = threading.Event()

    def slow(method: str) -> Fate:
        if method.endswith(".create"):
            released.wait(60)
            return "cut"
        return "forward"

    with line(endpoint.url, slow) as url:
        broken = Endpoint(url, endpoint.database, endpoint.user, endpoint.password)
        with TrytonClient(lambda: broken) as patient, TrytonClient(lambda: broken, answer_limit=0.3) as client:
            # Signing in takes Tryton longer than this limit on a busy machine.
            client._session = patient.sign_in_anew()
            with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
                client.write("model.purchase.purchase.create", [{}])
        released.set()


def test_something_else_on_the_port_is_not_taken_for_tryton() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", "quartermaster", "u", "p")
        with TrytonClient(lambda: address, answer_limit=0.2) as client, pytest.raises(TargetUnavailable):
            client.read("model.ir.date.today")


def test_a_wrong_password_is_said_and_never_shown(tryton_environment: TrytonEnvironment) -> None:
    tryton_environment.start()
    right = home_endpoint(tryton_environment.home)
    wrong = Endpoint(right.url, right.database, right.user, "not-the-password")
    with TrytonClient(lambda: wrong) as client, pytest.raises(TargetUnavailable, match="refuses the sign-in") as caught:
        client.sign_in_anew()
    assert "not-the-password" not in f"{caught.value}{wrong}"
