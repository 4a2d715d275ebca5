"""The console in a browser: every page walked, nothing serious found by axe, hostile names harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from mock_kuma.testing import Kuma

EVIL = "<img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m <script>alert(2)</script> javascript:alert(3)"
WORLD = "/simulator/worlds/default"
PAGES = (
    "/alerts", "/events", "/assets", "/tenants", "/users", "/profile", "/simulator", WORLD,
    f"{WORLD}/scenarios", f"{WORLD}/faults", f"{WORLD}/journal", f"{WORLD}/journal/1",
)  # fmt: skip


@pytest.fixture(scope="module")
def alert(kuma: Kuma) -> str:
    """Alerts, a fault, a second world, and a hostile alert; return the hostile one's id."""
    kuma.control("POST", "/worlds/default/alerts", {"generate": {"count": 8, "events": 2}})
    evil = {"name": EVIL, "events": [{"Name": EVIL, "BaseEvents": [{"Name": EVIL}]}], "assignee": EVIL}
    raised = kuma.control("POST", "/worlds/default/alerts", {"alerts": [evil]})
    kuma.control("POST", "/worlds/default/faults", {"action": {"kind": "delay", "ms": 1}, "times": 1})
    kuma.world()  # so that there is a second one in the table
    return str(raised["ids"][0])


def sign_in(page: Page, kuma: Kuma, *, simulator: bool = True) -> None:
    """Sign in as the General administrator, and open the simulator."""
    page.goto(f"{kuma.console}/sign-in")
    page.get_by_label("Login").fill("admin")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts")
    if simulator:
        page.goto(f"{kuma.console}/sign-in?with=control")
        page.get_by_label("Control token").fill(kuma.control_token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/simulator")


def serious(page: Page) -> list[str]:
    """Return what axe finds that keeps somebody out."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_every_page_is_open_to_everybody(page: Page, kuma: Kuma, alert: str) -> None:
    """Names, contrast, order: axe finds nothing serious, in either theme; and nothing runs on its own."""
    page.goto(f"{kuma.console}/sign-in")
    found = {"/sign-in": serious(page)}
    sign_in(page, kuma)
    user = kuma.control("GET", "/worlds/default/users")["users"][0]["id"]
    page.request.get(f"{kuma.url}/api/v1/alerts", headers={"Authorization": f"Bearer {kuma.token}"})

    for path in (*PAGES, f"/alerts/{alert}", f"/users/{user}"):
        response = page.goto(kuma.console + path)
        assert response is not None
        assert response.status == 200, path
        found[path] = serious(page)

    assert {path: one for path, one in found.items() if one} == {}


def test_a_hostile_alert_is_harmless(page: Page, kuma: Kuma, alert: str) -> None:
    """Its name is read as it is, and no script of it runs (a dialog would fail the test)."""
    sign_in(page, kuma, simulator=False)

    page.get_by_role("link", name="gnp.exe").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "<img src=x onerror=alert(1)><U+202E>gnp.exe"
    )
    assert page.locator("main img, main script").count() == 0
    assert alert in page.url


def test_an_analyst_works_on_an_alert(page: Page, kuma: Kuma, alert: str) -> None:
    """Filters, opens, assigns, comments, closes."""
    own = kuma.control("POST", "/worlds/default/alerts", {"alerts": [{"name": "Work on me"}]})["ids"][0]
    sign_in(page, kuma, simulator=False)

    page.get_by_label("Part of the name").fill("work on")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Work on me").click()
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_have_text("The alert was assigned.")
    page.get_by_label("Comment").fill("A false alarm")
    page.get_by_role("button", name="Add the comment").click()
    page.get_by_label("Close with the reason").select_option("incorrect data")
    page.get_by_role("button", name="Close", exact=True).click()

    expect(page.locator("#history")).to_contain_text("A false alarm")
    assert kuma.control("GET", f"/worlds/default/alerts/{own}")["closingReason"] == "incorrect data"
    assert own != alert


def test_the_table_is_live(page: Page, kuma: Kuma) -> None:
    """An alert that is raised appears without a hand's turn."""
    sign_in(page, kuma, simulator=False)
    page.wait_for_load_state()

    kuma.control("POST", "/worlds/default/alerts", {"alerts": [{"name": "Just now"}]})

    expect(page.get_by_role("link", name="Just now")).to_be_visible(timeout=5_000)


def test_a_token_is_shown_once_and_copied(page: Page, kuma: Kuma) -> None:
    """The copy button says that it did, and after a reload the token is gone."""
    world = kuma.world()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{kuma.console}/sign-in?with=token")
    page.get_by_label("API token", exact=True).fill(world.token)
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts")
    page.goto(f"{kuma.console}/profile")

    page.get_by_role("button", name="Generate token").click()
    token = page.locator("#fresh-token").inner_text()
    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.goto(f"{kuma.console}/profile")
    expect(page.locator("#fresh-token")).to_have_count(0)


def test_the_simulator_raises_and_the_journal_shows(page: Page, kuma: Kuma) -> None:
    """An alert by a form, a request by a client, live in the journal, as curl on its own page."""
    sign_in(page, kuma)
    page.goto(kuma.console + WORLD)
    page.get_by_role("button", name="Raise alerts").first.click()
    expect(page.get_by_role("status")).to_have_text("Raised.")
    page.goto(f"{kuma.console}{WORLD}/journal")

    page.request.get(f"{kuma.url}/api/v1/users/whoami", headers={"Authorization": f"Bearer {kuma.token}"})

    newest = page.get_by_role("row").filter(has_text="whoami").first
    expect(newest).to_be_visible(timeout=5_000)
    newest.get_by_role("link").click()
    expect(page.locator("#curl")).to_contain_text("/api/v1/users/whoami")
    expect(page.locator("#curl")).not_to_contain_text(kuma.token)


def test_the_form_of_a_fault_asks_for_what_it_needs(page: Page, kuma: Kuma) -> None:
    """Milliseconds for a delay, a status for an error."""
    sign_in(page, kuma)
    page.goto(f"{kuma.console}{WORLD}/faults")

    page.get_by_role("combobox", name="Fault").select_option("delay")

    expect(page.get_by_label("Milliseconds")).to_be_visible()
    expect(page.get_by_label("Status", exact=True)).to_be_hidden()


def test_menus_work_from_the_keyboard(page: Page, kuma: Kuma) -> None:
    """Theme and language by Tab and Enter; Escape closes and gives the focus back."""
    sign_in(page, kuma, simulator=False)
    theme = page.locator("summary[aria-label^=Theme]")

    theme.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(theme).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Dark").press("Enter")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("summary[aria-label^=Language]").press("Enter")
    page.get_by_role("button", name="Русский").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Алерты")
    expect(page).to_have_url(re.compile(r"/alerts"))


def test_the_pages_fit_a_narrow_window(page: Page, kuma: Kuma, alert: str) -> None:
    """Nothing makes the page itself wider than a small window; tables scroll inside their place."""
    sign_in(page, kuma)
    page.set_viewport_size({"width": 420, "height": 800})

    for path in ("/alerts", f"/alerts/{alert}", WORLD, f"{WORLD}/journal"):
        page.goto(kuma.console + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 420, path
