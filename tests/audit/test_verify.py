"""The offline verifier: alone, on exports and proofs, honest and edited; and the one printed in the documentation."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.checks import VerifyReport
from audit.errors import ExportRefused
from audit.export import export_tenant
from audit.keys import public_key
from audit.prove import prove_event
from audit.sealer import seal_all
from audit.settings import AuditSettings
from audit.verify import verify_export, verify_proof
from db.session import Database
from domain.errors import BadInput, Conflict, NotFound

ROOT = Path(__file__).parents[2]
ALONE = ("checks.py", "entry.py", "merkle.py", "note.py", "verify.py")


@pytest.fixture
def exported(
    sealed: Callable[..., list[str]], operator_database: Database, settings: AuditSettings, tmp_path: Path
) -> Path:
    sealed(3, 6, 2)
    export_tenant(operator_database, settings, "acme", tmp_path / "export")
    return tmp_path / "export"


@pytest.fixture
def extracted(
    sealed: Callable[..., list[str]], operator_database: Database, settings: AuditSettings, tmp_path: Path
) -> Path:
    sealed(3, 6, 2, 5)
    report = export_tenant(operator_database, settings, "acme", tmp_path / "part", subjects=["case:C-1", "case:C-7"])
    assert (report.events, report.complete, report.checkpoints) == (2, False, 3)
    return tmp_path / "part"


def edit(folder: Path, name: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> VerifyReport:
    lines = [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in change(lines)), "utf-8")
    return verify_export(folder)


def with_field(which: int, /, **fields: object) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda lines: [line | fields if number == which else line for number, line in enumerate(lines)]


def test_an_export_verifies(exported: Path, settings: AuditSettings) -> None:
    report = verify_export(exported)
    assert (report.ok, report.sealed, report.checkpoints, report.anchored) == (True, 11, 3, 3)
    assert report.key_source == "export"
    trusted = str(settings.key_of("acme", public_key(settings)))
    assert verify_export(exported, key=trusted, anchors=settings.checkpoints).key_source == "given"


def test_an_extract_verifies(extracted: Path) -> None:
    report = verify_export(extracted)
    assert (report.ok, report.complete, report.sealed, report.checkpoints, report.anchored) == (True, False, 2, 3, 3)


@pytest.mark.parametrize("folder", ["exported", "extracted"])
def test_an_edited_export_does_not(folder: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    changes: list[tuple[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]]] = [
        ("events.jsonl", with_field(1, body='{"n":8,"tool":"x"}')),
        ("events.jsonl", with_field(1, at="2020-01-01T00:00:00.000000Z")),
        ("events.jsonl", with_field(1, actor_id="mallory")),
        ("events.jsonl", with_field(1, actor_id="a\0b")),
        ("events.jsonl", with_field(1, actor_id=7)),
        ("events.jsonl", with_field(1, leaf="00" * 32)),
        ("events.jsonl", with_field(1, leaf="no hash")),
        ("events.jsonl", with_field(1, index=4)),
        ("events.jsonl", lambda lines: lines[::-1] if "inclusion" not in lines[0] else [lines[0] | {"inclusion": []}]),
        ("checkpoints.jsonl", lambda lines: lines[:-1]),
        ("checkpoints.jsonl", lambda lines: [lines[0], *lines]),
        ("checkpoints.jsonl", with_field(0, note="x")),
        ("anchors.jsonl", lambda lines: lines[1:]),
    ]
    honest = request.getfixturevalue(folder)
    for number, (name, change) in enumerate(changes):
        copy = shutil.copytree(honest, tmp_path / f"{folder}-{number}")
        report = edit(copy, name, change)
        assert not report.ok, (name, number)
        assert report.first_problem, (name, number)


def test_a_missing_event_is_named(exported: Path) -> None:
    report = edit(exported, "events.jsonl", lambda lines: lines[:4] + lines[5:])
    assert report.first_problem
    assert (report.first_problem.kind, report.first_problem.index) == ("missing", 4)


def test_a_cut_export_is_found_with_the_file_from_outside(exported: Path, settings: AuditSettings) -> None:
    edit(exported, "events.jsonl", lambda lines: lines[:9])
    edit(exported, "checkpoints.jsonl", lambda lines: lines[:2])
    assert edit(exported, "anchors.jsonl", lambda lines: lines[:2]).ok, "consistent in itself"
    report = verify_export(exported, anchors=settings.checkpoints)
    assert report.first_problem
    assert report.first_problem.kind == "not_inside"


@pytest.mark.parametrize("name", ["manifest.json", "key.txt", "events.jsonl", "checkpoints.jsonl"])
def test_a_damaged_folder_is_a_finding_not_a_crash(exported: Path, name: str) -> None:
    (exported / name).write_text("{", "utf-8")
    assert not verify_export(exported).ok
    (exported / name).unlink()
    assert not verify_export(exported).ok


def test_another_tenants_key_is_not_accepted(exported: Path, settings: AuditSettings) -> None:
    other = settings.key_of("globex", public_key(settings))
    assert not verify_export(exported, key=str(other)).ok


def test_an_export_shows_nothing_of_another_tenant(
    exported: Path,
    writer: Any,
    operator_database: Database,
    sealer_database: Database,
    settings: AuditSettings,
    second_tenant: str,
    tmp_path: Path,
) -> None:
    writer.record(5, tenant=second_tenant, subject="case:secret-{n}")
    seal_all(sealer_database, settings)
    export_tenant(operator_database, settings, "acme", tmp_path / "again")
    for file in (tmp_path / "again").iterdir():
        assert file.read_bytes() == (exported / file.name).read_bytes()
        assert second_tenant.encode() not in file.read_bytes()
    assert b"position" not in (exported / "events.jsonl").read_bytes()
    with pytest.raises(ExportRefused, match="exists"):
        export_tenant(operator_database, settings, "acme", tmp_path / "again")


def test_a_proof_holds_for_its_event_only(
    sealed: Callable[..., list[str]], operator_database: Database, settings: AuditSettings, tmp_path: Path
) -> None:
    ids = sealed(3, 6, 2)
    file = tmp_path / "proof.json"
    proof = prove_event(operator_database, settings, "acme", ids[4], file, since=3)
    assert (proof.index, proof.size, proof.since) == (4, 11, 3)
    trusted = str(settings.key_of("acme", public_key(settings)))
    report = verify_proof(file, key=trusted)
    assert (report.ok, report.index, report.size, report.since) == (True, 4, 11, 3)
    honest = json.loads(file.read_text("utf-8"))
    older = json.loads(settings.checkpoints.read_text("utf-8").splitlines()[1])["note"]
    for change in (
        {"index": 5},
        {"event": honest["event"] | {"body": "{}"}},
        {"inclusion": honest["inclusion"][1:]},
        {"checkpoint": older},
        {"since": honest["since"] | {"consistency": []}},
        {"since": {"checkpoint": older, "consistency": honest["since"]["consistency"]}},
        {"format": "another"},
    ):
        file.write_text(json.dumps(honest | change), "utf-8")
        assert not verify_proof(file, key=trusted).ok, change


def test_what_cannot_be_proved(
    sealed: Callable[..., list[str]], writer: Any, operator_database: Database, settings: AuditSettings, tmp_path: Path
) -> None:
    ids = sealed(3)
    (young,) = writer.record(1, start=3)

    def prove(event_id: str, since: int | None = None) -> None:
        prove_event(operator_database, settings, "acme", event_id, tmp_path / "proof.json", since=since)

    with pytest.raises(Conflict, match="not sealed"):
        prove(young)
    with pytest.raises(NotFound):
        prove("01a1fba3-5cc6-7b1a-bb9a-bea82dde0bd5")
    with pytest.raises(BadInput):
        prove("no id")
    with pytest.raises(NotFound, match="checkpoint"):
        prove(ids[0], since=2)


def test_the_verifier_runs_without_the_program(exported: Path, settings: AuditSettings, tmp_path: Path) -> None:
    """Five files in an empty folder, an isolated interpreter, and no database driver to be found."""
    package = tmp_path / "alone" / "audit"
    package.mkdir(parents=True)
    for name in ALONE:
        shutil.copy(ROOT / "audit" / name, package)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.modules.update(psycopg=None, pydantic=None, rfc8785=None)\n"
        "from audit.verify import main\n"
        "sys.exit(main(sys.argv[2:]))"
    )
    command = [sys.executable, "-I", "-c", code, str(package.parent), str(exported)]
    key = str(settings.key_of("acme", public_key(settings)))
    good = subprocess.run([*command, "--key", key], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["sealed"] == 11
    edit(exported, "events.jsonl", with_field(1, actor_id="mallory"))
    bad = subprocess.run([*command, "--key", key], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["first_problem"]["index"] == 1


def test_the_verifier_in_the_documentation_agrees(exported: Path, settings: AuditSettings, tmp_path: Path) -> None:
    """docs/audit.md prints a verifier of its own, which shares no code with ours."""
    text = (ROOT / "docs" / "audit.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "theirs.py").write_text(code, "utf-8")
    command = [
        sys.executable,
        "-I",
        str(tmp_path / "theirs.py"),
        str(exported),
        str(settings.key_of("acme", public_key(settings))),
    ]
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (good.stdout, good.stderr) == ("11 events hold\n", "")
    edit(exported, "events.jsonl", with_field(10, subject="case:other"))
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
