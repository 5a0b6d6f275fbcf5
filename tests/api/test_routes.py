"""What the API answers: the same data, tools and rules as every other surface, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
import httpx
import pytest

from db.actions import NewDecision, insert_decision, set_state
from db.session import Database
from tests.api.conftest import SERVER, Api
from tools import proposals as propose_tools
from tools.catalogue import registry

EVENT = {
    "specversion": "1.0",
    "id": "wms-1",
    "source": "wms/leipzig",
    "type": "stock.risk",
    "time": "2026-03-02T06:00:00Z",
    "data": {"sku": "OAT-1L", "site": "LEJ"},
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(propose_tools, "WAITING", propose_tools.Waiting(seconds=0.1, every=0.02))


@pytest.fixture
def case(api: Api) -> str:
    """The case of OAT-1L at LEJ, reported over the API."""
    answer = api.client.post("/v1/exceptions", json=EVENT, headers=api.key("events:write"))
    return answer.json()["cases"][0]["case_id"]


def compared(api: Api, case: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = api.client.post("/v1/tools/compare_options", json={"case_id": case}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def proposed(api: Api, case: str, headers: dict[str, str], **more: object) -> dict[str, Any]:
    evidence = compared(api, case, headers)["evidence_id"]
    path = f"/v1/cases/{case}/proposals/purchase"
    answer = api.client.post(path, json={"evidence_id": evidence, "quantity": "6000", **more}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def waiting(api: Api, case: str, database: Callable[..., Database]) -> dict[str, Any]:
    """A purchase proposed by paula, which the executor handed to procurement."""
    made = proposed(api, case, api.cookie("paula"))
    hand_to_procurement(api, database, made)
    return made


def hand_to_procurement(api: Api, database: Callable[..., Database], made: dict[str, Any]) -> None:
    """What the executor does when the gate asks for a procurement manager."""
    seen = {"value": made["value"], "currency": "EUR", "tenant_currency": "EUR"}
    decision = NewDecision(
        UUID(made["proposal_id"]), "proposal", "approval", [{"policy": "p", "reason": "Costs much."}],
        ["procurement_manager"], "h", "test", seen,
    )  # fmt: skip
    with database(role="executor").transaction(api.tenant) as connection:
        insert_decision(connection, decision)
        set_state(connection, decision.proposal_id, "waiting")


def jobs(api: Api) -> list[str]:
    with api.parts.agent.transaction(api.tenant) as connection:
        rows = connection.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'agents.triage'").fetchall()
    return [row["args"]["case_id"] for row in rows]


def test_an_event_opens_a_case_that_is_triaged_and_the_same_again_leads_to_it(api: Api) -> None:
    headers = api.key("events:write")
    first = api.client.post("/v1/exceptions", json=EVENT, headers=headers)
    assert first.status_code == 202
    opened = first.json()["cases"][0]
    assert (first.json()["is_new"], opened["status"], opened["kind"]) == (True, "open", "late_supply")
    assert first.headers["location"] == opened["location"] == f"/v1/cases/{opened['case_id']}"
    again = api.client.post("/v1/exceptions", json=EVENT, headers=headers)
    assert (again.status_code, again.json()["is_new"]) == (202, False)
    assert again.json()["cases"] == first.json()["cases"]
    assert jobs(api) == [opened["case_id"]]
    other = api.client.post("/v1/exceptions", json=EVENT | {"time": "2026-03-02T07:00:00Z"}, headers=headers)
    assert (other.status_code, other.json()["kind"]) == (409, "Conflict")
    assert {(row["actor_kind"], str(row["actor_id"])[:9]) for row in api.audited("case.opened")} == {
        ("service", "key:acme-")
    }


def test_an_event_in_its_own_media_type_and_with_the_usual_attributes_is_taken(api: Api) -> None:
    headers = api.key("events:write") | {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    body = json.dumps(EVENT | {"datacontenttype": "application/json", "subject": "OAT-1L"})
    assert api.client.post("/v1/exceptions", content=body, headers=headers).status_code == 202


def test_what_an_event_names_must_exist(api: Api) -> None:
    event = EVENT | {"data": {"sku": "NOPE", "site": "LEJ"}}
    answer = api.client.post("/v1/exceptions", json=event, headers=api.key("events:write"))
    assert (answer.status_code, answer.json()["kind"]) == (404, "NotFound")
    assert "NOPE" in answer.json()["detail"]
    assert jobs(api) == []


def test_a_sweep_leads_to_all_its_cases(api: Api) -> None:
    event = EVENT | {"type": "sweep", "data": {}}
    answer = api.client.post("/v1/exceptions", json=event, headers=api.key("events:write"))
    assert len(answer.json()["cases"]) > 1
    assert "location" not in answer.headers


def test_cases_are_ranked_filtered_and_paged_without_gaps_or_repeats(api: Api) -> None:
    api.client.post("/v1/exceptions", json=EVENT | {"type": "sweep", "data": {}}, headers=api.key("events:write"))
    headers = api.key("cases:read")
    everything = api.client.get("/v1/cases", headers=headers).json()
    ids = [line["case_id"] for line in everything["cases"]]
    money = [float(line["money_at_risk"]) for line in everything["cases"]]
    assert len(ids) == everything["total"] > 2
    assert money == sorted(money, reverse=True)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.client.get(
            "/v1/cases", params={"limit": 1} | ({"cursor": cursor} if cursor else {}), headers=headers
        )
        seen += [line["case_id"] for line in page.json()["cases"]]
        cursor = page.json()["next"]
    assert seen == ids
    only = api.client.get("/v1/cases", params={"kind": "late_supply", "sku": "OAT-1L"}, headers=headers).json()
    assert [line["kind"] for line in only["cases"]] == ["late_supply"]
    assert api.client.get("/v1/cases", params={"waiting": True}, headers=headers).json()["cases"] == []
    assert api.client.get("/v1/cases", params={"status": "triaged"}, headers=headers).json()["total"] == 0


def test_paging_goes_on_where_it_was_when_the_last_case_is_gone(api: Api) -> None:
    api.client.post("/v1/exceptions", json=EVENT | {"type": "sweep", "data": {}}, headers=api.key("events:write"))
    headers = api.key("cases:read")
    ids = [line["case_id"] for line in api.client.get("/v1/cases", headers=headers).json()["cases"]]
    page = api.client.get("/v1/cases", params={"limit": 1}, headers=headers).json()
    api.run("UPDATE case_file SET status = 'closed', closed_at = now() WHERE case_id = %s", ids[0])
    onward = api.client.get("/v1/cases", params={"cursor": page["next"]}, headers=headers).json()
    assert [line["case_id"] for line in onward["cases"]] == ids[1:]


@pytest.mark.parametrize("cursor", ["x", "e30", "eyJjYXNlX2lkIjoiQyJ9", "%%%", "é"])
def test_a_cursor_of_somebodys_own_making_is_refused(api: Api, cursor: str) -> None:
    for path in ("/v1/cases", "/v1/proposals"):
        answer = api.client.get(path, params={"cursor": cursor}, headers=api.key("cases:read"))
        assert (answer.status_code, answer.json()["detail"]) == (422, "This cursor leads nowhere.")


def test_a_case_tells_its_time_line_and_why(api: Api, case: str) -> None:
    headers = api.key()
    compared(api, case, headers)
    told = api.client.get(f"/v1/cases/{case}", headers=headers).json()
    assert told["moments"][-1]["text"] == "compare_options: success"
    why = api.client.get(f"/v1/cases/{case}/decision", headers=headers).json()
    assert why["recommended"]["options"][0]["option"] == "transfer"
    assert why["data"]["rows"]


def test_every_read_and_analyse_tool_is_a_typed_route_and_is_audited(api: Api, case: str) -> None:
    api.client.cookies.clear()
    headers = api.cookie("anna")
    questions: dict[str, dict[str, object]] = {
        "resolve_identity": {"text": "Hafermilch"},
        "get_inventory_position": {"sku": "OAT-1L", "site": "LEJ"},
        "get_open_orders": {"sku": "OAT-1L"},
        "list_exceptions": {},
        "get_case": {"case_id": case},
        "explain_decision": {"case_id": case},
        "forecast_demand": {"skus": ["OAT-1L"], "sites": ["LEJ"]},
        "assess_stock_risk": {"sku": "OAT-1L", "site": "LEJ"},
        "recommend_replenishment": {"sku": "OAT-1L", "site": "LEJ"},
        "optimise_transfers": {"skus": ["OAT-1L"]},
        "compare_options": {"case_id": case},
    }
    listed = api.client.get("/v1/tools", headers=headers).json()["tools"]
    assert [tool["name"] for tool in listed] == [tool.name for tool in registry()]
    with_path = {tool["name"] for tool in listed if tool["path"]}
    assert with_path >= set(questions)
    assert with_path == {tool.name for tool in registry() if tool.permission != "propose"}
    for name, question in questions.items():
        answer = api.client.post(f"/v1/tools/{name}", json=question, headers=headers)
        assert answer.status_code == 200, (name, answer.text)
        assert answer.json()["tool"] == name
        kept = api.audited("tool.called")[-1]
        assert kept["subject"] == f"evidence:{answer.json()['evidence_id']}"
        assert (kept["actor_kind"], kept["actor_id"]) == ("person", "anna")
        assert kept["trace_id"] == answer.headers["trace-id"]


def test_a_tool_that_finds_nothing_or_two_things_says_which(api: Api) -> None:
    headers = api.key("tools:analyse", "cases:read")
    missing = api.client.post("/v1/tools/get_inventory_position", json={"sku": "NOPE", "site": "LEJ"}, headers=headers)
    assert missing.status_code == 404
    quiet = api.client.post("/v1/tools/list_exceptions", json={}, headers=headers)
    assert (quiet.status_code, quiet.json()["kind"]) == (404, "NoData")
    assert "searched" in quiet.json()
    two = api.client.post("/v1/tools/get_inventory_position", json={"sku": "Oat drink", "site": "LEJ"}, headers=headers)
    assert two.status_code in (404, 409)


def test_a_proposal_is_made_listed_and_shown(api: Api, case: str) -> None:
    headers = api.key()
    made = proposed(api, case, headers)
    shown = api.client.get(f"/v1/proposals/{made['proposal_id']}", headers=headers)
    assert (shown.json()["state"], shown.json()["fingerprint"]) == ("pending", made["fingerprint"])
    assert shown.json()["proposed_by"].startswith("key:")
    # Whoever made the key asked for it: making one is no way around four eyes.
    assert shown.json()["on_behalf_of"] == "test"
    second = proposed(api, case, headers, quantity="6012")
    page = api.client.get("/v1/proposals", params={"limit": 1}, headers=headers).json()
    assert [one["proposal_id"] for one in page["proposals"]] == [second["proposal_id"]]
    onward = api.client.get("/v1/proposals", params={"cursor": page["next"]}, headers=headers).json()
    assert ([one["proposal_id"] for one in onward["proposals"]], onward["next"]) == ([made["proposal_id"]], None)
    none = api.client.get("/v1/proposals", params={"state": "waiting", "case_id": case}, headers=headers).json()
    assert none["proposals"] == []


def test_a_person_sees_what_waits_for_them_and_answers_what_they_saw(api: Api, waiting: dict[str, Any]) -> None:
    headers = api.cookie("petra")
    worklist = api.client.get("/v1/approvals", headers=headers).json()["approvals"]
    assert [one["proposal"] for one in worklist] == [waiting["proposal_id"]]
    path = f"/v1/proposals/{waiting['proposal_id']}/approve"
    other = api.client.post(path, json={"fingerprint": "0" * 64}, headers=headers)
    assert (other.status_code, other.json()["detail"]) == (409, "The proposal is not what you saw.")
    answered = api.client.post(path, json={"fingerprint": worklist[0]["fingerprint"]}, headers=headers)
    assert (answered.status_code, answered.json()["state"]) == (200, "approved"), answered.text
    assert [row["actor_id"] for row in api.audited("approval.granted")] == ["petra"]
    again = api.client.post(path, json={"fingerprint": worklist[0]["fingerprint"]}, headers=headers)
    assert (again.status_code, again.json()["kind"]) == (409, "NotInThisState")


def test_a_person_rejects_with_a_reason(api: Api, waiting: dict[str, Any]) -> None:
    path = f"/v1/proposals/{waiting['proposal_id']}/reject"
    body = {"fingerprint": waiting["fingerprint"], "reason": "  The supplier is on strike.  "}
    assert api.client.post(path, json=body | {"reason": "  "}, headers=api.cookie("petra")).status_code == 422
    answer = api.client.post(path, json=body, headers=api.cookie("petra"))
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    shown = api.client.get(f"/v1/proposals/{waiting['proposal_id']}", headers=api.key("cases:read")).json()
    assert [(one["person"], one["reason"]) for one in shown["approvals"]] == [("petra", "The supplier is on strike.")]


@pytest.mark.parametrize("person", ["paula", "anna"])
def test_who_may_not_approve_is_told_the_rule_and_it_is_recorded(
    api: Api, waiting: dict[str, Any], person: str
) -> None:
    path = f"/v1/proposals/{waiting['proposal_id']}/approve"
    answer = api.client.post(path, json={"fingerprint": waiting["fingerprint"]}, headers=api.cookie(person))
    assert (answer.status_code, answer.json()["kind"]) == (403, "ApprovalRefused")
    refused = api.audited("access.refused")
    assert [(row["actor_id"], row["subject"]) for row in refused] == [(person, f"proposal:{waiting['proposal_id']}")]
    assert refused[0]["trace_id"] == answer.json()["trace_id"]


def test_no_key_can_approve(api: Api, waiting: dict[str, Any]) -> None:
    headers = api.key()
    for verb, body in (("approve", {}), ("reject", {"reason": "no"})):
        path = f"/v1/proposals/{waiting['proposal_id']}/{verb}"
        answer = api.client.post(path, json={"fingerprint": waiting["fingerprint"], **body}, headers=headers)
        assert (answer.status_code, answer.json()["kind"]) == (403, "MissingScope")
    assert api.client.get("/v1/approvals", headers=headers).status_code == 403
    assert {row["actor_kind"] for row in api.audited("access.refused")} == {"service"}


def test_a_case_is_worked_again_unless_it_is_closed_or_under_way(
    api: Api, case: str, database: Callable[..., Database]
) -> None:
    headers = api.cookie("paula")
    api.run("UPDATE case_file SET status = 'triaged' WHERE case_id = %s", case)
    again = api.client.post(f"/v1/cases/{case}/triage", headers=headers)
    assert (again.status_code, again.json()) == (202, {"case_id": case, "status": "open"})
    assert jobs(api) == [case, case]
    proposed(api, case, headers)
    busy = api.client.post(f"/v1/cases/{case}/triage", headers=headers)
    assert (busy.status_code, "is pending" in busy.json()["detail"]) == (409, True)
    api.run("UPDATE case_file SET status = 'closed', closed_at = now() WHERE case_id = %s", case)
    assert api.client.post(f"/v1/cases/{case}/triage", headers=headers).status_code == 409
    assert api.client.post("/v1/cases/C-99999/triage", headers=headers).status_code == 404


def test_health_is_open_and_ready_means_that_a_write_was_probed(api: Api) -> None:
    assert api.client.get("/healthz").json() == {"status": "up"}
    ready = api.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)


def test_the_process_is_up_also_while_all_its_threads_are_busy(api: Api) -> None:
    """Whoever probes it would otherwise restart a process for having much to do."""

    async def ask() -> int:
        threads = anyio.to_thread.current_default_thread_limiter()
        for each in range(int(threads.total_tokens)):
            threads.acquire_on_behalf_of_nowait(each)
        transport = httpx.ASGITransport(app=api.client.app)
        async with httpx.AsyncClient(transport=transport, base_url=SERVER) as client:
            with anyio.fail_after(5):
                return (await client.get("/healthz")).status_code

    assert anyio.run(ask) == 200


def test_a_database_that_takes_no_writes_is_not_ready(api: Api) -> None:
    api.run("REVOKE INSERT ON evidence FROM quartermaster_agent")
    answer = api.client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert [part["ready"] for part in answer.json()["parts"]] == [False, True, True]
    assert "quartermaster_agent" not in answer.text
