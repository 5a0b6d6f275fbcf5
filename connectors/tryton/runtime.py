"""Tryton's programs and an empty database with our modules activated: built once, then only read.

Built aside and renamed when complete, so that a killed set-up is never mistaken for a finished one; the part that was
complete (the downloaded and installed packages) is kept and the next try goes on from there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import SetupFailed
from connectors.tryton.files import locked, read_json, write_json

Progress = Callable[[str], None]

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
MODULE = HERE / "module" / "quartermaster"
INSTALL_SCRIPT = HERE / "install_script.py"
SEED_SCRIPT = HERE / "seed_script.py"
SERIES = "8.2"
MODULES = ("stock", "stock_lot", "purchase", "quartermaster")


@dataclass(frozen=True)
class Runtime:
    """A finished build: `directory` holds `venv/`, `template.sqlite` and `setup.json`."""

    directory: Path

    @property
    def python(self) -> Path:
        """Tryton's own interpreter."""
        return self.directory / "venv" / "bin" / "python"

    def program(self, name: str) -> list[str]:
        """The command for one of Tryton's programs; not by its shebang, which still names the place it was built in."""
        return [str(self.python), str(self.directory / "venv" / "bin" / name)]

    @property
    def template(self) -> Path:
        """The empty database that networks are loaded into copies of."""
        return self.directory / "template.sqlite"

    @property
    def figures(self) -> dict[str, object]:
        """Seconds and megabytes of the set-up, as measured when it was made."""
        return read_json(self.directory / "setup.json") or {}


def build(parent: Path, progress: Progress) -> Runtime:
    """The runtime of this version of ours under `parent`, built when absent; raises `SetupFailed`."""
    directory = parent / f"runtime-{_version()}"
    with locked(parent / "setup.lock"):
        if not directory.exists():
            aside = parent / f".building-{directory.name}"
            _build(aside, progress)
            aside.rename(directory)
            _remove_older(parent, directory)
    return Runtime(directory)


def plain_environment() -> dict[str, str]:
    """Our environment without what would lead another interpreter or another Tryton astray."""
    foreign = ("PYTHON", "TRYTOND_", "TRYTON", "VIRTUAL_ENV", "QUARTERMASTER_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def run(command: Sequence[str], *, what: str, remedy: str, stdin: str = "", **more: str) -> None:
    """Run one step to its end; raises `SetupFailed` with the last thing it said."""
    done = subprocess.run(
        command, input=stdin, text=True, capture_output=True, check=False, env=plain_environment() | more
    )
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise SetupFailed(f"{what} failed: {said[-1] if said else f'exit {done.returncode}'}.", remedy=remedy)


def _version() -> str:
    """Changes whenever a build would come out differently."""
    sources = [REQUIREMENTS, INSTALL_SCRIPT, *sorted(path for path in MODULE.iterdir() if path.is_file())]
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sys.platform} {MODULES}".encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _build(aside: Path, progress: Progress) -> None:
    aside.mkdir(parents=True, exist_ok=True)
    figures = read_json(aside / "packages.json")
    if figures is None:
        figures = _packages(aside, progress)
        write_json(aside / "packages.json", figures)
    started = time.monotonic()
    progress("making its empty database (under a minute, once)")
    _database(aside)
    size = sum(path.stat().st_size for path in aside.rglob("*") if path.is_file() and not path.is_symlink())
    figures |= {"database_seconds": round(time.monotonic() - started, 1), "megabytes": round(size / 1e6, 1)}
    write_json(aside / "setup.json", figures)
    progress(f"ready ({figures['megabytes']} MB)")


def _packages(aside: Path, progress: Progress) -> dict[str, object]:
    """A fresh environment with exactly the locked packages and our module in it."""
    venv, wheels = aside / "venv", aside / "wheels"
    shutil.rmtree(venv, ignore_errors=True)
    progress("making an environment of its own")
    run(
        [sys.executable, "-m", "venv", str(venv)],
        what="Making Tryton's environment",
        remedy="Install the interpreter's venv and ensurepip parts (Debian: python3-venv) and start again.",
    )
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    locks = ["--require-hashes", "--no-deps", "--requirement", str(REQUIREMENTS)]
    started = time.monotonic()
    progress("downloading packages")
    run(
        [*pip, "download", *locks, "--dest", str(wheels)],
        what="Downloading Tryton's packages",
        remedy="Check the network, the proxy and pip's index settings, then start again; it goes on from here.",
    )
    downloaded = time.monotonic()
    progress("installing packages")
    run(
        [*pip, "install", *locks, "--no-index", "--find-links", str(wheels)],
        what="Installing Tryton's packages",
        remedy="Free some disk space and start again.",
    )
    _install_module(venv)
    shutil.rmtree(wheels)
    return {
        "download_seconds": round(downloaded - started, 1),
        "install_seconds": round(time.monotonic() - downloaded, 1),
    }


def _install_module(venv: Path) -> None:
    (place,) = venv.glob("lib/python*/site-packages/trytond/modules")
    shutil.copytree(MODULE, place / MODULE.name, ignore=shutil.ignore_patterns("__pycache__"))


def _database(aside: Path) -> None:
    """One SQLite file with all modules activated; nobody learns its administrator's password, seeding sets another."""
    work = aside / "database"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "template.sqlite").touch()
    (work / "password").write_text(secrets.token_urlsafe(24))
    write_configuration(work / "trytond.conf", work, port=0)
    command = [str(Runtime(aside).python), str(INSTALL_SCRIPT), "--config", str(work / "trytond.conf")]
    run(
        [*command, "--database", "template", "--activate-dependencies", "--update", *MODULES],
        what="Making Tryton's database",
        remedy="Start again; when it fails again, remove the folder " + str(aside) + " first.",
        stdin="\n",  # the administrator's e-mail address: none
        TRYTONPASSFILE=str(work / "password"),
    )
    (work / "template.sqlite").rename(aside / "template.sqlite")
    shutil.rmtree(work)


def write_configuration(path: Path, databases: Path, *, port: int) -> None:
    """Tryton's own configuration file: loopback only, and no list of databases for strangers."""
    path.write_text(
        f"[database]\nuri = sqlite://\npath = {databases}\nlist = False\n\n[web]\nlisten = 127.0.0.1:{port}\n",
        encoding="utf-8",
    )


def _remove_older(parent: Path, keep: Path) -> None:
    for path in parent.iterdir():
        if path != keep and path.name.startswith(("runtime-", ".building-runtime-")):
            shutil.rmtree(path, ignore_errors=True)
