"""The embedded server under what was measured to break it: kills at bad moments, two starts at once, long paths."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from db.embedded import Embedded
from db.errors import DatabaseUnavailable, EmbeddedFailed, SchemaBehind
from db.migrate import expected_revision, migrate
from db.passwords import password_file
from db.roles import USERS
from db.service_user import service_user
from db.session import Database, administrator_url, open_database
from db.settings import ROLES, load_settings

ROOT = Path(__file__).resolve().parents[2]
START = """
import sys, time
from pathlib import Path
from db.embedded import Embedded
print(Embedded(Path(sys.argv[1])).start().pid, flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A private directory of our own: other runs of pytest change the mode of the one above `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="quartermaster-place-") as name:
        yield Path(name)


@pytest.fixture
def home(place: Path) -> Iterator[Path]:
    yield place / "home"
    Embedded(place / "home").stop()


@pytest.fixture(scope="module")
def spare() -> Iterator[Embedded]:
    """A cluster that the tests of this module may stop and kill."""
    with tempfile.TemporaryDirectory(prefix="quartermaster-place-") as name:
        embedded = Embedded(Path(name) / "home")
        embedded.start()
        yield embedded
        embedded.stop()


def start_elsewhere(home: Path, *, stay: float = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, str(home), str(stay)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, start_new_session=True)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def answers(embedded: Embedded, role: str = "quartermaster_agent") -> bool:
    with psycopg.connect(embedded.conninfo(role)) as connection:
        return connection.execute("SELECT current_user").fetchone() == (role,)


def works(database: Database) -> bool:
    with database.transaction("acme") as connection:
        return connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}


@pytest.mark.parametrize("with_children", [True, False], ids=["whole tree killed", "parent killed"])
def test_a_first_start_killed_inside_initdb_leaves_nothing_half_made(home: Path, with_children: bool) -> None:
    with start_elsewhere(home) as process:
        until(lambda: any((home / "database").glob("new-*/data/PG_VERSION")))
        children = psutil.Process(process.pid).children(recursive=True) if with_children else []
        for victim in [psutil.Process(process.pid), *children]:
            victim.kill()
    assert not (home / "database" / "data").exists()
    embedded = Embedded(home)
    embedded.start()
    assert answers(embedded)


def test_a_server_that_outlives_its_killed_parent_is_used_again_and_can_be_stopped(home: Path) -> None:
    with start_elsewhere(home, stay=60) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    embedded = Embedded(home)
    assert embedded.start().pid == pid
    assert embedded.stop()
    assert embedded.status() is None
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_two_first_starts_at_once_make_one_cluster(home: Path) -> None:
    with start_elsewhere(home) as first, start_elsewhere(home) as second:
        pids = {process.communicate(timeout=60)[0].strip() for process in (first, second)}
    assert len(pids) == 1
    assert answers(Embedded(home))


def test_a_killed_postmaster_is_started_again_under_an_open_pool(spare: Embedded) -> None:
    postmaster = spare.start()
    with Database(spare.conninfo(USERS["agent"]), "agent", revive=spare.start) as database:
        assert works(database)
        os.kill(postmaster.pid, signal.SIGKILL)
        until(lambda: not postmaster.alive())
        # Its backends outlive it for a moment: a transaction on one of them is refused, and the next one works.
        until(lambda: works_by_now(database))
    assert spare.start().pid != postmaster.pid


def works_by_now(database: Database) -> bool:
    try:
        return works(database)
    except DatabaseUnavailable:
        return False


def test_a_pid_file_whose_number_another_process_has_is_stale(spare: Embedded) -> None:
    """The other process is the service user's own: any other PostgreSQL itself takes for stale."""
    spare.start()
    pid_file = spare.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    spare.stop()
    user = service_user()
    with subprocess.Popen(["sleep", "60"], user=user.uid if user.switch else None) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        assert spare.status() is None
        spare.start()
        other.kill()
    assert answers(spare)


def test_stop_spares_a_server_in_use_when_asked_to(spare: Embedded) -> None:
    spare.start()
    with psycopg.connect(spare.conninfo(USERS["operator"])):
        assert not spare.stop(if_unused=True)
        assert spare.status() is not None
    until(lambda: spare.stop(if_unused=True))
    assert spare.status() is None


def test_a_stopped_server_is_unavailable_and_says_what_to_do(spare: Embedded) -> None:
    spare.start()
    with Database(spare.conninfo(USERS["agent"]), "agent") as database:
        assert works(database)
        spare.stop()
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="quartermaster doctor") as caught:
            works(database)
        assert time.monotonic() - began < 5
        assert spare.conninfo(USERS["agent"]).split("password=")[1].split()[0] not in str(caught.value)
        spare.start()
        assert works(database), "the pool comes back with its server"


def test_a_connection_lost_inside_a_transaction_is_unavailable(spare: Embedded) -> None:
    spare.start()
    with Database(spare.conninfo(USERS["agent"]), "agent", revive=spare.start) as database:

        def lose_it() -> None:
            with database.transaction("acme") as connection:
                connection.execute("SELECT 1")
                spare.stop()
                connection.execute("SELECT 1")

        with pytest.raises(DatabaseUnavailable, match="nothing was written"):
            lose_it()
        assert works(database)


def test_nobody_enters_without_the_password_of_the_role(spare: Embedded) -> None:
    spare.start()
    for user in (*USERS.values(), "postgres"):
        assert password_file(spare.home, user).stat().st_mode & 0o777 == 0o600
        conninfo = spare.conninfo(user).replace("password=", "password=x")
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(conninfo).close()


def test_it_listens_on_a_private_socket_only(spare: Embedded) -> None:
    postmaster = spare.start()
    assert postmaster.socket_directory.stat().st_mode & 0o777 == 0o700
    assert [c for c in psutil.Process(postmaster.pid).net_connections("inet") if c.status == "LISTEN"] == []
    with psycopg.connect(spare.admin_conninfo()) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}".encode()).fetchone() == ("on",)


def test_a_long_home_path_does_not_break_the_socket(place: Path) -> None:
    embedded = Embedded(place / "a directory with a long name and blanks" / ("x" * 120) / "home")
    try:
        embedded.start()
        assert answers(embedded)
    finally:
        embedded.stop()


def test_a_lost_password_file_says_where_it_was(spare: Embedded) -> None:
    spare.start()
    path = password_file(spare.home, USERS["sealer"])
    aside = path.with_suffix(".aside")
    path.rename(aside)
    try:
        with pytest.raises(EmbeddedFailed, match="restore it"):
            spare.conninfo(USERS["sealer"])
    finally:
        aside.rename(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_as_root_a_private_parent_directory_stays_closed_to_others(place: Path) -> None:
    parent = place / "private"
    parent.mkdir(mode=0o700)
    embedded = Embedded(parent / "home")
    try:
        postmaster = embedded.start()
        assert psutil.Process(postmaster.pid).uids().real != 0
        assert parent.stat().st_mode & 0o007 == 0
        nobody = subprocess.run(["ls", str(parent)], user="nobody", extra_groups=[], capture_output=True, check=False)
        assert nobody.returncode != 0
        embedded.stop()
        parent.chmod(0o700)  # narrows the list's mask, so that the entry stands but no longer counts
        embedded.start()
        assert answers(embedded)
    finally:
        embedded.stop()


def test_a_home_that_cannot_be_written_is_named(place: Path) -> None:
    blocked = place / "file"
    blocked.write_text("not a directory")
    with pytest.raises(EmbeddedFailed, match="QUARTERMASTER_HOME"):
        Embedded(blocked / "home").start()


def test_a_home_deleted_under_its_running_server_starts_anew(home: Path) -> None:
    ghost = Embedded(home).start()
    shutil.rmtree(home)
    began = time.monotonic()
    assert Embedded(home).start().pid != ghost.pid
    assert time.monotonic() - began < 20
    assert answers(Embedded(home))


def test_without_a_url_every_role_reaches_the_embedded_server(spare: Embedded) -> None:
    settings = load_settings({"QUARTERMASTER_HOME": str(spare.home)})
    spare.stop()
    with pytest.raises(SchemaBehind, match="quartermaster migrate"):
        open_database("agent", settings)
    assert migrate(administrator_url(settings)) == expected_revision()
    for role in ROLES:
        with open_database(role, settings) as database:
            assert works(database)
