"""The event search's page: the table, the timeline, refusals beside the box, and what a role finds."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from mock_kuma.console import timeline
from tests.mock_kuma.console.conftest import Browser, Mock, words


@pytest.fixture
def two(mock: Mock) -> None:
    """An alert with two events at noon of a frozen day."""
    mock.control("PUT", "/worlds/default/clock", {"now": "2026-03-01T13:00:00Z"})
    events = [{"Name": "Port scan", "Timestamp": 1_772_366_400_000 + place} for place in range(2)]
    mock.alert(name="Scan", events=events)


def search(admin: Browser, **query: str) -> str:
    """Return the page of a search."""
    return admin.get("/events?" + urlencode(query)).text


@pytest.mark.usefixtures("two")
def test_whole_events_are_shown_with_the_usual_columns(admin: Browser) -> None:
    """A table with details, and bars along the time."""
    text = search(admin)

    assert "2026-03-01 12:00:00.001" in text
    assert text.count("Port scan") >= 2
    assert re.search(r"<rect [^>]*>\s*<title>2026-03-01 \d\d:\d\d:\d\d: \d+</title>", text)


@pytest.mark.usefixtures("two")
def test_what_is_asked_for_are_the_columns(admin: Browser) -> None:
    """Aliases and counts are columns like any other."""
    text = search(
        admin,
        sql="SELECT count(ID) AS found, Name FROM `events` WHERE Name = 'Port scan' GROUP BY Name LIMIT 5",
    )

    assert re.findall(r'class="mono">(\w+)</th>', text) == ["found", "Name"]
    assert "Port scan" in text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sql": "SELECT"}, "sql"),
        ({"sql": "SELECT * FROM `events`"}, "sql"),
        ({"sql": "SELECT * FROM users LIMIT 1"}, "sql"),
        ({"period": "own", "from": "yesterday"}, "from"),
        ({"period": "own", "from": "2026-02-02T00:00", "to": "2026-02-01T00:00"}, "from"),
    ],
)
def test_a_refusal_is_told_beside_its_field(admin: Browser, query: dict[str, str], field: str) -> None:
    """The box keeps what was typed."""
    response = admin.get("/events?" + urlencode(query))

    assert response.status_code == 422
    assert f'class="wrong" id="{field}-wrong"' in response.text
    assert query.get("sql", "SELECT") in words(response)


@pytest.mark.usefixtures("two")
def test_the_period_narrows(admin: Browser) -> None:
    """Outside it there is nothing, and the page says what to do."""
    assert "No events found" in search(admin, period="5m")
    assert "Port scan" in search(admin, **{"from": "2026-03-01T12:00", "to": "2026-03-01T12:01"})


@pytest.mark.usefixtures("two")
def test_a_role_finds_events_of_its_own_tenants(browser: Browser, mock: Mock) -> None:
    """Whatever the query says."""
    branch = mock.control("POST", "/worlds/default/tenants", {"name": "Branch"})["id"]
    mock.user("Tier 1 analyst", branch)
    browser.sign_in("ivan")

    assert "No events found" in search(browser)


def test_every_event_inside_the_period_is_in_one_bar() -> None:
    """Ends belong to it; what is outside, or no number, is left out."""
    bars = timeline.bars([0, 5, 99, 100, 101, "x", None], since=0, until=100)

    assert sum(bar.count for bar in bars) == 4
    assert all(0 <= bar.x < timeline.WIDTH and 0 <= bar.y < timeline.HEIGHT for bar in bars)


def test_no_events_have_no_bars() -> None:
    """Neither has a period without length."""
    assert timeline.bars([], since=0, until=10) == []
    assert timeline.bars([5], since=5, until=5) == []
