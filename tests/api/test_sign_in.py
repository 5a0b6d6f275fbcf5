"""Signing in: password, one-time link, session, sign-out; and every way in which it must not work."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from app.signin import attempts
from app.signin.door import SignIn, Times
from db.session import Database
from db.settings import Role
from tests.api.conftest import PASSWORD, Api

COOKIE = "quartermaster_session"


def sign_in(api: Api, person: str = "paula", password: str = PASSWORD, **more: Any) -> Any:
    return api.client.post("/sign-in", json={"person": person, "password": password}, **more)


def token_of(answer: Any) -> str:
    found = re.search(rf"{COOKIE}=([^;]+);", answer.headers["set-cookie"])
    assert found is not None
    return found[1]


def test_a_password_starts_a_session_in_a_cookie_that_scripts_cannot_read(with_passwords: Api) -> None:
    answer = sign_in(with_passwords)
    assert (answer.status_code, answer.json()["id"], answer.json()["roles"]) == (200, "paula", ["planner"])
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie  # on loopback there is no TLS
    with_passwords.client.cookies.clear()
    me = with_passwords.client.get("/v1/me", headers={"Cookie": f"{COOKIE}={token_of(answer)}"})
    assert (me.json()["id"], me.json()["kind"], me.json()["tenant"]) == ("paula", "person", with_passwords.tenant)


def test_the_page_signs_in_and_goes_on(with_passwords: Api) -> None:
    form = {"person": "paula", "password": PASSWORD, "next": "/v1/me"}
    answer = with_passwords.client.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/v1/me")
    assert with_passwords.client.get(answer.headers["location"]).json()["id"] == "paula"
    assert "signed in as <strong>Paula" in with_passwords.client.get("/sign-in").text


def test_the_page_goes_on_to_this_server_only(with_passwords: Api) -> None:
    for onward in ("//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\nb"):
        form = {"person": "paula", "password": PASSWORD, "next": onward}
        assert with_passwords.client.post("/sign-in", data=form).headers["location"] == "/sign-in"


def test_the_page_loads_nothing_and_cannot_be_framed(api: Api) -> None:
    page = api.client.get("/sign-in", params={"next": '/"><script>alert(1)</script>'})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert (page.headers["cache-control"], page.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert "<script" not in page.text
    assert "http" not in re.sub(r"<!doctype.*?<body>", "", page.text, flags=re.DOTALL)


REFUSED = (
    ("paula", "wrong horse battery"),
    ("nobody", PASSWORD),
    ("gone", PASSWORD),  # deactivated
    ("sven", PASSWORD),  # has no password
    ("pa\x00", "x"),
)


def test_a_refusal_never_tells_why(with_passwords: Api) -> None:
    bodies: set[str] = set()
    for person, password in REFUSED:
        answer = sign_in(with_passwords, person, password)
        assert (answer.status_code, answer.json()["kind"]) == (401, "SignInRefused")
        assert "set-cookie" not in answer.headers
        bodies.add(answer.text.replace(answer.json()["trace_id"], ""))
        refused = with_passwords.audited("access.refused")[-1]
        assert refused["data"]["what"] == "sign-in"  # type: ignore[index]
        subject = "sign_in:unknown" if person in ("nobody", "pa\x00") else f"person:{person}"
        assert (refused["subject"], refused["trace_id"]) == (subject, answer.json()["trace_id"])
    assert len(bodies) == 1


def test_an_unknown_name_costs_as_much_work_as_a_known_one(
    with_passwords: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.signin import passwords

    checked: list[str] = []
    real = passwords._hasher.verify

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            checked.append(kept[:20])
            return real(kept, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(passwords, "_nobodys", lambda: "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aaaa")
    sign_in(with_passwords, "paula", "wrong horse battery")
    sign_in(with_passwords, "nobody", "wrong horse battery")
    assert len(checked) == 2


def test_guessing_is_slowed_down_alike_for_real_and_invented_names(with_passwords: Api) -> None:
    for name in ("paula", "nobody"):
        codes = [sign_in(with_passwords, name, "wrong horse battery").status_code for _ in range(7)]
        assert codes == [401] * 5 + [429] * 2
    late = sign_in(with_passwords)
    assert late.status_code == 429, "the right password does not help while it is blocked"
    assert int(late.headers["retry-after"]) >= 1
    told = {(row["subject"], row["data"]["error"]) for row in with_passwords.audited("access.refused")}  # type: ignore[index]
    assert ("person:paula", "TooManyAttempts") in told
    with_passwords.run("UPDATE sign_in_attempt SET last_at = now() - interval '1 hour'")
    assert sign_in(with_passwords).status_code == 200


def test_one_address_cannot_try_many_names(with_passwords: Api) -> None:
    limit = attempts.LIMITS.per_minute
    codes = [sign_in(with_passwords, f"n{number}", "x").status_code for number in range(limit + 2)]
    assert set(codes[: attempts.LIMITS.free_for_address]) == {401}
    assert codes[-1] == 429


def test_an_idle_or_old_or_deactivated_session_is_over(api: Api) -> None:
    ways = (
        "UPDATE person_session SET seen_at = now() - interval '3 hours'",
        "UPDATE person_session SET expires_at = now()",
        "UPDATE person_session SET ended_at = now()",
        "UPDATE person SET active = false WHERE person = 'paula'",
    )
    for way in ways:
        api.run("UPDATE person SET active = true WHERE person = 'paula'")
        headers = api.cookie("paula")
        assert api.client.get("/v1/me", headers=headers).status_code == 200
        api.run(way)
        over = api.client.get("/v1/me", headers=headers)
        assert (over.status_code, over.json()["kind"]) == (401, "SessionOver"), way
    assert [row["subject"] for row in api.audited("access.refused")] == ["person:paula"] * 4


def test_roles_are_those_of_this_moment(api: Api) -> None:
    headers = api.cookie("paula")
    api.run("UPDATE person SET roles = '{auditor}' WHERE person = 'paula'")
    assert api.client.get("/v1/me", headers=headers).json()["roles"] == ["auditor"]


def test_signing_out_ends_the_session_for_good(api: Api) -> None:
    headers = api.cookie("paula")
    out = api.client.post("/sign-out", headers=headers)
    assert out.status_code == 204
    assert f'{COOKIE}=""' in out.headers["set-cookie"]
    assert api.client.get("/v1/me", headers=headers).status_code == 401
    assert [row["actor_id"] for row in api.audited("session.ended")] == ["paula"]


def test_a_link_signs_in_once(api: Api) -> None:
    path = api.parts.signin.link(api.tenant, "sven")
    for _ in range(2):  # a mail scanner looks
        assert "Continue as Sven" in api.client.get(path).text
    first = api.client.post(path, data={"next": "/v1/me"})
    assert (first.status_code, first.headers["location"]) == (303, "/v1/me")
    assert api.client.get("/v1/me").json()["id"] == "sven"
    api.client.cookies.clear()
    again = api.client.post(path, data={})
    assert again.status_code == 401
    assert "has been used" in again.text
    assert "set-cookie" not in again.headers
    assert api.client.post(path).json()["kind"] == "LinkOver"
    assert api.client.get(path).status_code == 401
    assert {row["subject"] for row in api.audited("access.refused")} == {"sign_in:link"}


@pytest.mark.parametrize("change", ["expires_at = now()", "used_at = now()"])
def test_a_link_whose_time_is_over_signs_nobody_in(api: Api, change: str) -> None:
    path = api.parts.signin.link(api.tenant, "sven")
    api.run(f"UPDATE sign_in_link SET {change}")
    assert api.client.post(path).status_code == 401


def test_a_link_of_somebody_who_was_deactivated_signs_nobody_in(api: Api) -> None:
    path = api.parts.signin.link(api.tenant, "sven")
    api.run("UPDATE person SET active = false WHERE person = 'sven'")
    assert api.client.post(path).status_code == 401


def test_a_token_is_good_in_its_own_tenant_only(api: Api, second_tenant: str) -> None:
    token = api.cookie("paula")["Cookie"].partition("=")[2]
    moved = f"{second_tenant}.{token.partition('.')[2]}"
    assert api.client.get("/v1/me", headers={"Cookie": f"{COOKIE}={moved}"}).status_code == 401


def test_two_session_cookies_are_none(api: Api) -> None:
    cookie = api.cookie("paula")["Cookie"]
    other = api.cookie("sven")["Cookie"]
    assert api.client.get("/v1/me", headers={"Cookie": f"{cookie}; {other}"}).status_code == 401


def test_nothing_that_is_kept_can_be_used(api: Api) -> None:
    token = api.cookie("paula")["Cookie"].partition("=")[2]
    secret = token.partition(".")[2]
    for table in ("person_session", "sign_in_link", "api_key", "person_password"):
        with api.owner.transaction(api.tenant) as connection:
            kept = str(connection.execute(f"SELECT * FROM {table}".encode()).fetchall())
        assert secret not in kept


def test_with_tls_the_cookie_is_bound_to_it(api: Api) -> None:
    signin = SignIn(api.parts.operator, secure=True)
    assert signin.cookie == "__Host-quartermaster_session"
    token = api.cookie("paula")["Cookie"].partition("=")[2]
    assert signin.person_of(f"{COOKIE}={token}") is None
    assert signin.person_of(f"a=b; __Host-{COOKIE}={token}") is not None


def test_a_cookie_header_says_who_is_signed_in(api: Api) -> None:
    found = api.parts.signin.person_of(f"a=b; {api.cookie('paula')['Cookie']}")
    assert found is not None
    assert (found.person, found.name, found.roles) == ("paula", "Paula", {"planner"})
    for nothing in ("", "a=b", "acme.x", "x" * 5000, f"{COOKIE}=acme.{'A' * 43}"):
        assert api.parts.signin.person_of(nothing) is None


def test_times_are_settings_of_the_sign_in(api: Api) -> None:
    short = SignIn(api.parts.operator, times=Times(idle=timedelta(0)))
    assert short.person_of(api.cookie("paula")["Cookie"]) is None


def test_the_agent_and_the_executor_see_nothing_of_who_may_come_in(database: Callable[..., Database]) -> None:
    roles: tuple[Role, ...] = ("agent", "executor", "sealer")
    for role in roles:
        for table in ("api_key", "person_password", "person_session", "sign_in_link", "sign_in_attempt"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                database(role=role).transaction("acme") as connection,
            ):
                connection.execute(f"SELECT FROM {table}".encode())
