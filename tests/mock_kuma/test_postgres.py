"""The mock on PostgreSQL: the same answers, and servers side by side that do not get in each other's way.

A selection, on a server of these tests' own; ``make postgres`` runs all of the mock's tests there.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests import postgres
from tests.mock_kuma.conftest import Kuma, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


#: A database whose own order of texts is not that of bytes.
LANGUAGE = "template template0 locale_provider icu icu_locale 'und'"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kuma, Kuma]]:
    """Two servers on one PostgreSQL; each test has a world of its own."""
    folder = tmp_path_factory.mktemp("pair")
    with (
        postgres.running() as server,
        postgres.database(server, LANGUAGE) as url,
        started(folder, on=url) as one,
        started(folder, on=url) as other,
    ):
        yield one, other


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """Let so many threads do something at the same moment; return what each came to."""
    found: list[Any] = [None] * number
    gate = threading.Barrier(number)

    def one(place: int) -> None:
        gate.wait()
        found[place] = act(place)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_an_alert_is_closed_once_however_many_servers_are_asked(pair: tuple[Kuma, Kuma]) -> None:
    """One is told that it closed the alert, the others that it was closed already."""
    world = pair[0].world()
    alerts = world.generate(3)

    told = [
        Counter(
            at_once(
                6,
                lambda place, alert=alert: (
                    pair[place % 2]  # type: ignore[misc] # mypy does not know the default's type
                    .vendor(
                        "POST", "/v1/alerts/close", {"id": alert, "reason": "responded"}, token=world.token
                    )
                    .status_code
                ),
            )
        )
        for alert in alerts
    ]

    exchanges = world.journal()
    assert told == [Counter({204: 1, 406: 5})] * 3
    assert [one["seq"] for one in exchanges] == list(range(1, 19))
    assert world.control("GET", "")["alerts"]["closed"] == 3


def test_a_story_is_told_once_by_whoever_looks_first(pair: tuple[Kuma, Kuma]) -> None:
    """What has fallen due is settled in one transaction, and nobody else settles it again."""
    world = pair[0].world(clock="2026-01-01T00:00:00Z")
    once = pair[0].world(clock="2026-01-01T00:00:00Z")
    for one in (world, once):
        one.control("POST", "scenarios", {"scenario": "ransomware"}, status=201)
        one.control("PUT", "clock", {"now": "2026-02-01T00:00:00Z"})

    at_once(6, lambda place: pair[place % 2].vendor("GET", "/v1/alerts/", token=world.token))

    agenda = world.control("GET", "agenda")
    assert [alert["id"] for alert in world.alerts()] == [alert["id"] for alert in once.alerts()]
    assert agenda == once.control("GET", "agenda")


def test_ids_and_alerts_of_a_world_are_given_once(pair: tuple[Kuma, Kuma]) -> None:
    """Counters of a world are drawn by one server at a time."""
    world = pair[0].world()

    given = at_once(
        6,
        lambda place: pair[place % 2].control(
            "POST", f"/worlds/{world.id}/alerts", {"generate": {"count": 5}}, status=201
        )["ids"],
    )

    ids = [alert for some in given for alert in some]
    assert len(set(ids)) == len(ids) == 30
    assert len(world.alerts()) == 30


def test_worlds_are_made_and_deleted_beside_each_other(pair: tuple[Kuma, Kuma]) -> None:
    """Each has its own tenant and token, and none goes with another."""
    made = at_once(6, lambda place: pair[place % 2].world(seed=place))

    at_once(3, lambda place: pair[place % 2].control("DELETE", f"/worlds/{made[place].id}", status=204))

    statuses = [pair[1].vendor("GET", "/v1/alerts/", token=one.token).status_code for one in made]
    assert statuses == [403] * 3 + [200] * 3


def test_a_fault_fires_as_often_as_it_says(pair: tuple[Kuma, Kuma]) -> None:
    """Whichever servers meet it."""
    world = pair[0].world()
    world.control("POST", "faults", {"times": 2, "action": {"kind": "status", "status": 503}}, status=201)

    statuses = at_once(
        6, lambda place: pair[place % 2].vendor("GET", "/v1/alerts/", token=world.token).status_code
    )

    assert Counter(statuses) == Counter({503: 2, 200: 4})


def test_texts_are_sorted_and_kept_as_on_a_file(pair: tuple[Kuma, Kuma], tmp_path: Path) -> None:
    """By bytes, whatever the language of the database; numbers are as wide, and no character is refused."""
    names = ["a", "B", "_", "é", "Ж", "z", "0", "~", "aa", "A\0b", "𝄞"]
    found = []
    with started(tmp_path, on=f"sqlite:///{tmp_path}/mock.db") as file:
        for kuma in (pair[0], file):
            world = kuma.world(clock="2026-01-01T00:00:00Z")
            world.raise_alerts(
                *({"id": name, "name": name, "events": [{"ID": f"e{name}", "Type": 3}]} for name in names)
            )
            world.control(
                "POST", "faults", {"times": 2**40, "action": {"kind": "delay", "ms": 0}}, status=201
            )
            found.append(
                [(alert["id"], alert["name"], len(alert["events"])) for alert in world.alerts("withEvents")]
            )

    # U+0000 is what PostgreSQL cannot hold.
    expected = [
        (key.replace("\0", "\ufffd"), name.replace("\0", "\ufffd"), count) for key, name, count in found[1]
    ]
    assert sorted(found[0]) == sorted(expected)
    assert [one for one in found[0] if "\ufffd" not in one[0]] == [
        one for one in found[1] if "\0" not in one[0]
    ]
