"""Bad input at the command line: an exit code, what happened, what to do, no stack trace, and nothing half-written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fix_home import BIG, SMALL
from tests.home import Home, expect_clear

pytestmark = [pytest.mark.tryton, pytest.mark.slow, pytest.mark.xdist_group("small_home")]

TENANT = ("--tenant", "acme")
CASES = "SELECT count(*)::int FROM case_file"


@dataclass(frozen=True)
class Bad:
    """A call that cannot work: its exit code, the kind of error, and words that its message and remedy must have."""

    arguments: tuple[str, ...]
    code: int
    kind: str
    says: str
    remedy: str


def event(folder: Path, sku: str, **changes: object) -> str:
    """A file with one event about `sku` at NORTH."""
    body = {
        "specversion": "1.0", "id": f"e-{sku}", "source": "test", "type": "stock.risk",
        "time": "2026-01-01T00:00:00Z", "data": {"sku": sku, "site": "NORTH"},
    }  # fmt: skip
    path = folder / f"{sku}.json"
    path.write_text(json.dumps(body | changes), encoding="utf-8")
    return str(path)


def bad_calls(folder: Path) -> dict[str, Bad]:
    (folder / "empty").mkdir()
    (folder / "broken.json").write_text("{", encoding="utf-8")
    (folder / "letter.txt").write_text("Dear Sir,\n", encoding="utf-8")
    return {
        "a malformed event file": Bad(
            ("triage", "--event", str(folder / "broken.json"), *TENANT), 2, "BadInput", "is not JSON", "CloudEvents"
        ),
        "an unknown SKU in an event": Bad(
            ("triage", "--event", event(folder, "QM-99"), *TENANT), 3, "NotFound", "QM-99", ""
        ),
        "an event file that is not there": Bad(
            ("triage", "--event", str(folder / "none.json"), *TENANT), 2, "BadInput", "cannot be read", "Give"
        ),
        "an empty folder": Bad(("import", str(folder / "empty"), *TENANT), 2, "EmptyDelivery", "empty", "sites.csv"),
        "a wrong file": Bad(("import", str(folder / "letter.txt"), *TENANT), 2, "", "letter.txt", ""),
        "a path that is not there": Bad(("import", str(folder / "nowhere"), *TENANT), 2, "", "nowhere", ""),
        "an unknown tenant": Bad(("triage", "--tenant", "nobody"), 3, "UnknownTenant", "'nobody'", "Tenants: acme."),
        "nobody's forecasts": Bad(
            ("forecast", "train", "--tenant", "nobody"), 3, "UnknownTenant", "'nobody'", "Tenants: acme."
        ),
        "an unknown case": Bad(("case", "C-99999", *TENANT), 3, "NotFound", "C-99999", ""),
        "an unknown person": Bad(("approvals", "--as", "nobody", *TENANT), 3, "NotFound", "nobody", "--as"),
        "approving what is not there": Bad(
            ("approve", "C-99999", "--as", "sven", *TENANT), 3, "NotFound", "C-99999", "approvals"
        ),
    }  # fmt: skip


def test_bad_input_is_answered_clearly(small_home: Home, tmp_path: Path) -> None:
    before = small_home.rows(CASES)
    wrong: list[str] = []
    for name, bad in bad_calls(tmp_path).items():
        ran = small_home.run(*bad.arguments, "--json", code=bad.code)
        error = ran.json["error"]
        if bad.kind and error["kind"] != bad.kind:
            wrong.append(f"{name}: {error}")
        if bad.says not in error["message"] or not error["remedy"] or bad.remedy not in error["remedy"]:
            wrong.append(f"{name}: {error}")
        if "Traceback" in ran.err:
            wrong.append(f"{name}: {ran.err}")
    assert wrong == []
    assert small_home.rows(CASES) == before


def test_people_read_one_message_and_what_to_do(small_home: Home) -> None:
    error = small_home.run("case", "C-99999", *TENANT, code=3).err
    expect_clear(error, "NotFound", "C-99999", "What to do")


def test_a_stopped_database_is_unavailable() -> None:
    nowhere = Home(Path("/nonexistent"), {"QUARTERMASTER_DATABASE_URL": "postgresql://user:secret@127.0.0.1:1/none"})
    error = nowhere.json("approvals", code=6)["error"]
    assert "does not answer" in error["message"]
    assert "Start the database" in error["remedy"]
    assert "secret" not in str(error)
    report = nowhere.json("doctor", code=1)
    assert report["ready"] is False
    assert not any(probe["well"] for probe in report["probes"] if probe["part"].startswith("database"))


def test_a_home_that_cannot_be_written_says_which_setting_to_change(tmp_path: Path) -> None:
    """Below a file, because root may write into any folder."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    error = Home(tmp_path / "file" / "home", {}).json("approvals", code=6)["error"]
    assert str(tmp_path / "file") in error["message"]
    assert "QUARTERMASTER_HOME" in error["remedy"]


def test_a_setting_that_is_not_known_is_named(tmp_path: Path) -> None:
    error = Home(tmp_path, {"QUARTERMASTER_DATABASE_URI": "x"}).json("approvals", code=2)["error"]
    assert "QUARTERMASTER_DATABASE_URI" in error["message"]
    assert "QUARTERMASTER_DATABASE_URL" in error["remedy"]


def triaged(home: Home, file: str, policies: str = "") -> dict[str, Any]:
    (case,) = home.json("triage", "--event", file, *TENANT, QUARTERMASTER_POLICIES=policies)["cases"]
    return case


def test_without_policies_everything_is_denied_and_doctor_says_so(small_home: Home, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "no-policies")
    case = triaged(small_home, event(tmp_path, BIG), nowhere)
    assert (case["outcome"], case["state"], case["document"]) == ("denied", "denied", None)
    assert nowhere in " ".join(reason["reason"] for reason in case["reasons"])
    report = small_home.json("doctor", code=1, QUARTERMASTER_POLICIES=nowhere)
    (probe,) = [one for one in report["probes"] if one["part"] == "policies"]
    assert (probe["well"], nowhere in probe["detail"]) == (False, True)
    assert "QUARTERMASTER_POLICIES" in probe["remedy"]
    assert small_home.json("policy", "check", nowhere, code=1)["ok"] is False


def test_with_tryton_stopped_the_write_waits_and_is_made_after_its_restart(small_home: Home, tmp_path: Path) -> None:
    small_home.stop_tryton()
    case = triaged(small_home, event(tmp_path, SMALL[6]))
    assert (case["outcome"], case["state"], case["document"]) == ("automatic", "approved", None)
    assert "not running" in case["problem"]
    assert "Start it with" in case["problem"]
    text = small_home.run("case", case["id"], *TENANT).out
    assert "not running" in " ".join(text.split())
    (probe,) = [one for one in small_home.json("doctor", code=1)["probes"] if one["part"] == "ERP"]
    assert (probe["well"], bool(probe["remedy"])) == (False, True)

    small_home.start_tryton()
    small_home.two_minutes_pass()
    small_home.run("worker", "executor", "--drain")

    told = small_home.json("why", case["id"], *TENANT)["executed"]
    assert told["state"] == "confirmed"
    assert told["document"]
    key = "SELECT o.idempotency_key FROM outbox o JOIN proposal p USING (proposal_id) WHERE p.case_id = %s"
    ((key_of_it,),) = small_home.rows(key, case["id"])
    assert len(small_home.auditor().documents(key_of_it)) == 1


def test_what_prints_for_people_prints_json(small_home: Home) -> None:
    for arguments, name in (
        (("approvals", *TENANT), "approvals"),
        (("quarantine", "list", *TENANT), "rows"),
        (("policy", "check"), "rules"),
        (("audit", "seal"), "sealed"),
        (("audit", "verify", *TENANT), "problems"),
    ):
        assert name in small_home.json(*arguments), arguments
