"""Tryton's place on this machine: the runtime, one database per network, and which of them is current.

Under `<home>/tryton/`: `runtime-…/` (or the shared one that `QUARTERMASTER_TRYTON_RUNTIME` names), `databases/<hash>/`
with the SQLite file and its users' passwords (mode 0600), `current.json`, `server.json`, `trytond.log`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import SetupFailed
from connectors.tryton.files import locked, read_json, write_json
from connectors.tryton.network import SeedNetwork
from connectors.tryton.process import DATABASE, TrytonServer, start, stop
from connectors.tryton.runtime import SEED_SCRIPT, SERIES, Progress, Runtime, build, run, write_configuration
from domain.canonical import sha256_hex

SHARED_RUNTIME = "QUARTERMASTER_TRYTON_RUNTIME"
EXECUTOR = "quartermaster"
# For whoever checks from outside with eyes of their own: the same rights, another session.
READER = "auditor"
# The databases of earlier networks that are kept beside the current one: their documents may still be asked about.
KEPT = 2


def silent(_: str) -> None:
    """Progress that nobody watches."""


def prepare(home: Path, progress: Progress = silent) -> TrytonEnvironment:
    """Set Tryton up under `home`, once; later calls return at once. Raises `SetupFailed` with what to do."""
    shared = os.environ.get(SHARED_RUNTIME)
    parent = Path(shared) if shared else home / "tryton"
    return TrytonEnvironment(home, build(parent.resolve(), progress))


@dataclass(frozen=True)
class TrytonEnvironment:
    """A Tryton that is set up; `seed` gives it a network, `start` a process."""

    home: Path
    runtime: Runtime

    @property
    def directory(self) -> Path:
        """Everything of this home's Tryton."""
        return self.home.resolve() / "tryton"

    @property
    def figures(self) -> dict[str, object]:
        """What the set-up took: seconds of download, install and database, megabytes."""
        return self.runtime.figures

    def seed(self, network: SeedNetwork, progress: Progress = silent) -> bool:
        """Make `network` the current one; False when it already is.

        Another network gets a database of its own, made aside and renamed; a running server is stopped first. The same
        content again finds its database, with every document that was written to it.
        """
        name = _database_name(network)
        with locked(self.directory / "seed.lock"):
            if (read_json(self.directory / "current.json") or {}).get("database") == name:
                return False
            target = self.directory / "databases" / name
            if not target.exists():
                self._load(network, target, progress)
            stop(self.directory)
            write_json(self.directory / "current.json", {"database": name})
            self._forget_older(keep=target)
        return True

    def start(self) -> TrytonServer:
        """The running server over the current database, started when there is none; raises `SetupFailed`."""
        current = read_json(self.directory / "current.json")
        if current is None:
            raise SetupFailed("Tryton has no data yet.", remedy="Load a network first: `quartermaster demo` does.")
        return start(self.directory, self.runtime, self.directory / "databases" / str(current["database"]))

    def stop(self) -> None:
        """Stop the server, if one runs."""
        stop(self.directory)

    def _load(self, network: SeedNetwork, target: Path, progress: Progress) -> None:
        aside = target.with_name(f".building-{target.name}")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        progress(f"loading {len(network.items)} items, {len(network.sites)} sites, {len(network.stock)} stocks")
        shutil.copyfile(self.runtime.template, aside / f"{DATABASE}.sqlite")
        write_configuration(aside / "seed.conf", aside, port=0)
        users, admin = [_user(EXECUTOR), _user(READER)], _user("admin")
        run(
            [str(self.runtime.python), str(SEED_SCRIPT), str(aside / "seed.conf"), DATABASE],
            what="Loading the network into Tryton",
            remedy="Check the network's data and start again; nothing was kept of this try.",
            stdin=json.dumps({"network": network.model_dump(mode="json"), "users": users, "admin": admin}),
        )
        (aside / "seed.conf").unlink()
        for role, user in zip(("executor", "reader", "admin"), [*users, admin], strict=True):
            write_json(aside / f"{role}.json", user)
        aside.rename(target)

    def _forget_older(self, keep: Path) -> None:
        others = [path for path in keep.parent.iterdir() if path != keep and not path.name.startswith(".")]
        for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
            shutil.rmtree(path, ignore_errors=True)


def _database_name(network: SeedNetwork) -> str:
    made_by = sha256_hex(SEED_SCRIPT.read_bytes() + SERIES.encode())
    return sha256_hex(f"{network.content_hash} {made_by}".encode())[:16]


def _user(login: str) -> dict[str, str]:
    return {"user": login, "password": secrets.token_urlsafe(24)}
