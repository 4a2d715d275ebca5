"""The simulator: worlds, alerts raised and fed, the clock, faults, the journal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from mock_kuma.console import curl
from tests.mock_kuma.console.conftest import CONTROL_TOKEN, Browser, Mock, words

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

WORLD = "/simulator/worlds/default"


def test_a_user_is_not_let_into_the_simulator(admin: Browser) -> None:
    """Not even the General administrator: it takes the control token."""
    assert admin.get(WORLD).request.path == "/sign-in"
    assert admin.post(f"{WORLD}/alerts", count="1").request.path == "/sign-in"


def test_a_world_is_made_and_deleted(simulator: Browser, mock: Mock) -> None:
    """Its token is shown this once and works."""
    made = simulator.post("/simulator/worlds", kuma_version="2.1", seed="3", clock="2026-01-01T00:00")
    token = re.findall(r'id="fresh-token">(\w+)<', made.text)[0]
    world = mock.control("GET", "/worlds")["worlds"][-1]
    whoami = mock.vendor.get("/api/v1/users/whoami", headers={"Authorization": f"Bearer {token}"})

    assert (world["kuma_version"], world["seed"], world["clock"]["frozen"]) == ("2.1", 3, True)
    assert whoami.status_code == 200
    assert token not in simulator.get("/simulator").text
    simulator.post(f"/simulator/worlds/{world['world']}/delete")
    assert len(mock.control("GET", "/worlds")["worlds"]) == 1


def test_the_default_world_stays(simulator: Browser) -> None:
    """The control API's refusal is the page's."""
    response = simulator.post("/simulator/worlds/default/delete")

    assert response.status_code == 422
    assert "the default world lives as long as the server" in response.text


@pytest.mark.parametrize(("priority", "count"), [("", 2), ("critical", 3)])
def test_alerts_are_raised(simulator: Browser, mock: Mock, priority: str, count: int) -> None:
    """Generated ones, or all of one priority."""
    tenant = mock.main_tenant()
    response = simulator.post(
        f"{WORLD}/alerts", count=str(count), events="2", name="Raised", priority=priority, tenant=tenant
    )

    assert "Raised." in response.text
    assert mock.control("GET", "/worlds/default")["alerts"]["new"] == count
    found = re.findall(r'<option value="([^"]+)">Raised', response.text)
    assert len(mock.truth(found[0])["events"]) == 2
    assert not priority or mock.truth(found[0])["priority"] == priority


def test_a_wrong_number_is_told_beside_its_field(simulator: Browser, mock: Mock) -> None:
    """What the control API refuses, and nothing is raised."""
    response = simulator.post(f"{WORLD}/alerts", count="many", events="1")

    assert response.status_code == 422
    assert re.search(r'id="count-wrong".*Expected', response.text)
    assert mock.control("GET", "/worlds/default")["alerts"]["new"] == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "truncated"), ('{"prioriti": 1}', "unknown field"), ('{"priority": "huge"}', "priority")],
)
def test_a_wrong_alert_is_told_beside_its_field(simulator: Browser, mock: Mock, text: str, told: str) -> None:
    """Broken JSON, an unknown field, a wrong value."""
    response = simulator.post(f"{WORLD}/alerts/json", json=text)

    assert response.status_code == 422
    assert re.search(rf'id="json-wrong".*{told}', response.text)
    assert text in words(response)
    assert mock.control("GET", "/worlds/default")["alerts"]["new"] == 0


def test_an_alert_of_ones_own_is_raised_and_fed(simulator: Browser, mock: Mock) -> None:
    """Given as JSON; new data makes it grow."""
    simulator.post(
        f"{WORLD}/alerts/json", json='{"id": "own", "name": "Own", "priority": "high", "events": []}'
    )

    simulator.post(f"{WORLD}/feed", alert="own", generate="4")

    assert (mock.truth("own")["priority"], len(mock.truth("own")["events"])) == ("high", 4)


def test_the_clock_is_frozen_advanced_set_and_let_run(simulator: Browser, mock: Mock) -> None:
    """Each step is seen through the control API."""

    def clock() -> dict[str, object]:
        return dict(mock.control("GET", "/worlds/default/clock"))

    simulator.post(f"{WORLD}/clock", step="set", now="2026-01-01T00:00", frozen="1")
    assert clock() == {"now": "2026-01-01T00:00:00Z", "frozen": True}
    simulator.post(f"{WORLD}/clock", step="advance", seconds="90")
    assert clock() == {"now": "2026-01-01T00:01:30Z", "frozen": True}
    simulator.post(f"{WORLD}/clock", step="run")
    assert clock()["frozen"] is False
    simulator.post(f"{WORLD}/clock", step="freeze")
    assert clock()["frozen"] is True


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"step": "advance", "seconds": "soon"}, "seconds"), ({"step": "set", "now": "x"}, "now")],
)
def test_a_wrong_time_is_told_beside_its_field(
    simulator: Browser, fields: dict[str, str], field: str
) -> None:
    """The clock goes on as it was."""
    response = simulator.post(f"{WORLD}/clock", **fields)

    assert response.status_code == 422
    assert f'class="wrong" id="{field}-wrong"' in response.text


def test_the_console_is_opened_as_any_user(simulator: Browser, mock: Mock) -> None:
    """To see what a role may, without its password."""
    user = mock.user("Junior analyst", mock.main_tenant())

    opened = simulator.post(f"{WORLD}/open", user=user)

    assert opened.request.path == "/alerts"
    assert "Junior analyst" in opened.text
    assert simulator.get("/simulator").request.path == "/simulator"


def test_a_fault_is_set_fires_and_is_lifted(simulator: Browser, mock: Mock) -> None:
    """The table counts, and the journal says so."""
    simulator.post(f"{WORLD}/faults", kind="status", status="503", path="/api/v*/alerts", times="1")

    answers = [ask(mock).status_code for _ in range(2)]

    assert answers == [503, 200]
    assert mock.control("GET", "/worlds/default/faults")["faults"][0]["fired"] == 1
    assert "fault status" in words(simulator.get(f"{WORLD}/journal?only=fault"))
    assert "No faults" in simulator.post(f"{WORLD}/faults/remove").text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kind": "reset"}, "needs the wire listener"),
        ({"kind": "status", "status": "9"}, 'id="status-wrong"'),
        ({"kind": "delay"}, "missing required field `ms`"),
        ({"kind": "nonsense"}, "Invalid value"),
    ],
)
def test_a_wrong_fault_is_refused(simulator: Browser, mock: Mock, fields: dict[str, str], told: str) -> None:
    """With the control API's words."""
    response = simulator.post(f"{WORLD}/faults", **fields)

    assert response.status_code == 422
    assert told in words(response) or told in response.text
    assert mock.control("GET", "/worlds/default/faults")["faults"] == []


def ask(mock: Mock, token: str | None = None) -> TestResponse:
    """Ask for alerts as a connector does."""
    headers = {"Authorization": f"Bearer {token or mock.token}", "X-Seen": "it's"}
    return mock.vendor.get("/api/v1/alerts?withEvents&status=new", headers=headers)


def test_the_journal_shows_what_was_served_and_why_not(simulator: Browser, mock: Mock) -> None:
    """Versions then and now, reasons, and no token."""
    alert = mock.alert(name="Served")
    ask(mock)
    ask(mock, "f" * 32)
    mock.control("PATCH", f"/worlds/default/alerts/{alert}", {"assignee": "Petrov"})

    refused = words(simulator.get(f"{WORLD}/journal?only=refused"))
    exchange = simulator.get(f"{WORLD}/journal/1")

    assert "the token is unknown" in refused
    assert re.search(r'Served.*\s*<td class="number">1</td><td class="number">2</td>', exchange.text)
    assert mock.token not in exchange.text
    assert "f" * 32 not in simulator.get(f"{WORLD}/journal/2").text


def test_a_request_is_shown_as_curl(simulator: Browser, mock: Mock) -> None:
    """One command, with the token as a variable."""
    ask(mock)

    said = words(simulator.get(f"{WORLD}/journal/1"))

    assert "--request GET" in said
    assert "'http://127.0.0.1:7223/api/v1/alerts?withEvents&status=new'" in said
    assert '--header "Authorization: Bearer $TOKEN"' in said
    assert CONTROL_TOKEN not in said


def test_the_journal_is_searched_and_cleared(simulator: Browser, mock: Mock) -> None:
    """By any text in it."""
    ask(mock)

    assert "/api/v1/alerts" in words(simulator.get(f"{WORLD}/journal?text=withEvents"))
    assert "No exchanges" in words(simulator.get(f"{WORLD}/journal?text=nowhere"))
    assert "No exchanges" in words(simulator.post(f"{WORLD}/journal/clear"))
    assert simulator.get(f"{WORLD}/journal/1").status_code == 404


@pytest.mark.parametrize("part", ["", "/faults", "/journal"])
def test_a_world_that_is_not_there_is_said_so(simulator: Browser, part: str) -> None:
    """404, in words."""
    response = simulator.get(f"/simulator/worlds/nowhere{part}")

    assert response.status_code == 404
    assert "There is no such thing" in response.text


def test_a_hostile_request_stays_one_command() -> None:
    """Quotes, variables and control characters are written out."""
    exchange = {
        "method": "POST",
        "path": "/api/v1/alerts'; rm -rf $HOME",
        "query": {"raw": "a=$(id)&b='"},
        "headers": [("X-Evil", "'; id; '"), ("Cookie", "secret")],
        "body": "\x1b[31m'\n`id`",
    }

    command = curl.command(exchange, api="http://127.0.0.1:1")

    assert command.splitlines() == [
        "curl \\",
        "  --request POST \\",
        "  'http://127.0.0.1:1/api/v1/alerts'\"'\"';%20rm%20-rf%20$HOME?a=$(id)&b='\"'\"'' \\",
        "  --header 'X-Evil: '\"'\"'; id; '\"'\"'' \\",
        "  --data-binary $'\\x1b[31m\\'\\x0a`id`'",
    ]
