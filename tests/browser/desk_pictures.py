"""Takes the pictures of the desk for docs/: ``python -m tests.browser.desk_pictures``, in make pictures."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from connector.desk.serve import PASSWORD_FILE
from mock_kuma import running
from tests.e2e.play import desk_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCS = Path(__file__).parents[2] / "docs"
#: Each picture with its page and the theme that it is taken in; the card is the first incident's.
PICTURES = {
    "desk-incidents": ("incidents", "light"),
    "desk-response": ("card", "dark"),
    "desk-connectors": ("connectors?command=Receive+incidents", "light"),
    "desk-processing": ("processing", "dark"),
    "desk-workers": ("workers", "light"),
}


def main() -> int:
    """Start a mock with a story behind it and a desk on it, and take every picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("chromium is missing. On Debian: apt-get install chromium\n")
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="mock-kuma-pictures-") as name,
        running("--seed", "7", "--scenario", "ransomware") as kuma,
        desk_of(kuma, Path(name)) as desk,
        sync_playwright() as playwright,
    ):
        password = (Path(name) / "soar" / PASSWORD_FILE).read_text(encoding="ascii").strip()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for picture, (path, theme) in PICTURES.items():
            page = browser.new_page(
                color_scheme="dark" if theme == "dark" else "light",
                locale="en-US",
                viewport={"width": 1360, "height": 820},
            )
            _sign_in(page, desk, password)
            if path == "card":
                page.locator("#incidents tbody a").first.click()
                page.goto(f"{page.url.partition('?')[0]}?tab=response")
            else:
                page.goto(f"{desk}{path}")
            page.screenshot(path=DOCS / f"{picture}.png")
            page.close()
            sys.stdout.write(f"docs/{picture}.png\n")
        browser.close()
    return 0


def _sign_in(page: Page, desk: str, password: str) -> None:
    page.goto(desk)
    page.fill("#login", "admin")
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url("**/incidents")
    expect(page.locator("#incidents tbody a").first).to_be_visible(timeout=20_000)


if __name__ == "__main__":
    raise SystemExit(main())
