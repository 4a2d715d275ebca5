"""Alerts as KUMA should not send them, and numbers, characters and keys as it may."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.connector.fake_kuma import FakeKuma, connect, held

if TYPE_CHECKING:
    from pathlib import Path

    from connector.sync import Sync


def poll_raw(folder: Path, body: str) -> Sync:
    """Poll a KUMA whose every list is this text."""
    kuma = FakeKuma()
    kuma.before = lambda _: httpx.Response(
        200, content=body.encode(), headers={"Content-Type": "application/json"}
    )
    sync = connect(kuma, folder)
    sync.poll()
    return sync


def bodies(sync: Sync, folder: Path) -> list[str]:
    """Return what is stored of the events, as another program would read it."""
    import sqlite3  # noqa: PLC0415 -- on purpose not the connector's own way

    sync.stop()
    connection = sqlite3.connect(folder / "connector.db")
    rows = connection.execute("select body from incident_events order by place").fetchall()
    connection.close()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    "number",
    [
        "9223372036854775807",
        "18446744073709551616",
        "1767225600000000001",
        "0.1",
        "-0.5",
        "12345678901234567890.5",
        "0.1234567890123456789",
        "1e400",
        "9" * 5_000,
    ],
    ids=lambda text: text[:24],
)
def test_no_digit_of_a_number_is_lost(tmp_path: Path, number: str) -> None:
    """It stays a number where a number can hold it, else its digits are kept as text."""
    alert = f'{{"id": "a", "lastSeen": "2026-01-01T00:00:00Z", "events": [{{"ID": "x", "n": {number}}}]}}'

    [body] = bodies(poll_raw(tmp_path, f"[{alert}]"), tmp_path)

    assert body in (f'{{"ID":"x","n":{number}}}', f'{{"ID":"x","n":"{number}"}}')
    assert "e400" not in number or json.loads(body)["n"] == "1e400"


@pytest.mark.parametrize(
    "text", ["Петрова", "e\u0301", "😀", r"\ud83d", r"\u0000", "=cmd|' /C calc'!A0", "<b>"]
)
def test_any_character_survives(tmp_path: Path, text: str) -> None:
    """In names, assignees and events."""
    alert = (
        f'{{"id": "a", "lastSeen": "2026-01-01T00:00:00Z", "name": "{text}", "assignee": "{text}", '
        f'"events": [{{"ID": "x", "Message": "{text}"}}]}}'
    )
    expected = json.loads(f'"{text}"')

    sync = poll_raw(tmp_path, f"[{alert}]")
    [incident] = sync.incidents.every()
    [body] = bodies(sync, tmp_path)

    assert (incident.alert["name"], incident.alert["assignee"]) == (expected, expected)
    assert json.loads(body)["Message"] == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"firstSeen": "0001-01-01T00:00:00+03:00"},
        {"lastSeen": "9999-12-31T23:59:59-03:00", "firstSeen": 7},
        {"lastSeen": None, "firstSeen": None},
        {"priority": 13, "status": None, "name": {"odd": 1}},
        {"events": "none", "affectedAssets": {}, "affectedAccounts": [None, 1, {"cn": 2}]},
        {"events": [None, 1, {}, {"ID": None}, {"ID": "\0"}, {"ID": 5}]},
        {"tenantID": [], "overflow": "yes", "closingReason": 0},
    ],
    ids="-".join,
)
def test_an_odd_alert_becomes_an_incident_once(tmp_path: Path, fields: dict[str, Any]) -> None:
    """Its neighbours too, and at the second look nothing has changed."""
    kuma = FakeKuma()
    kuma.add("before", 1)
    kuma.add("odd", 2, extra=fields)
    kuma.add("after", 3)
    sync = connect(kuma, tmp_path)

    first = sync.poll()
    kuma.now += 100
    second = sync.poll()

    assert (first.created, first.odd) == (3, 0)
    assert (second.created, second.updated) == (0, 0)


@pytest.mark.parametrize(
    "element", ["null", "7", "[]", '"a"', "{}", '{"id": 7}', '{"id": ""}', r'{"id": "\ud83d"}']
)
def test_what_has_no_id_is_told_and_left_out(
    tmp_path: Path, element: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With its place in the page."""
    good = '{"id": "good", "lastSeen": "2026-01-01T00:00:00Z"}'

    sync = poll_raw(tmp_path, f"[{good}, {element}]")

    assert set(held(sync)) == {"good"}
    assert "element 1 of a page cannot become an incident" in caplog.text


def test_keys_are_compared_whole_and_as_written(tmp_path: Path) -> None:
    """Case, prefixes and spaces make other alerts."""
    kuma = FakeKuma()
    keys = ["a", "A", "aa", " a", "a ", "a%", "a_", "á", "а"]
    for n, key in enumerate(keys):
        kuma.add(key, n)
    sync = connect(kuma, tmp_path)

    sync.poll()

    assert sorted(held(sync)) == sorted(keys)


def test_an_event_without_an_id_is_not_taken_twice(tmp_path: Path) -> None:
    """It is known by its content."""
    kuma = FakeKuma()
    alert = kuma.add("a", 900, extra={"events": [{"Message": "x"}, {"Message": "y"}, {"Message": "x"}]})
    sync = connect(kuma, tmp_path)
    sync.poll()

    alert.extra["events"].append({"Message": "z"})
    sync.poll()

    assert len(held(sync)["a"][1]) == 3


def test_a_later_list_that_is_shorter_takes_no_event_away(tmp_path: Path) -> None:
    """KUMA deletes old events; the incident keeps them."""
    kuma = FakeKuma()
    alert = kuma.add("a", 900)
    sync = connect(kuma, tmp_path)
    sync.poll()

    alert.events = ["a-2"]
    sync.poll()

    assert held(sync)["a"][1] == ["a-1", "a-2"]
