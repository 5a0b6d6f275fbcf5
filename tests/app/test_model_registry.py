"""The life of a model version: trained, judged, promoted, rolled back; on the small network, with the real trainer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from app import training
from app.cli.main import cli
from app.models import artefacts, registry
from app.progress import silent
from app.wiring import settings
from cases.snapshot import load
from db import forecasts, models
from db.models import Model, NewModel
from db.session import Database
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from tests.fix_network import BATCH, TODAY, Network, certain, insert
from tests.home import ROOT

pytestmark = pytest.mark.usefixtures("own_database")

EVENTS = """SELECT action, actor_id, subject FROM audit.event WHERE action LIKE 'model.%%' ORDER BY position"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: None) -> Path:
    monkeypatch.setenv("QUARTERMASTER_HOME", str(tmp_path))
    settings.cache_clear()
    return tmp_path


@pytest.fixture
def people(network: Network, owner_database: Database) -> Network:
    """Paula plans, Sven supervises, Gina has left."""
    with owner_database.transaction(network.tenant) as connection:
        for name, role, active in (
            ("paula", "planner", True),
            ("sven", "supervisor", True),
            ("gina", "supervisor", False),
        ):
            insert(connection, "person", tenant=network.tenant, person=name, name=name.title(), roles=[role],
                   approval_limit=0, active=active)  # fmt: skip
    return network


def version(database: Database, tenant: str, *, passed: bool = True, against: str = "demand/1") -> Model:
    """A candidate as the trainer keeps it, with forecasts of its own."""
    gate = {"passed": passed, "against": against, "failures": "" if passed else "the bias is too large"}
    new = NewModel("demand", BATCH, uuid4().hex * 2, {"horizon_days": 56}, {}, "trainer", "paula", gate=gate)
    with database.transaction(tenant) as connection:
        model = models.save_model(connection, tenant, new)
        paths = {("OAT-1L", "LEJ"): certain(float(100 + model.version))}
        forecasts.save_forecasts(connection, tenant, model.model_id, TODAY, paths.items())
    return model


def expected(database: Database, tenant: str) -> tuple[str, float]:
    """Whose forecast is read for OAT-1L at LEJ, and of how much."""
    with database.transaction(tenant) as connection:
        view = load(lambda: connection, TODAY, skus=["OAT-1L"], sites=["LEJ"]).situations["OAT-1L", "LEJ"].forecast
    assert view is not None
    return view.model, float(view.path.mean[0])


def states(database: Database, tenant: str) -> dict[str, str]:
    with database.transaction(tenant) as connection:
        return {one.label: one.state for one in models.versions(connection)}


def events(database: Database, tenant: str) -> list[tuple[str, str, str]]:
    with database.transaction(tenant) as connection:
        return [(row["action"], row["actor_id"], row["subject"]) for row in connection.execute(EVENTS)]


def test_a_candidate_is_not_read_until_a_person_promotes_it(people: Network, operator_database: Database) -> None:
    tenant = people.tenant
    version(operator_database, tenant)
    assert expected(operator_database, tenant) == ("demand/1", 10.0)
    moved = registry.promote(tenant, "sven", "2", "Tested by us.")
    assert (moved.model, moved.instead_of, moved.problem) == ("demand/2", "demand/1", "")
    assert expected(operator_database, tenant) == ("demand/2", 102.0)
    assert states(operator_database, tenant) == {"demand/2": "serving", "demand/1": "retired"}
    assert events(operator_database, tenant) == [("model.promoted", "sven", "model:demand/2")]


def test_one_command_rolls_back_and_the_forecasts_serve_at_once(people: Network, operator_database: Database) -> None:
    tenant = people.tenant
    for number in ("2", "3"):
        version(operator_database, tenant, against=f"demand/{int(number) - 1}")
        registry.promote(tenant, "sven", number, "Better.")
    done = CliRunner().invoke(
        cli, ["forecast", "rollback", "--tenant", tenant, "--as", "sven", "--reason", "Odd", "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["model"] == "demand/2"
    assert expected(operator_database, tenant) == ("demand/2", 102.0)
    registry.roll_back(tenant, "sven", "demand/1", "Still odd.")
    assert expected(operator_database, tenant) == ("demand/1", 10.0)
    assert states(operator_database, tenant) == {"demand/3": "rejected", "demand/2": "rejected", "demand/1": "serving"}
    with operator_database.transaction(tenant) as connection:
        newest = models.moves(connection)[0]
    assert (newest.label, newest.state, newest.moved_by, newest.reason) == ("demand/1", "serving", "sven", "Still odd.")
    with pytest.raises(NotFound, match="No version served before"):
        registry.roll_back(tenant, "sven", "", "Once more.")


@pytest.mark.parametrize(
    ("error", "words", "person", "number", "reason"),
    [
        (Forbidden, "sven may promote", "paula", "2", "I like it"),
        (Forbidden, "nobody active", "gina", "2", "I like it"),
        (Forbidden, "nobody active", "stranger", "2", "I like it"),
        (Conflict, "gate refuses.*bias is too large", "sven", "3", "I like it"),
        (Conflict, "judged against demand/7", "sven", "4", "I like it"),
        (Conflict, "is serving", "sven", "1", "I like it"),
        (NotFound, "no version", "sven", "99", "I like it"),
        (BadInput, "is no version", "sven", "newest", "I like it"),
        (BadInput, "one line", "sven", "2", "  "),
        (BadInput, "one line", "sven", "2", "red \x1b[31m"),
    ],
)
def test_who_and_what_may_not_be_promoted(
    people: Network,
    operator_database: Database,
    error: type[Exception],
    words: str,
    person: str,
    number: str,
    reason: str,
) -> None:
    tenant = people.tenant
    version(operator_database, tenant)
    version(operator_database, tenant, passed=False)
    version(operator_database, tenant, against="demand/7")
    with pytest.raises(error, match=words):
        registry.promote(tenant, person, number, reason)
    assert states(operator_database, tenant)["demand/1"] == "serving"
    assert events(operator_database, tenant) == []


def test_the_database_holds_to_one_serving_version_and_to_what_a_version_is(
    people: Network, operator_database: Database, agent_database: Database
) -> None:
    tenant = people.tenant
    version(operator_database, tenant)
    with pytest.raises(psycopg.errors.UniqueViolation), operator_database.transaction(tenant) as connection:
        connection.execute("UPDATE model_version SET state = 'serving'")
    for statement in (
        "UPDATE model_version SET artefact_hash = 'x'", "UPDATE model_version SET gate = '{}'",
        "DELETE FROM model_version", "DELETE FROM model_move", "UPDATE model_move SET reason = 'x'",
        "DELETE FROM model_watch", "UPDATE forecast SET mean = '{}'",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege), operator_database.transaction(tenant) as connection:
            connection.execute(statement.encode())
    for table in ("model_version", "model_move", "model_watch", "forecast"):
        for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), agent_database.transaction(tenant) as connection:
                connection.execute(statement.encode())


def test_old_forecasts_go_and_those_that_serve_stay(people: Network, operator_database: Database) -> None:
    tenant = people.tenant
    for _ in range(3):
        version(operator_database, tenant)
    with operator_database.transaction(tenant) as connection:
        assert forecasts.forget_forecasts(connection, "demand", versions=1, origins=1) == 2
        left = {row["version"] for row in connection.execute(
            "SELECT DISTINCT version FROM forecast JOIN model_version USING (tenant, model_id)")}  # fmt: skip
    assert left == {1, 4}


@pytest.fixture
def trained(people: Network, home: Path) -> training.TrainingReport:
    return training.train(people.tenant, "paula", silent)


def test_a_version_records_what_made_it(
    trained: training.TrainingReport, people: Network, home: Path, operator_database: Database
) -> None:
    with operator_database.transaction(people.tenant) as connection:
        model = models.find_version(connection, 2)
    assert model is not None
    assert (model.label, model.batch_id, model.owner, model.trained_by) == (trained.model, BATCH, "paula", "paula")
    assert model.code.startswith("quartermaster ")
    assert set(model.libraries) >= {"lightgbm", "mlforecast", "numpy"}
    assert model.sources == ["demand:simulated", "item_site:simulated"]
    assert model.artefact_hash == trained.artefact_hash
    assert (home / "models" / people.tenant / model.artefact_hash / "manifest.json").exists()
    assert artefacts.load(model, people.tenant).predict(7)
    (home / "models" / people.tenant / model.artefact_hash / "manifest.json").write_text("{}")
    with pytest.raises(artefacts.ArtefactMissing, match="is not the file that was saved"):
        artefacts.load(model, people.tenant)


def test_training_the_same_again_mends_a_damaged_artefact(
    trained: training.TrainingReport, people: Network, home: Path, operator_database: Database
) -> None:
    """What the error of a damaged artefact advises: the same history gives the same hash, so its files are replaced."""
    with operator_database.transaction(people.tenant) as connection:
        model = models.find_version(connection, 2)
    assert model is not None
    forecaster = artefacts.load(model, people.tenant)
    state = home / "models" / people.tenant / trained.artefact_hash / "state.npz"
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(artefacts.ArtefactMissing, match="is not the file that was saved"):
        artefacts.load(model, people.tenant)
    assert artefacts.keep(forecaster, people.tenant) == trained.artefact_hash
    assert artefacts.load(model, people.tenant).predict(7)


def test_two_do_not_train_at_once(people: Network, home: Path, operator_database: Database) -> None:
    with operator_database.transaction(people.tenant) as turn:
        assert models.take_turn(turn, people.tenant)
        with pytest.raises(Conflict, match="being trained"):
            training.train(people.tenant, "paula", silent)


DYING = """
import os, signal, sys
from app import training
from app.models import registry
def die(*_):
    print("killed", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
registry.admit = die
training.train(sys.argv[1], "paula", lambda *_: None)
"""


def test_a_trainer_killed_before_its_end_leaves_what_serves(
    people: Network, home: Path, operator_database: Database
) -> None:
    """At the latest moment: the version and its forecasts are written, the transaction is not committed."""
    died = subprocess.run(
        [sys.executable, "-c", DYING, people.tenant],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert died.stdout == "killed\n"
    assert states(operator_database, people.tenant) == {"demand/1": "serving"}
    assert expected(operator_database, people.tenant) == ("demand/1", 10.0)
    assert events(operator_database, people.tenant) == []
    until = time.monotonic() + 10.0
    while time.monotonic() < until:
        with operator_database.transaction(people.tenant) as connection:
            if models.take_turn(connection, people.tenant):
                return
        time.sleep(0.1)
    pytest.fail("the turn of the dead process was not given back")


def test_the_tool_tells_all_of_it(people: Network, agent_database: Database, operator_database: Database) -> None:
    version(operator_database, people.tenant, passed=False)
    shown: Any = CliRunner().invoke(cli, ["forecast", "status", "--tenant", people.tenant, "--json"])
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert told["serving"]["model"] == "demand/1"
    assert [one["gate"] for one in told["versions"]] == ["the bias is too large", "not judged"]
    assert told["moves"][0]["reason"] == "A test needs it."
    words = CliRunner().invoke(cli, ["forecast", "status", "--tenant", people.tenant])
    assert "demand/1 serves" in words.output
