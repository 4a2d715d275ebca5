"""Hostile data and strangers: nothing from an alert becomes markup or a link, no world shows another's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.mock_kuma.console.conftest import Browser, Mock, words

if TYPE_CHECKING:
    from collections.abc import Callable

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202egnp.exe\x1b[31m\u200b"
LINK = "javascript:alert(3)"


@pytest.fixture
def evil(mock: Mock) -> str:
    """An alert that is hostile wherever it can be; return its id."""
    event = {"Name": EVIL, "Message": EVIL, "SourceAddress": EVIL, "RequestUrl": LINK, EVIL: EVIL}
    return mock.alert(
        name=EVIL,
        assignee=EVIL,
        events=[{**event, "BaseEvents": [event]}],
        affectedAssets=[{"id": LINK, "displayName": EVIL, "fqdn": [EVIL], "ipAddresses": [EVIL], "x": LINK}],
        affectedAccounts=[{"id": LINK, "cn": EVIL}],
    )


@pytest.mark.parametrize(
    "path", ["/alerts", "/alerts/{alert}", "/events?period=30d", "/assets", "/simulator/worlds/default"]
)
def test_hostile_alerts_stay_text(admin: Browser, evil: str, path: str) -> None:
    """Markup is escaped, tricks are visible, and no address of an alert's becomes a link."""
    admin.open_simulator()
    response = admin.get(path.format(alert=evil))

    assert response.status_code == 200
    assert "<script>alert" not in response.text
    assert "<img src=x" not in response.text
    assert not re.search(r'(?:href|src|action)="\s*javascript:', response.text, re.IGNORECASE)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e]", response.text)


def test_tricks_of_writing_are_named(admin: Browser, evil: str) -> None:
    """A turned direction and an escape are seen as what they are."""
    said = words(admin.get(f"/alerts/{evil}"))

    assert "<U+202E>gnp.exe<U+001B>[31m" in said


def test_a_hostile_request_in_the_journal_stays_text(simulator: Browser, mock: Mock) -> None:
    """What a client sends is shown, and does nothing."""
    headers = {"X-Evil": "<script>alert(1)</script>", "Authorization": f"Bearer {mock.token}"}
    mock.vendor.get("/api/v1/alerts?name=<script>alert(1)</script>", headers=headers)

    for path in ("journal", "journal/1"):
        response = simulator.get(f"/simulator/worlds/default/{path}")
        assert "<script>alert" not in response.text
        assert "&lt;script&gt;alert" in response.text


@pytest.mark.parametrize("path", ["/sign-in", "/alerts", "/nothing", "/static/console.css"])
def test_every_answer_is_under_the_policy(admin: Browser, path: str) -> None:
    """Scripts and styles are our own files, nobody frames us."""
    policy = admin.get(path).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["/sign-in", "/alerts", "/profile", "/users", "/simulator/worlds/default/faults"]
)
def test_no_page_has_a_script_or_style_of_its_own(admin: Browser, path: str) -> None:
    """What the policy forbids is not tried either."""
    admin.open_simulator()
    text = admin.get(path).text

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text)


def test_no_world_shows_anothers(
    browser: Browser, mock: Mock, another_browser: Callable[[], Browser]
) -> None:
    """Alerts, users, and what is done to them, stay in the world of the session."""
    other = mock.control("POST", "/worlds", {"seed": 9})
    theirs = mock.alert(other["world"], name="Elsewhere", id="shared-id")
    stranger = mock.control("GET", f"/worlds/{other['world']}/users")["users"][0]["id"]
    browser.sign_in()

    assert "Elsewhere" not in browser.get("/alerts?filtered=1").text
    assert "Elsewhere" not in browser.get("/events?period=30d").text
    assert browser.get(f"/alerts/{theirs}").status_code == 404
    assert browser.post(f"/alerts/{theirs}/close", reason="responded").status_code == 404
    assert browser.get(f"/users/{stranger}").status_code == 404
    assert browser.post(f"/users/{stranger}/token").status_code == 404
    assert mock.truth(theirs, other["world"])["version"] == 1
    resident = another_browser()
    resident.post("/sign-in", with_="token", token=other["token"])
    assert "Elsewhere" in resident.get("/alerts?filtered=1").text


def test_files_outside_the_static_folder_are_not_served(browser: Browser) -> None:
    """The style sheet is there, and what lies beside its folder is not."""
    assert browser.get("/static/bootstrap/bootstrap.min.css").status_code == 200
    assert browser.get("/static/bootstrap/bootstrap.min.css.map").status_code == 404
    assert browser.get("/static/../app.py").status_code == 404
    assert browser.get("/static/%2e%2e/app.py").status_code == 404


def test_pages_are_not_kept(admin: Browser) -> None:
    """A token that was shown once is in no cache."""
    assert admin.post("/profile/token").headers["Cache-Control"] == "no-store"
