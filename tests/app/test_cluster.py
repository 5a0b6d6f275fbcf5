"""A Dask cluster of two worker processes on loopback computes what this process computes; a broken one says so."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planning.simulation.run as runs
from app.cluster import ClusterUnavailable, engine
from db.errors import SettingsInvalid
from planning.simulation.demand import Counted
from planning.simulation.policies import OrderUpTo
from planning.simulation.run import simulate
from planning.spread import Spread, local
from tests.planning.simulation.made import network, start

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    # Any: the library types every call as if it were awaited.
    make: Any = LocalCluster
    with make(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None) as made:
        yield made.scheduler_address


def profit(spread: Spread) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    level = np.array([20.0, 10.0])
    demand = Counted(np.full((2, 20), 2.0), np.array([2.0, 1.0]))
    policy = OrderUpTo(level / 2.0, level)
    got = simulate(network(), start(level), demand, policy, days=20, replications=8, seed=9, spread=spread)
    return got.profit


def test_two_worker_processes_compute_what_this_one_does(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PART", 2 * 20 * 2)  # four parts of two replications
    with engine(cluster) as spread:
        far = profit(spread)
    assert np.array_equal(far, profit(local))


def fails(job: int) -> int:
    raise ValueError(f"job {job}")


def test_an_error_of_a_job_comes_back_as_it_was(cluster: str) -> None:
    with engine(cluster) as spread, pytest.raises(ValueError, match="job 3"):
        list(spread(fails, [3]))


def test_workers_that_cannot_load_our_code_say_so(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("def found(): return {}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("app.cluster.our_versions", import_module("only_here").found)
    with pytest.raises(ClusterUnavailable, match="No module named"), engine(cluster):
        pass


def test_where_nobody_answers_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cluster.CONNECT_SECONDS", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ClusterUnavailable, match="Nobody answers"), engine(address):
            pass


def test_the_setting_is_checked_and_without_it_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUARTERMASTER_CLUSTER", raising=False)
    with engine() as spread:
        assert spread is local
    monkeypatch.setenv("QUARTERMASTER_CLUSTER", "scheduler")
    with pytest.raises(SettingsInvalid, match="tcp://"), engine():
        pass
