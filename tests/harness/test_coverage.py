"""What a check has reached is counted from the wire."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from harness.coverage import added, of_exchanges, told
from harness.events import Reached
from harness.facts import Exchange, Query, Served

AT = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def _exchange(path: str = "/api/v1/alerts/", served: int = 0, **changes: Any) -> Exchange:
    usual: dict[str, Any] = {
        "seq": 1,
        "at": AT,
        "method": "GET",
        "path": path,
        "query": Query("", []),
        "headers": [],
        "status": 200,
        "served": [Served("a", 1)] * served,
    }
    return Exchange(**{**usual, **changes})


@pytest.mark.parametrize(
    ("exchange", "fault", "situation"),
    [
        (_exchange(), "none", "empty list"),
        (_exchange(served=1), "none", "part of a page"),
        (_exchange(served=250), "none", "full page"),
        (_exchange(status=403), "none", "list refused"),
        (_exchange(status=503, fault={"kind": "status"}), "503", "first list"),
        (_exchange(status=None, fault={"kind": "reset"}), "reset", "first list"),
        (_exchange("/api/v3/alerts/close", method="POST", status=204), "none", "close"),
        (_exchange("/api/v1/users/whoami"), "none", "other request"),
    ],
)
def test_an_exchange_is_counted_by_fault_and_situation(
    exchange: Exchange, fault: str, situation: str
) -> None:
    """A status that was set as a fault is a fault of its own kind."""
    assert told(of_exchanges([(1, exchange)])) == [Reached(fault, situation, 1)]


def test_a_fault_on_a_later_list_of_a_poll_is_another_situation() -> None:
    """Each poll begins anew."""
    broken = _exchange(status=None, fault={"kind": "reset"})

    counts = of_exchanges([(1, _exchange(served=250)), (1, broken), (2, broken)])

    assert told(counts) == [
        Reached("none", "full page", 1),
        Reached("reset", "first list", 1),
        Reached("reset", "later list", 1),
    ]


def test_checks_are_added_up() -> None:
    """The cases of a requirement have met what they have met together."""
    found = added([[Reached("kill", "in a poll", 1)], [], [Reached("kill", "in a poll", 2)]])

    assert found == [Reached("kill", "in a poll", 3)]
