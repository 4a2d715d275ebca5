"""GET /alerts: what the vendor's page says of the search (222254), row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import Kuma, World

KEYS = {
    "id", "tenantID", "tenantName", "name", "correlationRuleID", "priority", "status", "firstSeen",
    "lastSeen", "assignee", "closingReason", "overflow", "events", "affectedAssets", "affectedAccounts",
}  # fmt: skip


def test_a_page_is_250_alerts_and_one_beyond_the_end_is_empty(world: World) -> None:
    """There is no total: pages of 250 end with a short one, then come empty lists."""
    world.generate(501)

    sizes = [len(world.alerts(f"page={page}")) for page in (1, 2, 3, 4)]

    assert sizes == [250, 250, 1, 0]


def test_the_newest_comes_first(world: World) -> None:
    """The list is sorted by lastSeen, descending, across pages."""
    ids = world.generate(300)

    served = [alert["id"] for page in (1, 2) for alert in world.alerts(f"page={page}")]

    assert served == ids


def test_alerts_of_one_instant_keep_their_order(world: World) -> None:
    """Equal times are ordered by id, so that pages do not overlap."""
    ids = world.generate(260, spacing_ms=0)

    served = [alert["id"] for page in (1, 2) for alert in world.alerts(f"page={page}")]

    assert served == sorted(ids)


@pytest.mark.parametrize("version", ["v1", "v2", "v2.1", "v2.2", "v3"])
def test_every_version_sends_all_15_keys(world: World, version: str) -> None:
    """Without flags the three lists are null, and no key is missing."""
    world.generate(1)

    (alert,) = world.alerts(version=version)

    assert set(alert) == KEYS
    assert [alert[key] for key in ("events", "affectedAssets", "affectedAccounts")] == [None, None, None]


@pytest.mark.parametrize("flag", ["withEvents", "withEvents=", "withEvents=false", "withEvents=true"])
def test_a_presence_flag_means_true_whatever_its_value(world: World, flag: str) -> None:
    """Values of presence flags are ignored."""
    world.raise_alerts({"events": [{"ID": "e1"}, {"ID": "e2"}]})

    (alert,) = world.alerts(flag)

    assert [event["ID"] for event in alert["events"]] == ["e1", "e2"]


def test_the_guides_request_is_answered_without_a_redirect(world: World) -> None:
    """The vendor's SOAR guide has a slash before the question mark and a lower-case header."""
    (alert_id,) = world.raise_alerts({"events": []})

    response = world.kuma.vendor(
        "GET",
        "/v1/alerts/?withEvents&status=new",
        authorization=f"Bearer {world.token}",
        **{"Content-Type": "application/json"},
    )

    assert response.status_code == 200
    assert [(alert["id"], alert["events"]) for alert in response.json or ()] == [(alert_id, [])]


def test_affected_assets_have_one_name_in_v1_and_a_list_later(world: World) -> None:
    """The fqdn is text in v1 and a list from v2 on."""
    asset = {
        "id": "a1",
        "fqdn": ["ws-7.corp.example", "ws-7"],
        "os": {"name": "Windows 11", "version": "22631"},
    }
    world.raise_alerts({"affectedAssets": [asset], "affectedAccounts": [{"displayName": "Пётр"}]})

    shapes = {
        version: world.alerts("withAffected", version)[0]["affectedAssets"][0]
        for version in ("v1", "v2", "v3")
    }

    assert {version: shape["fqdn"] for version, shape in shapes.items()} == {
        "v1": "ws-7.corp.example",
        "v2": ["ws-7.corp.example", "ws-7"],
        "v3": ["ws-7.corp.example", "ws-7"],
    }
    assert {version: shape["os"]["version"] for version, shape in shapes.items()} == {
        "v1": 22631,
        "v2": 22631,
        "v3": "22631",
    }


def test_times_are_utc_with_whole_seconds(world: World) -> None:
    """One production client reads them with exactly that pattern."""
    world.raise_alerts({"firstSeen": "2026-01-02T03:04:05.678Z", "lastSeen": "2026-01-02T06:04:05.999+01:00"})

    (alert,) = world.alerts()

    assert (alert["firstSeen"], alert["lastSeen"]) == ("2026-01-02T03:04:05Z", "2026-01-02T05:04:05Z")


def test_the_period_is_inclusive_at_both_ends(world: World) -> None:
    """An alert exactly at ``from`` or ``to`` is in."""
    for second in (1, 2, 3, 4):
        world.raise_alerts({"id": str(second), "lastSeen": f"2026-01-01T00:00:0{second}Z"})

    found = world.alerts("from=2026-01-01T00:00:02Z&to=2026-01-01T00:00:03Z")

    assert [alert["id"] for alert in found] == ["3", "2"]


def test_the_period_can_be_about_the_first_firing(world: World) -> None:
    """``timestampField=firstSeen`` changes the period and the order."""
    world.raise_alerts(
        {"id": "long", "firstSeen": "2026-01-01T00:00:00Z", "lastSeen": "2026-01-05T00:00:00Z"},
        {"id": "short", "firstSeen": "2026-01-02T00:00:00Z", "lastSeen": "2026-01-02T00:00:00Z"},
    )

    by_last = [alert["id"] for alert in world.alerts()]
    by_first = [alert["id"] for alert in world.alerts("timestampField=firstSeen")]
    period = [alert["id"] for alert in world.alerts("timestampField=firstSeen&from=2026-01-02T00:00:00Z")]

    assert (by_last, by_first, period) == (["long", "short"], ["short", "long"], ["short"])


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T03:00:00%2B03:00",
        "2025-12-31T19:00:00-05:00",
        "2026-01-01T00:00:00Z%2B00:00",
    ],
)
def test_every_documented_spelling_of_a_time_is_read(world: World, moment: str) -> None:
    """Fractions, offsets, and the misprint of the vendor's own pages."""
    world.raise_alerts({"lastSeen": "2026-01-01T00:00:00Z"})

    assert len(world.alerts(f"from={moment}&to={moment}")) == 1


def test_values_of_one_parameter_are_alternatives_and_parameters_add_up(world: World) -> None:
    """Repeated keys mean OR, different keys mean AND."""
    world.raise_alerts(
        {"id": "1", "status": "new", "name": "Brute force"},
        {"id": "2", "status": "assigned", "name": "Brute force"},
        {"id": "3", "status": "closed", "name": "Brute force"},
        {"id": "4", "status": "new", "name": "Phishing"},
    )

    found = world.alerts("status=new&status=assigned&name=brute")
    by_id = world.alerts("id=1&id=4&id=none")

    assert sorted(alert["id"] for alert in found) == ["1", "2"]
    assert sorted(alert["id"] for alert in by_id) == ["1", "4"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("alert", ["My ALERT 7"]),
        ("^my alert", ["My ALERT 7"]),
        ("%28stage%20%232%29", ["C&C (stage #2)"]),
        ("%5C%28stage", ["C&C (stage #2)"]),
        ("подбор", ["Подбор пароля"]),
        ("(?<=My )alert", ["My ALERT 7"]),
    ],
)
def test_the_name_is_a_pcre_that_matches_anywhere(world: World, pattern: str, expected: list[str]) -> None:
    """Case does not matter, Cyrillic included; look-behind shows that it is PCRE."""
    world.raise_alerts({"name": "My ALERT 7"}, {"name": "C&C (stage #2)"}, {"name": "Подбор пароля"})
    assert sorted(alert["name"] for alert in world.alerts(f"name={pattern}")) == expected


def test_a_catastrophic_pattern_is_refused_at_once(world: World) -> None:
    """PCRE's step limit ends it; nobody waits."""
    world.raise_alerts({"name": "a" * 5_000 + "b"})

    response = world.vendor("GET", "/v1/alerts?name=(a%2B)%2B%24")

    assert (response.status_code, response.json) == (
        400,
        {"message": "invalid query parameter value", "details": "name"},
    )


@pytest.mark.parametrize(
    ("query", "message", "details"),
    [
        ("page=0", "invalid query parameter value", "page"),
        ("page=-1", "invalid query parameter value", "page"),
        ("page=x", "invalid query parameter value", "page"),
        ("page=", "invalid query parameter value", "page"),
        ("page=99999999999999999999", "invalid query parameter value", "page"),
        ("page=%D9%A1", "invalid query parameter value", "page"),
        ("status=open", "invalid status", "open"),
        ("status=new&status=", "invalid status", ""),
        ("timestampField=updated", "invalid timestamp field", None),
        (
            "from=yesterday",
            "cannot parse from",
            '"yesterday" is not an RFC 3339 time such as 2026-01-31T09:30:00Z',
        ),
        ("to=2026-13-01T00:00:00Z", "cannot parse to", ...),
        ("from=2026-01-01T00:00:00+03:00", "cannot parse from", ...),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from cannot be greater than to", None),
    ],
)
def test_a_wrong_parameter_is_refused_in_the_vendors_words(
    world: World, query: str, message: str, details: object
) -> None:
    """Each row of the error table; a bare plus in an offset is a space, as in every query string."""
    response = world.vendor("GET", f"/v1/alerts?{query}")

    assert response.status_code == 400
    answer = response.json or {}
    assert answer["message"] == message
    assert details is ... or answer["details"] == details


@pytest.mark.parametrize("name", ["tenantID", "TenantID"])
def test_tenants_are_filtered_under_both_spellings(world: World, name: str) -> None:
    """The English pages print TenantID, every client sends tenantID."""
    other = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    world.raise_alerts({"id": "here"}, {"id": "there", "tenantID": other})

    found = world.alerts(f"{name}={other}")

    assert [(alert["id"], alert["tenantName"]) for alert in found] == [("there", "Branch")]


def test_tenants_without_a_role_are_silently_ignored(world: World) -> None:
    """An analyst of one tenant sees that tenant's alerts, and no error."""
    other = world.control("POST", "tenants", {"name": "Branch"}, status=201)["id"]
    world.raise_alerts({"id": "here"}, {"id": "there", "tenantID": other})
    analyst = world.with_user({"role": "Tier 1 analyst", "tenants": [other]})

    assert [alert["id"] for alert in analyst.alerts()] == ["there"]
    assert analyst.alerts(f"tenantID={world.tenant}") == []


def test_worlds_never_see_each_other(kuma: Kuma) -> None:
    """The same seed gives the same ids in two worlds, and each token sees its own."""
    one, two = kuma.world(seed=5), kuma.world(seed=5)
    ids = one.generate(3)

    assert two.alerts() == []
    assert two.generate(3) == ids


def test_versions_that_the_release_lacks_are_not_there(kuma: Kuma) -> None:
    """KUMA 2.1 has v1 alone, 4.0 has v3 alone."""
    statuses = {
        release: [
            kuma.world(kuma_version=release).vendor("GET", f"/{version}/alerts").status_code
            for version in ("v1", "v2", "v2.1", "v2.2", "v3", "v4")
        ]
        for release in ("2.1", "3.0.2", "3.2", "4.0")
    }

    assert statuses == {
        "2.1": [200, 404, 404, 404, 404, 404],
        "3.0.2": [200, 200, 404, 404, 404, 404],
        "3.2": [200, 200, 200, 200, 200, 404],
        "4.0": [404, 404, 404, 404, 200, 404],
    }


def test_a_field_can_be_sent_otherwise_or_not_at_all(world: World) -> None:
    """For connectors that must survive odd data; the truth stays as it is."""
    (alert_id,) = world.raise_alerts(
        {
            "priority": "high",
            "sent_as": {"priority": "apocalyptic", "assignee": None},
            "omit": ["closingReason"],
        }
    )

    (alert,) = world.alerts()

    assert (alert["priority"], alert["assignee"], "closingReason" in alert) == ("apocalyptic", None, False)
    assert world.control("GET", f"alerts/{alert_id}")["priority"] == "high"
