"""A migrated database of the benchmark's own with a simulated network, stored forecasts and open cases.

The server is the embedded one, durable, in a temporary folder. What was prepared is kept as a template, so that every
run works the same cases from the same state. Nothing here is timed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from cases.forecast_view import dense_history
from cases.sweep import sweep_and_open
from connectors.demo_network.simulate import generate
from connectors.files.importer import import_path
from db import demand, forecasts, models, network
from db.embedded import DATABASE, Embedded
from db.migrate import migrate
from db.roles import USERS
from db.session import Database
from db.settings import Role
from db.tenants import ensure_tenant
from domain.context import Actor, Context
from domain.errors import Conflict
from planning.forecasting.baselines import baseline_forecast

TENANT = "bench"
AGENT = Context(TENANT, Actor("agent", "triage", frozenset({"agent"}), "benchmark"))
OPERATOR = Context(TENANT, Actor("person", "benchmark"))
SEED = 7
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
TEMPLATE = "prepared"
HISTORY_DAYS = 182  # what the baseline looks at
HORIZON_DAYS = 56
# Stands in for the executor's process, which is not measured: its answer is there as soon as the proposal is, so that
# no agent waits for it. What it says does not matter here; nothing is written anywhere.
ANSWER_AT_ONCE = """
CREATE FUNCTION public.answer_at_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO quartermaster.decision
           (tenant, proposal_id, stage, outcome, reasons, approver_roles, policy_hash, engine, input)
    VALUES (NEW.tenant, NEW.proposal_id, 'proposal', 'observed', '[]', '{}', '', 'benchmark', '{}');
    RETURN NULL;
END $$;
CREATE TRIGGER answer_at_once AFTER INSERT ON quartermaster.proposal
   FOR EACH ROW EXECUTE FUNCTION public.answer_at_once();
"""
OPEN = "SELECT case_id FROM case_file WHERE status = 'open' ORDER BY case_id"


@dataclass(frozen=True)
class Size:
    """How much is prepared: items kept (None: all), and every so manieth listing is given too little, or too much."""

    items: int | None
    every: int
    least_cases: int
    most_cases: int


@dataclass(frozen=True)
class Bench:
    """The running server, the number of item × sites in it, and the cases to be worked, most money first."""

    embedded: Embedded
    pairs: int
    case_ids: tuple[str, ...]

    def database(self, role: Role, size: int = 4) -> Database:
        """The working database under a role."""
        return Database(self.embedded.conninfo(USERS[role]), role, max_size=size)

    @contextmanager
    def superuser(self) -> Generator[Connection[DictRow]]:
        """A connection that sees all tenants and locks; each statement commits by itself."""
        conninfo = self.embedded.admin_conninfo(DATABASE)
        with psycopg.Connection[DictRow].connect(conninfo, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def restore(self) -> None:
        """Throws the working database away and starts anew from what was prepared."""
        _copy(self.embedded, TEMPLATE, DATABASE)


@contextmanager
def bench(size: Size) -> Generator[Bench]:
    """Everything ready; raises `Conflict` when the sweep opened fewer cases than are needed."""
    with tempfile.TemporaryDirectory(prefix="q-bench-", ignore_cleanup_errors=True) as folder:
        embedded = Embedded(Path(folder) / "home")
        embedded.start()
        try:
            migrate(embedded.admin_conninfo())
            pairs, case_ids = _prepare(embedded, Path(folder) / "network", size)
            if len(case_ids) < size.least_cases:
                raise Conflict(f"The sweep opened {len(case_ids)} cases; {size.least_cases} are needed.")
            _copy(embedded, DATABASE, TEMPLATE)
            yield Bench(embedded, pairs, case_ids[: size.most_cases])
        finally:
            embedded.stop()


def _prepare(embedded: Embedded, folder: Path, size: Size) -> tuple[int, tuple[str, ...]]:
    _simulate(folder, size)
    with Database(embedded.conninfo(USERS["operator"]), "operator") as operator:
        ensure_tenant(operator, TENANT, name="Benchmark", currency="EUR", origin="simulated", clock_at=NOW)
        import_path(folder, database=operator, context=OPERATOR, as_of=NOW, provenance="simulated")
        _store_forecasts(operator)
    with psycopg.connect(embedded.admin_conninfo(DATABASE), autocommit=True) as superuser:
        superuser.execute(ANSWER_AT_ONCE)
        superuser.execute("VACUUM ANALYZE")
    with Database(embedded.conninfo(USERS["agent"]), "agent") as agent, agent.transaction(TENANT) as connection:
        seen, _ = sweep_and_open(connection, AGENT)
        return seen.pairs, tuple(row["case_id"] for row in connection.execute(OPEN))


def _simulate(folder: Path, size: Size) -> None:
    """The demo network, cut to `size.items`, after a bad night: see `_disturbed`."""
    generate(SEED, TODAY, folder)
    skus = pl.read_csv(folder / "items.csv", infer_schema=False)["sku"].to_list()
    kept = skus[:: max(1, len(skus) // size.items)] if size.items else skus
    for file in folder.glob("*.csv"):
        frame = pl.read_csv(file, infer_schema=False)
        if "sku" in frame.columns:
            frame = frame.filter(pl.col("sku").is_in(kept))
        (_disturbed(frame, size.every) if file.stem == "stock" else frame).write_csv(file)
    history = pl.col("day") >= TODAY - timedelta(days=HISTORY_DAYS) if size.items else pl.lit(True)
    file = folder / "demand.parquet"
    pl.read_parquet(file).filter(pl.col("sku").is_in(kept) & history).write_parquet(file)


def _disturbed(stock: pl.DataFrame, every: int) -> pl.DataFrame:
    """Of every `every` listings one has a twentieth of its stock and one eight times as much."""
    place = pl.struct("sku", "site").rank("dense") % every
    factor = pl.when(place == 0).then(0.05).when(place == every // 2).then(8.0).otherwise(1.0)
    quantity = (pl.col("quantity").cast(pl.Float64) * factor).round().cast(pl.Int64).cast(pl.String)
    return stock.with_columns(quantity.alias("quantity"))


def _store_forecasts(operator: Database) -> None:
    """Baseline forecasts: triage reads what is stored and does the same whichever method made it."""
    since = TODAY - timedelta(days=HISTORY_DAYS)
    with operator.transaction(TENANT) as connection:
        batch = network.newest_batch(connection)
        if batch is None:
            raise Conflict("The simulated network was not imported.")
        rows = demand.demand(connection, skus=None, sites=None, since=since, before=TODAY)
        known = {(row.sku, row.site): row for row in rows}
        new = models.NewModel("demand", batch.batch_id, "0" * 64, {}, {}, OPERATOR.actor.id)
        model = models.save_model(connection, TENANT, new)
        models.serve(connection, model, by=OPERATOR.actor.id, kind="person", reason="The benchmark's only version.")
        paths = [
            ((one.sku, one.site), baseline_forecast(history, horizon=HORIZON_DAYS, reason="benchmark"))
            for one in network.item_sites(connection)
            if (history := dense_history(known.get((one.sku, one.site)), max(one.listed_on, since), TODAY)).size >= 14
        ]
        forecasts.save_forecasts(connection, TENANT, model.model_id, TODAY, paths)


def _copy(embedded: Embedded, source: str, target: str) -> None:
    with psycopg.connect(embedded.admin_conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy".encode())
