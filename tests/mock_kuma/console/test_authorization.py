"""Every page and form of the console, asked by everybody: found in the application itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from mock_kuma.app import Console
from mock_kuma.domain.releases import Generation
from mock_kuma.domain.roles import GENERAL_ADMINISTRATOR, MATRIX, ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_kuma.console.conftest import Browser, Mock

#: What needs no session; a new route is not among them unless it is written here.
OPEN = {"door.home", "door.form", "door.sign_in", "door.sign_out", "look.choose", "static"}
#: What a form does, as an operation of the vendor's; the roles that may are in its matrix.
OPERATIONS = {
    "assign": "POST /alerts/assign",
    "close": "POST /alerts/close",
    "comment": "POST /alerts/comment",
    "escalate": "POST /incidents/create",
}
OTHERS = [role for role in ROLES[Generation.NEW] if role != GENERAL_ADMINISTRATOR]


def routes(mock: Mock) -> list[tuple[str, str, str]]:
    """Return method, path and endpoint of every route; ``default`` for a world, ``1`` for the rest."""
    console = mock.console.application
    assert isinstance(console, Console)
    return [
        (method, re.sub(r"<[^>]+>", "1", rule.rule.replace("<world_id>", "default")), rule.endpoint)
        for rule in console.pages().url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def ask(browser: Browser, method: str, path: str, csrf: str) -> str:
    """Ask; return the status, and which sign-in the answer leads to if it does."""
    data = None if method == "GET" else {"csrf": csrf}
    response = browser.client.open(path, method=method, data=data, buffered=True)
    where = re.match(r"/sign-in[?]with=(\w+)", response.headers.get("Location", ""))
    return f"{response.status_code} {where.group(1) if where else ''}".strip()


def need(endpoint: str) -> str:
    """Return which sign-in a route asks for."""
    return "303 control" if endpoint.startswith("simulator") else "303 password"


def test_a_stranger_opens_the_door_and_nothing_else(mock: Mock, browser: Browser) -> None:
    """Everything else leads to the right sign-in."""
    csrf = browser.csrf()
    closed = [one for one in routes(mock) if one[2] not in OPEN]

    found = {(method, path): ask(browser, method, path, csrf) for method, path, _ in closed}

    assert len(found) > 30
    assert found == {(method, path): need(endpoint) for method, path, endpoint in closed}


@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_no_form_without_the_visitors_word(mock: Mock, admin: Browser, csrf: str) -> None:
    """Not even the administrator's who holds the control token, too."""
    admin.open_simulator()
    forms = [(method, path) for method, path, _ in routes(mock) if method != "GET"]

    found = {path: ask(admin, method, path, csrf) for method, path in forms}

    assert len(found) > 20
    assert found == dict.fromkeys(found, "403")


def test_the_control_token_opens_the_simulator_only(mock: Mock, simulator: Browser) -> None:
    """What is done in the console is done by a user."""
    csrf = simulator.csrf()
    users = [one for one in routes(mock) if one[2] not in OPEN and not one[2].startswith("simulator")]

    found = {(method, path): ask(simulator, method, path, csrf) for method, path, _ in users}

    assert found == dict.fromkeys(found, "303 password")


def test_no_user_opens_the_simulator(mock: Mock, another_browser: Callable[[], Browser]) -> None:
    """Not even a General administrator: the simulator stands outside of the world."""
    steers = [one for one in routes(mock) if one[2].startswith("simulator")]
    found: dict[tuple[str, str, str], str] = {}
    for role in ROLES[Generation.NEW]:
        browser = another_browser()
        enter(mock, browser, role)
        csrf = browser.csrf()
        found |= {(role, method, path): ask(browser, method, path, csrf) for method, path, _ in steers}

    assert len(found) > 8 * 15
    assert found == dict.fromkeys(found, "303 control")


def test_forms_do_what_the_role_may_do(mock: Mock, another_browser: Callable[[], Browser]) -> None:
    """Of an alert of the own tenant, by the role matrix; of another tenant's, and of users, never."""
    other = mock.control("POST", "/worlds/default/tenants", {"name": "Other"})["id"]
    elsewhere = mock.alert(tenantID=other)
    forms = [path for method, path, name in routes(mock) if name.startswith("users.") and method != "GET"]
    changed: dict[str, set[str]] = {}
    refused: dict[tuple[str, str], str] = {}

    for role in OTHERS:
        alerts = {action: mock.alert() for action in OPERATIONS}
        browser = another_browser()
        user = enter(mock, browser, role)
        csrf = browser.csrf()
        for action, alert in alerts.items():
            form = {"csrf": csrf, "reason": "responded", "comment": "words", "name": "One", "user": user}
            browser.client.post(f"/alerts/{alert}/{action}", data=form)
            refused[role, action] = ask(browser, "POST", f"/alerts/{elsewhere}/{action}", csrf)
        changed[role] = {action for action, alert in alerts.items() if mock.truth(alert)["history"][1:]}
        refused |= {(role, path): ask(browser, "POST", path, csrf) for path in forms}

    assert changed == {
        role: {action for action, name in OPERATIONS.items() if role in MATRIX[name][Generation.NEW]}
        for role in OTHERS
    }
    assert {key: code for key, code in refused.items() if code not in {"403", "404"}} == {}
    assert mock.truth(elsewhere)["version"] == 1


def test_no_form_does_anything_in_another_world(
    mock: Mock, browser: Browser, another_browser: Callable[[], Browser]
) -> None:
    """Alerts and users of one world do not exist for the administrator of another."""
    made = mock.control("POST", "/worlds", {"seed": 9})
    theirs = mock.alert(made["world"])
    user = mock.control("GET", f"/worlds/{made['world']}/users")["users"][0]["id"]
    browser.sign_in()
    csrf = browser.csrf()
    paths = [
        rule.replace("/1", f"/{theirs if rule.startswith('/alerts') else user}", 1)
        for method, rule, endpoint in routes(mock)
        if method == "POST" and endpoint.partition(".")[0] in {"alert_changes", "users"}
    ]

    found = {path: ask(browser, "POST", path, csrf) for path in paths}

    assert len(found) == 9
    assert found == dict.fromkeys(found, "404")
    assert mock.truth(theirs, made["world"])["version"] == 1


def enter(mock: Mock, browser: Browser, role: str) -> str:
    """Sign in as a new user of a role in the main tenant; return the user's id."""
    user = mock.user(role, mock.main_tenant(), login=role.replace(" ", "-").lower())
    # By an API token, which costs no time.
    token = mock.control("POST", f"/worlds/default/users/{user}/token", {})["token"]
    response = browser.post("/sign-in", with_="token", token=token)
    assert response.request.path != "/sign-in"
    return user
