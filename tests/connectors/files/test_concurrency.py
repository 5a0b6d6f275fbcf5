"""Imports beside each other, beside a look, and killed at any moment: all of one or nothing, and the records agree."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import Connection
from psycopg.rows import DictRow

from cases.snapshot import load
from connectors.files.importer import import_path
from db.session import Database
from domain.errors import Unavailable
from tests.connectors.files.small_network import AS_OF, CONTEXT, FILES, rows, run_import, write_network
from tests.home import ROOT

DEATHS = 8
SHORT = [*FILES["stock"][:2], "MILK,HAM,,available,1,,", "RICE,BER,,available,1,,"]
# The tables of a whole delivery, each with how many rows it has after it.
WHOLE = ("site", "item", "item_site", "stock", "demand", "purchase_order_line", "lane", "customer_order_line")
BATCHES_OF = " UNION ALL ".join(f"SELECT batch_id FROM {table}" for table in WHOLE)
RECORDED = "SELECT subject FROM audit.event WHERE action = 'import.completed' ORDER BY position"
BATCHES = "SELECT 'batch:' || batch_id FROM import_batch ORDER BY imported_at"

pytestmark = pytest.mark.usefixtures("tenant")


@pytest.fixture
def two_deliveries(tmp_path: Path) -> tuple[Path, Path]:
    """The network, and the network with less stock."""
    return write_network(tmp_path / "full"), write_network(tmp_path / "short", stock=SHORT)


def assert_whole(database: Database) -> None:
    """Every row is the newest batch's, it has all of its rows, and each batch is on record once, in order."""
    newest = rows(database, "SELECT batch_id, files FROM import_batch ORDER BY imported_at DESC LIMIT 1")
    assert rows(database, f"SELECT DISTINCT batch_id FROM ({BATCHES_OF}) x") == [(newest[0][0],)]
    told = {file["table"]: file["loaded"] for file in newest[0][1]}  # type: ignore[attr-defined]
    for table, name in (("stock", "stock"), ("demand", "demand"), ("purchase_order_line", "purchase_orders")):
        assert rows(database, f"SELECT count(*) FROM {table}") == [(told[name],)]
    assert rows(database, RECORDED) == rows(database, BATCHES)


def test_two_at_once_with_the_same_content_are_one(
    two_deliveries: tuple[Path, Path], operator_database: Database
) -> None:
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: run_import(two_deliveries[0], operator_database), range(4)))
    assert len({report.batch_id for report in reports}) == 1
    assert sorted(report.already_imported for report in reports) == [False, True, True, True]
    assert_whole(operator_database)


def test_two_at_once_with_different_content_come_one_after_the_other(
    two_deliveries: tuple[Path, Path], operator_database: Database
) -> None:
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda folder: run_import(folder, operator_database), two_deliveries * 3))
    newest = rows(operator_database, "SELECT batch_id FROM import_batch ORDER BY imported_at DESC LIMIT 1")
    assert newest[0][0] in {report.batch_id for report in reports}
    assert_whole(operator_database)


def test_a_kill_at_any_moment_leaves_the_one_or_the_other(
    two_deliveries: tuple[Path, Path], operator_database: Database
) -> None:
    """A victim imports in turn until it is killed; whatever stands then is a whole delivery, and the next one works."""
    run_import(two_deliveries[0], operator_database)
    chance = random.Random(8)
    command = [sys.executable, "-m", "tests.connectors.files.dying_import", operator_database.conninfo]
    with subprocess.Popen(
        [*command, *map(str, two_deliveries)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as victims:
        assert victims.stdin is not None
        assert victims.stdout is not None
        for _ in range(DEATHS):
            victims.stdin.write(f"{chance.uniform(0, 1.5):.3f}\n")
            victims.stdin.flush()
            assert victims.stdout.readline() == f"{signal.SIGKILL.value}\n"
            assert_whole(operator_database)
        victims.stdin.close()
    assert len(rows(operator_database, BATCHES)) > DEATHS
    run_import(two_deliveries[1], operator_database, as_of=AS_OF + timedelta(days=1))
    assert_whole(operator_database)


def marked(folder: Path, number: int) -> Path:
    """The network with this number in the listing, the stock, the purchase and the customer's order of MILK at HAM."""
    return write_network(
        folder,
        item_sites=["sku,site,listed_on,reorder_point", f"MILK,HAM,2024-01-01,{number}", "MILK,BER,2024-01-01,"],
        stock=["sku,site,state,quantity", f"MILK,HAM,available,{number}"],
        purchase_orders=[FILES["purchase_orders"][0], f"PO-1,1,S-1,MILK,HAM,{number},EA,1,2026-03-01,2026-04-05,"],
        customer_orders=[FILES["customer_orders"][0], f"SO-1,1,C-1,MILK,HAM,{number},2026-03-30,2026-04-02"],
        demand=["sku,site,day,quantity", "MILK,HAM,2026-03-01,1"],
        transfer_orders=None,
    )


@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize("reads", range(1, 12, 3))
def test_a_look_during_an_import_sees_one_delivery(
    reads: int, snapshot: bool, tmp_path: Path, operator_database: Database, agent_database: Database
) -> None:
    """An import is committed before one of its reads; in any kind of transaction, all that it finds is of one."""
    run_import(marked(tmp_path / "one", 1), operator_database)
    two, count = marked(tmp_path / "two", 2), itertools.count(1)
    with agent_database.transaction("acme", snapshot=snapshot) as connection:

        def connect() -> Connection[DictRow]:
            if next(count) == reads:
                run_import(two, operator_database, as_of=AS_OF + timedelta(days=1))
            return connection

        milk = load(connect, AS_OF.date()).get("MILK", "HAM")
    assert next(count) > reads
    assert milk is not None
    numbers = [milk.listing.reorder_point, *(row.quantity for row in (*milk.lots, *milk.purchases, *milk.orders))]
    assert numbers in ([1] * 4, [2] * 4)


def test_imports_without_end_are_told_and_not_mixed(
    tmp_path: Path, operator_database: Database, agent_database: Database
) -> None:
    one, days = marked(tmp_path / "one", 1), itertools.count(1)
    run_import(one, operator_database)
    with agent_database.transaction("acme") as connection:

        def connect() -> Connection[DictRow]:
            if (day := next(days)) % 6 == 0:
                run_import(one, operator_database, as_of=AS_OF + timedelta(days=day))
            return connection

        with pytest.raises(Unavailable, match="imported during each of 3"):
            load(connect, AS_OF.date(), with_demand=False)


def test_two_tenants_do_not_wait_for_each_other(
    two_deliveries: tuple[Path, Path], operator_database: Database, second_tenant: str
) -> None:
    """An import in the middle of one tenant's holds up nobody else's."""
    other = replace(CONTEXT, tenant=second_tenant)
    inside: list[object] = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage == "writing" and not inside:
            inside.append(import_path(two_deliveries[1], database=operator_database, context=other, as_of=AS_OF))

    run_import(two_deliveries[0], operator_database, progress=meanwhile)
    assert len(inside) == 1
    assert_whole(operator_database)
