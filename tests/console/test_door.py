"""Who comes in, and what is not there: the open defaults of the library are closed, and nothing bears its name."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
import socketio.exceptions

from tests.console.conftest import Site
from tests.console.window import Window, window

pytestmark = pytest.mark.xdist_group("console")

HTML = {"Accept": "text/html"}
CLOSED = (
    ("POST", "/project/file"), ("GET", "/project/file/x"), ("PUT", "/project/element"), ("DELETE", "/project/element"),
    ("PUT", "/project/thread/share"), ("GET", "/project/share/x"), ("PUT", "/feedback"), ("DELETE", "/feedback"),
    ("POST", "/mcp"), ("DELETE", "/mcp"), ("POST", "/login"), ("POST", "/auth/jwt"), ("POST", "/auth/header"),
    ("GET", "/auth/oauth/github"), ("POST", "/slack/events"), ("POST", "/teams/events"), ("GET", "/copilot/index.js"),
    ("GET", "/health"), ("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/ws/socket.io/"),
    ("POST", "/ws/socket.io/"), ("GET", "/public/%2e%2e/config.toml"), ("GET", "/share/x"), ("GET", "/element/x"),
)  # fmt: skip


def test_a_stranger_is_sent_to_sign_in_and_gets_nothing_else(site: Site) -> None:
    with httpx.Client(base_url=site.address) as client:
        opened = client.get("/console/", headers=HTML)
        assert (opened.status_code, opened.headers["location"]) == (303, "/sign-in?next=/console/")
        for method, path in (("GET", "/console/user"), ("POST", "/console/project/action")):
            answer = client.request(method, path, json={} if method == "POST" else None)
            assert answer.status_code == 401, path
            assert "Traceback" not in answer.text

    async def connect() -> None:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await Window(site.address, "quartermaster_session=acme.forged", None).open()

    asyncio.run(connect())


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_the_console_does_not_use_is_not_there(site: Site, method: str, path: str) -> None:
    with site.client("paula") as client:
        answer = client.request(method, f"/console{path}", json={} if method in ("POST", "PUT") else None)
    assert answer.status_code == 404, answer.text[:200]


def test_another_sites_page_can_do_nothing(site: Site) -> None:
    evil = {"Origin": "https://evil.example"}
    before = len(site.refusals())
    with site.client("paula") as client:
        answer = client.post("/console/project/action", json={}, headers=evil)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-origin" not in client.get("/console/user", headers=evil).headers

    async def connect() -> None:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await Window(site.address, site.cookie("paula"), None).open(Origin="https://evil.example")

    asyncio.run(connect())
    assert len(site.refusals()) == before + 2


def test_a_cookie_or_token_of_the_librarys_own_identifies_nobody(site: Site) -> None:
    """Somebody who knows its cookie's name, or even its secret, is still the person of our session."""
    from chainlit.auth import create_jwt
    from chainlit.user import User

    forged = create_jwt(User(identifier="acme/sven"))
    with site.client("paula") as client:
        both = client.headers["Cookie"] + f"; quartermaster_console={forged}; access_token={forged}"
        known = client.get("/console/user", headers={"Cookie": both}).json()
        assert (known["identifier"], known["display_name"]) == ("acme/paula", "Paula")
        assert "set-cookie" not in client.get("/console/", headers=HTML).headers
    with httpx.Client(base_url=site.address) as client:
        assert client.get("/console/user", headers={"Cookie": f"quartermaster_console={forged}"}).status_code == 401


def test_a_programs_key_does_not_open_the_console(site: Site) -> None:
    from datetime import timedelta

    from app.signin import keys
    from domain.context import Actor, Context

    context = Context("acme", Actor("person", "test"))
    made = keys.create(site.parts.operator, context, "test", ["cases:read"], timedelta(days=1))
    answer = httpx.get(f"{site.address}/console/user", headers={"Authorization": f"Bearer {made.key}"})
    assert answer.status_code == 403


def test_the_page_loads_everything_from_here_and_says_our_name_only(site: Site) -> None:
    with site.client("paula") as client:
        page = client.get("/console/", headers=HTML)
        texts = [page.text] + [client.get(path).text for path in (
            "/console/project/settings?language=en-US", "/console/project/translations?language=de-DE",
            "/console/auth/config", "/console/favicon", "/console/public/console.css", "/console/public/console.js",
        )]  # fmt: skip
    for text in texts:
        assert "chainlit" not in text.lower()
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)[^\s\"']+", text)
    assert "<title>Quartermaster</title>" in page.text
    assert "Simulated network" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_what_is_in_force_is_what_our_file_says(site: Site) -> None:
    with site.client("paula") as client:
        settings = client.get("/console/project/settings?language=en-US").json()
    features = settings["features"]
    closed = ("unsafe_allow_html", "edit_message", "allow_thread_sharing", "favorites", "latex")
    assert [name for name in closed if features[name]] == []
    assert (features["spontaneous_file_upload"]["enabled"], features["mcp"]["enabled"]) == (False, False)
    assert features["audio"]["enabled"] is False
    from chainlit.config import config
    from chainlit.data import get_data_layer

    assert config.project.allow_origins == []
    assert type(get_data_layer()).__name__ == "History"


def test_nothing_is_written_into_the_working_directory(site: Site) -> None:
    assert not [name for name in (".files", ".chainlit", "chainlit.md") if Path(name).exists()]


def test_an_oversized_body_and_a_lengthless_one_are_refused(site: Site) -> None:
    with site.client("paula") as client:
        large = client.post("/console/project/action", content=b"x" * 200_000)
        endless = client.post("/console/project/action", content=iter([b"x"] * 3))
    assert (large.status_code, endless.status_code) == (413, 413)


@pytest.mark.parametrize("body", [{}, {"sessionId": "nope", "action": {"name": "open", "payload": {}}}, [], "x"])
def test_rubbish_to_a_button_is_answered_without_a_stack_trace(site: Site, body: object) -> None:
    with site.client("paula") as client:
        answer = client.post("/console/project/action", content=json.dumps(body))
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text


def test_there_is_no_other_page_to_sign_in(site: Site) -> None:
    with site.client("paula") as client:
        answer = client.get("/console/login", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")


def test_signing_out_ends_the_session(site: Site) -> None:
    with site.client("susi") as client:
        answer = client.post("/console/logout")
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        assert client.get("/console/user").status_code == 401


def test_events_that_are_not_used_do_nothing(site: Site) -> None:
    async def run() -> None:
        async with window(site.address, site.cookie("paula")) as open_window:
            await open_window.until(lambda: open_window.text("Good"))
            heard = len(open_window.heard)
            for event in ("edit_message", "message_favorite", "audio_start", "window_message", "no such event"):
                await open_window.socket.emit(event, {"message": {"id": "x", "output": "changed"}})
            for rubbish in (None, [], {}, {"message": 3}, {"message": {"id": 4, "output": "x"}}):
                await open_window.socket.emit("client_message", rubbish)
            await asyncio.sleep(0.5)
            assert open_window.heard[heard:] == []

    asyncio.run(run())
