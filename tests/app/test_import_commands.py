"""Import, quarantine and replay as a user types them, in this process."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from db.session import Database
from domain.errors import BadInput
from tests.connectors.files.small_network import AS_OF, FILES, rows, write_network

pytestmark = pytest.mark.usefixtures("own_database")


def run(*arguments: str) -> str:
    ran = CliRunner().invoke(cli, [*arguments, "--tenant", "acme"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def run_json(*arguments: str) -> Any:
    ran = CliRunner().invoke(cli, [*arguments, "--tenant", "acme", "--json"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The network with one row in a unit that its item does not have, written at `AS_OF`."""
    made = write_network(tmp_path / "delivery", stock=[*FILES["stock"], "MILK,HAM,L9,available,2,KGM,2026-04-20"])
    os.utime(made / "stock.csv", (0, AS_OF.timestamp()))
    return made


def test_a_quarantined_row_is_found_mended_and_loaded(folder: Path, operator_database: Database) -> None:
    shown = run("import", str(folder))
    assert "as of 2026-03-31 06:00 UTC" in shown
    assert "quarantine list --tenant acme" in shown
    (row,) = run_json("quarantine", "list")["rows"]
    line = (folder / "stock.csv").read_text(encoding="utf-8").splitlines()[row["row_number"] - 1]
    assert line == "MILK,HAM,L9,available,2,KGM,2026-04-20"  # the number is that of the line
    text = run("quarantine", "list")
    assert "unit 'KGM' is not one of MILK" in " ".join(text.split())
    assert "the header is row 1" in text

    assert f"{row['row_id']} stays: unit 'KGM'" in run("quarantine", "replay", str(row["row_id"]))
    with pytest.raises(BadInput, match="'unit' is not a correction"):
        run("quarantine", "replay", str(row["row_id"]), "--set", "unit")
    assert "1 loaded, 0 not" in run("quarantine", "replay", str(row["row_id"]), "--set", "unit=CS")

    assert rows(operator_database, "SELECT quantity::int, source_row FROM stock WHERE lot = 'L9'") == [(24, 6)]
    assert "Nothing of acme is in quarantine" in run("quarantine", "list")
    actions = [action for (action,) in rows(operator_database, "SELECT action FROM audit.event ORDER BY position")]
    assert actions == ["tenant.created", "import.completed", "import.replayed", "import.replayed"]


def test_an_export_of_the_next_day_is_news_though_nothing_changed(folder: Path) -> None:
    assert run_json("import", str(folder))["already_imported"] is False
    assert run_json("import", str(folder))["already_imported"] is True
    assert "Nothing is new" in run("import", str(folder))
    os.utime(folder / "stock.csv", (0, (AS_OF + timedelta(days=1)).timestamp()))
    again = run_json("import", str(folder))
    assert again["already_imported"] is False
    assert datetime.fromisoformat(again["as_of"]) == AS_OF + timedelta(days=1)


@pytest.mark.parametrize("said", ["2026-04-01", "2026-04-01T00:00Z", "2026-04-01T02:00+02:00", "2026-04-01T00:00:00"])
def test_a_moment_may_be_said_in_more_than_one_way(said: str, folder: Path) -> None:
    told = run_json("import", str(folder), "--as-of", said)["as_of"]
    assert datetime.fromisoformat(told) == datetime.fromisoformat("2026-04-01T00:00:00+00:00")
