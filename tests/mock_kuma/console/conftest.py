"""A browser without a browser: pages got and forms sent, with the cookie and the form's token."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from mock_kuma import app, ids, installation
from mock_kuma.settings import Settings
from tests.mock_kuma.conftest import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from werkzeug.test import TestResponse
    from werkzeug.wrappers import Response

CONTROL_TOKEN = "control-secret"
PASSWORD = "correct horse"


@dataclass
class Browser:
    """One browser in front of the console."""

    client: Client

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page, wherever it leads."""
        return self.client.get(path, headers=headers, follow_redirects=True, buffered=True)

    def post(self, path: str, /, **fields: Any) -> TestResponse:
        """Send a form as its page would, and see where it leads."""
        data = {"csrf": self.csrf()} | {name.rstrip("_"): value for name, value in fields.items()}
        return self.client.post(path, data=data, follow_redirects=True)

    def csrf(self) -> str:
        """Return the word that this browser's forms carry."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/sign-in").text)
        assert found is not None
        return found.group(1)

    def sign_in(self, login: str = "admin", password: str = PASSWORD, world: str = "default") -> TestResponse:
        """Sign in with a password."""
        return self.post("/sign-in", with_="password", login=login, password=password, world=world)

    def open_simulator(self, token: str = CONTROL_TOKEN) -> TestResponse:
        """Sign in with the control token."""
        return self.post("/sign-in", with_="control", control=token)


@dataclass(frozen=True)
class Mock:
    """A mock whose console is looked at."""

    console: Client
    vendor: Client
    token: str

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Do a control action; return the answer's JSON."""
        headers = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
        response = self.console.open(f"/control/v1{path}", method=method, json=body, headers=headers)
        assert response.status_code < 300, response.text
        return response.json if response.data else None

    def alert(self, world: str = "default", **fields: Any) -> str:
        """Raise an alert; return its id."""
        return str(self.control("POST", f"/worlds/{world}/alerts", {"alerts": [fields]})["ids"][0])

    def truth(self, alert: str, world: str = "default") -> Any:
        """Return all that is known of an alert."""
        return self.control("GET", f"/worlds/{world}/alerts/{alert}")

    def user(self, role: str, tenant: str, login: str = "ivan", world: str = "default") -> str:
        """Make a user with a role in a tenant, and the usual password; return the id."""
        roles = [{"role": role, "tenants": [tenant]}]
        body = {"name": login.title(), "login": login, "password": PASSWORD, "roles": roles}
        return str(self.control("POST", f"/worlds/{world}/users", body)["id"])

    def main_tenant(self, world: str = "default") -> str:
        """Return the id of the world's main tenant."""
        return str(self.control("GET", f"/worlds/{world}")["tenant"])


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Where the mock keeps its data."""
    with store(tmp_path) as url:
        yield _settings(tmp_path, url)


def _settings(tmp_path: Path, url: str) -> Settings:
    return Settings(
        host="127.0.0.1",
        port=7223,
        console_port=7220,
        tls=False,
        store=url,
        data_folder=tmp_path,
        control_digest=ids.digest(CONTROL_TOKEN),
        workers=1,
        wire=False,
        kuma_version="3.2",
        seed="1",
    )


@pytest.fixture
def mock(settings: Settings) -> Iterator[Mock]:
    """A mock in the test's own process."""
    token = installation.prepare(settings, None, password=PASSWORD)
    core = app.core(settings.store)
    yield Mock(Client(app.console_app(settings, core)), Client(app.vendor_app(settings, core)), token)
    core.database.close()


@pytest.fixture
def browser(mock: Mock) -> Browser:
    """A browser in which nobody has signed in."""
    return Browser(Client(mock.console.application))


@pytest.fixture
def admin(mock: Mock) -> Browser:
    """A browser in which the General administrator has signed in."""
    browser = Browser(Client(mock.console.application))
    assert browser.sign_in().request.path == "/alerts"
    return browser


@pytest.fixture
def simulator(mock: Mock) -> Browser:
    """A browser in which the simulator is open."""
    browser = Browser(Client(mock.console.application))
    assert browser.open_simulator().request.path == "/simulator"
    return browser


@pytest.fixture
def another_browser(mock: Mock) -> Callable[[], Browser]:
    """Make one more browser in front of the same console."""
    return lambda: Browser(Client(mock.console.application))


def words(response: Response) -> str:
    """Return what a page says, without its markup."""
    return html.unescape(re.sub(r"<[^>]*>", " ", response.get_data(as_text=True)))
