"""The demo, from nothing to triaged exceptions: a simulated network, a real ERP, every process as in earnest.

All of it can be interrupted and started again: each step looks whether it has been done.
"""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Protocol

import httpx

from app import auditing, erp, people, triage
from app.outcomes import CaseOutcome
from app.progress import Progress
from app.tenants import ensure_recorded_tenant
from app.wiring import agent_context, agent_database, operator_context, operator_database, settings
from app.worker.supervisor import Children, running
from connectors.demo_network.simulate import generate
from connectors.files.importer import import_path
from db.embedded import Embedded
from db.migrate import migrate
from db.models import serving_model
from db.network import newest_batch
from db.people import Person, everybody
from db.session import administrator_url
from domain.errors import BadInput, Unavailable
from retrieval.demo import import_demo_sops

TENANT = "demo"
SEED = 7
CASES = 24
LOCAL = "127.0.0.1"
PORT = 8321
SERVED_WITHIN_SECONDS = 90.0
PEOPLE = (
    Person("paula", "Paula Planner", ["planner"], Decimal(0)),
    Person("sven", "Sven Supervisor", ["supervisor"], Decimal(10_000)),
    Person("petra", "Petra Procurement", ["procurement_manager"], Decimal(50_000)),
)


@dataclass(frozen=True)
class Door:
    """One person of the demo: a link that signs in once, and what to do with it."""

    person: str
    role: str
    link: str


class Screen(Protocol):
    """Where the demo shows itself; None shows nothing."""

    def cases(self, now: list[CaseOutcome]) -> None:
        """The cases as they stand, called again and again."""
        ...

    def finished(self, report: DemoReport) -> None:
        """What to try next."""
        ...

    def opened(self, address: str, doors: Sequence[Door]) -> None:
        """The console is up; who may come in by which link."""
        ...


@dataclass(frozen=True)
class DemoReport:
    """What the demo came to; `simulated` says that the network is made up, `people` whom to ask, by role."""

    tenant: str
    simulated: bool
    cases: list[CaseOutcome]
    audit_intact: bool
    audit_events: int
    people: dict[str, str]


def run(*, once: bool, fresh: bool, progress: Progress, show: Screen | None) -> DemoReport:
    """Set up what is missing, triage, and with `once` stop everything; else stay until interrupted."""
    with ExitStack() as stack:
        home = settings().home
        end_as_interrupted()
        if fresh:
            start_anew(home)
        if settings().embedded:
            stack.callback(lambda: Embedded(home).stop(if_unused=True))
        progress("starting PostgreSQL", 0, 0)
        migrate(administrator_url(settings()))
        with in_background(lambda: erp.set_up(progress)):
            prepare_network(progress)
        progress("starting Tryton, the ERP", 0, 0)
        stack.callback(erp.start(TENANT, progress).stop)
        progress("starting the agent, the executor and the sealer", 0, 0)
        listening = None if once else stack.enter_context(listen_near(PORT))
        children = stack.enter_context(running(home / "log", listening=listening))
        report = work_the_morning(progress, show)
        if show:
            show.finished(report)
        if listening is not None:
            open_doors(listening.getsockname()[1], progress, show)
            stay(children)
    return report


def end_as_interrupted() -> None:
    """Let being told to end (SIGTERM) stop everything in order, as Ctrl-C does, instead of leaving it all running."""

    def told(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, told)


def listen_near(port: int) -> socket.socket:
    """A socket that listens on the console's usual port, or on a free one where something else has it.

    Held from now on: what is shown as the console's address cannot become somebody else's.
    """
    for one in (port, 0):
        with suppress(OSError):
            return socket.create_server((LOCAL, one))
    raise Unavailable("No port of this machine is free for the console.", remedy="End what holds them, start again.")


def open_doors(port: int, progress: Progress, show: Screen | None) -> None:
    """Wait for the console and make each person's sign-in link, which holds as long as a session would."""
    from app.signin.door import SignIn, Times

    address = f"http://{LOCAL}:{port}"
    progress("waiting for the console", 0, 0)
    wait_until_served(address)
    times = Times(link=Times.longest)
    with operator_database() as database:
        signin = SignIn(database, times=times)
        doors = [Door(one.name, one.roles[0], address + signin.link(TENANT, one.person)) for one in PEOPLE]
    if show:
        show.opened(address, doors)


def wait_until_served(address: str) -> None:
    """Until the API answers; raises `Unavailable` that names its log."""
    until = time.monotonic() + SERVED_WITHIN_SECONDS
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/healthz", timeout=SERVED_WITHIN_SECONDS).is_success:
                return
        time.sleep(0.2)
    raise Unavailable(
        f"The console does not answer at {address}.", remedy=f"See {settings().home / 'log' / 'api.log'}."
    )


def start_anew(home: Path) -> None:
    """Stop what runs under `home` and remove the demo's data; Tryton's own environment is kept, it holds no data."""
    if not settings().embedded:
        raise BadInput(
            "--fresh only throws away a database that the program runs itself.",
            remedy="Unset QUARTERMASTER_DATABASE_URL, or drop the demo's database yourself.",
        )
    Embedded(home).stop()
    for name in ("database", "secrets", "audit", "models", "log"):
        shutil.rmtree(home / name, ignore_errors=True)


@contextmanager
def in_background(work: Callable[[], None]) -> Generator[None]:
    """Run `work` beside the block; its error is raised when the block has ended."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    yield
    thread.join()
    if errors:
        raise errors[0]


def prepare_network(progress: Progress) -> None:
    """Simulate, import and forecast what is not there yet."""
    from app.training import train

    with operator_database() as database, database.transaction(TENANT) as connection:
        imported, trained = newest_batch(connection) is not None, serving_model(connection) is not None
        there = {one.person for one in everybody(connection)}
    if not imported:
        _import_network(progress)
    progress("reading the SOPs", 0, 0)
    with operator_database() as database:
        import_demo_sops(database, operator_context(TENANT, "demo"))
    for one in PEOPLE:
        if one.person not in there:
            people.add(TENANT, "demo", one)
    if not trained:
        train(TENANT, "demo", progress, owner="paula")


def work_the_morning(progress: Progress, show: Screen | None) -> DemoReport:
    """Sweep, triage, wait until nothing is under way, seal and verify."""
    context = agent_context(TENANT)
    with agent_database() as database:
        found = triage.look(database, context, CASES, progress)
        triage.enqueue(database, context, found.case_ids)
        cases = triage.wait_until_settled(database, TENANT, found.case_ids, progress, show.cases if show else None)
    auditing.seal()
    verified = auditing.verify(TENANT)
    by_role = {role: one.person for one in PEOPLE for role in one.roles}
    return DemoReport(TENANT, True, cases, verified.ok, verified.sealed, by_role)


def stay(children: Children) -> None:
    """Watch over the processes until Ctrl-C."""
    try:
        children.watch()
    except KeyboardInterrupt:
        return


def _import_network(progress: Progress) -> None:
    now = datetime.now(UTC).replace(hour=5, minute=0, second=0, microsecond=0)
    with tempfile.TemporaryDirectory(prefix="quartermaster-") as folder:
        generate(SEED, now.date(), Path(folder), progress)
        context = operator_context(TENANT, "demo")
        with operator_database() as database:
            ensure_recorded_tenant(
                database,
                context,
                name="Demo network (simulated)",
                currency="EUR",
                origin="simulated",
                clock_at=now,
            )
            import_path(
                Path(folder),
                database=database,
                context=context,
                as_of=now,
                provenance="simulated",
                progress=progress,
            )
