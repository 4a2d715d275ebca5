"""The journal for other tools, its trace ids, and when an entry is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_kuma.conftest import Kuma, World

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def exported(world: World, form: str) -> bytes:
    """Return the journal in another form."""
    client = world.kuma.console_client
    headers = {"Authorization": "Bearer control-secret"}
    return bytes(client.get(f"/control/v1/worlds/{world.id}/journal?format={form}", headers=headers).data)


def test_json_lines_are_the_journals_exchanges(world: World) -> None:
    """One a line, in order."""
    world.alerts("status=new")
    world.vendor("POST", "/v1/alerts/close", {"id": "nothing"})

    lines = [json.loads(line) for line in exported(world, "jsonl").splitlines()]

    assert lines == world.journal()


def test_a_har_has_what_readers_of_har_need(world: World) -> None:
    """The fields that HAR 1.2 demands, and no token."""
    world.vendor("GET", "/v1/alerts?name=%D0%AF&page=1", Host="kuma.example")
    world.vendor("POST", "/v1/alerts/close", {"id": world.token})

    log = json.loads(exported(world, "har"))["log"]

    search, close = log["entries"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "mock-kuma")
    assert search["request"]["url"] == "https://kuma.example/api/v1/alerts?name=%D0%AF&page=1"
    assert search["request"]["queryString"] == [
        {"name": "name", "value": "Я"},
        {"name": "page", "value": "1"},
    ]
    assert (search["response"]["status"], close["response"]["status"]) == (200, 400)
    assert close["request"]["postData"]["mimeType"] == "application/json"
    assert set(close) >= {"startedDateTime", "time", "request", "response", "cache", "timings"}
    assert world.token not in json.dumps(log)


def test_another_form_is_refused(world: World) -> None:
    """With the forms there are."""
    answer = world.control("GET", "journal?format=xml", status=422)

    assert answer["message"] == "format: expected one of json, har, jsonl"


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-more", TRACE),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        ("nonsense", None),
    ],
)
def test_the_clients_trace_id_is_kept(world: World, header: str, trace: str | None) -> None:
    """As W3C Trace Context has it; what is not one is none."""
    world.vendor("GET", "/v1/alerts", traceparent=header)

    assert [entry["trace"] for entry in world.journal()] == [trace]


def test_an_entry_is_committed_before_its_answer_is_sent(kuma: Kuma, world: World) -> None:
    """When the first byte of the answer may leave, another reader finds the entry, and what was done."""
    (alert,) = world.raise_alerts({})
    seen: list[Any] = []

    def start_response(status: str, _headers: Any, _info: Any = None) -> Callable[[bytes], object]:
        entries = [(entry["path"], entry["status"]) for entry in world.journal()]
        seen.append((status.strip(), entries, world.control("GET", f"alerts/{alert}")["status"]))
        return lambda _data: None

    environ = EnvironBuilder(
        "/api/v1/alerts/close",
        method="POST",
        json={"id": alert, "reason": "responded"},
        headers=Headers({"Authorization": f"Bearer {world.token}"}),
    ).get_environ()
    list(kuma.vendor_client.application(environ, start_response))

    assert seen == [("204", [("/api/v1/alerts/close", 204)], "closed")]
