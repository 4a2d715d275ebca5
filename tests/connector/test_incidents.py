"""What becomes of a page of alerts: many new ones at once, one that is there twice, one made by another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector import incidents as rows
from connector.incidents import Incidents, Outcome
from connector.models import Alert
from connector.store import Store, in_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database."""
    found = Store(in_folder(tmp_path))
    yield found
    found.close()


def alert(key: str, *events: str, **values: Any) -> Alert:
    """Return an alert with these events."""
    known: dict[str, Any] = {
        "id": key,
        "tenant_id": "t",
        "name": "n",
        "priority": "high",
        "status": "new",
        "first_seen": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-01T00:00:00Z",
        "assignee": "",
        "closing_reason": "",
        "overflow": False,
        "events": {event: {"ID": event} for event in events},
        "assets": None,
        "accounts": None,
    }
    return Alert(**{**known, **values})


def events_of(store: Store) -> dict[str, tuple[str, ...]]:
    """Return the events of every incident, in order."""
    return {incident.alert_id: incident.event_ids for incident in Incidents(store).every()}


def test_a_page_of_new_and_known_alerts_is_told_apart(store: Store) -> None:
    """Outcomes come in the order of the page."""
    desk = Incidents(store)
    desk.deliver([alert("known", "k1"), alert("grown", "g1")])

    outcomes = desk.deliver(
        [alert("b", "e2", "e1"), alert("known", "k1"), alert("grown", "g1", "g2"), alert("a")]
    )

    assert outcomes == [Outcome.CREATED, Outcome.UNCHANGED, Outcome.UPDATED, Outcome.CREATED]
    assert events_of(store) == {"known": ("k1",), "grown": ("g1", "g2"), "a": (), "b": ("e2", "e1")}


def test_an_alert_that_is_twice_on_a_page_makes_one_incident(store: Store) -> None:
    """The second look updates what the first one made."""
    outcomes = Incidents(store).deliver(
        [alert("a", "e1"), alert("a", "e1", "e2", status="closed"), alert("a", "e1")]
    )

    (incident,) = Incidents(store).every()
    assert outcomes == [Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED]
    assert (incident.status, incident.event_ids) == ("closed", ("e1", "e2"))


def test_an_incident_that_another_instance_made_meanwhile_is_updated(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had at the first look is nothing; what the database says then counts."""
    Incidents(store).deliver([alert("a", "e1")])
    held_by = rows.held_by

    def too_early(connection: Any, ids: Sequence[str]) -> dict[str, Any]:
        monkeypatch.setattr(rows, "held_by", held_by)
        return {}

    monkeypatch.setattr(rows, "held_by", too_early)

    outcomes = Incidents(store).deliver([alert("a", "e1", "e2"), alert("b", "e3")])

    assert outcomes == [Outcome.UPDATED, Outcome.CREATED]
    assert events_of(store) == {"a": ("e1", "e2"), "b": ("e3",)}
