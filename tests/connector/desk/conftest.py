"""A desk on a KUMA of a few lines, and browsers that are signed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from connector.desk import accounts
from connector.desk.app import build
from connector.desk.engine import Engine
from connector.desk.link import Link
from connector.transport import Transport
from tests.connector.fake_kuma import TOKEN, URL, FakeKuma

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"


@dataclass
class Browser:
    """A browser at the desk; forms carry the word that the page before gave them."""

    http: FlaskClient

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.http.get(path, headers=headers)

    def text(self, path: str, **headers: str) -> str:
        """Open a page that must be there; return it."""
        response = self.get(path, **headers)
        assert response.status_code == 200, response.text
        return response.text

    def word(self) -> str:
        """Return the word of this browser's forms."""
        found = re.search(
            r'name="csrf" value="([0-9a-f]{32})"', self.http.get("/sign-in?x", follow_redirects=True).text
        )
        assert found is not None
        return found.group(1)

    def send(self, path: str, /, **form: Any) -> TestResponse:
        """Send a form; ``from_`` and the like lose their low line."""
        fields = {name.rstrip("_"): value for name, value in form.items()}
        return self.http.post(path, data={"csrf": self.word(), **fields})

    def sign_in(self, login: str, password: str = PASSWORD) -> Browser:
        """Sign in."""
        response = self.send("/sign-in", login=login, password=password)
        assert response.status_code == 303, response.text
        return self


@pytest.fixture
def kuma() -> FakeKuma:
    """A KUMA without alerts."""
    return FakeKuma()


@pytest.fixture
def engine(tmp_path: Path, kuma: FakeKuma, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A desk with an administrator and an analyst of each line; its clock stands, its hashes are quick."""
    monkeypatch.setattr(accounts, "_METHOD", "pbkdf2:sha256:1")

    def dial(_settings: object) -> Transport:
        return Transport(URL, token=TOKEN, transport=httpx.MockTransport(kuma.handle))

    found = Engine(tmp_path / "desk", clock=lambda: 1_767_225_600.0, dial=dial)
    for login, role in (("admin", "admin"), ("anna", "line1"), ("boris", "line2")):
        found.accounts.add(login, name=login.title(), role=role, password=PASSWORD)
    yield found
    found.stop()


@pytest.fixture
def connected(engine: Engine) -> Engine:
    """The desk with its connection set."""
    engine.connect(Link(url=URL), token=TOKEN)
    return engine


@pytest.fixture
def stranger(engine: Engine) -> Browser:
    """A browser that nobody signed in with."""
    return Browser(build(engine, secret="s" * 32).test_client())


@pytest.fixture
def admin(engine: Engine) -> Browser:
    """The administrator's browser."""
    return Browser(build(engine, secret="s" * 32).test_client()).sign_in("admin")


@pytest.fixture
def anna(engine: Engine) -> Browser:
    """The browser of an analyst of line 1."""
    return Browser(build(engine, secret="s" * 32).test_client()).sign_in("anna")


@pytest.fixture
def boris(engine: Engine) -> Browser:
    """The browser of an analyst of line 2."""
    return Browser(build(engine, secret="s" * 32).test_client()).sign_in("boris")


def card(engine: Engine, alert: str) -> str:
    """Return the address of an alert's incident."""
    return f"/incidents/{engine.finding.by_alerts([alert])[alert].id}"
