"""The trainer: looks once at each import, trains on schedule and on drift, replaces nothing that is better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from typer.testing import CliRunner

from app import training
from app.cli.main import cli
from app.models import history, judging, registry
from app.models.history import History
from app.models.settings import retrain_settings
from app.models.watching import watch_if_due
from app.progress import Progress, silent
from app.wiring import service_context, settings
from app.worker import trainer
from db import forecasts, models
from db.errors import SettingsInvalid
from db.models import Model
from db.session import Database
from planning.forecasting import rows
from planning.forecasting.promotion import PromotionLimits, judge
from tests.fix_network import BATCH, NOW, TODAY, day, insert

pytestmark = pytest.mark.usefixtures("own_database")

WEEK = timedelta(days=7)
DAYS, SERIES = 240, 36
SOLD = """
INSERT INTO demand (tenant, batch_id, sku, site, day, quantity)
SELECT %(tenant)s, %(batch)s, 'S' || place, 'LEJ', %(first)s::date + number - 1, units
  FROM unnest(%(place)s::int[], %(number)s::int[], %(units)s::int[]) AS sold(place, number, units)"""


DRIFTED = """
SELECT actor_kind, convert_from(body, 'UTF8')::jsonb AS data FROM audit.event WHERE action = 'model.drifted'"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: None) -> Iterator[Path]:
    """Where artefacts go. Small models, and a gate as wide as they are worth: its limits have tests of their own."""
    monkeypatch.setattr(rows, "DENSE_ROWS", 5_000)
    wide = PromotionLimits(wql=0.05, bias=0.2, coverage=0.2)
    monkeypatch.setattr(judging, "judge", partial(judge, limits=wide))
    monkeypatch.setenv("QUARTERMASTER_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def batch(database: Database, tenant: str, now: date, batch_id: UUID | None = None) -> UUID:
    """An import that brings the clock to `now`."""
    new = batch_id or uuid4()
    with database.transaction(tenant) as connection:
        as_of = NOW + (now - TODAY)
        connection.execute("UPDATE tenant SET clock_at = %s", [as_of])
        insert(connection, "import_batch", tenant=tenant, batch_id=new, source="contract", content_hash=new.hex,
               as_of=as_of, files="[]", provenance="measured", imported_by="test")  # fmt: skip
    return new


def sell(database: Database, tenant: str, first: date, days: int, *, level: float = 1.0, seed: int = 1) -> None:
    """Demand of all items: a weekly rhythm around four to sixteen a day, times `level`."""
    rhythm = np.array([1.2, 1.0, 0.9, 1.0, 1.4, 1.5, 0.6])[(first.weekday() + np.arange(days)) % 7]
    rate = np.linspace(4.0, 16.0, SERIES)[:, None] * rhythm[None, :] * level
    units = np.random.default_rng(seed).poisson(rate)
    place, number = np.indices(units.shape) + 1
    with database.transaction(tenant) as connection:
        connection.execute(SOLD, {
            "tenant": tenant, "batch": BATCH, "first": first, "place": place.ravel().tolist(),
            "number": number.ravel().tolist(), "units": units.ravel().tolist(),
        })  # fmt: skip


@pytest.fixture
def shop(owner_database: Database, tenant: str) -> str:
    """Thirty-six items with 240 days of steady demand, imported once."""
    batch(owner_database, tenant, TODAY, BATCH)
    own = {"tenant": tenant, "batch_id": BATCH}
    with owner_database.transaction(tenant) as connection:
        insert(connection, "site", **own, site="LEJ", name="Leipzig", kind="warehouse", country="DE", timezone="UTC")
        for one in range(1, SERIES + 1):
            insert(connection, "item", **own, sku=f"S{one}", name=f"Item {one}", unit="EA", unit_cost=1, unit_price=2,
                   currency="EUR", storage_class="ambient", unit_volume=1)  # fmt: skip
            insert(connection, "item_site", **own, sku=f"S{one}", site="LEJ", listed_on=TODAY - timedelta(days=DAYS))
    sell(owner_database, tenant, TODAY - timedelta(days=DAYS), DAYS)
    return tenant


def all_versions(database: Database, tenant: str) -> list[Model]:
    with database.transaction(tenant) as connection:
        return models.versions(connection)


def age(database: Database, tenant: str) -> None:
    """Eight days pass."""
    with database.transaction(tenant) as connection:
        connection.execute("UPDATE model_version SET trained_at = trained_at - interval '8 days'")


@dataclass(frozen=True)
class Life:
    """One tenant's models, told in order by the steps below: each training costs seconds."""

    tenant: str
    operator: Database
    owner: Database

    def look(self, every: timedelta | None = WEEK) -> str:
        return trainer.look(self.operator, self.tenant, every)

    def states(self) -> dict[str, str]:
        return {one.label: one.state for one in all_versions(self.operator, self.tenant)}

    def days_pass(self, first: int, days: int, *, level: float = 1.0, told: bool = True) -> None:
        """Demand from day `first` on comes in, and the newest version is eight days older."""
        if told:
            sell(self.owner, self.tenant, day(first), days, level=level, seed=first + 2)
        batch(self.owner, self.tenant, day(first + days))
        age(self.owner, self.tenant)


def test_the_life_of_a_model(
    shop: str, home: Path, operator_database: Database, owner_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(shop, operator_database, owner_database)
    assert life.look() == "", "the first version is a person's to ask for"
    serves_at_once(life)
    is_trained_anew_on_schedule(life)
    monkeypatch.setattr(training, "fit", spoilt)
    is_kept_back_where_it_is_worse(life)
    drifts(life)
    goes_back_and_forecasts_anew(life, home)


def serves_at_once(life: Life) -> None:
    first = training.train(life.tenant, "paula", silent)
    assert (first.model, first.state, first.reason) == ("demand/1", "serving", "first version, the gate passes")
    assert [check.name for check in first.checks] == ["bias", "coverage80"]
    age(life.owner, life.tenant)
    assert life.look() == "", "the same data again would give the same"
    with life.operator.transaction(life.tenant) as connection:
        model = models.serving_model(connection)
        watch = models.last_watch(connection, model.model_id) if model else None
    assert watch is not None
    assert not watch.drifted
    assert watch_if_due(life.operator, service_context(life.tenant, "trainer")) is None, "once an import"


def is_trained_anew_on_schedule(life: Life) -> None:
    life.days_pass(0, 14)
    assert life.look(timedelta(days=30)) == ""
    assert life.look(None) == ""
    assert life.look() == "on schedule, every 7 days"
    second, _ = all_versions(life.operator, life.tenant)
    assert (second.trained_by, second.owner, second.gate["against"]) == ("trainer", "paula", "demand/1")
    assert second.gate["compared"] is True
    checks: Any = second.gate["checks"]
    assert [one["name"] for one in checks] == ["wql", "bias", "coverage80"]
    assert second.features
    assert second.features_hash
    assert life.states() == {"demand/2": "serving", "demand/1": "retired"}, second.gate["failures"]


HONEST = training.fit


def spoilt(known: History, progress: Progress) -> object:
    """A trainer that has gone wrong: it learns from days in any order, so that no weekday is like another."""
    chance = np.random.default_rng(1)
    return HONEST(
        replace(known, lines=tuple(replace(one, units=chance.permutation(one.units)) for one in known.lines)), progress
    )


def is_kept_back_where_it_is_worse(life: Life) -> None:
    life.days_pass(14, 14)
    assert life.look() == "on schedule, every 7 days"
    third, second, _ = all_versions(life.operator, life.tenant)
    assert life.states() == {"demand/3": "candidate", "demand/2": "serving", "demand/1": "retired"}, third.gate
    assert "weighted quantile loss" in str(third.gate["failures"])
    with life.operator.transaction(life.tenant) as connection:
        # What serves was not replaced, and yet it forecasts from the newest day, with what drives it.
        assert forecasts.newest_origin(connection, second.model_id) == day(28)
        told = connection.execute("SELECT drivers FROM forecast WHERE origin_day = %s", [day(28)]).fetchall()
    assert len(told) == 2 * SERIES
    assert all(row["drivers"] for row in told)


def drifts(life: Life) -> None:
    """Demand doubles; somebody else is training at that moment."""
    life.days_pass(28, 14, level=2.0)
    with life.operator.transaction(life.tenant) as turn:
        assert models.take_turn(turn, life.tenant)
        assert life.look(None) == "drift"
    with life.operator.transaction(life.tenant) as connection:
        row = connection.execute(DRIFTED).fetchone()
        watch = connection.execute("SELECT checks FROM model_watch WHERE drifted").fetchone()
    assert row is not None
    assert row["actor_kind"] == "service"
    assert any("bias" in said for said in row["data"]["found"])
    assert watch is not None
    found = {one["name"]: one for one in watch["checks"]}
    assert found["bias"]["value"] == pytest.approx(-0.5, abs=0.1)
    assert found["wql"]["drifted"]
    told = json.loads(CliRunner().invoke(cli, ["forecast", "status", "--tenant", life.tenant, "--json"]).stdout)
    assert told["drift"]["drifted"]
    assert len(told["versions"]) == 3
    assert {row["method"] for row in told["back_test"]} >= {"lightgbm", "own-history-quantiles", "croston-sba"}


def goes_back_and_forecasts_anew(life: Life, home: Path) -> None:
    with life.owner.transaction(life.tenant) as connection:
        insert(connection, "person", tenant=life.tenant, person="sven", name="Sven", roles=["supervisor"])
        connection.execute("UPDATE forecast SET origin_day = origin_day - 60")
    moved = registry.roll_back(life.tenant, "sven", "", "The newer one is odd.")
    assert (moved.model, moved.instead_of) == ("demand/1", "demand/2")
    assert (moved.forecasts_from, moved.problem) == (day(42).isoformat(), "")
    assert life.states() == {"demand/3": "candidate", "demand/2": "rejected", "demand/1": "serving"}
    with life.owner.transaction(life.tenant) as connection:
        first = models.find_version(connection, 1)
        assert first is not None
        newer = models.save_model(connection, life.tenant, first)
        models.serve(connection, newer, by="t", kind="person", reason="Newer.")
        connection.execute("DELETE FROM forecast")
    (home / "models" / life.tenant / first.artefact_hash / "manifest.json").unlink()
    moved = registry.roll_back(life.tenant, "sven", "1", "Odd again.")
    assert moved.model == "demand/1"
    assert "cannot forecast anew" in moved.problem


def test_days_that_nobody_has_told_of_are_not_days_without_demand(
    shop: str, operator_database: Database, owner_database: Database
) -> None:
    Life(shop, operator_database, owner_database).days_pass(0, 5, told=False)
    known = history.read(operator_database, shop, horizon=7)
    assert known.today == TODAY
    assert {one.units.size for one in known.lines} == {DAYS}
    frame = known.demand()
    assert frame["ds"].max().date() == TODAY - timedelta(days=1)
    assert set(frame["sku"]) == {f"S{one}" for one in range(1, SERIES + 1)}


def test_a_backtest_keeps_nothing(shop: str, home: Path, operator_database: Database) -> None:
    shown = CliRunner().invoke(cli, ["forecast", "backtest", "--tenant", shop, "--json"])
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert {"lightgbm", "own-history-quantiles"} <= {one["method"] for one in told["methods"]}
    assert all_versions(operator_database, shop) == []
    assert not (home / "models").exists()


def test_the_schedule_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert retrain_settings().every == WEEK
    monkeypatch.setenv("QUARTERMASTER_RETRAIN_DAYS", "0")
    assert retrain_settings().every is None
    monkeypatch.setenv("QUARTERMASTER_RETRAIN_DAYS", "weekly")
    with pytest.raises(SettingsInvalid, match="RETRAIN_DAYS"):
        retrain_settings()
