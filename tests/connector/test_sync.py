"""A cycle: what reaches the SOAR, what is remembered, what survives trouble."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest

from connector.errors import (
    BadAnswer,
    ConnectorError,
    RateLimited,
    Refused,
    ServerTrouble,
    TokenRefused,
)
from tests.connector.fake_kuma import Clock, FakeKuma, connect, held

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("count", [0, 1, 249, 250, 251, 500, 501])
def test_everything_is_imported_once(tmp_path: Path, count: int) -> None:
    """Whatever the number, and nothing again in a second cycle."""
    kuma = FakeKuma()
    for n in range(count):
        kuma.add(f"a{n}", n)
    sync = connect(kuma, tmp_path)

    first, second = sync.poll(), sync.poll()

    assert (first.created, second.created, second.updated) == (count, 0, 0)
    assert set(held(sync)) == set(kuma.alerts)


@pytest.mark.parametrize("count", [250, 251, 750])
def test_a_crowded_second_is_read_whole(tmp_path: Path, count: int) -> None:
    """All alerts in one second, with alerts around it."""
    kuma = FakeKuma()
    for n in range(count):
        kuma.add(f"a{n}", 500 + n / 1_000)
    kuma.add("later", 600)
    kuma.add("earlier", 400)
    sync = connect(kuma, tmp_path)

    sync.poll()

    assert set(held(sync)) == set(kuma.alerts)


def test_growth_and_changes_reach_the_incident(tmp_path: Path) -> None:
    """Events are added; assignee and closing come although lastSeen does not move."""
    kuma = FakeKuma(now=100_000)
    kuma.add("grows", 10)
    kuma.add("assigned", 11)
    kuma.add("closed", 12)
    kuma.add("new", 99_999)
    sync = connect(kuma, tmp_path)
    sync.poll()

    kuma.grow("grows", 99_990)
    kuma.alerts["assigned"].assignee = "Петрова"
    kuma.alerts["closed"].status = "closed"
    counts = sync.poll()

    assert counts.updated == 3
    assert held(sync)["grows"] == ("open", ["grows-1", "grows-2"])
    assert held(sync)["closed"][0] == "closed"
    assignees = {one.alert_id: one.alert["assignee"] for one in sync.incidents.every()}
    assert assignees["assigned"] == "Петрова"


def test_growth_within_one_second_is_seen(tmp_path: Path) -> None:
    """lastSeen has whole seconds, so its text may stay the same."""
    kuma = FakeKuma()
    kuma.add("a", 999.1)
    sync = connect(kuma, tmp_path)
    sync.poll()

    kuma.grow("a", 999.8)
    sync.poll()

    assert held(sync)["a"][1] == ["a-1", "a-2"]


def test_what_appears_late_is_still_seen(tmp_path: Path) -> None:
    """An alert that is older than what was served, within the overlap."""
    kuma = FakeKuma()
    kuma.add("a", 990)
    sync = connect(kuma, tmp_path)
    sync.poll()

    kuma.add("late", 400)
    sync.poll()

    assert "late" in held(sync)


def test_one_alert_from_the_future_hides_no_other(tmp_path: Path) -> None:
    """The mark stays at KUMA's own time."""
    kuma = FakeKuma(now=1_000)
    kuma.add("future", 1_000 + 7_200)
    sync = connect(kuma, tmp_path)
    sync.poll()

    kuma.now = 1_100
    kuma.add("normal", 1_050)
    sync.poll()

    assert set(held(sync)) == {"future", "normal"}


def test_an_odd_alert_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    """Nulls, missing fields, unknown words; only what has no id is left out."""
    kuma = FakeKuma()
    kuma.add("before", 1)
    odd: dict[str, object] = {
        "priority": "apocalyptic",
        "assignee": None,
        "lastSeen": None,
        "events": [None, {}],
    }
    kuma.add("odd", 2, extra=odd)
    kuma.add("nameless", 3, extra={"id": None})
    kuma.add("after", 4)
    sync = connect(kuma, tmp_path)

    counts = sync.poll()

    assert (counts.created, counts.odd) == (3, 1)
    assert set(held(sync)) == {"before", "odd", "after"}


def test_what_an_analyst_wrote_stays(tmp_path: Path) -> None:
    """Growth changes KUMA's fields and no others."""
    kuma = FakeKuma()
    kuma.add("a", 900)
    sync = connect(kuma, tmp_path)
    sync.poll()
    sync.incidents.edit("a", {"owner": "line1", "notes": "=cmd|' /C calc'!A0"})

    kuma.grow("a", 950)
    sync.poll()

    (incident,) = sync.incidents.every()
    assert dict(incident.local) == {"owner": "line1", "notes": "=cmd|' /C calc'!A0"}
    assert len(incident.event_ids) == 2


def test_a_failure_in_the_middle_keeps_what_was_read_and_loses_nothing(tmp_path: Path) -> None:
    """The second page fails for good; the mark stays, and the next cycle reads the rest."""
    kuma = FakeKuma()
    for n in range(600):
        kuma.add(f"a{n}", n)
    sync = connect(kuma, tmp_path)
    kuma.before = lambda request: httpx.Response(500) if b"to=" in request.url.query else None

    with pytest.raises(ServerTrouble):
        sync.poll()
    kept, mark = len(held(sync)), sync.ledger.mark()
    kuma.before = lambda _: None
    sync.poll()

    assert (kept, mark) == (250, None)
    assert set(held(sync)) == set(kuma.alerts)


def test_a_killed_connector_goes_on_where_it_was(tmp_path: Path) -> None:
    """Whichever request the process dies at, a new one with the same folder ends complete."""
    kuma = FakeKuma()
    for n in range(600):
        kuma.add(f"a{n}", n)
    for deaths in range(6):
        sync = connect(kuma, tmp_path)
        kuma.requests.clear()

        def die(_: httpx.Request, deaths: int = deaths) -> None:
            if len(kuma.requests) > deaths:
                raise SystemExit

        kuma.before = die
        with contextlib.suppress(SystemExit):
            sync.poll()
        sync.stop()
    kuma.before = lambda _: None

    sync = connect(kuma, tmp_path)
    sync.poll()

    assert set(held(sync)) == set(kuma.alerts)


def test_a_wait_that_fits_is_waited(tmp_path: Path) -> None:
    """429 with Retry-After: nothing is sent before it is over."""
    kuma, clock = FakeKuma(), Clock()
    kuma.add("a", 1)
    answers = [httpx.Response(429, headers={"Retry-After": "7"})]
    kuma.before = lambda _: answers.pop() if answers else None
    sync = connect(kuma, tmp_path, clock=clock)

    sync.poll()

    assert clock.slept == [7.0]
    assert set(held(sync)) == {"a"}


def test_a_wait_that_does_not_fit_is_remembered(tmp_path: Path) -> None:
    """The cycle ends with an error, and until then nothing is sent, not even after a restart."""
    kuma, clock = FakeKuma(), Clock()
    kuma.add("a", 1)
    kuma.before = lambda _: httpx.Response(429, headers={"Retry-After": "300"})
    sync = connect(kuma, tmp_path, clock=clock)
    with pytest.raises(RateLimited):
        sync.poll()
    kuma.before = lambda _: None
    sent = len(kuma.requests)
    sync.stop()

    sync = connect(kuma, tmp_path, clock=clock)
    with pytest.raises(RateLimited):
        sync.poll()
    assert len(kuma.requests) == sent
    clock.now += 301
    sync.poll()

    assert set(held(sync)) == {"a"}


def test_too_many_requests_without_a_time_to_wait_are_backed_off_from(tmp_path: Path) -> None:
    """As from any trouble that may be over soon."""
    kuma, clock = FakeKuma(), Clock()
    kuma.add("a", 1)
    answers = [httpx.Response(429)]
    kuma.before = lambda _: answers.pop() if answers else None
    sync = connect(kuma, tmp_path, clock=clock)

    assert sync.poll().created == 1
    assert clock.slept == [0.25]


def test_an_outage_is_no_storm(tmp_path: Path) -> None:
    """A request is tried four times, with growing waits."""
    kuma, clock = FakeKuma(), Clock()
    kuma.before = lambda _: httpx.Response(503)
    sync = connect(kuma, tmp_path, clock=clock)

    with pytest.raises(ServerTrouble):
        sync.poll()

    assert len(kuma.requests) == 4
    assert clock.slept == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(200, text="<html>", headers={"Content-Type": "text/html"}), BadAnswer),
        (httpx.Response(200, text='[{"id": ', headers={"Content-Type": "application/json"}), BadAnswer),
        (httpx.Response(200, json={"alerts": []}), BadAnswer),
        (httpx.Response(302, headers={"Location": "https://192.0.2.1/"}), BadAnswer),
        (httpx.Response(403, json={"message": "access denied"}), TokenRefused),
        (httpx.Response(400, json={"message": "invalid authorization header"}), TokenRefused),
        (httpx.Response(400, json={"message": "cannot parse from"}), Refused),
    ],
)
def test_what_is_no_list_is_an_error(
    tmp_path: Path, response: httpx.Response, error: type[ConnectorError]
) -> None:
    """Never an empty list: the mark stays, and the token goes nowhere else."""
    kuma = FakeKuma()
    kuma.before = lambda _: response
    sync = connect(kuma, tmp_path)

    with pytest.raises(error) as caught:
        sync.poll()

    assert sync.ledger.mark() is None
    assert {request.url.host for request in kuma.requests} == {"kuma.example.com"}
    assert "c" * 32 not in str(caught.value)


def test_two_connectors_on_one_database_make_one_incident(tmp_path: Path) -> None:
    """The database's own rule keeps them from doubling."""
    kuma = FakeKuma()
    for n in range(300):
        kuma.add(f"a{n}", n)
    one, two = connect(kuma, tmp_path), connect(kuma, tmp_path)

    created = one.poll().created + two.poll().created

    assert created == 300
    assert len(held(two)) == 300
