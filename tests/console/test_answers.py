"""Buttons answer what that person's card showed; a forged or foreign id, or a lacking role, does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from db import console
from tests.console.conftest import TENANT, Site
from tests.console.window import Window, window

pytestmark = pytest.mark.xdist_group("console")

Play = Callable[[Window], Awaitable[None]]


def play(site: Site, person: str, scene: Play, thread_id: str | None = None) -> None:
    """Open a window as the person, let `scene` happen, close it."""

    async def run() -> None:
        async with window(site.address, site.cookie(person), thread_id) as opened:
            await scene(opened)

    asyncio.run(run())


def test_the_day_begins_with_what_needs_this_person(site: Site) -> None:
    site.waiting()

    async def scene(opened: Window) -> None:
        said = await opened.until(lambda: opened.text("Good"))
        assert said.startswith("## Good morning, Sven.")
        assert " needs you" in said or " need you" in said
        (shown,) = await opened.until(lambda: opened.elements("Worklist"))
        row = next(one for one in shown["props"]["rows"] if one["case"] == site.case_id)
        assert (row["group"], row["state"]) == ("yours", "needs your answer")
        assert "What is at risk?" in shown["props"]["questions"]

    play(site, "sven", scene)


def test_an_approval_is_told_in_every_window_and_takes_the_buttons_away(site: Site) -> None:
    proposal = site.waiting()

    async def run() -> None:
        cookie = site.cookie("sven")
        async with window(site.address, cookie) as first:
            card = await first.open_case(site.case_id)
            assert card["answer"]["may_approve"]
            assert set(card["proposed"]) >= {"order", "benefit", "at_least", "worst_tenth", "gate"}
            thread_id = await first.thread()
            async with window(site.address, cookie, thread_id) as second:
                resumed = await second.until(lambda: [data for event, data in second.heard if event == "resume_thread"])
                kept = next(one for one in resumed[0]["elements"] if one["name"] == "CaseCard")
                assert kept["props"]["answer"]["may_approve"]
                # Pressed in the window that was opened again: its buttons work.
                pressed = await second.press("approve", card=kept["props"]["card"])
                assert pressed.json()["response"] == {"done": True}, second.texts()
                for one in (first, second):
                    await one.until(lambda one=one: one.text("*Approved* by Sven as supervisor"))
                    await one.until(lambda one=one: (one.card() or {}).get("answer", {}).get("waits") is False)

    asyncio.run(run())
    assert site.state(proposal) == "approved"


def test_each_line_about_a_proposal_is_kept_once_however_many_windows_told_it(site: Site) -> None:
    site.waiting()
    threads: list[str] = []

    async def run() -> None:
        cookie = site.cookie("susi")
        async with window(site.address, cookie) as first:
            card = await first.open_case(site.case_id)
            threads.append(await first.thread())
            async with window(site.address, cookie, threads[0]) as second:
                await second.until(lambda: [1 for event, _ in second.heard if event == "resume_thread"])
                await first.press("reject", card=card["card"], reason="Counted wrong.")
                for one in (first, second):
                    await one.until(lambda one=one: one.text("*Rejected* by Susi"))
        await asyncio.sleep(0.3)

    asyncio.run(run())
    with site.parts.operator.transaction(TENANT) as connection:
        kept = [one["output"] for one in console.steps(connection, UUID(threads[0]))]
    told = [text for text in kept if text.startswith("*Rejected*")]
    assert len(told) == 1
    assert "Counted wrong." in told[0]


def test_a_rejection_needs_its_reason(site: Site) -> None:
    proposal = site.waiting()

    async def scene(opened: Window) -> None:
        card = await opened.open_case(site.case_id)
        pressed = await opened.press("reject", card=card["card"], reason="  ")
        assert pressed.json()["response"] == {"done": False}
        await opened.until(lambda: opened.text("A rejection needs its reason."))

    play(site, "sven", scene)
    assert site.state(proposal) == "waiting"


def test_a_planner_sees_why_not_and_who_can_and_forcing_it_is_refused(site: Site) -> None:
    proposal = site.waiting(by="paula")

    async def scene(opened: Window) -> None:
        answer = (await opened.open_case(site.case_id))["answer"]
        assert (answer["waits"], answer["may_approve"], answer["may_reject"]) == (True, False, False)
        assert "supervisor, which you are not" in answer["why_not"]
        assert "Sven (supervisor)" in answer["who_can"]
        assert "Small" not in answer["who_can"]
        card = opened.card()
        assert card is not None
        pressed = await opened.press("approve", card=card["card"])
        assert pressed.json()["response"] == {"done": False}
        await opened.until(lambda: opened.text("paula may not approve"))

    play(site, "paula", scene)
    assert site.state(proposal) == "waiting"
    last = site.refusals()[-1]
    assert (last["actor_id"], last["subject"]) == ("paula", f"proposal:{proposal}")


def test_a_supervisor_whose_limit_is_too_low_sees_it_before_pressing(site: Site) -> None:
    site.waiting()

    async def scene(opened: Window) -> None:
        answer = (await opened.open_case(site.case_id))["answer"]
        assert (answer["may_approve"], answer["may_reject"]) == (False, True)
        assert answer["why_not"]
        assert "Sven (supervisor)" in answer["who_can"]

    play(site, "small", scene)


def test_a_forged_card_does_nothing_and_is_recorded(site: Site) -> None:
    proposal, before = site.waiting(), len(site.refusals())
    forged = ("", "not-an-id", str(uuid4()), "'; DROP TABLE console_card; --", "\x00")

    async def scene(opened: Window) -> None:
        await opened.until(lambda: opened.text("Good"))
        for card in forged:
            for button in ("approve", "reject", "evidence"):
                pressed = await opened.press(button, card=card, proposal_id=str(proposal), reason="x")
                assert (pressed.status_code, pressed.json()["response"]) == (200, {"done": False})
        await opened.until(lambda: opened.text("This button does not belong to anything"))
        assert not any("Traceback" in text for text in opened.texts())

    play(site, "sven", scene)
    assert site.state(proposal) == "waiting"
    recorded = site.refusals()[before:]
    assert [(one["actor_id"], one["data"]["what"]) for one in recorded] == [("sven", "console button")] * 15


def test_another_persons_card_is_a_forged_one(site: Site) -> None:
    proposal = site.waiting()

    async def run() -> None:
        async with window(site.address, site.cookie("paula")) as theirs:
            card = await theirs.open_case(site.case_id)
            async with window(site.address, site.cookie("sven")) as mine:
                await mine.until(lambda: mine.text("Good"))
                pressed = await mine.press("approve", card=card["card"])
                assert pressed.json()["response"] == {"done": False}

    asyncio.run(run())
    assert site.state(proposal) == "waiting"


def test_the_window_of_another_person_cannot_be_pressed_in(site: Site) -> None:
    proposal = site.waiting()

    async def run() -> None:
        async with window(site.address, site.cookie("sven")) as theirs:
            card = await theirs.open_case(site.case_id)
            mine = Window(site.address, site.cookie("susi"), None)
            mine.session_id = theirs.session_id
            assert (await mine.press("approve", card=card["card"])).status_code == 401

    asyncio.run(run())
    assert site.state(proposal) == "waiting"


def test_what_is_answered_is_what_was_shown_not_what_came_since(site: Site) -> None:
    shown = site.waiting()
    newer: list[UUID] = []

    async def scene(opened: Window) -> None:
        card = await opened.open_case(site.case_id)
        newer.append(await asyncio.to_thread(site.waiting))
        pressed = await opened.press("approve", card=card["card"])
        assert pressed.json()["response"] == {"done": True}, opened.texts()
        after = await opened.until(lambda: (opened.card() or {}).get("answer", {}).get("why_not"))
        assert "newer proposal" in after

    play(site, "sven", scene)
    assert (site.state(shown), site.state(newer[0])) == ("approved", "waiting")


def test_an_ended_session_can_do_nothing_and_says_so(site: Site) -> None:
    proposal, before = site.waiting(), len(site.refusals())
    threads: list[str] = []

    async def scene(opened: Window) -> None:
        card = await opened.open_case(site.case_id)
        threads.append(await opened.thread())
        await asyncio.to_thread(site.end_sessions, "susi")
        pressed = await opened.press("approve", card=card["card"])
        assert pressed.status_code == 401
        assert "Traceback" not in pressed.text
        await opened.say("What is at risk?")
        said = await opened.until(lambda: opened.text("Your session is over, so nothing was done."))
        assert "/sign-in" in said

    play(site, "susi", scene)
    assert site.state(proposal) == "waiting"
    assert [one["subject"] for one in site.refusals()[before:]] == ["person:susi"] * 2
    with site.parts.operator.transaction(TENANT) as connection:
        kept = [one["output"] for one in console.steps(connection, UUID(threads[0]))]
    assert "What is at risk?" not in kept


def test_the_evidence_is_shown_with_its_rows(site: Site) -> None:
    site.waiting()

    async def scene(opened: Window) -> None:
        card = await opened.open_case(site.case_id)
        await opened.press("evidence", card=card["card"])
        said = await opened.until(lambda: opened.text(f"What {site.case_id} stands on"))
        assert "data hash" in said
        assert "stock OAT-1L" in said

    play(site, "paula", scene)


def test_a_case_that_is_not_there_is_said_plainly(site: Site) -> None:
    async def scene(opened: Window) -> None:
        await opened.until(lambda: opened.text("Good"))
        pressed = await opened.press("open", case="C-99999")
        assert pressed.json()["response"] == {"done": False}
        await opened.until(lambda: opened.text("There is no case 'C-99999'."))

    play(site, "paula", scene)
