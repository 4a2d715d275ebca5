"""The join of what was served, what KUMA holds and what the SOAR claims."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from harness.facts import Change, Exchange, Query, Served, Truth, sightings
from harness.oracle import (
    Record,
    closed_by_itself,
    doubled,
    each,
    events_wrong,
    exactly,
    hasty,
    invented,
    lost,
    misshown,
    stale,
)
from harness.protocol import Incident

T = dt.datetime(2026, 11, 24, 12, 0, 0, 400_000, tzinfo=dt.UTC)
LATER = T + dt.timedelta(minutes=5)


def _incident(alert: str, **changes: Any) -> Incident:
    usual: dict[str, Any] = {
        "id": f"i-{alert}",
        "alert_id": alert,
        "status": "open",
        "name": "Rule",
        "priority": "high",
        "first_seen": T,
        "last_seen": T,
    }
    return Incident(**{**usual, **changes})


def _truth(**changes: Any) -> Truth:
    usual: dict[str, Any] = {
        "id": "a",
        "name": "Rule",
        "status": "new",
        "version": 1,
        "priority": "high",
        "assignee": "",
        "overflow": False,
        "events": [{"ID": "e1"}],
        "history": [Change(1, T, "opened", event_ids=["e1"], last_seen=T)],
        "tenant": "t",
        "first_seen": T,
        "last_seen": T,
        "closing_reason": "",
    }
    return Truth(**{**usual, **changes})


def _list(*served: tuple[str, int], seq: int = 1, **changes: Any) -> Exchange:
    usual: dict[str, Any] = {
        "seq": seq,
        "at": T,
        "method": "GET",
        "path": "/api/v1/alerts/",
        "query": Query("", []),
        "headers": [],
        "status": 200,
        "served": [Served(alert, version) for alert, version in served],
    }
    return Exchange(**{**usual, **changes})


def _record(*incidents: Incident, exchanges: list[tuple[int, Exchange]] | None = None) -> Record:
    crossed = exchanges or []
    return Record(incidents, crossed, sightings(crossed), 2)


def test_nothing_is_found_where_all_is_well() -> None:
    """One open incident for each new alert."""
    record = _record(_incident("a"), _incident("b"))

    assert exactly(record, new=["a", "b"], known=["a", "b"]) == []


def test_an_alert_that_is_not_new_may_or_may_not_have_an_incident() -> None:
    """What is left open is not judged."""
    assert exactly(_record(), new=[], known=["a"]) == []
    assert exactly(_record(_incident("a", status="closed")), new=[], known=["a"]) == []


def test_a_lost_alert_that_was_served_is_told_with_the_poll() -> None:
    """That it arrived and was dropped is the more telling case."""
    record = _record(_incident("a"), exchanges=[(1, _list(("a", 1), ("c", 3)))])

    [finding] = lost(record, ["a", "b", "c"])

    assert finding.sentence == (
        "2 of 3 alerts have no incident after poll 2; alert c was served last at poll 1 in version 3"
    )
    assert finding.held == "1; missing: c, b"


def test_a_lost_alert_behind_a_full_page_points_to_paging() -> None:
    """A full page was served and nothing more was asked for: class 3."""
    page = [(f"a{number}", 1) for number in range(250)]
    record = _record(*(_incident(alert) for alert, _ in page), exchanges=[(1, _list(*page))])

    [finding] = lost(record, [*(alert for alert, _ in page), "b"])

    assert finding.defect == 3
    assert "none of the polls asked for a second one" in finding.sentence


def test_the_same_question_twice_asks_for_no_second_page() -> None:
    """A second look at the first page is no paging; another query is."""
    page = [(f"a{number}", 1) for number in range(250)]
    looks = [(1, _list(*page)), (1, _list(*page, seq=2))]
    paged = [*looks, (1, _list(seq=3, query=Query("page=2", [("page", "2")])))]

    found = [lost(_record(exchanges=crossed), ["b"])[0].defect for crossed in (looks, paged)]

    assert found == [3, None]


def test_what_did_not_arrive_whole_was_not_served() -> None:
    """A cut answer proves nothing against a connector."""
    cut = _list(("a", 1), fault={"id": "f", "kind": "truncate"})
    failed = _list(("a", 1), status=500)

    assert sightings([(1, cut), (1, failed)]) == {}


def test_two_incidents_of_an_alert_are_found() -> None:
    """And so are two incidents with one id."""
    twins = _record(_incident("a", id="1"), _incident("a", id="2"))
    namesakes = _record(_incident("a", id="1"), _incident("b", id="1"))

    assert [finding.kind for finding in doubled(twins)] == ["doubled"]
    assert "alert a has 2 incidents" in doubled(twins)[0].sentence
    assert "2 incidents have the same id '1'" in doubled(namesakes)[0].sentence


def test_an_incident_of_another_kuma_is_found() -> None:
    """It leaked, or was made up."""
    [finding] = invented(_record(_incident("x")), ["a"])

    assert (finding.kind, finding.held) == ("leaked", "x")


def test_an_incident_that_closed_by_itself_is_found() -> None:
    """Its alert is new, and nobody closed it."""
    [finding] = closed_by_itself(_record(_incident("a", status="closed")), ["a"])

    assert (finding.expected, finding.held) == ("open", "closed: a")


@pytest.mark.parametrize(
    ("held", "field"),
    [
        ({"name": "Other"}, "name"),
        ({"priority": "low"}, "priority"),
        ({"last_seen": T + dt.timedelta(seconds=1)}, "last_seen"),
        ({"first_seen": T - dt.timedelta(hours=3)}, "first_seen"),
        ({"tenant_id": "u"}, "tenant_id"),
        ({"assignee": "Kim"}, "assignee"),
        ({"overflow": True}, "overflow"),
        ({"kuma_status": "closed"}, "kuma_status"),
    ],
)
def test_a_wrong_fact_is_told_with_both_values(held: dict[str, Any], field: str) -> None:
    """One finding for one field."""
    [finding] = misshown(_truth(), _incident("a", **held))

    assert finding.expected.startswith(f"{field}: ")
    assert "KUMA has" in finding.sentence


def test_times_are_compared_as_instants_to_the_second() -> None:
    """Another offset, or no fraction, is the same time; what is not told is not wrong."""
    moscow = T.replace(microsecond=0).astimezone(dt.timezone(dt.timedelta(hours=3)))

    assert misshown(_truth(), _incident("a", first_seen=moscow, last_seen=moscow)) == []


@pytest.mark.parametrize(
    ("held", "kinds"),
    [
        (["e1", "e2"], []),
        (["e2", "e1", "b1"], []),
        (["e1"], ["lost events"]),
        (None, ["lost events"]),
        (["e1", "e2", "x"], ["foreign events"]),
        (["e1", "e2", "e2"], ["doubled events"]),
    ],
)
def test_events_are_compared_as_sets_of_ids(held: list[str] | None, kinds: list[str]) -> None:
    """In any order; base events below them may be held as well."""
    truth = _truth(events=[{"ID": "e1", "BaseEvents": [{"ID": "b1"}]}, {"ID": "e2"}])

    assert [finding.kind for finding in events_wrong(truth, _incident("a", event_ids=held))] == kinds


def test_an_incident_that_is_behind_is_told_with_both_versions() -> None:
    """What was served when, and what is still held."""
    history = [
        Change(1, T, "opened", event_ids=["e1"], last_seen=T),
        Change(2, LATER, "grown", event_ids=["e2"], last_seen=LATER),
    ]
    truth = _truth(version=2, last_seen=LATER, events=[{"ID": "e1"}, {"ID": "e2"}], history=history)
    record = _record(_incident("a", event_ids=["e1"]), exchanges=[(2, _list(("a", 2)))])

    [finding] = stale(record, truth, with_events=True)

    assert finding.sentence == (
        "alert a is in version 2 in KUMA and was served last at poll 2 in version 2; "
        "after poll 2 the SOAR still holds version 1"
    )
    assert finding.expected.endswith("2 events")


def test_growth_within_a_second_shows_in_the_events_alone() -> None:
    """Without claimed events nothing can be said of it."""
    truth = _truth(version=2, events=[{"ID": "e1"}, {"ID": "e2"}])
    record = _record(_incident("a", event_ids=["e1"]))

    assert [finding.kind for finding in stale(record, truth, with_events=True)] == ["stale"]
    assert stale(record, truth, with_events=False) == []


def test_each_judges_the_incidents_that_are_there() -> None:
    """A missing incident is lost, not wrong."""
    truths = [_truth(), _truth(id="b", name="Other")]

    assert [finding.held for finding in each(truths, _record(_incident("b")), misshown)] == ["name: Rule"]


@pytest.mark.parametrize(
    ("page", "after_ms", "poll", "kinds"),
    [
        ("2", 60, 1, []),
        ("2", 900, 1, ["hasty"]),
        ("1", 60, 1, ["hasty"]),
        ("2", 60, 2, ["hasty"]),
        ("1", 2_100, 2, []),
    ],
    ids=["asked for in parallel", "too late for that", "once more", "in the next poll", "after the wait"],
)
def test_a_request_after_a_refusal_is_hasty_unless_it_was_under_way(
    page: str, after_ms: int, poll: int, kinds: list[str]
) -> None:
    """Who asks for pages in parallel cannot take the others back."""

    def asked(number: str, **changes: Any) -> Exchange:
        moving = ("from", str(changes.get("seq", 1)))
        return _list(query=Query("", [("page", number), moving]), **changes)

    refused = asked("1", status=429)
    other = asked(page, seq=2, at=T + dt.timedelta(milliseconds=after_ms))

    found = hasty(
        [(1, refused), (poll, other)], refused, over=T + dt.timedelta(seconds=2), asked="wait for 2 seconds"
    )

    assert [finding.kind for finding in found] == kinds
