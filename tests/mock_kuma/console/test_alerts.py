"""The alerts table and the card: filters, order, what a role may, what happens to an alert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.mock_kuma.console.conftest import Browser, Mock, words

if TYPE_CHECKING:
    from werkzeug.test import TestResponse


def names(response: TestResponse) -> list[str]:
    """Return the alerts' names in the table, in their order."""
    return re.findall(r'href="/alerts/[^"]+"><bdi>([^<]*)</bdi>', response.text)


@pytest.fixture
def three(mock: Mock) -> list[str]:
    """Three alerts in two tenants; return their ids."""
    branch = mock.control("POST", "/worlds/default/tenants", {"name": "Branch"})["id"]
    return [
        mock.alert(name="Alpha", priority="low", lastSeen="2026-01-01T10:00:00Z"),
        mock.alert(name="Beta", priority="critical", lastSeen="2026-01-02T10:00:00Z", tenantID=branch),
        mock.alert(name="Gamma", priority="medium", lastSeen="2026-01-03T10:00:00Z", status="closed"),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Beta", "Alpha"]),
        ("filtered=1", ["Gamma", "Beta", "Alpha"]),
        ("status=closed", ["Gamma"]),
        ("filtered=1&priority=low&priority=medium", ["Gamma", "Alpha"]),
        ("filtered=1&name=ALPH", ["Alpha"]),
        ("filtered=1&name=A.*", []),
        ("filtered=1&from=2026-01-02T00:00&to=2026-01-02T23:59:59", ["Beta"]),
        ("filtered=1&sort=name&order=asc", ["Alpha", "Beta", "Gamma"]),
        ("filtered=1&sort=priority", ["Beta", "Gamma", "Alpha"]),
        ("filtered=1&sort=nonsense&page=nonsense", ["Gamma", "Beta", "Alpha"]),
    ],
)
@pytest.mark.usefixtures("three")
def test_filters_and_order(admin: Browser, query: str, expected: list[str]) -> None:
    """Values of one filter are joined by OR, filters by AND; closed ones are hidden until asked for."""
    assert names(admin.get(f"/alerts?{query}")) == expected


@pytest.mark.usefixtures("three")
def test_the_tenant_filter(admin: Browser, mock: Mock) -> None:
    """Only the alerts of that tenant."""
    found = names(admin.get(f"/alerts?filtered=1&tenant={mock.main_tenant()}"))

    assert found == ["Gamma", "Alpha"]


def test_a_time_that_cannot_be_read_is_told_beside_its_field(admin: Browser) -> None:
    """The page works on, and says what is wrong."""
    response = admin.get("/alerts?from=yesterday")

    assert response.status_code == 200
    assert re.search(r'id="from-wrong".*is not an RFC 3339 time', response.text)


def test_long_lists_have_pages(admin: Browser, mock: Mock) -> None:
    """Fifty on a page, with a way on and a way back."""
    mock.control("POST", "/worlds/default/alerts", {"generate": {"count": 51, "events": 0}})

    first, second = admin.get("/alerts"), admin.get("/alerts?page=2")

    assert (len(names(first)), len(names(second))) == (50, 1)
    assert ('rel="next"' in first.text, 'rel="prev"' in second.text) == (True, True)


def test_an_empty_world_says_what_to_do(admin: Browser) -> None:
    """No alerts yet is something else than none that fit."""
    assert "No alerts yet" in admin.get("/alerts").text


@pytest.mark.usefixtures("three")
def test_nothing_that_fits_says_what_to_do(admin: Browser) -> None:
    """A filter that leaves nothing offers a way out."""
    assert "Show all alerts" in admin.get("/alerts?name=zzz").text


def test_the_card_shows_all_of_an_alert(admin: Browser, mock: Mock) -> None:
    """Fields, events with base events, assets, accounts and the log."""
    alert = mock.alert(
        name="Brute force",
        events=[{"ID": "e1", "SourceAddress": "10.1.2.3", "BaseEvents": [{"Name": "Failed logon"}]}],
        affectedAssets=[{"id": "a1", "displayName": "ws-17", "ipAddresses": ["10.1.2.3"]}],
        affectedAccounts=[{"id": "c1", "cn": "Petrov"}],
    )

    said = words(admin.get(f"/alerts/{alert}"))

    for expected in ("Brute force", "10.1.2.3", "Failed logon", "ws-17", "Petrov", "Opened", alert):
        assert expected in said


def test_assigning_escalating_and_closing(admin: Browser, mock: Mock) -> None:
    """Each step is done, told, and in the log."""
    alert = mock.alert(name="Steps")
    admin_id = mock.control("GET", "/worlds/default/users")["users"][0]["id"]

    assigned = admin.post(f"/alerts/{alert}/assign", user=admin_id)
    commented = admin.post(f"/alerts/{alert}/comment", comment="Looks real")
    escalated = admin.post(f"/alerts/{alert}/escalate")
    closed = admin.post(f"/alerts/{alert}/close", reason="incorrect data")

    assert "The alert was assigned." in assigned.text
    assert "Looks real" in words(commented)
    assert "INC-0001" in words(escalated)
    assert "The alert was closed." in closed.text
    truth = mock.truth(alert)
    assert (truth["status"], truth["closingReason"], truth["assignee"]) == (
        "closed",
        "incorrect data",
        "admin",
    )
    assert [entry["change"] for entry in truth["history"]] == [
        "opened",
        "changed",
        "commented",
        "changed",
        "closed",
    ]


def test_taking_an_alert_away_makes_it_new_again(admin: Browser, mock: Mock) -> None:
    """Nobody is a choice, too."""
    alert = mock.alert(assignee="Petrov", status="assigned")

    admin.post(f"/alerts/{alert}/assign", user="")

    assert (mock.truth(alert)["status"], mock.truth(alert)["assignee"]) == ("new", "")


@pytest.mark.parametrize(
    ("form", "fields", "told"),
    [
        ("close", {"reason": ""}, "Choose a reason."),
        ("close", {"reason": "because"}, "Choose a reason."),
        ("assign", {"user": "nobody"}, "There is no such thing"),
        ("comment", {"comment": "  "}, "Write something first."),
        ("comment", {"comment": "x" * 4_001}, "At most 4,000 characters"),
    ],
)
def test_a_refused_form_is_told_beside_its_field(
    admin: Browser, mock: Mock, form: str, fields: dict[str, str], told: str
) -> None:
    """The card comes back with the words, and the alert is as it was."""
    alert = mock.alert()

    response = admin.post(f"/alerts/{alert}/{form}", **fields)

    assert response.status_code == 422
    assert re.search(rf'id="{form}-wrong".*{told}', response.text)
    assert mock.truth(alert)["version"] == 1


def test_a_closed_alert_is_not_closed_again(admin: Browser, mock: Mock) -> None:
    """Somebody else was quicker: the form says so."""
    alert = mock.alert(status="closed")

    response = admin.post(f"/alerts/{alert}/close", reason="responded")

    assert response.status_code == 422
    assert mock.truth(alert)["version"] == 1


def test_a_role_sees_its_own_tenants_only(browser: Browser, mock: Mock, three: list[str]) -> None:
    """In the table others' alerts do not exist, and their cards are refused, whatever is sent."""
    branch = mock.truth(three[1])["tenantID"]
    mock.user("Tier 1 analyst", branch)
    browser.sign_in("ivan")

    assert names(browser.get("/alerts?filtered=1")) == ["Beta"]
    assert browser.get(f"/alerts/{three[0]}").status_code == 403
    assert browser.post(f"/alerts/{three[0]}/close", reason="responded").status_code == 403
    assert mock.truth(three[0])["version"] == 1


def test_a_role_without_alerts_is_offered_nothing(browser: Browser, mock: Mock, three: list[str]) -> None:
    """Access to shared resources shows no alerts: no link in the bar, no rows, no card."""
    mock.user("Access to shared resources", mock.main_tenant())
    browser.sign_in("ivan")

    page = browser.get("/alerts?filtered=1")

    assert names(page) == []
    assert '<a href="/alerts"' not in page.text
    assert browser.get(f"/alerts/{three[0]}").status_code == 403
