"""A real browser before a real server: Chromium of the system, driven by Playwright."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import sync_playwright

from mock_kuma import testing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def kuma() -> Iterator[testing.Kuma]:
    """A running mock with a known password."""
    with testing.running("--no-tls", "--seed", "7", "--password", PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; without one these tests fail and say what to install."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, (
        "the browser tests need Chromium; on Debian and Ubuntu: apt-get install chromium"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a browser of its own; whatever the console or a script complains of fails the test."""
    scheme: Literal["light", "dark"] = getattr(request, "param", "light")
    context = chromium.new_context(
        color_scheme=scheme, locale="en-US", viewport={"width": 1400, "height": 900}
    )
    context.set_default_timeout(15_000)
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"a dialog opened: {dialog.message}"))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    yield page
    context.close()
    assert complaints == []
