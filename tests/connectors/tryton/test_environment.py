"""Set up once, killed and gone on from, seeded by content, started once, stopped by pid."""

from __future__ import annotations

import json
import os
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.errors import SetupFailed
from connectors.tryton import SeedNetwork, TrytonEnvironment, connect, runtime
from connectors.tryton.__main__ import main
from connectors.tryton.adapter import home_endpoint
from connectors.tryton.runtime import Progress
from domain.errors import BadInput
from tests.connectors.tryton.orders import request, transfer
from tests.fix_tryton import Auditor, small_network

pytestmark = pytest.mark.tryton


def richer_network() -> SeedNetwork:
    network = small_network()
    first = network.stock[0].model_copy(update={"quantity": Decimal("123.456")})
    return network.model_copy(update={"stock": (first, *network.stock[1:])})


def test_the_same_network_again_changes_nothing(tryton_environment: TrytonEnvironment) -> None:
    server = tryton_environment.start()
    assert tryton_environment.seed(small_network()) is False
    assert tryton_environment.start() == server


def test_another_network_gets_its_own_database_and_the_first_is_kept(tryton_environment: TrytonEnvironment) -> None:
    home, said = tryton_environment.home, list[str]()
    server = tryton_environment.start()
    target = connect(home)
    wanted = request(transfer("SKU-001"))
    document = target.write(wanted)
    assert tryton_environment.seed(richer_network(), said.append) is True
    assert said == ["loading 21 items, 3 sites, 42 stocks"]
    again = tryton_environment.start()
    assert again.pid != server.pid
    assert Auditor(home_endpoint(home, "reader")).free("SKU-001", "MAIN") == 123.456
    assert target.find_by_key(wanted.idempotency_key) is None
    assert tryton_environment.seed(small_network()) is True
    tryton_environment.start()
    assert target.find_by_key(wanted.idempotency_key) == document
    target.close()


def test_many_starts_at_once_give_one_server(tryton_environment: TrytonEnvironment) -> None:
    tryton_environment.stop()
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: tryton_environment.start(), range(4)))
    assert len(set(servers)) == 1


def test_a_killed_server_is_replaced_and_nothing_is_lost(tryton_environment: TrytonEnvironment) -> None:
    server = tryton_environment.start()
    target = connect(tryton_environment.home)
    wanted = request(transfer("SKU-002"))
    document = target.write(wanted)
    os.kill(server.pid, signal.SIGKILL)
    again = tryton_environment.start()
    assert again.pid != server.pid
    assert again.url == server.url
    assert target.find_by_key(wanted.idempotency_key) == document
    target.close()


def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(tryton_environment: TrytonEnvironment) -> None:
    tryton_environment.start().stop()
    record = tryton_environment.directory / "server.json"
    stale = json.loads(record.read_text()) | {"pid": os.getpid(), "started": "1"}
    record.write_text(json.dumps(stale))
    tryton_environment.stop()
    assert tryton_environment.start().pid != os.getpid()


def test_passwords_are_the_owners_only(tryton_environment: TrytonEnvironment) -> None:
    files = list((tryton_environment.directory / "databases").glob("*/*.json"))
    assert {file.name for file in files} == {"executor.json", "reader.json", "admin.json"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    passwords = {json.loads(file.read_text())["password"] for file in files}
    log = (tryton_environment.directory / "trytond.log").read_text()
    assert not [password for password in passwords if password in log]


def test_start_and_stop_by_hand(
    tryton_environment: TrytonEnvironment, tryton_setting: dict[str, str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name, value in tryton_setting.items():
        monkeypatch.setenv(name, value)
    home = str(tryton_environment.home)
    assert main(["start", home]) == 0
    assert capsys.readouterr().out.strip() == tryton_environment.start().url
    assert main(["stop", home]) == 0
    assert main([]) == 2


def test_no_network_no_server(tryton_environment: TrytonEnvironment, tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="no data yet"):
        TrytonEnvironment(tmp_path, tryton_environment.runtime).start()


def test_a_tryton_elsewhere_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTERMASTER_TRYTON_URL", "https://erp.example/")
    with pytest.raises(BadInput, match="QUARTERMASTER_TRYTON_DATABASE"):
        connect(tmp_path)
    for name in ("DATABASE", "USER", "PASSWORD"):
        monkeypatch.setenv(f"QUARTERMASTER_TRYTON_{name}", "x")
    connect(tmp_path).close()


def test_a_setup_killed_after_the_packages_goes_on_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = []

    def packages(aside: Path, progress: Progress) -> dict[str, object]:
        installed.append(aside)
        return {"install_seconds": 1.0}

    def killed(aside: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runtime, "_packages", packages)
    monkeypatch.setattr(runtime, "_database", killed)
    with pytest.raises(KeyboardInterrupt):
        runtime.build(tmp_path, lambda _: None)
    assert list(tmp_path.glob("runtime-*")) == []
    monkeypatch.setattr(runtime, "_database", lambda aside: None)
    built = runtime.build(tmp_path, lambda _: None)
    assert len(installed) == 1
    assert built.figures["install_seconds"] == 1.0
    assert runtime.build(tmp_path, lambda _: None) == built
    assert len(installed) == 1


@pytest.mark.slow
def test_packages_that_cannot_be_had_are_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(SetupFailed, match=r"Downloading Tryton's packages failed.*Check the network"):
        runtime.build(tmp_path / "home", lambda _: None)
    assert list((tmp_path / "home").glob("runtime-*")) == []
