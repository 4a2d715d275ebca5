"""The protocol on standard input and output: whatever comes in, one answer goes out."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from connector.adapter import FEATURES, REASONS, Adapter
from connector.store import Store
from tests.connector.fake_kuma import TOKEN, URL, FakeKuma, connect

if TYPE_CHECKING:
    from pathlib import Path

    from connector.settings import Settings
    from connector.sync import Sync


class Dialogue:
    """An adapter of one KUMA, and the calls of a harness."""

    def __init__(self, kuma: FakeKuma) -> None:
        self.made: list[Settings] = []

        def make(settings: Settings) -> Sync:
            self.made.append(settings)
            return connect(kuma, settings.state_dir)

        self.adapter = Adapter(make)

    def call(self, method: str, **params: Any) -> Any:
        """Return the result or the error of one call."""
        line = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).encode()
        answer = self.adapter.answer(line + b"\n")
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
        return answer.get("result", answer.get("error"))

    def configure(self, folder: Path, **kuma: Any) -> Any:
        """Begin with a state folder."""
        return self.call("configure", kuma={"url": URL, "token": TOKEN, **kuma}, state_dir=str(folder))


def test_hello_says_what_the_connector_can_do() -> None:
    """Features, and a reason of KUMA's for each of the SOAR's."""
    result = Dialogue(FakeKuma()).call("hello", protocol=1)

    assert (result["protocol"], result["features"]) == (1, list(FEATURES))
    assert set(result["reasons"].values()) == {"responded", "incorrect data", "incorrect correlation rule"}


def test_an_alert_becomes_an_incident_and_is_closed(tmp_path: Path) -> None:
    """From configure to shutdown, with an analyst's words in between."""
    kuma = FakeKuma()
    kuma.add("a", 1, extra={"affectedAssets": [{"id": "asset"}], "affectedAccounts": [{"cn": "petrov"}]})
    soar = Dialogue(kuma)

    assert soar.configure(tmp_path) == {}
    assert soar.call("poll") == {"created": 1, "updated": 0}
    assert soar.call("edit", alert_id="a", fields={"owner": "line1", "notes": "\ud83d \0 😀"}) == {}
    assert soar.call("close", alert_id="a", reason="Bad data") == {}
    [incident] = soar.call("incidents")["incidents"]
    assert soar.call("shutdown") == {}

    assert {key: incident[key] for key in ("alert_id", "status", "event_ids", "owner", "notes")} == {
        "alert_id": "a",
        "status": "closed",
        "event_ids": ["a-1"],
        "owner": "line1",
        "notes": "\ud83d \0 😀",
    }
    assert (incident["assets"], incident["accounts"]) == (["asset"], ["petrov"])
    assert (incident["kuma_status"], incident["close_reason"]) == ("closed", "incorrect data")


def test_another_state_folder_is_another_instance(tmp_path: Path) -> None:
    """Nothing of the first is remembered, whatever characters the names hold; and all of it comes back."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    soar = Dialogue(kuma)
    soar.configure(tmp_path / "one?x#%20")
    soar.call("poll")

    soar.configure(tmp_path / "one?y")
    second = soar.call("incidents")
    soar.configure(tmp_path / "one?x#%20")

    assert second == {"incidents": []}
    assert len(soar.call("incidents")["incidents"]) == 1
    assert soar.call("poll") == {"created": 0, "updated": 0}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\xff\xfe rubbish\n", -32700),
        (b"[" * 100_000 + b"\n", -32700),
        (b'{"id": ' + b"9" * 5_000 + b"}\n", -32700),
        (b"[]\n", -32600),
        (b'{"id": 1}\n', -32600),
        (b'{"id": 1, "method": "nonsense"}\n', -32601),
        (b'{"id": 1, "method": "poll"}\n', -32600),
        (b'{"id": 1, "method": "configure", "params": [1]}\n', -32602),
        (b'{"id": 1, "method": "configure", "params": {}}\n', -32602),
    ],
)
def test_what_is_no_request_is_answered_too(line: bytes, code: int) -> None:
    """With the standard codes; and the next request is served."""
    adapter = Adapter()

    answer = adapter.answer(line)

    assert answer["error"]["code"] == code
    assert adapter.answer(b'{"id": 2, "method": "hello"}\n')["result"]["protocol"] == 1


@pytest.mark.parametrize(
    "params",
    [
        {"kuma": {"url": URL, "token": "токен"}},
        {"kuma": {"url": URL, "token": "two\nlines"}},
        {"kuma": {"url": "http://[::1", "token": TOKEN}},
        {"kuma": {"url": URL, "token": TOKEN}, "state_dir": "/dev/null/x"},
        {"lookback_seconds": float("inf")},
        {"deadline_seconds": -1},
    ],
)
def test_settings_that_are_none_are_refused(tmp_path: Path, params: dict[str, Any]) -> None:
    """With an error that does not repeat the token, and the instance of before goes on."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    soar = Dialogue(kuma)
    soar.configure(tmp_path / "good")

    given = {"kuma": {"url": URL, "token": TOKEN}, "state_dir": str(tmp_path / "other"), **params}
    error = soar.call("configure", **given)

    assert error["code"] in {1, -32602}
    assert given["kuma"]["token"] not in error["message"]
    assert soar.call("poll") == {"created": 1, "updated": 0}


def test_an_address_needs_no_scheme(tmp_path: Path) -> None:
    """As the vendor's guide writes it."""
    soar = Dialogue(FakeKuma())

    soar.configure(tmp_path, url="kuma.example.com")

    assert soar.made[0].url == "https://kuma.example.com:7223"


@pytest.mark.parametrize("reason", ["", "responded", "resolved", "Другое"])
def test_an_unknown_reason_changes_nothing(tmp_path: Path, reason: str) -> None:
    """Neither here nor in KUMA."""
    kuma = FakeKuma()
    kuma.add("a", 1)
    soar = Dialogue(kuma)
    soar.configure(tmp_path)
    soar.call("poll")

    error = soar.call("close", alert_id="a", reason=reason)

    assert error["code"] == -32602
    assert soar.call("incidents")["incidents"][0]["status"] == "open"
    assert "POST" not in [request.method for request in kuma.requests]


@pytest.mark.parametrize("alert_id", ["nobody", "\ud83d", "\0", "a' OR '1'='1"])
@pytest.mark.parametrize("method", ["close", "edit"])
def test_an_incident_that_nobody_holds_is_an_invalid_parameter(
    tmp_path: Path, alert_id: str, method: str
) -> None:
    """Whatever its name is."""
    soar = Dialogue(FakeKuma())
    soar.configure(tmp_path)

    error = soar.call(method, alert_id=alert_id, reason="Resolved", fields={"notes": "x"})

    assert error["code"] == -32602


def test_a_failure_of_kuma_says_whether_to_try_again(tmp_path: Path) -> None:
    """With the status that it answered with."""
    kuma = FakeKuma()
    soar = Dialogue(kuma)
    soar.configure(tmp_path)

    kuma.before = lambda _: httpx.Response(503)
    outage = soar.call("poll")
    kuma.before = lambda _: httpx.Response(403, json={"message": "access denied"})
    refusal = soar.call("poll")

    assert (outage["code"], outage["data"]) == (1, {"retryable": True, "http_status": 503})
    assert (refusal["code"], refusal["data"]) == (1, {"retryable": False, "http_status": 403})
    assert "Profile" in refusal["message"]


def test_a_defect_of_ours_is_answered_and_the_process_lives_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has the traceback, the answer a sentence."""
    soar = Dialogue(FakeKuma())
    soar.configure(tmp_path)
    monkeypatch.setattr(Store, "begin", lambda _: 1 / 0)

    error = soar.call("incidents")
    monkeypatch.undo()

    assert error == {"code": -32603, "message": "internal error; see the log"}
    assert soar.call("incidents") == {"incidents": []}


def test_requests_are_answered_line_by_line_until_shutdown() -> None:
    """A line that is too long has one answer, empty lines have none, and nothing follows shutdown."""
    incoming = io.BytesIO(
        b'{"id": 1, "method": "hello"}\n\n'
        + b"x" * 3_000_000
        + b'\n{"id": 2, "method": "shutdown"}\n{"id": 3, "method": "hello"}\n'
    )
    outgoing = io.BytesIO()

    Adapter().serve(incoming, outgoing)

    answers = [json.loads(line) for line in outgoing.getvalue().splitlines()]
    assert [answer["id"] for answer in answers] == [1, None, 2]
    assert answers[1]["error"]["code"] == -32700


def test_the_soars_reasons_are_sent_in_kumas_words(tmp_path: Path) -> None:
    """Each of them, exactly."""
    kuma = FakeKuma()
    for n, _ in enumerate(REASONS):
        kuma.add(f"a{n}", n)
    soar = Dialogue(kuma)
    soar.configure(tmp_path)
    soar.call("poll")

    for n, reason in enumerate(REASONS):
        soar.call("close", alert_id=f"a{n}", reason=reason)

    sent = [json.loads(request.content) for request in kuma.requests if request.method == "POST"]
    assert sent == [{"id": f"a{n}", "reason": word} for n, word in enumerate(REASONS.values())]
