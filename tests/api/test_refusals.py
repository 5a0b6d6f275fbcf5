"""Bad input and bad callers: a problem document that says what to do, no stack trace, nothing half-done, audited."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.api import body, health
from app.api.app import create_app
from app.api.identity import OPEN
from app.signin import keys, refusals
from db.errors import DatabaseUnavailable
from domain.context import Actor, Context
from domain.incoming_json import LARGEST_BYTES
from tests.api.conftest import SERVER, Api
from tests.api.running import running
from tests.api.test_routes import EVENT

PROBLEM = "application/problem+json"


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The answer is that problem, complete and without internals."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    said = answer.json()
    assert (said["status"], said["kind"]) == (status, kind), said
    assert said["trace_id"] == answer.headers["trace-id"]
    assert said["detail"]
    for internal in ("Traceback", "psycopg", ".py", "SELECT"):
        assert internal not in answer.text
    return said


def routes(app: Any) -> Iterator[tuple[str, str]]:
    """Every method and path there is, with something in place of each parameter."""
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            yield method.upper(), path.replace("{case_id}", "C-1").replace("{proposal_id}", "0" * 32)
    for route in app.routes:
        if isinstance(route, Route):
            for method in route.methods or ():
                yield method, route.path


def test_every_route_but_the_open_ones_needs_an_identity(api: Api) -> None:
    seen = 0
    for method, path in routes(api.client.app):
        if path in OPEN or path.startswith("/sign-in"):
            continue
        answer = api.client.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == 'Bearer realm="quartermaster"'
        seen += 1
    assert seen >= 25


def test_the_open_routes_are_these(api: Api) -> None:
    """A new one has to be added here, with a reason: nothing of a tenant, or the way in itself."""
    assert {"/", "/healthz", "/readyz", "/openapi.json", "/sign-in", "/sign-out"} == OPEN
    for path in OPEN - {"/sign-out", "/"}:
        assert api.client.get(path).status_code == 200
    for path in ("/docs", "/redoc", "/healthz/", "/sign-inn", "/v1/../healthz/x"):
        assert api.client.get(path).status_code in (401, 404), path


def test_a_wrong_key_is_refused_even_with_a_session(api: Api) -> None:
    session = api.cookie("paula")
    for sent in (
        "Bearer nonsense", "Bearer", "Basic cGF1bGE6eA==", "bearer qm_acme-aaaaaaaa_short", "Bearer qm__", "\x7f",
        f"Bearer qm_acme-aaaaaaaa_{'A' * 43}", f"Bearer qm_nobody-aaaaaaaa_{'A' * 43}", "Bearer " + "x" * 9000,
    ):  # fmt: skip
        answer = api.client.get("/v1/cases", headers=session | {"Authorization": sent})
        assert problem(answer, 401, answer.json()["kind"])["kind"] in ("KeyRefused", "NotIdentified"), sent


def test_a_key_with_one_letter_changed_is_refused_and_recorded(api: Api) -> None:
    key = api.key()["Authorization"]
    other = key[:-1] + ("A" if key[-1] != "A" else "B")
    answer = api.client.get("/v1/cases", headers={"Authorization": other})
    problem(answer, 401, "KeyRefused")
    (row,) = api.audited("access.refused")
    assert (row["data"]["what"], row["trace_id"]) == ("key: wrong secret", answer.headers["trace-id"])  # type: ignore[index]
    assert str(row["subject"]).startswith("key:acme-")
    assert other.rpartition("_")[2] not in str(row)


def test_a_revoked_and_an_expired_key_are_refused_at_once(api: Api) -> None:
    headers = api.key()
    key_id = headers["Authorization"].split("_")[1]
    assert api.client.get("/v1/me", headers=headers).json()["id"] == key_id
    keys.revoke(api.parts.operator, api.context, key_id)
    problem(api.client.get("/v1/me", headers=headers), 401, "KeyRefused")
    short = api.key(lasts=timedelta(seconds=60))
    api.run("UPDATE api_key SET expires_at = now()")
    problem(api.client.get("/v1/me", headers=short), 401, "KeyRefused")
    listed = keys.listed(api.parts.operator, api.tenant)
    assert [one.state for one in listed] == ["revoked", "expired"]
    assert [row["subject"] for row in api.audited("key.revoked")] == [f"key:{key_id}"]


def test_a_key_does_what_its_scopes_say_and_no_more(api: Api) -> None:
    reader, reporter = api.key("cases:read"), api.key("events:write")
    assert api.client.get("/v1/cases", headers=reader).status_code == 200
    for method, path in (("POST", "/v1/exceptions"), ("POST", "/v1/tools/compare_options"), ("GET", "/v1/approvals")):
        answer = api.client.request(method, path, headers=reader)
        assert "cases:read" in problem(answer, 403, "MissingScope")["detail"]
    assert api.client.get("/v1/cases", headers=reporter).status_code == 403
    refused = api.audited("access.refused")
    assert refused[0]["data"]["what"] == "POST /v1/exceptions"  # type: ignore[index]
    assert len(refused) == 4


def test_a_person_does_what_their_roles_say_and_no_more(api: Api) -> None:
    auditor = api.cookie("anna")
    assert api.client.get("/v1/cases", headers=auditor).status_code == 200
    for path in ("/v1/exceptions", "/v1/cases/C-1/triage", "/v1/cases/C-1/proposals/transfer"):
        problem(api.client.post(path, json={}, headers=auditor), 403, "MissingScope")
    assert [row["actor_id"] for row in api.audited("access.refused")] == ["anna"] * 3


def test_another_tenants_things_are_not_there(api: Api, second_tenant: str) -> None:
    headers = api.key("events:write")
    case = api.client.post("/v1/exceptions", json=EVENT, headers=headers).json()["cases"][0]["case_id"]
    made = keys.create(
        api.parts.operator, Context(second_tenant, Actor("person", "test")), "x", keys.KEY_SCOPES, timedelta(days=1)
    )
    theirs = {"Authorization": f"Bearer {made.key}"}
    assert api.client.get("/v1/me", headers=theirs).json()["tenant"] == second_tenant
    assert api.client.get("/v1/cases", headers=theirs).json()["cases"] == []
    for path in (f"/v1/cases/{case}", f"/v1/cases/{case}/decision"):
        problem(api.client.get(path, headers=theirs), 404, "NotFound")
    problem(api.client.post(f"/v1/cases/{case}/triage", headers=theirs), 404, "NotFound")
    problem(api.client.post("/v1/tools/get_case", json={"case_id": case}, headers=theirs), 404, "NotFound")
    problem(api.client.get(f"/v1/proposals/{'0' * 32}", headers=theirs), 404, "NotFound")


def test_the_tenant_cannot_be_named_in_a_request(api: Api, second_tenant: str) -> None:
    headers = api.key() | {"X-Tenant": second_tenant, "Tenant": second_tenant}
    assert api.client.get("/v1/me", params={"tenant": second_tenant}, headers=headers).json()["tenant"] == api.tenant
    answer = api.client.post("/v1/tools/list_exceptions", json={"tenant": second_tenant}, headers=headers)
    assert problem(answer, 422, "BadInput")["errors"][0]["pointer"] == "/tenant"


def test_unknown_routes_and_methods(api: Api) -> None:
    headers = api.key()
    problem(api.client.get("/v1/nothing", headers=headers), 404, "NoSuchRoute")
    problem(api.client.get("/v1/tools/rm_rf", headers=headers), 404, "NoSuchRoute")
    answer = api.client.delete("/v1/cases", headers=headers)
    problem(answer, 405, "NoSuchMethod")
    assert answer.headers["allow"] == "GET"


UNREADABLE = (
    (b"{", "is not JSON"),
    (b'{"a": 1, "a": 2}', "stands twice"),
    (b'{"a": NaN}', "NaN is no number"),
    (b'{"a": 1e999}', "is not JSON"),
    (b'{"a": "\xff"}', "is not UTF-8"),
    (b'{"a": "\\ud800"}', "surrogate"),
    (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "nested more than"),
    (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
    (b"[1]", "holds no JSON object"),
    (b'"text"', "holds no JSON object"),
)


def test_a_body_that_cannot_be_read_or_could_be_read_in_two_ways(api: Api) -> None:
    headers = api.key() | {"Content-Type": "application/json"}
    for sent, says in UNREADABLE:
        answer = api.client.post("/v1/exceptions", content=sent, headers=headers)
        assert says in problem(answer, 400, "Malformed")["detail"], sent


def test_a_body_of_another_type(api: Api) -> None:
    headers = api.key()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=x"):
        sent = headers | {"Content-Type": kind}
        problem(api.client.post("/v1/exceptions", content=json.dumps(EVENT), headers=sent), 415, "WrongMediaType")


def test_a_large_body_is_refused_by_its_length_and_by_its_bytes(api: Api) -> None:
    headers = api.key() | {"Content-Type": "application/json"}
    problem(api.client.post("/v1/exceptions", content=b" " * (LARGEST_BYTES + 1), headers=headers), 413, "TooLarge")
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while taken < 100 * LARGEST_BYTES:
            taken += 1000
            yield b" " * 1000

    problem(api.client.post("/v1/exceptions", content=endless(), headers=headers), 413, "TooLarge")


def test_a_body_that_does_not_come_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "SECONDS", 0.2)
    key = api.key()["Authorization"]
    with running(create_app(open_with=lambda _: api.parts)) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as slow:
            head = f"POST /v1/exceptions HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Length: 9\r\n\r\n{{"
            slow.sendall(head.encode())
            assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_what_is_wrong_is_pointed_at_without_repeating_it(api: Api) -> None:
    event = EVENT | {"time": "yesterday", "data": {"sku": "\x00", "more": "SECRET-VALUE"}}
    answer = api.client.post("/v1/exceptions", json=event, headers=api.key())
    said = problem(answer, 422, "BadInput")
    assert {fault["pointer"] for fault in said["errors"]} == {"/time", "/data/sku", "/data/site", "/data/more"}
    assert "SECRET-VALUE" not in answer.text
    answer = api.client.get("/v1/cases", params={"limit": 0, "sku": "\x00"}, headers=api.key())
    assert {fault["pointer"] for fault in problem(answer, 422, "BadInput")["errors"]} == {"query limit", "query sku"}
    problem(api.client.get("/v1/cases/%00", headers=api.key()), 422, "BadInput")
    problem(api.client.get("/v1/proposals/x", headers=api.key()), 422, "BadInput")


FROM_ELSEWHERE: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": SERVER},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9999"},
)


def test_another_sites_page_cannot_act_for_a_person(api: Api) -> None:
    person = api.cookie("paula")
    for sent in FROM_ELSEWHERE:
        problem(api.client.post("/v1/exceptions", json=EVENT, headers=person | sent), 403, "CrossSite")
    assert [row["actor_id"] for row in api.audited("access.refused")] == ["paula"] * len(FROM_ELSEWHERE)
    assert api.audited("case.opened") == []
    for sent in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": SERVER}, {}):
        assert api.client.post("/v1/exceptions", json=EVENT, headers=person | sent).status_code == 202


def test_another_sites_page_cannot_sign_somebody_in_or_out(api: Api) -> None:
    path = api.parts.signin.link(api.tenant, "sven")
    evil = {"Origin": "https://evil.example"}
    for where in (path, "/sign-in", "/sign-out"):
        problem(api.client.post(where, headers=evil), 403, "CrossSite")
    assert api.client.post(path).status_code == 200


def test_a_sign_in_without_a_name_or_password(api: Api) -> None:
    for sent in ({"person": "paula"}, {}, {"person": 1, "password": "x"}, {"person": "p", "password": "x" * 2000}):
        answer = api.client.post("/sign-in", json=sent)
        problem(answer, 422, "BadInput")
        assert "xxx" not in answer.text


def test_a_form_with_a_field_twice_or_in_no_known_letters(api: Api) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for sent in (b"person=a&person=b&password=c", b"person=%ff&password=c", b"\xff"):
        assert api.client.post("/sign-in", content=sent, headers=headers).status_code in (400, 422)


def test_what_nobody_foresaw_is_a_500_without_a_stack(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.api import cases

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret internals")

    monkeypatch.setattr(cases.cases, "search", broken)
    answer = api.client.get("/v1/cases", headers=api.key())
    problem(answer, 500, "Unexpected")
    assert "secret internals" not in answer.text


def test_a_tool_that_breaks_inside_is_a_500_that_is_recorded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools import exceptions

    monkeypatch.setattr(exceptions.cases, "search", lambda *_, **__: 1 / 0)
    problem(api.client.post("/v1/tools/list_exceptions", json={}, headers=api.key()), 500, "ToolFailed")
    assert api.audited("tool.called")[-1]["data"]["status"] == "error"  # type: ignore[index]


def test_a_database_that_is_gone_is_a_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise DatabaseUnavailable(remedy="Start it.")

    headers = api.key()
    monkeypatch.setattr(api.parts.agent, "transaction", gone)
    answer = api.client.get("/v1/cases", headers=headers)
    assert problem(answer, 503, "DatabaseUnavailable")["remedy"] == "Start it."
    assert answer.headers["retry-after"] == "5"
    problem(api.client.post("/v1/tools/list_exceptions", json={}, headers=headers), 503, "NotRecorded")
    assert api.client.get("/readyz").json()["parts"][0]["ready"] is False


def test_a_probe_that_hangs_does_not_take_every_thread(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WAIT_SECONDS", 0.05)
    prober = health.Prober()
    with prober._lock:
        assert prober.probe(api.parts) == health.HANGING
    assert prober.probe(api.parts).ready is True


def test_strangers_cannot_fill_the_audit_store(api: Api) -> None:
    for number in range(refusals.PER_MINUTE + 15):
        api.client.get("/v1/me", headers={"Authorization": f"Bearer qm_acme-aaaaaaaa_{number:043d}"})
    api.client.get("/v1/me", headers={"Authorization": f"Bearer qm_nobody-aaaaaaaa_{'A' * 43}"})
    assert len(api.audited("access.refused")) == refusals.PER_MINUTE


def test_a_refusal_stands_when_it_cannot_be_written_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise DatabaseUnavailable

    headers = api.cookie("anna")
    monkeypatch.setattr(refusals, "append", gone)
    problem(api.client.post("/v1/exceptions", json={}, headers=headers), 403, "MissingScope")


def test_every_answer_is_safe_to_open_in_a_browser(api: Api) -> None:
    for path in ("/v1/cases", "/v1/me", "/healthz", "/nothing", "/sign-in"):
        answer = api.client.get(path)
        assert len(answer.headers["trace-id"]) == 32
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_face_sends_people_to_the_sign_in_page_and_back(api: Api) -> None:
    app = create_app(open_with=lambda _: api.parts, faces=("/console",), home="/console")
    with TestClient(app, base_url=SERVER, follow_redirects=False) as client:
        page = client.get("/console/thread/7", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/console/thread/7")
        assert client.get("/console/data", headers={"Accept": "application/json"}).status_code == 401
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/console/ws"):
            pass
        assert client.get("/", headers={}).headers["location"] == "/console"
        assert client.get("/console", headers=api.cookie("paula")).status_code == 404, "nothing is mounted here"
