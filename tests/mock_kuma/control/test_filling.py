"""How alerts fill: statuses, age, size and incidents (REST API, 7), seen from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mock_kuma.actions import events
from tests.mock_kuma.conftest import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mock_kuma.conftest import Kuma, World

CLOCK = "2026-01-01T00:00:00Z"
HOUR = 3_600
RELEASES = ["1.6", "2.1", "3.0.2", "3.2", "3.4", "4.0"]


@pytest.fixture(scope="module")
def kuma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kuma]:
    """One mock for all; each test makes worlds of its own."""
    with started(tmp_path_factory.mktemp("filling")) as mock:
        yield mock


def fire(world: World, alert: str, *events: dict[str, Any]) -> Any:
    """Let the alert's rule fire once for each event, or once; return the receipt."""
    return world.control("POST", f"alerts/{alert}/events", {"events": list(events) or [{}]}, status=201)


def grows(world: World, alert: str) -> bool:
    """Say whether the alert takes what its rule fires next."""
    return not fire(world, alert)["opened"]


def shown(world: World, alert: str, version: str = "v3") -> Any:
    """Return the alert as the vendor API has it."""
    (found,) = world.alerts(f"id={alert}&withEvents", version)
    return found


@pytest.mark.parametrize(
    "statuses",
    [[], ["assigned"], ["escalated"], ["assigned", "escalated"]],
    ids="+".join,
)
def test_in_4_0_users_choose_which_alerts_fill(kuma: Kuma, statuses: list[str]) -> None:
    """New always; assigned and in an incident if they say so; a closed one never."""
    world = kuma.world(kuma_version="4.0")
    words = ["new", "assigned", "escalated", "closed"]
    chosen = world.control("PUT", "filling", {"statuses": ["new", *statuses]}, status=200)
    ids = world.raise_alerts(*({"name": f"of {status}", "status": status} for status in words))

    outcome = {status: grows(world, key) for status, key in zip(words, ids, strict=True)}

    assert chosen == {"statuses": ["new", *statuses], "max_age_hours": 336}
    assert outcome == {status: status == "new" or status in statuses for status in words}


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_has_its_default(kuma: Kuma, release: str) -> None:
    """New alone everywhere; an age only in 4.0."""
    world = kuma.world(kuma_version=release)

    filling = world.control("GET", "filling", status=200)

    assert filling == {"statuses": ["new"], "max_age_hours": 336 if release == "4.0" else None}


@pytest.mark.parametrize(
    ("release", "wanted"),
    [
        ("3.4", {"statuses": ["new", "assigned"]}),
        ("4.0", {"statuses": ["assigned"]}),
        ("4.0", {"statuses": ["new", "closed"]}),
        ("4.0", {"max_age_hours": 0}),
    ],
)
def test_what_kuma_does_not_offer_cannot_be_set(kuma: Kuma, release: str, wanted: dict[str, Any]) -> None:
    """No settings before 4.0; new always fills, a closed alert never; an hour at least."""
    world = kuma.world(kuma_version=release)
    before = world.control("GET", "filling")

    world.control("PUT", "filling", wanted, status=422)

    assert world.control("GET", "filling") == before


@pytest.mark.parametrize(("hours", "setting"), [(336, {}), (1, {"max_age_hours": 1})])
def test_an_alert_ages_from_its_creation(kuma: Kuma, hours: int, setting: dict[str, int]) -> None:
    """To the second; that it grew in between does not make it younger."""
    world = kuma.world(kuma_version="4.0", clock=CLOCK)
    world.control("PUT", "filling", setting, status=200)
    (alert,) = world.generate(1)

    world.control("POST", "clock/advance", {"seconds": hours * HOUR}, status=200)
    at_the_end = grows(world, alert)
    world.control("POST", "clock/advance", {"seconds": 1}, status=200)

    assert (at_the_end, grows(world, alert)) == (True, False)


def test_before_4_0_no_alert_is_too_old(kuma: Kuma) -> None:
    """A year later the same alert still grows while it is new."""
    world = kuma.world(kuma_version="3.2", clock=CLOCK)
    (alert,) = world.generate(1)

    world.control("POST", "clock/advance", {"seconds": 365 * 24 * HOUR}, status=200)

    assert grows(world, alert)


def test_an_event_is_weighed_in_bytes_not_in_letters() -> None:
    """Two bytes a Cyrillic letter, as the answer has them, base events included."""
    assert events.weight('{"Raw":"я"}', '[{"Raw":"ы"}]') == 12 + 14
    assert events.weight('{"Raw":"я"}', None) == 12


def test_after_an_overflow_closing_makes_room_for_a_new_alert(kuma: Kuma) -> None:
    """The overflowed one swallows what comes while it is new; once it is closed, another is opened."""
    world = kuma.world(kuma_version="3.2")
    (full,) = world.raise_alerts({"name": "Full", "overflow": True})

    swallowed = fire(world, full)
    closed = world.vendor("POST", "/v1/alerts/close", {"id": full, "reason": "responded"}).status_code
    opened = fire(world, full)

    assert (swallowed["event_ids"], swallowed["opened"], closed) == ([], False, 204)
    assert (opened["opened"], opened["alert"] != full) == (True, True)
    assert (shown(world, opened["alert"])["name"], shown(world, opened["alert"])["overflow"]) == (
        "Full",
        False,
    )


def test_growth_moves_last_seen_forward_only(world: World) -> None:
    """An event from the past is taken; firstSeen stays in either case."""
    (alert,) = world.raise_alerts({"firstSeen": CLOCK, "lastSeen": "2026-01-01T10:00:00Z"})
    past, later = 1767225600000, 1767225600000 + 11 * HOUR * 1_000

    fire(world, alert, {"Timestamp": past})
    after_past = shown(world, alert)["lastSeen"]
    fire(world, alert, {"Timestamp": later})

    found = shown(world, alert)
    assert (after_past, found["lastSeen"], found["firstSeen"]) == (
        "2026-01-01T10:00:00Z",
        "2026-01-01T11:00:00Z",
        CLOCK,
    )
    assert len(found["events"]) == 3


def test_a_given_back_alert_grows_again(world: World) -> None:
    """Where nothing has fired while somebody held it; else its successor takes what comes."""
    quiet, busy = world.raise_alerts({"name": "Quiet"}, {"name": "Busy"})
    for alert in (quiet, busy):
        world.control("PATCH", f"alerts/{alert}", {"assignee": "Petrov"}, status=200)
    successor = fire(world, busy)["alert"]
    for alert in (quiet, busy):
        world.control("PATCH", f"alerts/{alert}", {"assignee": ""}, status=200)

    receipts = [fire(world, alert) for alert in (quiet, busy)]

    assert [(one["alert"], one["opened"]) for one in receipts] == [(quiet, False), (successor, False)]
    assert successor != busy


def incident(world: World, *alerts: str) -> str:
    """Make an incident of alerts; return its id."""
    body = {"name": "Breach", "tenantID": world.tenant, "alerts": [{"id": key} for key in alerts]}
    response = world.vendor("POST", "/v3/incidents/create", body)
    assert response.status_code == 200, response.text
    return str((response.json or {})["id"])


@pytest.mark.parametrize(("statuses", "grown"), [(["new"], False), (["new", "escalated"], True)])
def test_an_alert_in_an_incident_grows_if_users_say_so(
    kuma: Kuma, statuses: list[str], *, grown: bool
) -> None:
    """By default the next firing opens another alert, which is in no incident."""
    world = kuma.world(kuma_version="4.0")
    world.control("PUT", "filling", {"statuses": statuses}, status=200)
    (alert,) = world.generate(1)
    key = incident(world, alert)

    receipt = fire(world, alert)

    linked = (world.vendor("GET", f"/v3/incidents/id/{key}").json or {})["alerts"]
    assert (receipt["opened"], receipt["alert"] == alert) == (not grown, grown)
    assert [one["id"] for one in linked] == [alert]


@pytest.mark.parametrize("fired", [False, True])
def test_an_alert_taken_out_of_an_incident_is_new(world: World, *, fired: bool) -> None:
    """It grows again, unless another has been made in the meantime, which then goes on growing."""
    (alert,) = world.generate(1)
    key = incident(world, alert)
    successor = fire(world, alert)["alert"] if fired else alert

    unlinked = world.vendor("POST", "/v3/incidents/unlink", {"incidentID": key, "alertIDs": [alert]})

    assert (unlinked.status_code, shown(world, alert)["status"]) == (204, "new")
    receipt = fire(world, alert)
    assert (receipt["alert"], receipt["opened"]) == (successor, False)


def test_a_closed_incident_closes_its_alerts_for_good(world: World) -> None:
    """The next firing opens another; the closed ones cannot be closed, given away or linked again."""
    (alert,) = world.generate(1)
    key = incident(world, alert)
    world.vendor("POST", "/v3/incidents/close", {"incidentIDs": [key], "resolution": 1})

    again = [
        world.vendor("POST", "/v3/alerts/close", {"id": alert, "reason": "responded"}).status_code,
        world.vendor("POST", "/v3/incidents/unlink", {"incidentID": key, "alertIDs": [alert]}).status_code,
    ]

    assert shown(world, alert)["status"] == "closed"
    assert again == [406, 406]
    assert not grows(world, alert)
