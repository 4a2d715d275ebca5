"""Signing in, sessions, and what protects every page."""

from __future__ import annotations

import hashlib
import stat
from typing import TYPE_CHECKING, Any

import pytest

from connector.desk.accounts import TRIES, Wrong
from connector.desk.serve import FIRST_USER, PASSWORD_FILE, kept_secret, open_desk
from tests.connector.desk.conftest import PASSWORD, Browser

if TYPE_CHECKING:
    from pathlib import Path

    from connector.desk.engine import Engine

PAGES = ("/incidents", "/connectors", "/processing", "/workers", "/users", "/live", "/incidents/x")


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_door(stranger: Browser, path: str) -> None:
    """And comes back to the page after signing in."""
    response = stranger.get(path)

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/sign-in?next=%2F")


def test_the_cookie_is_out_of_reach_of_scripts_and_strangers(stranger: Browser) -> None:
    """HttpOnly and SameSite=Strict; each page has the strict policy."""
    response = stranger.send("/sign-in", login="admin", password=PASSWORD, next="//evil.example")

    cookie = response.headers["Set-Cookie"]
    assert ("HttpOnly" in cookie, "SameSite=Strict" in cookie) == (True, True)
    assert response.headers["Location"] == "/incidents"
    policy = stranger.get("/incidents").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_wrong_password_and_an_unknown_login_are_told_alike(stranger: Browser) -> None:
    """Nobody learns which of them it was."""
    wrong = stranger.send("/sign-in", login="admin", password="x")
    unknown = stranger.send("/sign-in", login="nobody", password="x")
    empty = stranger.send("/sign-in", login="", password="")

    words = "Login or password is wrong"
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert words in wrong.text
    assert words in unknown.text
    assert 'id="login-wrong"' in empty.text


def test_who_fails_too_often_waits(stranger: Browser) -> None:
    """Even with the right password."""
    for _ in range(TRIES):
        stranger.send("/sign-in", login="admin", password="x")

    response = stranger.send("/sign-in", login="admin", password=PASSWORD)

    assert response.status_code == 429


def test_a_form_without_its_word_is_refused(admin: Browser) -> None:
    """Whatever it asks for."""
    response = admin.http.post("/processing/run", data={"csrf": "0" * 32})

    assert response.status_code == 403
    assert "The form is too old" in response.text


def test_a_disabled_user_is_out_at_once(engine: Engine, anna: Browser) -> None:
    """The session ends with the next request."""
    engine.accounts.change("anna", name="Anna", role="line1", disabled=True)

    assert anna.get("/incidents").status_code == 303


def test_signing_out_ends_the_session(anna: Browser) -> None:
    """The cookie of before is worth nothing, not even to somebody who kept it."""
    kept = anna.http.get_cookie("kuma_desk")
    assert kept is not None

    anna.send("/sign-out")

    assert anna.get("/incidents").status_code == 303
    anna.http.set_cookie("kuma_desk", kept.value)
    assert anna.get("/incidents").status_code == 303


def test_an_unknown_login_costs_as_much_as_a_wrong_password(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash each: how long a refusal takes tells nobody which logins there are."""
    hashed: list[int] = []
    real = hashlib.scrypt

    def counted(*given: Any, **options: Any) -> bytes:
        hashed.append(options["n"])
        return real(*given, **options)

    monkeypatch.undo()  # hashes as they are outside of tests
    engine.accounts.add("clara", name="Clara", role="line1", password=PASSWORD)
    monkeypatch.setattr(hashlib, "scrypt", counted)
    for login in ("clara", "nobody"):
        assert engine.accounts.sign_in(login, "wrong", address="", now=0) is None

    assert hashed == [16_384, 16_384]


def test_analysts_do_not_configure(anna: Browser) -> None:
    """The pages of administrators are refused, and not linked."""
    codes = [anna.get(path).status_code for path in ("/connectors", "/processing", "/users")]
    changes = [anna.send(path).status_code for path in ("/workers", "/workers/reset", "/connectors/test")]

    assert (codes, changes) == ([403, 403, 403], [403, 403, 403])
    assert 'href="/connectors"' not in anna.text("/workers")


def test_language_and_theme_are_chosen_by_browser_or_menu(stranger: Browser) -> None:
    """The menu wins."""
    by_browser = stranger.get("/sign-in", **{"Accept-Language": "ru"}).text
    stranger.send("/look", language="en", theme="dark", back="/sign-in")
    by_menu = stranger.get("/sign-in", **{"Accept-Language": "ru"}).text

    assert ('lang="ru"' in by_browser, "Пароль" in by_browser) == (True, True)
    assert ('lang="en"' in by_menu, 'data-bs-theme="dark"' in by_menu) == (True, True)


def test_files_outside_the_static_folder_are_not_served(stranger: Browser) -> None:
    """The style sheet is there for whoever signs in, and what lies beside its folder is not."""
    with stranger.get("/static/bootstrap/bootstrap.min.css") as found:
        assert b"Bootstrap" in found.data

    assert stranger.get("/static/../app.py").status_code == 404
    assert stranger.get("/static/%2e%2e/app.py").status_code == 404


def test_the_first_administrator_has_a_password_of_the_desk(tmp_path: Path) -> None:
    """In a file that only its owner reads; made once."""
    with open_desk(tmp_path) as engine:
        password = (tmp_path / PASSWORD_FILE).read_text(encoding="ascii").strip()
        user = engine.accounts.sign_in(FIRST_USER, password, address="", now=0)

    assert user is not None
    assert user.administers
    assert stat.S_IMODE((tmp_path / PASSWORD_FILE).stat().st_mode) == 0o600
    assert kept_secret(tmp_path / PASSWORD_FILE) == password


def test_the_last_administrator_stays(engine: Engine) -> None:
    """Neither disabled nor made an analyst."""
    with pytest.raises(Wrong):
        engine.accounts.change("admin", name="A", role="line1", disabled=False)
    with pytest.raises(Wrong):
        engine.accounts.change("admin", name="A", role="admin", disabled=True)
