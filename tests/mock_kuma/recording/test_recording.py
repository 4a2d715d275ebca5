"""A recording: masked, served again, and compared with mocks that are like it and unlike it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from mock_kuma.cli import main
from mock_kuma.recording import drift, exchange, peer
from mock_kuma.recording.masks import Masks
from mock_kuma.recording.proxy import Proxy
from mock_kuma.recording.replay import Replay

if TYPE_CHECKING:
    from pathlib import Path

    from mock_kuma.recording.exchange import Recorded
    from tests.mock_kuma.conftest import Kuma, World

SECRETS = ("ws-buh07", "i.petrova", "Петрова", "10.20.21.7", "corp.example", "00:50:56:aa:bb:cc")


@pytest.fixture
def kept(kuma: Kuma, world: World) -> list[Recorded]:
    """A client's day: two searches, a closing, a refusal; against a mock in the real server's place."""
    event = {
        "ID": "5f0e1f6c-3a55-4c5e-9d0d-2f4b7f1f6a01",
        "DeviceHostName": "WS-BUH07",
        "Message": "i.petrova (Петрова) on ws-buh07.corp.example [10.20.21.7] 00:50:56:aa:bb:cc",
    }
    (alert, _) = world.raise_alerts(
        {"name": "Вход на ws-buh07", "assignee": "i.petrova", "events": [event]}, {"name": "Another"}
    )
    found: list[Recorded] = []
    with client(kuma, found) as http:
        sent = {"Authorization": f"Bearer {world.token}"}
        http.get("/api/v1/alerts/?withEvents&status=new", headers=sent)
        http.get("/api/v1/alerts/?withEvents&status=new&name=ws-buh07", headers=sent)
        http.post("/api/v1/alerts/close", headers=sent, json={"id": alert, "reason": "responded"})
        http.get("/api/v1/alerts", headers={"Authorization": "Bearer not-the-token"})
    return found


def client(kuma: Kuma, found: list[Recorded], salt: bytes = b"salt") -> httpx.Client:
    """Return a client that speaks through the proxy."""
    behind = httpx.WSGITransport(kuma.vendor_client.application)
    upstream = httpx.Client(base_url="https://kuma.example:7223", transport=behind)
    front = httpx.WSGITransport(Proxy(upstream, Masks(salt), found.append))
    return httpx.Client(base_url="http://proxy.example", transport=front)


def test_the_client_gets_the_servers_own_answer(kuma: Kuma, world: World) -> None:
    """Byte for byte, whatever is kept of it."""
    world.generate(3, events=2)

    with client(kuma, []) as http:
        headers = {"Authorization": f"Bearer {world.token}"}
        through = http.get("/api/v1/alerts?withEvents", headers=headers)

    direct = world.vendor("GET", "/v1/alerts?withEvents")
    assert (through.status_code, through.content) == (200, direct.data)
    assert through.headers["content-type"] == direct.headers["content-type"]


def test_a_recording_names_nobody(kept: list[Recorded], world: World) -> None:
    """No token, host, account, address or free text is in the file."""
    text = b"".join(exchange.line(one) for one in kept).decode().casefold()

    found = [secret for secret in (*SECRETS, world.token, "not-the-token") if secret.casefold() in text]
    assert found == []
    assert [one.status for one in kept] == [200, 200, 204, 403]


def test_the_same_host_stays_the_same_host(kept: list[Recorded]) -> None:
    """In a field, in raw text, in an alert's name, in a query, in upper and in lower case."""
    alerts: Any = kept[0].answered.json
    alert = next(one for one in alerts if len(one["assignee"]) > 0)
    host = alert["events"][0]["DeviceHostName"]

    assert host.startswith("w")
    assert f"{host}." in alert["events"][0]["Message"]
    assert host in alert["name"].split()
    assert dict(kept[1].query)["name"] == host
    assert kept[2].sent.json == {"id": alert["id"], "reason": "responded"}


def test_stand_ins_depend_on_the_salt_and_on_nothing_else() -> None:
    """Another recording with the same salt agrees; without it nobody can try words out."""
    texts = [Masks(salt).text("ws-buh07 10.1.2.3 fe80::1", "name") for salt in (b"one", b"one", b"two")]

    assert texts[0] == texts[1] != texts[2]


def test_times_numbers_and_the_vendors_words_stay() -> None:
    """A comparison needs them."""
    value = {"status": "new", "firstSeen": "2026-03-02T12:00:00Z", "Timestamp": 17, "overflow": False}

    assert Masks(b"salt").value(value) == value


def test_a_redirect_is_passed_on_and_not_followed(kuma: Kuma, world: World) -> None:
    """The token goes to the server and nowhere else."""
    action = {"kind": "redirect", "location": "https://elsewhere.example/"}
    world.control("POST", "faults", {"action": action}, status=201)
    found: list[Recorded] = []

    with client(kuma, found) as http:
        answer = http.get("/api/v1/alerts", headers={"Authorization": f"Bearer {world.token}"})

    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.example/")
    assert [one.status for one in found] == [302]


def test_a_server_that_is_not_there_is_502_and_not_recorded() -> None:
    """The client is told why."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    found: list[Recorded] = []
    upstream = httpx.Client(base_url="https://kuma.example", transport=httpx.MockTransport(broken))
    front = httpx.WSGITransport(Proxy(upstream, Masks(b"salt"), found.append))

    with httpx.Client(base_url="http://proxy.example", transport=front) as http:
        answer = http.get("/api/v1/alerts")

    assert (answer.status_code, "connection refused" in answer.text, found) == (502, True, [])


def test_a_replay_answers_what_was_recorded(kept: list[Recorded], tmp_path: Path) -> None:
    """The same request gets its answer, a similar one the closest, a strange one 404."""
    file = tmp_path / "kuma.jsonl"
    file.write_bytes(b"".join(exchange.line(one) for one in kept))
    app = Replay(exchange.read(file))

    with httpx.Client(base_url="http://r.example", transport=httpx.WSGITransport(app)) as http:
        same = http.get("/api/v1/alerts/?withEvents&status=new")
        similar = http.get("/api/v1/alerts/?withEvents&status=new&name=other")
        closed = http.post("/api/v1/alerts/close", json={"id": "x"})
        strange = http.get("/api/v1/tenants")

    assert same.json() == kept[0].answered.json
    assert similar.json() == kept[1].answered.json
    assert (closed.status_code, closed.content, strange.status_code) == (204, b"", 404)


def test_the_mock_does_not_differ_from_itself(kept: list[Recorded]) -> None:
    """A mock that holds the recorded alerts answers in the same shapes."""
    with peer.own(kept, "3.2") as ask:
        found = drift.compare(kept, ask)

    assert dict(found) == {}


def test_a_mock_made_different_is_found_out(kuma: Kuma, kept: list[Recorded]) -> None:
    """Status, missing and additional keys, and types: each by its clause."""
    other = kuma.world(seed="different")
    other.raise_alerts({"omit": ["assignee"], "sent_as": {"name": 5, "mood": "grim"}})
    fault = {"match": {"method": "POST"}, "action": {"kind": "status", "status": 500}}
    other.control("POST", "faults", fault, status=201)

    def ask(one: Recorded) -> drift.Answer:
        answer = other.vendor(one.method, one.target.removeprefix("/api"), exchange.payload(one.sent))
        return drift.Answer(answer.status_code, answer.headers.get("content-type", ""), answer.data)

    found = {(one.clause, one.what) for one in drift.compare(kept[:3], ask)}

    assert found == {
        ("POST /api/v1/alerts/close status", "the real server answered 204, the mock 500"),
        ("GET /api/v1/alerts $[].assignee", "the real server has this key, the mock has not"),
        ("GET /api/v1/alerts $[].mood", "the mock has this key, the real server has not"),
        ("GET /api/v1/alerts $[].name", "the real server has text, the mock number"),
    }


def test_the_command_lists_differences_and_fails(kept: list[Recorded], tmp_path: Path) -> None:
    """Exit code 0 without any, 1 with some, and a broken file is named with its line."""
    file = tmp_path / "kuma.jsonl"
    lines = [exchange.line(one) for one in kept]
    results = []
    strange = lines[2].replace(b'"status":204', b'"status":299')
    for content in (b"".join(lines), b"".join([*lines, strange]), lines[0] + b"{}\n"):
        file.write_bytes(content)
        results.append(CliRunner().invoke(main, ["drift", str(file), "--json"]))

    assert [result.exit_code for result in results] == [0, 1, 1]
    assert json.loads(results[0].stdout) == []
    assert [row["clause"] for row in json.loads(results[1].stdout)] == ["POST /api/v1/alerts/close status"]
    assert f"{file}:2: not a recorded exchange" in results[2].stderr
