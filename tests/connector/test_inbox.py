"""Collecting and handling apart: nothing is lost between them, in whatever order they come."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from connector.inbox import Inbox
from connector.incidents import Incidents, Outcome
from connector.models import Alert
from connector.store import Store, in_folder
from tests.connector.fake_kuma import FakeKuma, connect, held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database."""
    found = Store(in_folder(tmp_path))
    yield found
    found.close()


def alert(**values: Any) -> Alert:
    """Return an alert."""
    known: dict[str, Any] = {
        "id": "a",
        "tenant_id": "t",
        "name": "\ud83d half a sign",
        "priority": "high",
        "status": "new",
        "first_seen": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-01T00:00:00Z",
        "assignee": "",
        "closing_reason": "",
        "overflow": False,
        "events": None,
        "assets": None,
        "accounts": None,
    }
    return Alert(**{**known, **values})


def hand_over(store: Store) -> list[Outcome]:
    """Let the handler do its work."""
    return Inbox(store).hand_over(Incidents(store), beat=lambda: None)


def test_what_waits_is_as_it_was_seen_last_with_all_its_events(store: Store) -> None:
    """A look without events takes none away; one incident comes of it."""
    box = Inbox(store)
    done = [
        box.deliver([alert(events={"e1": {"ID": "e1"}}, assets=["x"])]),
        box.deliver([alert(events={"e2": {"ID": "e2"}}, last_seen="2026-01-02T00:00:00Z")]),
        box.deliver([alert(assignee="Иванова", last_seen="2026-01-02T00:00:00Z")]),
        box.deliver([alert(assignee="Иванова", last_seen="2026-01-02T00:00:00Z")]),
    ]
    seen = box.last_seen(["a", "b"])

    outcomes = hand_over(store)

    (incident,) = Incidents(store).every()
    assert done == [[Outcome.CREATED], [Outcome.UPDATED], [Outcome.UPDATED], [Outcome.UNCHANGED]]
    assert seen == {"a": "2026-01-02T00:00:00Z"}
    assert (outcomes, box.count()) == ([Outcome.CREATED], 0)
    assert incident.event_ids == ("e1", "e2")
    assert (incident.alert["assignee"], incident.alert["assets"]) == ("Иванова", ["x"])
    assert incident.alert["name"] == "\ud83d half a sign"


def test_what_an_incident_holds_already_is_not_put_in(store: Store) -> None:
    """Windows overlap: most of what is served was served before."""
    box = Inbox(store)
    box.deliver([alert(events={"e1": {}})])
    hand_over(store)

    again = box.deliver([alert(events={"e1": {}})])
    waiting = box.count()
    grown = box.deliver([alert(events={"e1": {}, "e2": {}})])

    assert (again, waiting, grown) == ([Outcome.UNCHANGED], 0, [Outcome.UPDATED])


def test_an_alert_that_closed_while_it_waited_stays_closed(store: Store) -> None:
    """Whatever an older look says of it."""
    box = Inbox(store)

    box.deliver([alert(), alert(status="closed"), alert(events={"e1": {}})])
    hand_over(store)

    (incident,) = Incidents(store).every()
    assert (incident.status, incident.event_ids) == ("closed", ("e1",))


def test_what_comes_while_the_handler_works_is_handled_next(store: Store) -> None:
    """A row that changed after it was read is not taken out."""
    box = Inbox(store)
    box.deliver([alert()])
    beats: list[int] = []

    class Slow(Incidents):
        def deliver(self, alerts: Any) -> list[Outcome]:
            beats.append(len(beats))
            if len(beats) == 1:
                box.deliver([alert(assignee="Smith")])
            return super().deliver(alerts)

    outcomes = box.hand_over(Slow(store), beat=lambda: None)

    assert outcomes == [Outcome.CREATED, Outcome.UPDATED]
    assert [one.alert["assignee"] for one in Incidents(store).every()] == ["Smith"]


def test_a_killed_handler_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the incidents and the box: the next one delivers once more, which changes nothing."""
    kuma = FakeKuma()
    kuma.add("a", 100)
    kuma.add("b", 200)
    sync = connect(kuma, tmp_path, place=Inbox)
    sync.poll()
    nothing_yet = held(sync)
    store = Store(in_folder(tmp_path))

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Inbox, "_take_out", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        hand_over(store)
    again = hand_over(store)

    assert nothing_yet == {}
    assert again == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert held(sync) == {"a": ("open", ["a-1"]), "b": ("open", ["b-1"])}
    sync.stop()
    store.close()
