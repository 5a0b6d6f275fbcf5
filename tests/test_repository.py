"""Rules about the repository that no other check sees: locks, packaging, and the one place that writes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
LAYERS = (
    "actions", "agents", "app", "audit", "benchmarks", "cases", "connectors", "db", "domain",
    "evals", "planning", "policies", "prompts", "retrieval", "tools",
)  # fmt: skip


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module, method: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_locks_carry_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[^\]]*\])?==", text, re.MULTILINE)
    assert pins
    assert text.count("--hash=sha256:") >= len(pins)


def test_every_lock_holds_the_same_versions() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", text, re.MULTILINE))

    widest = pins("dev.txt")
    for name in ("executor.txt", "worker.txt", "demo.txt"):
        assert pins(name).items() <= widest.items(), name


def test_the_compose_file_gives_each_process_its_own_role_only() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    logins = {
        "agent": ["AGENT"], "executor": ["EXECUTOR"], "sealer": ["SEALER"], "trainer": ["OPERATOR"],
        "api": ["AGENT", "OPERATOR"],
    }  # fmt: skip
    assert {"database", "migrate", *logins} == set(services)
    for name, roles in logins.items():
        urls = [key for key in services[name]["environment"] if "DATABASE_URL" in key]
        assert urls == [f"QUARTERMASTER_DATABASE_URL_{role}" for role in roles]
    knows_the_erp = [name for name in logins if any("TRYTON" in key for key in services[name]["environment"])]
    assert knows_the_erp == ["executor"]


def test_the_dockerfile_copies_what_exists_and_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert (ROOT / source).exists(), source
    assert re.search(r"^USER (?!root)\w+", text, re.MULTILINE)


def test_only_the_write_step_calls_a_target() -> None:
    """The outbox is the only road out: `write(` of a target system is called in one module."""
    callers = [
        name
        for name, tree in modules("actions", "agents", "app", "cases", "tools")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "write"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "target"
    ]
    assert set(callers) == {"actions/write.py"}


def test_transactions_end_at_the_edge() -> None:
    """Repositories and tools never commit: `db.session` does, when its block ends."""
    allowed = {"db/session.py", "db/migrate.py", "db/roles.py", "db/embedded.py", "connectors/tryton/seed_script.py",
               "actions/testing.py"}  # fmt: skip
    found = {name for name, tree in modules(*LAYERS) if calls(tree, "commit")}
    assert found <= allowed
