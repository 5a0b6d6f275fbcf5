"""The server as a process, and the commands about keys and passwords."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from urllib.parse import quote, urlencode

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app import serving
from app.api.app import create_app
from app.api.parts import Parts
from app.cli.main import cli
from db.embedded import Embedded
from db.roles import USERS
from db.session import Database
from db.settings import Role
from domain.errors import BadInput, NotFound, Unavailable
from tests.api.conftest import PASSWORD, Api
from tests.home import PROGRAM, ROOT


def url_of(cluster: Embedded, database: str, role: Role) -> str:
    """The role's connection as a team would give it."""
    parts = conninfo_to_dict(cluster.conninfo(USERS[role], database))
    where = urlencode({"host": str(parts["host"]), "port": str(parts["port"])})
    return f"postgresql://{parts['user']}:{quote(str(parts['password']))}@/{database}?{where}"


@pytest.mark.slow
def test_it_serves_with_two_roles_only_and_stops_cleanly(cluster: Embedded, database_name: str) -> None:
    roles: tuple[Role, ...] = ("agent", "operator")
    urls = {f"QUARTERMASTER_DATABASE_URL_{role.upper()}": url_of(cluster, database_name, role) for role in roles}
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"], env={**os.environ, **urls}, cwd=ROOT, text=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        assert httpx.get(f"{address}/readyz").json()["ready"] is True
        assert httpx.get(f"{address}/v1/cases").headers["content-type"] == "application/problem+json"
        assert "server" not in httpx.get(f"{address}/healthz").headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "quartermaster.example"])
def test_other_machines_reach_it_through_tls_only(host: str) -> None:
    with pytest.raises(BadInput, match=r"plain HTTP.*--behind-proxy"):
        serving.run(host, 0, behind_proxy=False, announce=print)


def test_this_machine_is_told_from_others() -> None:
    assert all(map(serving.is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(serving.is_loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.example")))


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"port {port}.*--port"):
            serving.run("127.0.0.1", port, behind_proxy=False, announce=print)


def test_behind_a_proxy_the_cookie_is_bound_to_tls(api: Api) -> None:
    seen: list[bool] = []

    def opened(secure: bool) -> Parts:
        seen.append(secure)
        return api.parts

    with TestClient(create_app(secure=True, open_with=opened)):
        pass
    assert seen == [True]


@pytest.fixture
def command(api: Api, database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A command line over this test's database; what it printed."""
    monkeypatch.setattr("app.wiring.operator_database", lambda: database(role="operator"))

    def run(*arguments: str, given: str = "") -> str:
        ran = CliRunner().invoke(cli, [*arguments, "--tenant", api.tenant], input=given, catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    return run


def test_a_key_is_made_shown_once_listed_and_revoked(api: Api, command: Callable[..., str]) -> None:
    made = json.loads(command("key", "create", "WMS", "--scope", "cases:read", "--days", "3", "--as", "anna", "--json"))
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert api.client.get("/v1/me", headers=headers).json()["name"] == "WMS"
    listed = command("key", "list", "--json")
    assert made["key"] not in listed
    (line,) = json.loads(listed)["keys"]
    assert (line["key_id"], line["scopes"], line["state"], line["made_by"]) == (
        made["key_id"], ["cases:read"], "valid", "person:anna"
    )  # fmt: skip
    assert line["last_used_at"] is not None
    command("key", "revoke", made["key_id"])
    assert api.client.get("/v1/me", headers=headers).status_code == 401
    assert "revoked" in command("key", "list")
    assert [row["actor_id"] for row in api.audited("key.created")] == ["anna"]
    with pytest.raises(NotFound):
        command("key", "revoke", made["key_id"])


@pytest.mark.parametrize("scope", ["approvals:write", "everything", ""])
def test_no_key_can_be_made_that_approves(command: Callable[..., str], scope: str) -> None:
    with pytest.raises(BadInput, match="no scope of a key"):
        command("key", "create", "bot", "--scope", scope)


def test_a_password_is_set_and_ends_the_sessions(api: Api, command: Callable[..., str]) -> None:
    session = api.cookie("paula")
    done = json.loads(command("person", "password", "paula", "--json", given=PASSWORD + "\n"))
    assert (done["person"], done["sessions_ended"]) == ("paula", 1)
    assert api.client.get("/v1/me", headers=session).status_code == 401
    body = {"person": "paula", "password": PASSWORD}
    assert api.client.post("/sign-in", json=body).status_code == 200
    assert PASSWORD not in str(api.audited("person.password_set"))


@pytest.mark.parametrize("password", ["short", "", "x" * 1025])
def test_a_password_that_is_too_short_or_long_is_refused(command: Callable[..., str], password: str) -> None:
    with pytest.raises(BadInput, match="12 to 1024"):
        command("person", "password", "paula", given=password + "\n")


def test_a_password_for_nobody_is_refused(command: Callable[..., str]) -> None:
    with pytest.raises(NotFound, match="nobody"):
        command("person", "password", "nobody", given=PASSWORD + "\n")
