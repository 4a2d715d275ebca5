"""Takes the pictures of the console for docs/: ``python -m tests.browser.pictures``, in make pictures."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import sync_playwright

from mock_kuma import testing

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCS = Path(__file__).parents[2] / "docs"
WORLD = "/simulator/worlds/default"
#: Each picture with its page and the theme that it is taken in.
PICTURES = {
    "console-alerts": ("/alerts?filtered=1", "light"),
    "console-card": ("first alert", "dark"),
    "console-events": ("/events?period=24h", "dark"),
    "console-simulator": (WORLD, "light"),
    "console-journal": (f"{WORLD}/journal", "dark"),
}


def main() -> int:
    """Start a mock with a story behind it, and take every picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("chromium is missing. On Debian: apt-get install chromium\n")
        return 2
    arguments = ("--no-tls", "--seed", "7", "--password", "correct horse", "--scenario", "ransomware")
    with testing.running(*arguments) as kuma, sync_playwright() as playwright:
        _poll(kuma)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (path, theme) in PICTURES.items():
            page = browser.new_page(
                color_scheme="dark" if theme == "dark" else "light",
                locale="en-US",
                viewport={"width": 1360, "height": 820},
            )
            _sign_in(page, kuma)
            if path == "first alert":
                page.goto(f"{kuma.console}/alerts?filtered=1&sort=priority")
                page.locator("td.name a").first.click()
            else:
                page.goto(kuma.console + path)
            page.screenshot(path=DOCS / f"{name}.png")
            page.close()
            sys.stdout.write(f"docs/{name}.png\n")
        browser.close()
    return 0


def _poll(kuma: testing.Kuma) -> None:
    """Ask as a connector does, once with a token that nobody has."""
    for token in (kuma.token, "0" * 32, kuma.token):
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "soar-connector/1.0"}
        httpx.get(f"{kuma.url}/api/v1/alerts/?withEvents&status=new", headers=headers)


def _sign_in(page: Page, kuma: testing.Kuma) -> None:
    page.goto(f"{kuma.console}/sign-in")
    page.get_by_label("Login").fill("admin")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts")
    page.goto(f"{kuma.console}/sign-in?with=control")
    page.get_by_label("Control token").fill(kuma.control_token)
    page.keyboard.press("Enter")
    page.wait_for_url("**/simulator")


if __name__ == "__main__":
    raise SystemExit(main())
