"""Signing in and out: passwords, tokens, the control token, patience, cookies, forms of strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from mock_kuma import app
from tests.mock_kuma.console.conftest import CONTROL_TOKEN, PASSWORD, Browser, Mock

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_kuma.settings import Settings

PAGES = ("/alerts", "/events", "/assets", "/tenants", "/users", "/profile")
SIMULATOR = ("/simulator", "/simulator/worlds/default", "/simulator/worlds/default/journal")


@pytest.mark.parametrize("path", [*PAGES, *SIMULATOR])
def test_every_page_asks_to_sign_in_first(browser: Browser, path: str) -> None:
    """Without a session there is the sign-in form, which knows where to go afterwards."""
    response = browser.get(path)

    assert response.request.path == "/sign-in"
    assert response.request.args["next"] == path


def test_a_password_opens_the_page_that_was_asked_for(browser: Browser) -> None:
    """Who was sent to the form goes on to the page."""
    response = browser.post(
        "/sign-in", with_="password", login="admin", password=PASSWORD, next="/tenants?x=1"
    )

    assert (response.status_code, response.request.path) == (200, "/tenants")


@pytest.mark.parametrize("where", ["https://example.com/", "//example.com/", "/\\example.com", "/a\nb"])
def test_signing_in_leads_nowhere_else(browser: Browser, where: str) -> None:
    """An address outside the console is not followed."""
    response = browser.post("/sign-in", with_="password", login="admin", password=PASSWORD, next=where)

    assert response.request.path == "/alerts"


def test_the_users_token_signs_in_to_its_own_world(browser: Browser, mock: Mock) -> None:
    """A token names its world by itself."""
    made = mock.control("POST", "/worlds", {"seed": 5})

    response = browser.post("/sign-in", with_="token", token=made["token"])

    assert f"{made['world']} · KUMA 3.2" in response.text


@pytest.mark.parametrize(
    "fields",
    [
        {"with_": "password", "login": "admin", "password": "wrong password"},
        {"with_": "password", "login": "nobody", "password": PASSWORD},
        {"with_": "password", "login": "admin", "password": PASSWORD, "world": "elsewhere"},
        {"with_": "token", "token": "0" * 32},
        {"with_": "control", "control": "0" * 32},
        {"with_": "password", "login": "admin", "password": ""},
    ],
)
def test_a_wrong_credential_stays_at_the_door(browser: Browser, fields: dict[str, Any]) -> None:
    """The form comes back with the reason, and no page has opened."""
    refused = browser.post("/sign-in", **fields)

    assert refused.status_code == 422
    assert 'role="alert"' in refused.text or "This field is needed." in refused.text
    assert browser.get("/alerts").request.path == "/sign-in"


def test_a_disabled_user_stays_outside_at_once(browser: Browser, mock: Mock) -> None:
    """Disabling ends the session that is open, and the password opens none."""
    user = mock.user("Tier 2 analyst", mock.main_tenant())
    browser.sign_in("ivan")
    mock.control("PATCH", f"/worlds/default/users/{user}", {"disabled": True})

    opened = browser.get("/alerts")

    assert opened.request.path == "/sign-in"
    assert browser.sign_in("ivan").status_code == 422


def test_an_expired_token_opens_nothing(browser: Browser, mock: Mock) -> None:
    """Expiry follows the world's clock here, too."""
    mock.control("PUT", "/worlds/default/clock", {"now": "2030-01-01T00:00:00Z"})
    user = mock.user("Tier 2 analyst", mock.main_tenant())
    path = f"/worlds/default/users/{user}/token"
    token = mock.control("POST", path, {"expires": "2029-12-31T00:00:00Z"})["token"]

    assert browser.post("/sign-in", with_="token", token=token).status_code == 422


def test_who_guesses_has_to_wait(
    browser: Browser, mock: Mock, another_browser: Callable[[], Browser]
) -> None:
    """After five failures the right password of that login is not heard, whoever brings it; others are."""
    mock.user("Tier 2 analyst", mock.main_tenant())
    for _ in range(5):
        assert browser.sign_in("ivan", "wrong password").status_code == 422

    assert browser.sign_in("ivan").status_code == 429
    assert another_browser().sign_in("ivan").status_code == 429
    assert another_browser().sign_in("admin").status_code == 200


@pytest.mark.parametrize("way", ["control", "token"])
def test_who_guesses_a_token_has_to_wait(browser: Browser, mock: Mock, way: str) -> None:
    """After five failures from an address the right one is not heard either; a header is no other address."""
    right = CONTROL_TOKEN if way == "control" else mock.token
    csrf = browser.csrf()

    found = [
        browser.client.post(
            "/sign-in",
            data={"csrf": csrf, "with": way, way: secret},
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
        ).status_code
        for number, secret in enumerate([*["0" * 32] * 5, right])
    ]

    assert found == [422] * 5 + [429]


def test_a_new_password_ends_the_sessions_of_the_old_one(browser: Browser, mock: Mock) -> None:
    """Whoever had the old password is outside."""
    user = mock.user("Tier 2 analyst", mock.main_tenant())
    browser.sign_in("ivan")

    mock.control("PATCH", f"/worlds/default/users/{user}", {"password": "another one"})

    assert browser.get("/alerts").request.path == "/sign-in"
    assert browser.sign_in("ivan", "another one").request.path == "/alerts"


def test_signing_out_ends_the_session_itself(mock: Mock, admin: Browser) -> None:
    """The cookie of before is worth nothing, not even to somebody who kept it."""
    kept = admin.client.get_cookie("mock_kuma_7220")
    assert kept is not None

    admin.post("/sign-out")

    thief = Client(mock.console.application)
    thief.set_cookie("mock_kuma_7220", kept.value)
    assert thief.get("/alerts").status_code == 303


def test_signing_in_changes_the_cookie(browser: Browser) -> None:
    """A cookie that somebody planted before does not become a session."""
    browser.get("/sign-in")
    planted = browser.client.get_cookie("mock_kuma_7220")
    browser.sign_in()
    got = browser.client.get_cookie("mock_kuma_7220")

    assert planted is not None
    assert got is not None
    assert (planted.value != got.value, got.http_only, got.same_site) == (True, True, "Strict")


def test_every_process_knows_the_session(admin: Browser, settings: Settings) -> None:
    """A second server process over the same store has the same sessions, and needs no secret for it."""
    cookie = admin.client.get_cookie("mock_kuma_7220")
    assert cookie is not None
    core = app.core(settings.store)
    other = Client(app.console_app(settings, core))
    other.set_cookie("mock_kuma_7220", cookie.value)

    assert other.get("/alerts").status_code == 200

    core.database.close()


def test_another_control_token_closes_the_simulator(simulator: Browser, settings: Settings) -> None:
    """A session goes with the token that opened it, when a server starts anew on the same store."""
    from dataclasses import replace  # noqa: PLC0415 -- only here

    cookie = simulator.client.get_cookie("mock_kuma_7220")
    assert cookie is not None
    core = app.core(settings.store)
    other = Client(app.console_app(replace(settings, control_digest="0" * 64), core))
    other.set_cookie("mock_kuma_7220", cookie.value)

    assert other.get("/simulator").status_code == 303

    core.database.close()


@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_a_form_without_the_visitors_word_is_refused(admin: Browser, csrf: str) -> None:
    """Neither without a token nor with another one does a form do anything."""
    response = admin.client.post("/profile/token", data={"csrf": csrf})

    assert response.status_code == 403
    assert "no token" not in admin.get("/profile").text  # the first token is still there


def test_the_control_token_and_a_user_share_one_session(admin: Browser) -> None:
    """Opening the simulator leaves the console open."""
    admin.open_simulator(CONTROL_TOKEN)

    assert admin.get("/simulator").status_code == 200
    assert admin.get("/alerts").request.path == "/alerts"
