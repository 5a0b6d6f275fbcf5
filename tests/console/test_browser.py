"""The console in a real browser over PostgreSQL, the executor and Tryton: asked, seen, refused, approved, confirmed.

Screenshots of each screen stay in `var/test/screenshots`, wide and narrow, light and dark.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app.signin.people import set_password
from domain.context import Actor, Context
from tests.fix_home import DEAR
from tests.home import PROGRAM, ROOT, Home
from tests.strict import skip_or_fail

pytestmark = [pytest.mark.tryton, pytest.mark.slow, pytest.mark.xdist_group("small_home")]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
PASSWORD = "a long enough password"
PICTURES = ROOT / "var" / "test" / "screenshots"
SIZES = {"1440": (1440, 900), "390": (390, 844)}
Scheme = Literal["light", "dark"]
SECONDS = 1000
NUMBER = "SELECT document ->> 'number' FROM outbox o JOIN proposal p USING (tenant, proposal_id) WHERE p.case_id = %s"
PROBLEMS: list[str] = []  # of the pages of one test


@pytest.fixture(scope="module")
def address(small_home: Home) -> Iterator[str]:
    """`quartermaster serve` in a process of its own, with passwords for paula and sven."""
    for person in ("paula", "sven"):
        new_password(small_home, person)
    served = subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"], env=small_home.environment(), cwd=small_home.path, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert served.stdout is not None
    line = served.stdout.readline()
    assert line.startswith("Quartermaster is at "), line
    yield line.split()[-1]
    served.send_signal(signal.SIGTERM)
    assert served.wait(30) == 0
    served.stdout.close()


@pytest.fixture(autouse=True)
def _no_problems() -> Iterator[None]:
    PROBLEMS.clear()
    yield
    assert PROBLEMS == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        skip_or_fail("There is no Chromium on this machine.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def case_id(small_home: Home, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The case of an item whose transfer is worth more than may go by itself, triaged by the agent."""
    event = tmp_path_factory.mktemp("event") / "event.json"
    event.write_text(
        '{"specversion": "1.0", "id": "e-console", "source": "test", "type": "stock.risk", '
        f'"time": "2026-01-01T00:00:00Z", "data": {{"sku": "{DEAR}", "site": "NORTH"}}}}',
        encoding="utf-8",
    )
    (case,) = small_home.json("triage", "--event", str(event), "--tenant", small_home.tenant)["cases"]
    assert case["state"] == "waiting"
    return str(case["id"])


def new_password(home: Home, person: str) -> None:
    """Set it; all sessions of the person end."""
    with home.database("operator") as operator:
        set_password(operator, Context(home.tenant, Actor("person", "test")), person, PASSWORD)


def sign_in(browser: Browser, address: str, person: str, size: str = "1440", scheme: Scheme = "light") -> Page:
    """A new browser profile in which the person has signed in by the form."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(30 * SECONDS)
    page.on("pageerror", lambda error: PROBLEMS.append(f"the page failed: {error}"))
    page.on("request", lambda request: _from_here(request.url, address))
    page.goto(address)
    assert page.url.endswith("/sign-in?next=/console/"), page.url
    picture(page, f"sign-in-{size}-{scheme}")
    page.fill("input[name=person]", person)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".qm-row")
    return page


def _from_here(url: str, address: str) -> None:
    if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:")):
        PROBLEMS.append(f"loaded from elsewhere: {url}")


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"))


def open_case(page: Page, case_id: str) -> Any:
    """Ask what is at risk, and open the case from the answer's rows; its card."""
    page.fill("#chat-input", "What is at risk?")
    page.keyboard.press("Enter")
    page.locator(".qm-list").nth(1).wait_for()
    page.locator(".qm-list").last.locator(".qm-row", has_text=DEAR).click()
    card = page.locator(f".qm-card[data-case={case_id}]")
    card.wait_for()
    page.wait_for_selector(".js-plotly-plot .scatterlayer .trace")
    return card


def narrow_enough(page: Page) -> None:
    """Nothing is wider than the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    cut = page.evaluate(
        """[...document.querySelectorAll('.qm-card, .qm-list, .js-plotly-plot')]
            .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1).length"""
    )
    assert (wide <= 0, cut) == (True, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_every_screen_is_legible_wide_and_narrow_light_and_dark(
    browser: Browser, address: str, case_id: str, size: str, scheme: Scheme
) -> None:
    page = sign_in(browser, address, "paula", size, scheme)
    name = f"{size}-{scheme}"
    assert page.locator("html").get_attribute("class") == scheme
    assert "Simulated" not in page.inner_text("#qm-strip")  # this network was imported
    page.wait_for_timeout(0.3 * SECONDS)
    picture(page, f"start-{name}")
    narrow_enough(page)
    card = open_case(page, case_id)
    page.wait_for_timeout(1.2 * SECONDS)
    picture(page, f"case-{name}")
    card.get_by_role("button", name="Why").click()
    card.scroll_into_view_if_needed()
    page.locator(".qm-buttons").scroll_into_view_if_needed()
    page.wait_for_timeout(0.4 * SECONDS)
    picture(page, f"card-{name}")
    narrow_enough(page)
    assert "chainlit" not in page.title().lower() + page.inner_text("body").lower()
    page.context.close()


def test_the_planner_may_not_the_supervisor_does_and_both_see_it_confirmed(
    browser: Browser, address: str, case_id: str, small_home: Home
) -> None:
    planner = sign_in(browser, address, "paula")
    seen = open_case(planner, case_id)
    assert seen.get_by_role("button", name="Approve").count() == 0
    assert "It asks supervisor, which you are not." in seen.inner_text()
    assert "Sven (supervisor)" in seen.inner_text()

    supervisor = sign_in(browser, address, "sven")
    card = open_case(supervisor, case_id)
    card.get_by_role("button", name="Approve").click()
    supervisor.wait_for_selector("text=Approved by Sven as supervisor")
    assert card.get_by_role("button", name="Approve").count() == 0
    small_home.run("worker", "executor", "--drain")
    ((number,),) = small_home.rows(NUMBER, case_id)
    for page, who in ((supervisor, "sven"), (planner, "paula")):
        page.wait_for_selector(f"text=Confirmed: {number} in the ERP")
        page.wait_for_timeout(0.5 * SECONDS)
        picture(page, f"confirmed-{who}")
    assert seen.get_by_role("button", name="Approve").count() == 0
    assert f"confirmed in the ERP · {number}" in card.inner_text()
    assert len(small_home.auditor().documents(_key(small_home, case_id))) == 1

    # The thread is there when the page is opened again, as things are now.
    supervisor.goto(f"{address}/console/")
    supervisor.wait_for_selector(".qm-row")
    supervisor.get_by_text(f"{case_id} ·").first.click()
    supervisor.wait_for_selector(f"text=Confirmed: {number} in the ERP")
    supervisor.wait_for_selector(".js-plotly-plot .scatterlayer .trace")
    picture(supervisor, "resumed-sven")
    for page in (planner, supervisor):
        page.context.close()


def test_an_ended_session_is_said_on_the_page(browser: Browser, address: str, case_id: str, small_home: Home) -> None:
    page = sign_in(browser, address, "paula")
    new_password(small_home, "paula")
    page.locator(".qm-row").first.click()
    page.get_by_text("Your session is over, so nothing was done.").wait_for()
    picture(page, "session-over")
    page.get_by_role("link", name="Sign in again").click()
    page.wait_for_selector("input[name=password]")
    page.context.close()


def _key(home: Home, case_id: str) -> str:
    query = "SELECT o.idempotency_key FROM outbox o JOIN proposal p USING (tenant, proposal_id) WHERE p.case_id = %s"
    return str(home.rows(query, case_id)[0][0])
