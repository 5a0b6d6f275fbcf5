"""What was begun and may not be finished is taken back; how long anything at the target may take in all."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from actions.errors import OutcomeUnknown, TargetUnavailable
from actions.port import READ_SECONDS, WRITE_SECONDS
from actions.reconcile import MOMENT
from connectors.tryton import Tryton, TrytonEnvironment, deadline
from connectors.tryton.adapter import home_endpoint
from connectors.tryton.client import Endpoint, TrytonClient
from tests.connectors.tryton.orders import purchase, request, transfer
from tests.connectors.tryton.proxy import Fate
from tests.connectors.tryton.test_faults import losing, through
from tests.fix_tryton import Auditor


@pytest.mark.tryton
@pytest.mark.parametrize("lost", ["create", "wait", "assign_try"])
def test_a_shipment_that_is_half_made_is_cancelled_and_gives_its_stock_back(
    tryton_target: Tryton, tryton_environment: TrytonEnvironment, auditor: Auditor, lost: str
) -> None:
    wanted = request(transfer("SKU-006", quantity=Decimal(5)))
    before = auditor.free("SKU-006", "MAIN")
    broken = losing(f"model.stock.shipment.internal.{lost}", "lose" if lost == "create" else "cut")
    with through(home_endpoint(tryton_environment.home), broken) as target, pytest.raises(OutcomeUnknown):
        target.write(wanted)
    left = tryton_target.withdraw(wanted.idempotency_key)
    assert left is not None
    assert (left.standing, left.key) == ("cancelled", wanted.idempotency_key)
    assert [document["state"] for document in auditor.documents(wanted.idempotency_key)] == ["cancelled"]
    assert auditor.free("SKU-006", "MAIN") == before
    again = tryton_target.withdraw(wanted.idempotency_key)
    assert again == left


@pytest.mark.tryton
def test_a_purchase_that_is_half_made_is_cancelled(
    tryton_target: Tryton, tryton_environment: TrytonEnvironment, auditor: Auditor
) -> None:
    wanted = request(purchase("SKU-006"))
    broken = losing("model.purchase.purchase.create", "lose")
    with through(home_endpoint(tryton_environment.home), broken) as target, pytest.raises(OutcomeUnknown):
        target.write(wanted)
    left = tryton_target.withdraw(wanted.idempotency_key)
    assert left is not None
    assert left.standing == "cancelled"
    assert [document["state"] for document in auditor.documents(wanted.idempotency_key)] == ["cancelled"]


@pytest.mark.tryton
def test_what_stands_confirmed_is_not_taken_back_and_what_never_was_is_nothing(tryton_target: Tryton) -> None:
    wanted = request(purchase("SKU-006"))
    made = tryton_target.write(wanted)
    assert tryton_target.withdraw(wanted.idempotency_key) == made
    assert tryton_target.withdraw("acme:never:1") is None


@pytest.mark.tryton
@pytest.mark.parametrize("fate", ["lose", "cut"])
def test_a_lost_answer_to_a_withdrawal_is_not_taken_for_one(
    tryton_target: Tryton, tryton_environment: TrytonEnvironment, fate: Fate
) -> None:
    wanted = request(purchase("SKU-006"))
    endpoint = home_endpoint(tryton_environment.home)
    with through(endpoint, losing("model.purchase.purchase.create", "lose")) as target, pytest.raises(OutcomeUnknown):
        target.write(wanted)
    with through(endpoint, losing("model.purchase.purchase.cancel", fate)) as target, pytest.raises(OutcomeUnknown):
        target.withdraw(wanted.idempotency_key)
    left = tryton_target.withdraw(wanted.idempotency_key)
    assert (left.standing if left else None) == "cancelled"


def test_a_write_and_its_reading_back_are_over_before_anybody_asks_what_became_of_them() -> None:
    """With five seconds for our own two transactions."""
    assert MOMENT.total_seconds() >= WRITE_SECONDS + READ_SECONDS + 5.0


@contextmanager
def trickling() -> Generator[str]:
    """A server that answers a byte every twentieth of a second, for ever: no single wait is long."""
    stopped = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=trickle, args=(connection,), daemon=True).start()

    def trickle(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not stopped.wait(0.05):
                    connection.sendall(b" ")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stopped.set()


def _lasted(seconds: float, url: str) -> float:
    endpoint = Endpoint(url, "quartermaster", "u", "p")
    with TrytonClient(lambda: endpoint) as client:
        began = time.monotonic()
        with deadline.within(seconds), pytest.raises(TargetUnavailable):
            client.read("model.ir.date.today")  # asked three times, each with a sign-in
        return time.monotonic() - began


def test_an_answer_that_trickles_in_is_given_up_on_in_time() -> None:
    with trickling() as url:
        assert 0.5 <= _lasted(0.5, url) < 1.5  # the waits between the tries come on top


def test_a_server_that_never_answers_is_given_up_on_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert 0.5 <= _lasted(0.5, f"http://127.0.0.1:{silent.getsockname()[1]}") < 1.5


def test_waiting_for_anothers_sign_in_counts() -> None:
    with trickling() as url:
        endpoint = Endpoint(url, "quartermaster", "u", "p")
        with TrytonClient(lambda: endpoint) as client, client._lock:
            began = time.monotonic()
            with deadline.within(0.3), pytest.raises(TargetUnavailable, match="too slow"):
                client.sign_in_anew()
            assert time.monotonic() - began < 1.0


def test_an_inner_deadline_never_outlasts_the_outer() -> None:
    assert deadline.remaining() == float("inf")
    with deadline.within(0.2):
        with deadline.within(60.0):
            assert deadline.remaining() <= 0.2
        time.sleep(0.25)
        assert deadline.remaining() == 0.0
    assert deadline.remaining() == float("inf")


class _Stalled(TrytonClient):
    """A client whose every call eats its time."""

    def __init__(self) -> None:
        super().__init__(lambda: Endpoint("http://127.0.0.1:9", "q", "u", "p"))
        self.left: list[float] = []

    def _call(self, method: str, parameters: object, more: object) -> object:
        self.left.append(deadline.remaining())
        raise TargetUnavailable("Nothing answers.")


def test_every_method_of_the_port_sets_its_own_limit() -> None:
    client = _Stalled()
    target = Tryton(client)
    limits = {
        WRITE_SECONDS: (lambda: target.write(request(purchase("SKU-006"))), lambda: target.withdraw("key")),
        READ_SECONDS: (lambda: target.find_by_key("key"), lambda: target.read_back("1", "purchase")),
    }
    for seconds, calls in limits.items():
        for call in calls:
            client.left.clear()
            with pytest.raises(TargetUnavailable):
                call()
            assert seconds - 5.0 < client.left[0] <= seconds
    client.close()
