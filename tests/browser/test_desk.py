"""The desk in a browser, on a mock: every page walked, a story from the package to the closed alert."""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from connector.desk import archive, serve
from connector.desk.documents import NAMES, shipped
from mock_kuma.testing import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Route

    from mock_kuma.testing import Kuma, World

PASSWORD = "correct horse battery"
EVIL = "<img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m <script>alert(2)</script> javascript:alert(3)"


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk and the KUMA that it is to be connected to."""

    url: str
    world: World


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """The system's Chromium; without one these tests fail and say what to install."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, (
        "the browser tests need Chromium; on Debian and Ubuntu: apt-get install chromium"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def mock() -> Iterator[Kuma]:
    """A running mock."""
    with running() as kuma:
        yield kuma


@pytest.fixture
def world(mock: Kuma) -> World:
    """A simulated KUMA of the test's own."""
    return mock.world(seed=7)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    """A desk without a connection, with an analyst of each line."""
    with serve.open_desk(tmp_path) as engine:
        engine.accounts.add("chief", name="Chief", role="admin", password=PASSWORD)
        engine.accounts.add("anna", name="Anna", role="line1", password=PASSWORD)
        engine.accounts.add("boris", name="Boris", role="line2", password=PASSWORD)
        server = serve.server(engine, host="127.0.0.1", port=0)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Desk(f"http://127.0.0.1:{server.port}", world)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def opened(
    chrome: Browser, desk: Desk, login: str, *, dark: bool = False, language: str = "en"
) -> Iterator[Page]:
    """A page of a signed-in user; whatever the console or a script complains of fails the test."""
    scheme = "dark" if dark else "light"
    size = {"width": 1400, "height": 900}
    context = chrome.new_context(color_scheme=scheme, locale=language, viewport=size)  # type: ignore[arg-type] # a ViewportSize
    context.set_default_timeout(15_000)
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"a dialog opened: {dialog.message}"))
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    page.goto(f"{desk.url}/")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/incidents")
    yield page
    context.close()
    assert complaints == []


def connect(page: Page, desk: Desk) -> None:
    """Import the package, set the connection, test it, and switch a quick schedule on."""
    data = archive.build({name: shipped(name) for name in NAMES})
    page.goto(f"{desk.url}/connectors")
    page.set_input_files("#archive", {"name": "kuma.zip", "mimeType": "application/zip", "buffer": data})
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_contain_text("The package was imported.")
    page.get_by_label("Address and port").fill(desk.world.url)
    page.get_by_label("Token", exact=True).fill(desk.world.token)
    if desk.world.ca_file:
        page.get_by_text("KUMA's own CA").click()
        page.get_by_label("Certificate (PEM)").fill(Path(desk.world.ca_file).read_text(encoding="utf-8"))
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_role("status")).to_contain_text("The connection was saved.")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_role("status")).to_contain_text("KUMA answers.")
    page.goto(f"{desk.url}/processing")
    for job in ("connector", "handler"):
        panel = page.locator(f"#{job}")
        panel.get_by_role("switch").check()
        panel.get_by_label("Seconds").fill("1")
        panel.get_by_role("button", name="Save the schedule").click()
        expect(page.get_by_role("status")).to_contain_text("The schedule was saved.")


def test_what_came_while_a_page_was_on_its_way_is_shown(chrome: Browser, desk: Desk) -> None:
    """The incident is made after the list was, and before the page asks for the first time what changed."""
    with opened(chrome, desk, "chief") as page:
        connect(page, desk)
        held: list[Route] = []
        page.route("**/live", lambda route: held.append(route))  # noqa: PLW0108 -- it is asked for its arguments
        page.goto(f"{desk.url}/incidents")
        desk.world.raise_alerts({"name": "Came meanwhile"})
        while not held or "Came meanwhile" not in page.request.get(f"{desk.url}/incidents").text():
            page.wait_for_timeout(100)
        expect(page.locator("#incidents")).not_to_contain_text("Came meanwhile")

        held[0].continue_()

        expect(page.locator("#incidents")).to_contain_text("Came meanwhile")


def serious(page: Page) -> list[str]:
    """Return what axe finds that keeps somebody out."""
    return [
        f"{page.url} {one['id']} ({one['impact']}): {node['html'][:160]}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def test_an_attack_becomes_incidents_that_grow_and_close(chrome: Browser, desk: Desk) -> None:
    """From the ZIP to the closed alert, by three people, without a page being loaded anew to see it."""
    with opened(chrome, desk, "chief") as page:
        expect(page.locator("#incidents")).to_contain_text("KUMA is not connected yet")
        connect(page, desk)
        page.goto(f"{desk.url}/incidents?q=Lateral")

        (alert,) = desk.world.raise_alerts({"name": "Lateral movement", "events": [{"ID": "e1"}]})
        row = page.locator("#incidents tbody tr")
        expect(row).to_contain_text("Lateral movement")
        desk.world.grow(alert, 2)
        expect(row.locator("td").last).to_have_text("3")

    with opened(chrome, desk, "anna") as page:
        page.goto(f"{desk.url}/incidents?q=Lateral")
        page.get_by_role("link", name="Lateral movement").click()
        page.get_by_role("button", name="Take into work").click()
        page.locator("summary", has_text="Escalate to line 2").click()
        page.get_by_label("Comment").first.fill("a domain controller")
        page.get_by_role("button", name="Escalate to line 2").click()
        expect(page.locator("#head")).to_contain_text("Line 2")
        expect(page.get_by_text("In this state the other line acts.")).to_be_visible()

    with opened(chrome, desk, "boris") as page:
        page.goto(f"{desk.url}/incidents?line=2")
        page.get_by_role("link", name="Lateral movement").click()
        page.get_by_role("button", name="Take on line 2").click()
        page.locator("summary", has_text=re.compile("^Close$")).click()
        page.get_by_label("Reason").select_option("responded")
        page.get_by_role("button", name="Close", exact=True).click()
        expect(page.locator("#head")).to_contain_text("Closed")
        expect(page.locator("#history")).to_contain_text("a domain controller")

    assert desk.world.alert(alert)["status"] == "closed"


@pytest.mark.parametrize(("dark", "language"), [(False, "en"), (True, "ru")])
def test_every_page_is_for_everybody(chrome: Browser, desk: Desk, dark: bool, language: str) -> None:
    """Axe finds nothing serious, light and dark; hostile names stay names."""
    desk.world.raise_alerts({"name": EVIL, "priority": "critical", "events": [{"ID": "e", "Name": EVIL}]})
    with opened(chrome, desk, "chief") as page:
        connect(page, desk)
    with opened(chrome, desk, "chief", dark=dark, language=language) as page:
        page.goto(f"{desk.url}/incidents?priority=critical")
        incident = page.locator("#incidents tbody a").first
        expect(incident).to_be_visible(timeout=60_000)  # a busy machine takes its time for both jobs
        incident.click()
        card = page.url.partition("?")[0]
        found = []
        for address in (
            f"{desk.url}/incidents",
            card,
            f"{card}?tab=response",
            f"{card}?tab=response&view=raw",
            f"{card}?tab=alert",
            f"{desk.url}/connectors?command=Receive+incidents",
            f"{desk.url}/connectors?add=1",
            f"{desk.url}/processing",
            f"{desk.url}/processing?tab=actions",
            f"{desk.url}/workers",
            f"{desk.url}/users",
        ):
            page.goto(address)
            found += serious(page)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark" if dark else "light")
            assert page.locator("main img, main script").count() == 0
        assert found == []


def test_the_sign_in_and_a_missing_page_are_for_everybody(chrome: Browser, desk: Desk) -> None:
    """Axe finds nothing serious before anybody signs in, where a password was wrong, where nothing is."""
    page = chrome.new_page(locale="en-US")
    page.goto(f"{desk.url}/")
    found = serious(page)
    page.fill("#login", "chief")
    page.fill("#password", "not this one")
    page.press("#password", "Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    found += serious(page)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/incidents")
    page.goto(f"{desk.url}/no-such-page")
    found += serious(page)
    page.close()

    assert found == []


def test_the_desk_is_used_by_keyboard(chrome: Browser, desk: Desk) -> None:
    """The first key leads to the content; menus open and close without a mouse."""
    with opened(chrome, desk, "anna") as page:
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        page.locator("details.menu summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Русский")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Русский")).to_be_hidden()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Русский").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Все инциденты (2 линии)")
