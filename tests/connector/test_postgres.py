"""PostgreSQL by URL: the settings, and histories on a real server where one is installed."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from connector import models
from connector.errors import Busy, SettingsProblem
from connector.inbox import Inbox
from connector.incidents import Incidents
from connector.lease import Lease
from connector.ledger import Ledger
from connector.outbox import Outbox
from connector.settings import database_url
from connector.store import Store
from tests import postgres
from tests.connector.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL


@pytest.fixture
def server() -> Iterator[URL]:
    """Run a PostgreSQL of this test alone."""
    with postgres.running() as address:
        yield database_url(address)


def fresh(server: URL, name: str) -> URL:
    """Make an empty database."""
    postgres.command(server.render_as_string(hide_password=False), f"create database {name}")
    return server.set(database=name)


def test_histories_end_right_on_postgresql(server: URL, tmp_path: Path) -> None:
    """As they do on SQLite: two instances, faults, kills."""
    wrong = [
        sentence
        for number in range(2)
        for sentence in History(number, tmp_path, database=fresh(server, f"history{number}")).run()
    ]

    assert wrong == []


def test_instances_that_begin_and_write_at_once_do_not_fail_each_other(server: URL) -> None:
    """Tables are made once, and no word is refused because another instance says the same."""
    troubles: list[Exception] = []
    gate = threading.Barrier(6)

    def instance() -> None:
        try:
            gate.wait()
            store = Store(server)
            for number in range(20):
                Ledger(store).move_mark(number)
                Outbox(store).put("a", "responded")
            store.close()
        except Exception as error:  # noqa: BLE001 -- a thread's boundary: the test tells what came
            troubles.append(error)

    threads = [threading.Thread(target=instance) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = Store(server)
    mark, pending = Ledger(store).mark(), Outbox(store).pending()
    store.close()

    assert (troubles, mark, len(pending)) == ([], 19, 1)


def test_one_of_many_instances_holds_the_lease_and_no_alert_is_lost_in_the_box(server: URL) -> None:
    """By the database's own locks and clock: all at once, each with events that the others do not have."""
    stores = [Store(server) for _ in range(5)]
    gate = threading.Barrier(len(stores))
    holders: list[str] = []

    def instance(number: int, store: Store) -> None:
        lease = Lease(store, "cycle", clock=lambda: -1e9)  # a clock that is wrong is not asked
        raw = {"id": "a", "lastSeen": "2026-01-01T00:00:00Z", "events": [{"ID": f"e{number}"}]}
        alert = models.alert(raw, now=datetime.now(tz=UTC))
        gate.wait()
        Inbox(store).deliver([alert])
        with contextlib.suppress(Busy):
            lease.take(60)
            holders.append(lease.holder)

    threads = [threading.Thread(target=instance, args=one) for one in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    incidents = Incidents(stores[0])
    Inbox(stores[0]).hand_over(incidents, beat=lambda: None)
    (incident,) = incidents.every()
    for store in stores:
        store.close()

    assert len(holders) == 1
    assert sorted(incident.event_ids) == ["e0", "e1", "e2", "e3", "e4"]


def test_an_address_gets_the_driver_that_is_installed() -> None:
    """A person writes what PostgreSQL's own tools take."""
    url = database_url("postgresql://soar@db.example.com/soar")

    assert url.render_as_string() == "postgresql+psycopg://soar@db.example.com/soar"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nonsense", "no address such as"),
        ("mysql://soar@db.example.com/soar", "'mysql' is not known"),
        ("postgresql://soar:hunter2@db.example.com/soar", "may not hold a password"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(given: str, said: str) -> None:
    """With what to do instead."""
    with pytest.raises(SettingsProblem, match=said) as caught:
        database_url(given)

    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Not with a traceback."""
    with pytest.raises(SettingsProblem, match="cannot open the connector's database"):
        Store(database_url(f"postgresql://soar@/soar?host={tmp_path}"))
