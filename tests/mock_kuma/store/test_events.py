"""Events of alerts: found by their alerts' numbers, in order, and where they lie together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import insert

from mock_kuma.store import events, tables
from mock_kuma.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ALERTS = 40


class Alert(NamedTuple):
    """As much of an alert as its events are found by."""

    id: str
    drawn: int


def event(alert: int | None, name: str, *, parent: str | None = None, place: int = 0) -> dict[str, Any]:
    """An event's row; its body is its name, and a correlation event nests its base event."""
    nested = None if parent else f'["base of {name}"]'
    return {
        "world": "here", "id": name, "alert_number": alert, "parent": parent, "place": place, "timestamp": 1,
        "type": 3, "tenant": "red", "body": f'{{"ID":"{name}"}}', "nested": nested,
    }  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A store in which each alert has two correlation events, each with two base events after it."""
    opened = Database(f"sqlite:///{tmp_path}/store.db")
    opened.create()
    rows = []
    for number in range(_ALERTS):
        for place in (1, 0):
            own = f"{number}-{place}"
            rows.append(event(number, own, place=place))
            rows += [event(number, f"{own}-{base}", parent=own, place=place) for base in "ab"]
    with opened.write() as connection:
        events.add(connection, [*rows, event(None, "of no alert")])
        connection.execute(insert(tables.events), [{**rows[0], "world": "there"}])
    yield opened
    opened.close()


def test_an_alert_has_its_own_events_in_order_whoever_asks(database: Database) -> None:
    """By the alert's id, without base events of their own, and none of another alert or world."""
    asked = [Alert("seven", 7), Alert("nought", 0), Alert("missing", 99)]

    found = []
    for way in (database.glance, database.read):
        with way() as connection:
            found.append(events.of_alerts(connection, "here", asked))

    assert found == 2 * [
        {
            alert.id: [
                f'{{"ID":"{alert.drawn}-{place}","BaseEvents":["base of {alert.drawn}-{place}"]}}'
                for place in (0, 1)
                if alert.id != "missing"
            ]
            for alert in asked
        }
    ]


def test_what_is_sent_with_neighbouring_alerts_lies_together(database: Database) -> None:
    """So that a page of alerts from a large world comes from few places of its file."""
    with database.read() as connection:
        sent = "world = 'here' AND parent IS NULL AND alert_number BETWEEN 10 AND 19"
        found = connection.exec_driver_sql(f"SELECT rowid FROM events WHERE {sent}")
        places = sorted(found.scalars())

    assert places == list(range(places[0], places[0] + 2 * 10))


def test_events_are_found_in_an_index_in_their_order(database: Database) -> None:
    """No other event is looked at, and nothing is sorted, which would cost more the more there are."""
    statement = events._of_alerts(3)
    compiled = statement.compile(database.engine)
    values = tuple({"name": "here"}.get(name, 5) for name in compiled.positiontup or ())
    with database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values).all()

    assert [row[-1] for row in plan] == [
        "SEARCH events USING INDEX events_alert (world=? AND alert_number=? AND parent=?)"
    ]
