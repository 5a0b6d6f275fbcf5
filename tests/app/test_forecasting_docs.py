"""The lines that docs/forecasting.md prints, run as they stand there; and its limits are those in force."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.overriding import LIMITS
from app.wiring import settings
from db import models
from db.session import Database
from planning.forecasting.drift import DriftLimits
from planning.forecasting.promotion import PromotionLimits
from tests.fix_network import BATCH, Network, insert
from tests.home import ROOT

TEXT = (ROOT / "docs/forecasting.md").read_text(encoding="utf-8")
LINES = re.findall(r"^quartermaster (forecast .*)$", TEXT, re.MULTILINE)


@pytest.mark.usefixtures("own_database")
def test_the_lines_run(
    network: Network, owner_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUARTERMASTER_HOME", str(tmp_path))
    settings.cache_clear()
    gate = {"passed": True, "against": "demand/1"}
    with owner_database.transaction(network.tenant) as connection:
        for name, role in (("paula", "planner"), ("sven", "supervisor")):
            insert(connection, "person", tenant=network.tenant, person=name, name=name.title(), roles=[role])
        models.save_model(
            connection, network.tenant, models.NewModel("demand", BATCH, "b" * 64, {}, {}, "t", gate=gate)
        )
    assert len(LINES) == 8
    # A training is proved elsewhere; here version 2 is a candidate already.
    for line in [line for line in LINES if not line.startswith("forecast train")]:
        ran = CliRunner().invoke(cli, shlex.split(line))
        assert ran.exit_code == 0, (line, ran.output, ran.exception)


def test_the_limits_are_those_in_force() -> None:
    gate, drift = PromotionLimits(), DriftLimits()
    assert (gate.wql, gate.bias, gate.coverage, gate.bias_well, gate.coverage_well) == (0.01, 0.01, 0.02, 0.03, 0.03)
    assert (drift.wql, drift.bias, drift.coverage, drift.error_rate) == (0.15, 0.10, 0.05, 0.005)
    assert (drift.fewest_days, drift.fewest_series) == (7, 30)
    planner, supervisor = LIMITS["planner"], LIMITS["supervisor"]
    assert LIMITS["procurement_manager"] == planner
    assert (planner.least, planner.most, planner.days) == (0.5, 2.0, 28)
    assert (supervisor.least, supervisor.most, supervisor.days) == (0.0, 3.0, 60)
